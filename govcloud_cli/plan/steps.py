"""The ordered steps of a plan, and what each one is going to bring about."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping

from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, databases, hosts, identity, identity_places, plans


class StepKind(enum.StrEnum):
    """What executes a step."""

    NETWORK = "network"
    """Pulumi, stack `network`: segments and machines of the lab."""
    ROLES = "roles"
    """Ansible: every machine's roles."""
    IDENTITY = "identity"
    """Pulumi, stack `identity`: realm, groups and clients."""
    PLATFORM = "platform"
    """Pulumi, stack `platform`: what the cluster has once."""
    TENANTS = "tenants"
    """Pulumi, one stack `tenants-NN` per shard."""


DERIVED = "derived"
"""Among `Facts.secrets`: all that follows from the side's master secret."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """What a plan takes from the world, read before planning: digests only."""

    code: Mapping[str, str]
    """Digest of our own code per step kind, so that an upgrade is applied."""
    roles: Mapping[str, str]
    """Digest per Ansible role."""
    certificates: Mapping[platforms.Side, str]
    """Digest of a side's certificates; changes when one is renewed."""
    secrets: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """A keyed digest by name of each secret that roles copy or the realm is given: another one is brought out."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that `deploy` does."""

    side: platforms.Side
    name: str
    """Unique within its side: `network`, `roles`, `platform`, `tenants-03`."""
    kind: StepKind
    code: str
    """Digest of the code that executes it."""
    entries: Mapping[str, str]
    """What it brings about: `kind/name` to a digest of all that decides it."""

    @property
    def digest(self) -> str:
        """Digest of the step as a whole."""
        return plans.digest([self.code, sorted(self.entries.items())])


class Action(enum.StrEnum):
    """What happens to one entry; the values are the symbols printed."""

    ADD = "+"
    CHANGE = "~"
    DESTROY = "-"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One entry that differs from what was last applied."""

    action: Action
    entry: str


def of(side: plans.SidePlan, facts: Facts) -> tuple[Step, ...]:
    """The steps of one side, in the order in which they run."""
    found = []
    if side.network is not None:
        entries = {
            **{f"Switch/{switch.name}": plans.digest(switch) for switch in side.network.switches},
            **{f"Machine/{machine.name}": plans.digest(machine) for machine in side.network.machines},
            **{f"Forward/{forward.name}": plans.digest(forward) for forward in side.network.forwards},
        }
        found.append(_step(side, "network", StepKind.NETWORK, facts, entries))
    roles = {
        f"Host/{host.name}": plans.digest(
            [
                host,
                [facts.roles[role] for role in host.roles],
                facts.certificates[side.side],
                *_secrets_of(host, facts.secrets),
            ]
        )
        for host in side.hosts
    }
    found.append(_step(side, "roles", StepKind.ROLES, facts, roles))
    if side.identity is not None:
        found.append(_step(side, "identity", StepKind.IDENTITY, facts, identity_entries(side.identity, facts.secrets)))
    found.append(_step(side, "platform", StepKind.PLATFORM, facts, manifest_entries(side.cluster)))
    for shard in side.shards:
        entries = manifest_entries(shard.manifests) | database_entries(shard.databases)
        found.append(_step(side, shard.id, StepKind.TENANTS, facts, entries))
    return tuple(found)


def _secrets_of(host: hosts.Host, digests: Mapping[str, str]) -> list[list[tuple[str, str]]]:
    """What of the secrets decides a machine; of most machines nothing, which leaves their digests as they were."""
    files = (value for value in host.variables.values() if isinstance(value, hosts.ControllerFile))
    names = sorted({file.name for file in files if file.folder == "secrets"})
    return [[(name, digests.get(name, "")) for name in names]] if names else []


def changes(wanted: Mapping[str, str], applied: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between the entries that a step wants and those last applied, ordered by entry."""
    found = []
    for entry in sorted({*wanted, *applied}):
        if entry not in applied:
            found.append(Change(action=Action.ADD, entry=entry))
        elif entry not in wanted:
            found.append(Change(action=Action.DESTROY, entry=entry))
        elif wanted[entry] != applied[entry]:
            found.append(Change(action=Action.CHANGE, entry=entry))
    return tuple(found)


def removed_tenants(side: plans.SidePlan, applied_tenants: Iterable[str]) -> tuple[str, ...]:
    """Tenants that were applied and that the inventory no longer has, ordered."""
    return tuple(sorted(set(applied_tenants) - {tenant.id for tenant in side.tenants}))


def _step(side: plans.SidePlan, name: str, kind: StepKind, facts: Facts, entries: Mapping[str, str]) -> Step:
    return Step(side=side.side, name=name, kind=kind, code=facts.code[kind.value], entries=entries)


def manifest_entries(manifests: Iterable[plans.Json]) -> dict[str, str]:
    """Kubernetes objects as entries of a step, in their order."""
    return {manifest_entry(manifest): plans.digest(manifest) for manifest in manifests}


def manifest_entry(manifest: plans.Json) -> str:
    """What a Kubernetes object is called among a step's entries: `Kind/<namespace>/<name>`, `Kind/<name>`."""
    metadata = manifest["metadata"]
    place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{manifest['kind']}/{place}{metadata['name']}"


def identity_entries(planned: identity.IdentityPlan, secrets: Mapping[str, str]) -> dict[str, str]:
    """A realm with its groups and clients as entries of a step. `secrets`: `Facts.secrets`."""
    # The groups and clients are entries of their own: another one of them does not change the realm.
    whole = dataclasses.replace(planned, groups=(), clients=())
    directory = None if planned.directory is None else planned.directory.secret
    return {
        f"Realm/{identity_places.REALM}": plans.digest([whole, *_value_of(directory, secrets)]),
        **{f"Group/{group.name}": plans.digest(group) for group in planned.groups},
        **{f"Client/{one.id}": plans.digest([one, *_value_of(one.secret, secrets)]) for one in planned.clients},
    }


def _value_of(reference: credentials.SecretRef | None, digests: Mapping[str, str]) -> list[str]:
    """What tells another value of a secret, whose reference stays the same."""
    if reference is None:
        return []
    name = reference.name if reference.kind is credentials.Kind.FILE else DERIVED
    return [digests.get(name, "")]


def database_entries(planned: Iterable[databases.DatabasePlan]) -> dict[str, str]:
    """Databases as entries of a step."""
    return {f"Database/{database.database}": plans.digest(database) for database in planned}
