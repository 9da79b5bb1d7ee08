"""`python -m tests.providers.lab.deploy FOLDER VERB`: run the network stack on `FOLDER/plan.json`, provider included.

A process apart, so that a test can kill it like a user's deploy. Prints `{"changes": {…}, "outputs": {…}}`.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

from pulumi import automation

from govcloud_cli.plan import network
from govcloud_cli.run import checkpoints
from stacks.network import program


def main(folder: pathlib.Path, verb: str) -> None:
    """Run `up`, `refreshed-up` or `destroy`."""
    plan = network.from_json((folder / "plan.json").read_text(encoding="utf-8"))
    server = (sys.executable, "-m", "govcloud_cli.providers", "lab")
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as provider:
        if provider.stdout is None or provider.stdin is None:
            raise OSError("the provider has no standard streams")
        ports = json.loads(provider.stdout.readline())
        result = _run(_stack(folder, plan, ports["lab"]), verb)
        provider.stdin.close()
    sys.stdout.write(json.dumps(result) + "\n")


def _stack(folder: pathlib.Path, plan: network.NetworkPlan, port: int) -> automation.Stack:
    state = folder / "state"
    state.mkdir(exist_ok=True)
    checkpoints.mend(state, "lab")
    options = automation.LocalWorkspaceOptions(
        work_dir=str(folder),
        pulumi_command=automation.PulumiCommand(root=os.environ["GOVCLOUD_TEST_PULUMI_ROOT"]),
        project_settings=automation.ProjectSettings(
            name="network", runtime="python", backend=automation.ProjectBackend(url=f"file://{state}")
        ),
        env_vars={
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DEBUG_PROVIDERS": f"lab:{port}",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_HOME": str(folder / "home"),
        },
    )
    return automation.create_or_select_stack(
        "lab", project_name="network", program=lambda: program.program(plan), opts=options
    )


def _run(stack: automation.Stack, verb: str) -> dict[str, object]:
    stack.cancel()  # a killed run leaves its lock
    if verb == "destroy":
        return {"changes": dict(stack.destroy().summary.resource_changes or {}), "outputs": {}}
    done = stack.up(refresh=verb == "refreshed-up")
    outputs = {name: output.value for name, output in done.outputs.items()}
    return {"changes": dict(done.summary.resource_changes or {}), "outputs": outputs}


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
