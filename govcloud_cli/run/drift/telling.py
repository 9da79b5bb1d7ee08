"""From what a worker saw to findings: whose it is, and which step restores it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from govcloud_cli.plan import plans
from govcloud_cli.run.drift import findings, realms, tasks

Json = dict[str, Any]


class Teller:
    """Makes findings of what a worker told."""

    def __init__(self, plan: plans.SidePlan, scope: tasks.Scope) -> None:
        self._side = plan.side.value
        self._step_of = scope.step_of
        self._tenants = tasks.tenants(plan)
        self._machines = tasks.machines_of(plan)

    def objects(self, told: Sequence[Json]) -> Iterator[findings.Finding]:
        """Findings about the cluster, by object."""
        for one in sorted(told, key=lambda one: str(one["subject"])):
            key = one["subject"]
            place = key.split("/")[1]
            yield self._finding(one, part=findings.Part.CLUSTER, place=place, step=self._step_of.get(key, ""))

    def databases(self, told: Sequence[Json]) -> Iterator[findings.Finding]:
        """Findings about databases and roles, as they came."""
        for one in told:
            place = one.pop("database")
            step = self._step_of[f"Database/{place}"]
            if "mend" in one:
                one["mend"] |= {"machine": self._machines[place]}
            yield self._finding(one, part=findings.Part.DATABASE, place=place, step=step)

    def unread(self, told: Sequence[Json]) -> Iterator[findings.Unread]:
        """What the worker could not look at."""
        for one in told:
            subject, machine = one["subject"], one.get("machine")
            if subject == "realm":
                yield self._unread(findings.Part.REALM, one, (realms.STEP,))
                continue
            part = findings.Part.CLUSTER if subject == "cluster" else findings.Part.DATABASE
            stacks = {
                step
                for entry, step in self._step_of.items()
                if subject == "cluster" or (machine and self._machines.get(entry.removeprefix("Database/")) == machine)
            }
            yield self._unread(part, one, tuple(sorted(stacks)))

    def _unread(self, part: findings.Part, one: Json, stacks: tuple[str, ...]) -> findings.Unread:
        return findings.Unread(side=self._side, part=part, subject=one["subject"], reason=one["reason"], steps=stacks)

    def _finding(self, one: Json, *, part: findings.Part, place: str, step: str) -> findings.Finding:
        fields = {**one, "what": findings.What(one["what"])}
        return findings.Finding(side=self._side, part=part, tenant=self._tenants.get(place, ""), step=step, **fields)
