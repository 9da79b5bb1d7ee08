"""What there is to look at on a side: what was last applied just as it is planned now. Pure, but for secrets."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.plan import credentials, plans, steps
from govcloud_cli.providers.kubernetes import kinds
from govcloud_cli.run import workspace

Json = dict[str, Any]
_STACKS = (steps.StepKind.PLATFORM, steps.StepKind.TENANTS)
_DATABASE = "Database/"
_SECRET = "Secret/"  # noqa: S105 - the beginning of an entry
_FIELDS = (
    *("database", "owner", "rw", "ro", "access"),
    *("connections", "connection_limit", "extensions", "frozen", "generation"),
)
_VERSIONS = {kind.name: kind.api_version for kind in kinds.SERVED}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope:
    """The entries of a side's stacks; an entry is `Kind/<namespace>/<name>` or `Database/<name>`, as in steps."""

    planned: Mapping[str, str]
    """Entry -> its digest, of what has to be there as it is planned."""
    step_of: Mapping[str, str]
    """Entry -> the stack that it belongs to."""
    pending: frozenset[str]
    """What is not applied as it is planned: it is about to change, come or go."""

    @property
    def objects(self) -> dict[str, str]:
        """Kubernetes objects among `planned`."""
        return {entry: digest for entry, digest in self.planned.items() if not entry.startswith(_DATABASE)}

    @property
    def databases(self) -> frozenset[str]:
        """Names of databases among `planned`."""
        return frozenset(entry.removeprefix(_DATABASE) for entry in self.planned if entry.startswith(_DATABASE))

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Pairs of apiVersion and kind, of everything planned or applied."""
        names = {entry.partition("/")[0] for entry in (*self.planned, *self.pending)}
        return [(_VERSIONS[name], name) for name in sorted(names & _VERSIONS.keys())]


def scope(ordered: Sequence[steps.Step], applied: Mapping[str, Mapping[str, str]]) -> Scope:
    """The scope of a side. `applied`: per step, the entries last applied."""
    planned: dict[str, str] = {}
    step_of: dict[str, str] = {}
    pending: set[str] = set()
    for step in ordered:
        if step.kind not in _STACKS:
            continue
        last = applied.get(step.name, {})
        same = {entry: digest for entry, digest in step.entries.items() if last.get(entry) == digest}
        planned |= same
        step_of |= dict.fromkeys((*last, *step.entries), step.name)
        pending |= {*last, *step.entries} - same.keys()
    return Scope(planned=planned, step_of=step_of, pending=frozenset(pending))


def sealed(objects: Mapping[str, str], *, seal: str) -> dict[str, str]:
    """The digests, those of Secrets bound to the values: a plan holds only their names. Pure."""
    return {
        entry: hashlib.sha256(f"{seal} {digest}".encode()).hexdigest() if entry.startswith(_SECRET) else digest
        for entry, digest in objects.items()
    }


def seal(folder: workspace.SideFolder) -> str:
    """What changes with the side's secrets: its master secret and the authority of its databases."""
    paths = (folder.secrets / "master", folder.pki / "services-ca.crt")
    parts = [hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "" for path in paths]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def manifests(side: plans.SidePlan) -> Iterator[tuple[str, Json]]:
    """Every planned Kubernetes object with its entry."""
    for manifest in (*side.cluster, *(manifest for shard in side.shards for manifest in shard.manifests)):
        yield steps.manifest_entry(manifest), manifest


def desired(side: plans.SidePlan, folder: workspace.SideFolder, entries: Collection[str]) -> dict[str, Json]:
    """The objects named, as the API server takes them: with the values of secrets."""
    wanted = frozenset(entries)
    return {
        entry: credentials.resolve(manifest, _resolver(folder)) if entry.startswith(_SECRET) else manifest
        for entry, manifest in manifests(side)
        if entry in wanted
    }


def planned_databases(side: plans.SidePlan, machine: str, names: Collection[str]) -> list[Json]:
    """What `run.inspection.postgresql` takes of those of the databases named that a machine holds."""
    return [
        {field: getattr(plan, field) for field in _FIELDS}
        for shard in side.shards
        for plan in shard.databases
        if plan.machine == machine and plan.database in names
    ]


def machines_of(side: plans.SidePlan) -> dict[str, str]:
    """Database -> the machine that holds it."""
    return {plan.database: plan.machine for shard in side.shards for plan in shard.databases}


def tenants(side: plans.SidePlan) -> dict[str, str]:
    """Namespace or database -> tenant."""
    return {place: tenant.id for tenant in side.tenants for place in (*tenant.namespaces, *tenant.databases)}


def _resolver(folder: workspace.SideFolder) -> credentials.Resolver:
    master = bytes.fromhex((folder.secrets / "master").read_text(encoding="ascii").strip())
    ca = (folder.pki / "services-ca.crt").read_text(encoding="ascii")
    return credentials.resolver(master=master, ca=ca)
