"""The worker of `run.stacks`: `python -m govcloud_cli.run.stackworker`, a job on standard input.

Prints JSON lines: `{"event": "doing", "text"}` and `{"event": "stack", "result"}`. Everything else, Pulumi's own
output included, goes to standard error, which is the log.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import pathlib
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

from pulumi import automation

from govcloud_cli import errors
from govcloud_cli.plan import databases as databases_plan
from govcloud_cli.run import checkpoints, process, stacks, workspace
from stacks.components import databases, manifests
from stacks.network import program as network_program
from stacks.platform import program as platform_program
from stacks.tenants import program as tenants_program

_CHANGES = ("create", "update", "replace", "delete")


def main() -> None:
    """Run the job on standard input."""
    os.umask(0o077)
    lines, sys.stdout = sys.stdout, sys.stderr
    job: stacks.Job = pickle.loads(base64.b64decode(sys.stdin.read()))  # noqa: S301 - from our own parent

    def say(event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}), file=lines, flush=True)

    with _providers(job) as ports:
        environment = _environment(job, ports)
        for name in job.stacks:
            result = _run(job, name, environment, say)
            say("stack", result=dataclasses.asdict(result))


@contextlib.contextmanager
def _providers(job: stacks.Job) -> Iterator[dict[str, int]]:
    """Our providers, one process for the whole job; it ends when its standard input closes, so also when we die."""
    if job.plugins == "official" and "network" not in job.stacks:
        yield {}
        return
    argv = [sys.executable, "-m", "govcloud_cli.providers", "kubernetes", "postgresql", "lab"]
    with process.talking(argv) as (stdout, _):
        yield json.loads(stdout.readline())


def _environment(job: stacks.Job, ports: dict[str, int]) -> dict[str, str]:
    home = workspace.make_folder(job.folder.path / "pulumi")
    # One save at the end instead of two per resource. What a killed run made is adopted by the next one; machines
    # are few and cost more to lose sight of.
    skip = job.plugins == "builtin" and "network" not in job.stacks
    return {
        **({"PULUMI_SKIP_CHECKPOINTS": "true"} if skip else {}),
        "PULUMI_BACKEND_URL": job.backend,
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(job.folder.secrets / "pulumi-passphrase"),
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in ports.items()),
        "NO_COLOR": "1",
    }


def _run(job: stacks.Job, name: str, environment: dict[str, str], say: Callable[..., None]) -> stacks.StackResult:
    failures: list[str] = []

    def on_event(event: automation.EngineEvent) -> None:
        if event.resource_pre_event is not None:
            metadata = event.resource_pre_event.metadata
            if metadata.op.value != "same":
                say("doing", text=f"{name}: {metadata.op.value} {metadata.urn.rpartition('::')[2]}")
        if event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            place = (event.diagnostic_event.urn or "").rpartition("::")[2]
            failures.append(f"{place}: {event.diagnostic_event.message.strip()}".lstrip(": "))

    options: dict[str, Any] = {"on_event": on_event, "on_output": _log, "color": "never"}
    try:
        stack = _stack(job, name, environment)
        if job.operation is stacks.Operation.DESTROY:
            done = stack.destroy(refresh=True, run_program=False, **options)
            changes, outputs = done.summary.resource_changes, {}
        else:
            refresh = job.operation is stacks.Operation.REFRESH_UP
            up = stack.up(refresh=refresh, suppress_outputs=True, **options)
            changes = up.summary.resource_changes
            outputs = {key: output.value for key, output in up.outputs.items() if not output.secret}
    except (automation.CommandError, errors.GovcloudError) as error:
        _log(str(error))
        text = "\n".join(dict.fromkeys(failures)) or str(error)[-2000:]
        return stacks.StackResult(stack=name, changed=0, outputs={}, error=text)
    count = sum(number for kind, number in (changes or {}).items() if str(kind).rpartition(".")[2] in _CHANGES)
    return stacks.StackResult(stack=name, changed=count, outputs=outputs, error="")


def _stack(job: stacks.Job, name: str, environment: dict[str, str]) -> automation.Stack:
    if mended := checkpoints.mend(job.folder.state, name):
        _log(mended)
    project = "tenants" if name.startswith("tenants-") else name
    stack = automation.create_or_select_stack(
        name,
        project_name=f"govcloud-{project}",
        program=lambda: _program(job, name),
        opts=automation.LocalWorkspaceOptions(
            pulumi_command=automation.PulumiCommand(
                str(pathlib.Path(job.pulumi).parent.parent), skip_version_check=True
            ),
            env_vars=environment,
            work_dir=str(workspace.make_folder(job.folder.path / "pulumi" / "work" / name)),
            pulumi_home=environment["PULUMI_HOME"],
        ),
    )
    _forget_interruption(job, stack)
    return stack


def _forget_interruption(job: stacks.Job, stack: automation.Stack) -> None:
    """Clear what a killed run left in the state: its lock, and operations whose end nobody saw.

    Our own lock says that nobody else runs; our providers adopt what is there, so an operation is done again.
    """
    if any((job.folder.state / ".pulumi" / "locks").rglob("*.json")):
        stack.cancel()
    if not _may_be_pending(job, stack):
        return
    exported = stack.export_stack()
    if exported.deployment and exported.deployment.get("pending_operations"):
        deployment = {key: value for key, value in exported.deployment.items() if key != "pending_operations"}
        stack.import_stack(automation.Deployment(version=exported.version, deployment=deployment))


def _may_be_pending(job: stacks.Job, stack: automation.Stack) -> bool:
    """Whether the state may hold operations without an end; of a file we see it without starting Pulumi again."""
    files = (job.folder.state / ".pulumi" / "stacks").rglob(f"{stack.name}.json")
    if job.backend != f"file://{job.folder.state}":
        return True
    return any('"pending_operations"' in file.read_text(encoding="utf-8") for file in files)


def _program(job: stacks.Job, name: str) -> None:
    if name == "network":
        if job.side.network is not None:
            network_program.program(job.side.network)
        return
    cluster = manifests.Access(kubeconfig=job.kubeconfig)
    if name == "platform":
        platform_program.program(job.side.cluster, cluster=cluster)
        return
    shard = next(shard for shard in job.side.shards if shard.id == name)
    tenants_program.program(shard, cluster=cluster, database=_database(job), values=_values(job))


def _database(job: stacks.Job) -> databases.Access | None:
    if job.side.database is None:
        return None
    machine = job.side.database
    return databases.Access(
        host=str(machine.management or machine.interfaces[0].address),
        root_certificate=str(job.folder.pki / "services-ca.crt"),
        client_certificate=str(job.folder.pki / "database-admin.crt"),
        client_key=str(job.folder.pki / "database-admin.key"),
    )


def _values(job: stacks.Job) -> databases_plan.Resolver:
    def value_of(reference: databases_plan.SecretRef) -> str:
        # Read when asked for: a side without databases has no such authority.
        resolver = databases_plan.resolver(
            master=bytes.fromhex((job.folder.secrets / "master").read_text().strip()),
            ca=(job.folder.pki / "services-ca.crt").read_text(),
        )
        return resolver(reference)

    return value_of


def _log(text: str) -> None:
    print(text.rstrip(), file=sys.stderr, flush=True)  # noqa: T201 - standard error is the log


if __name__ == "__main__":
    main()
