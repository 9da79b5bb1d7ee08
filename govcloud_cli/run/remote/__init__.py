"""Scripts that run on the machines: standard library only, sent over SSH's standard input, nothing left behind.

Each defines `main(argument) -> result`, both JSON; `run.machines.run_script` starts it.
"""
