"""Machines, stacks, clusters and databases that do as they are told, for tests of what a run decides."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run import ansible, drift, preparing, reach, ssh, stacks
from govcloud_cli.run.drift import looking
from govcloud_cli.run.drift import machines as drift_machines


class World:
    """Machines and stacks that do as they are told, and remember it."""

    def __init__(self) -> None:
        self.ran_roles: list[tuple[str, ...]] = []
        self.ran_stacks: list[tuple[str, ...]] = []
        self.files: dict[str, str] = {}
        self.services = drift.ServicesLook()
        self.services_after = drift.ServicesLook()
        self.mended: list[drift.Finding] = []
        self.mending: errors.GovcloudError | None = None
        self.operations: list[stacks.Operation] = []
        self.dead: set[str] = set()
        self.failing_roles: dict[str, str] = {}
        self.kept = 0
        self.failing_stacks: set[str] = set()

    def look(self, chosen: Any, **_: Any) -> tuple[dict[str, drift.Snapshot], dict[str, errors.GovcloudError]]:
        dead = {host.name: errors.GovcloudError("dead") for host in chosen if host.name in self.dead}
        seen = {host.name: {"file /x": self.files.get(host.name, "1")} for host in chosen if host.name not in dead}
        return seen, dead

    def look_at_services(self, subject: drift.Subject) -> drift.ServicesLook:
        self.subject = subject
        found, self.services = self.services, self.services_after
        return found

    def keep_realm(self, _: drift.Subject) -> None:
        self.kept += 1

    def mend(self, _: drift.Subject, found: Any) -> None:
        self.mended += [finding for finding in found if finding.mend is not None]
        if self.mending is not None:
            raise self.mending

    def run_roles(self, hosts: Any, *, only: tuple[str, ...], **_: Any) -> ansible.Outcome:
        self.ran_roles.append(tuple(sorted(only)))
        for name in only:
            self.files.pop(name, None)
        roles = {host.name: frozenset(host.roles) for host in hosts}
        return ansible.Outcome(
            changed=dict.fromkeys(only, ("x",)),
            failed={name: cause for name, cause in self.failing_roles.items() if name in only},
            reached={name: roles[name] for name in only},
        )

    def run_stacks(self, job: stacks.Job, *, done: Any, **_: Any) -> tuple[stacks.StackResult, ...]:
        self.ran_stacks.append(job.stacks)
        self.operations.append(job.operation)
        found = []
        for name in job.stacks:
            error = "no" if name in self.failing_stacks else ""
            result = stacks.StackResult(stack=name, changed=1, outputs={}, error=error)
            found.append(result)
            done(result)
        self.dead.clear()
        return tuple(found)


def install(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> World:
    """Put a world in the place of machines, engines, clusters and databases."""
    made = World()
    monkeypatch.setattr(drift_machines, "look", made.look)
    monkeypatch.setattr(drift, "ask_machines", made.look)
    monkeypatch.setattr(looking, "look_at_services", made.look_at_services)
    monkeypatch.setattr(drift, "look_at_services", made.look_at_services)
    monkeypatch.setattr(drift, "keep_realm", made.keep_realm)
    monkeypatch.setattr(drift, "mend", made.mend)
    monkeypatch.setattr(ansible, "run_roles", made.run_roles)
    monkeypatch.setattr(stacks, "run", made.run_stacks)
    monkeypatch.setattr(preparing, "certify", lambda *_, **__: ())
    monkeypatch.setattr(ssh, "_SOCKETS", folder / "run")
    monkeypatch.setattr(reach.Reach, "exists", property(lambda _: True))
    return made
