"""What the worker of `run.stacks` does with its job: every stack, shards side by side."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, database_servers
from govcloud_cli.plan import identity as identity_plan
from govcloud_cli.run import checkpoints, engine, stacks, workspace
from stacks.components import databases, manifests, realms
from stacks.identity import program as identity_program
from stacks.network import program as network_program
from stacks.platform import program as platform_program
from stacks.tenants import program as tenants_program

_CHANGES = ("create", "update", "replace", "delete")

SIDE_BY_SIDE = 2
"""Shards that run at the same time: an engine's start and end leave a processor idle that another one can use."""


Say = Callable[..., None]
"""Tells an event and its fields."""


def run(job: stacks.Job, *, ports: Mapping[str, int], say: Say) -> None:
    """Run the job's stacks and tell the result of each. `ports`: where our providers listen."""
    one = functools.partial(
        _run, job=job, environment=_environment(job, ports), command=engine.command(job.pulumi), say=say
    )
    shards = [name for name in job.stacks if _is_shard(name)]
    for name in job.stacks:
        if name not in shards:
            one(name)
    with concurrent.futures.ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        for done in concurrent.futures.as_completed([pool.submit(one, name) for name in shards]):
            done.result()


def _environment(job: stacks.Job, ports: Mapping[str, int]) -> dict[str, str]:
    home = workspace.make_folder(job.folder.path / "pulumi")
    engine.keep_no_logs(home)
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


def _run(
    name: str,
    *,
    job: stacks.Job,
    environment: dict[str, str],
    command: automation.PulumiCommand,
    say: Say,
) -> None:
    """Run one stack and tell its result."""
    failures: list[str] = []
    changes: dict[str, int] = {}

    def on_event(event: automation.EngineEvent) -> None:
        if event.summary_event is not None:
            for operation, number in event.summary_event.resource_changes.items():
                changes[str(operation).rpartition(".")[2]] = number
        if event.resource_pre_event is not None:
            metadata = event.resource_pre_event.metadata
            if metadata.op.value != "same":
                say("doing", text=f"{name}: {metadata.op.value} {metadata.urn.rpartition('::')[2]}")
        if event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            place = (event.diagnostic_event.urn or "").rpartition("::")[2]
            failures.append(f"{place}: {event.diagnostic_event.message.strip()}".lstrip(": "))

    options: dict[str, Any] = {"on_event": on_event, "on_output": _log, "color": "never"}
    outputs: dict[str, Any] = {}
    error = ""
    try:
        stack = _stack(job, name, environment, command)
        if job.operation is stacks.Operation.DESTROY:
            stack.destroy(refresh=True, run_program=False, **options)
        else:
            refresh = job.operation is stacks.Operation.REFRESH_UP
            up = stack.up(refresh=refresh, suppress_outputs=True, **options)
            outputs = {key: output.value for key, output in up.outputs.items() if not output.secret}
    except (automation.CommandError, errors.GovcloudError) as caught:
        _log(str(caught))
        error = "\n".join(dict.fromkeys(failures)) or str(caught)[-2000:]
    count = 0 if error else sum(number for kind, number in changes.items() if kind in _CHANGES)
    result = stacks.StackResult(stack=name, changed=count, outputs=outputs, error=error)
    say("stack", result=dataclasses.asdict(result))


def _stack(
    job: stacks.Job, name: str, environment: dict[str, str], command: automation.PulumiCommand
) -> automation.Stack:
    if mended := checkpoints.mend(job.folder.state, name):
        _log(mended)
    project = "govcloud-tenants" if _is_shard(name) else f"govcloud-{name}"
    stack = engine.stack(
        name,
        project=project,
        program=lambda: _program(job, name),
        command=command,
        environment=environment,
        folder=workspace.make_folder(job.folder.path / "pulumi" / "work" / name),
        state=checkpoints.file(job.folder.state, project, name) if _is_local(job) else None,
        # Only machines have something to tell.
        outputs=name == "network" and job.operation is not stacks.Operation.DESTROY,
    )
    _forget_interruption(job, stack)
    if _is_local(job):
        checkpoints.prune(job.folder.state, project, name)
    return stack


def _is_shard(name: str) -> bool:
    return name.startswith("tenants-")


def _is_local(job: stacks.Job) -> bool:
    return job.backend == f"file://{job.folder.state}"


def _forget_interruption(job: stacks.Job, stack: automation.Stack) -> None:
    """Clear what a killed run left in the state: its lock, and operations whose end nobody saw.

    Our own lock says that nobody else runs; our providers adopt what is there, so an operation is done again.
    """
    if any((job.folder.state / ".pulumi" / "locks").rglob(f"{stack.name}/*.json")):
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
    if not _is_local(job):
        return True
    return any('"pending_operations"' in file.read_text(encoding="utf-8") for file in files)


def _program(job: stacks.Job, name: str) -> None:
    if name == "network":
        if job.side.network is not None:
            network_program.program(job.side.network)
        return
    if name == "identity":
        if job.side.identity is not None:
            access = _identity(job, job.side.identity)
            identity_program.program(job.side.identity, access=access, values=_values(job))
        return
    cluster = manifests.Access(kubeconfig=job.kubeconfig, bundled=job.plugins == "builtin")
    if name == "platform":
        platform_program.program(job.side.cluster, cluster=cluster)
        return
    shard = next(shard for shard in job.side.shards if shard.id == name)
    servers = {machine.id: _server(job, machine) for machine in job.side.databases}
    shared = None if job.side.database is None else servers.pop(job.side.database.id)
    tenants_program.program(shard, cluster=cluster, database=shared, dedicated=servers, values=_values(job))


def _server(job: stacks.Job, machine: platforms.Machine) -> databases.Access:
    return databases.Access(
        host=database_servers.management(machine),
        root_certificate=str(job.folder.pki / "services-ca.crt"),
        client_certificate=str(job.folder.pki / "database-admin.crt"),
        client_key=str(job.folder.pki / "database-admin.key"),
    )


def _identity(job: stacks.Job, planned: identity_plan.IdentityPlan) -> realms.Access:
    return realms.Access(
        url=planned.admin_url,
        client_id=identity_plan.ENGINE_CLIENT,
        client_secret=_secret(job, identity_plan.ENGINE_SECRET),
        root_certificate=(job.folder.pki / "services-ca.crt").read_text(encoding="ascii"),
    )


def _secret(job: stacks.Job, name: str) -> str:
    path = job.folder.secrets / name
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        text = ""
    if not text:
        raise errors.GovcloudError(
            "a secret of the identity service is missing",
            where=str(path),
            cause="the file is empty or not there",
            remedy="write it there with mode 0600; `directory` is the staff directory's, all others a deploy makes",
        )
    return text


def _values(job: stacks.Job) -> credentials.Resolver:
    def value_of(reference: credentials.SecretRef) -> str:
        if reference.kind is credentials.Kind.FILE:
            return _secret(job, reference.name)
        # Read when asked for: a side without databases has no such authority.
        resolver = credentials.resolver(
            master=bytes.fromhex((job.folder.secrets / "master").read_text().strip()),
            ca=(job.folder.pki / "services-ca.crt").read_text(),
        )
        return resolver(reference)

    return value_of


def _log(text: str) -> None:
    print(text.rstrip(), file=sys.stderr, flush=True)  # noqa: T201 - standard error is the log
