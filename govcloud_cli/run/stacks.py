"""Runs Pulumi stacks in a worker process that stands where the side's machines can be reached.

The worker keeps Pulumi's engine, our providers and their loopback ports off the host's own network in the lab,
and one provider process serves all the stacks of its job.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import json
import os
import pathlib
import pickle
import sys
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import plans
from govcloud_cli.providers.lab import namespaces
from govcloud_cli.run import process, reach, workspace


class Operation(enum.StrEnum):
    """What to do with a stack."""

    UP = "up"
    REFRESH_UP = "refresh-up"
    """Look at what is really there first."""
    DESTROY = "destroy"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What a worker is asked to do; passwords are in files that it reads."""

    side: plans.SidePlan
    stacks: tuple[str, ...]
    """`network`, `identity`, `platform` or shard ids, in order."""
    operation: Operation
    folder: workspace.SideFolder
    pulumi: str
    """Path of the Pulumi CLI."""
    plugins: str
    """`builtin` or `official`."""
    backend: str
    """Pulumi backend URL."""
    kubeconfig: str
    """Path of the engine's kubeconfig."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackResult:
    """How one stack went."""

    stack: str
    changed: int
    """Resources created, updated, replaced or deleted."""
    outputs: Mapping[str, Any]
    error: str
    """Empty if it went well; else the resource and the reason."""


def run(
    job: Job,
    *,
    way: reach.Reach,
    log: pathlib.Path,
    report: Callable[[str], None],
    done: Callable[[StackResult], None],
) -> tuple[StackResult, ...]:
    """Run the job's stacks one after the other; `done` is called after each. A failed stack does not stop the others.

    Raises `errors.GovcloudError` when the worker itself dies.
    """
    argv = way.command([sys.executable, "-m", "govcloud_cli.run.stackworker", *_providers(job)])
    results = []
    # The job goes from us to our own child through a pipe; pickle keeps the plan's types.
    text = base64.b64encode(pickle.dumps(job)).decode()
    outer = {namespaces.OUTER_NETWORK: f"/proc/{os.getpid()}/ns/net"}
    with process.streaming(argv, stdin=text, stderr=log, environment=outer) as worker:
        for line in worker.stdout or ():
            event = json.loads(line)
            if event["event"] == "doing":
                report(event["text"])
            else:
                result = StackResult(**event["result"])
                results.append(result)
                done(result)
        code = worker.wait()
    if code != 0 or len(results) != len(job.stacks):
        raise errors.GovcloudError(
            "the Pulumi worker ended before its stacks did",
            where=f"{job.side.side.value}: {', '.join(job.stacks)}",
            cause=f"exit code {code}",
            log=str(log),
            remedy="read the log, then run the same command again: it goes on where this one stopped",
        )
    return tuple(results)


def _providers(job: Job) -> tuple[str, ...]:
    """The providers of ours that the job needs. The lab's machines have no other, whatever the plugins."""
    identity = ("keycloak",) if job.side.identity is not None else ()
    if "network" in job.stacks:
        return (*identity, "kubernetes", "lab", "postgresql")
    return (*identity, "kubernetes", "postgresql") if job.plugins == "builtin" else ()
