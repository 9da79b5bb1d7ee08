"""Two states of one inventory: which tenants changed, and what one change may hold (一次变更一个租户)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping

from govcloud_cli.governance import budgets
from govcloud_cli.model import freezes, inventory, tenants

ALIKE = 0.8
"""From this share of common fields on, a tenant that is gone and one that is new are the same under another id."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a change cannot be merged as it is."""

    message: str
    remedy: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """An inventory before and after a change."""

    before: inventory.Inventory
    now: inventory.Inventory

    @functools.cached_property
    def old(self) -> Mapping[str, tenants.Tenant]:
        """The tenants as they were, by id."""
        return {tenant.metadata.id: tenant for tenant in self.before.tenants}

    @functools.cached_property
    def new(self) -> Mapping[str, tenants.Tenant]:
        """The tenants as they are, by id."""
        return {tenant.metadata.id: tenant for tenant in self.now.tenants}

    @functools.cached_property
    def changed(self) -> tuple[str, ...]:
        """Ids of the tenants whose request or freeze is another, ordered."""
        names = self.old.keys() | self.new.keys() | self._frozen(self.before).keys() | self._frozen(self.now).keys()
        return tuple(
            name for name in sorted(names) if self.old.get(name) != self.new.get(name) or self.freeze_changed(name)
        )

    def freeze_changed(self, tenant: str) -> bool:
        """Whether a person froze or thawed it."""
        return self._frozen(self.before).get(tenant) != self._frozen(self.now).get(tenant)

    def is_frozen(self, tenant: str) -> bool:
        """Whether a person froze any of it, as it is now."""
        return tenant in self._frozen(self.now)

    @staticmethod
    def _frozen(spec: inventory.Inventory) -> Mapping[str, freezes.Freeze]:
        return {freeze.metadata.id: freeze for freeze in spec.freezes}


def refusals(compared: Comparison, overruns: tuple[budgets.Overrun, ...]) -> tuple[Refusal, ...]:
    """Everything for which the change is refused; `overruns` are those between its two states."""
    return (
        *_other_ids(compared),
        *_more_than_one(compared),
        *_with_the_platform(compared),
        *(_overrun(one) for one in overruns if one.grows),
    )


def _other_ids(compared: Comparison) -> Iterator[Refusal]:
    gone = sorted(compared.old.keys() - compared.new.keys())
    added = sorted(compared.new.keys() - compared.old.keys())
    # One pair is what a person renames; with more, more than one tenant is refused anyhow.
    if len(gone) != 1 or len(added) != 1:
        return
    was, now = gone[0], added[0]
    left, right = _leaves(compared.old[was], was), _leaves(compared.new[now], now)
    if 2 * len(left & right) >= ALIKE * (len(left) + len(right)):
        yield Refusal(message=f"the id of tenant '{was}' became '{now}'", remedy=keep_the_id(was))


def keep_the_id(identifier: str) -> str:
    """What to do where an id was changed."""
    return (
        f"ids never change (标识不变): name the file tenants/{identifier}.yaml and write id: {identifier} again; "
        "the name for people is displayName (名称), which may change"
    )


def _leaves(tenant: tenants.Tenant, identifier: str) -> frozenset[str]:
    """Everything that it asks for, `path=value` each, without its own id, which groups and mailboxes often hold."""

    def walk(value: object, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, below in value.items():
                yield from walk(below, f"{path}.{key}")
        elif isinstance(value, list):
            for index, below in enumerate(value):
                yield from walk(below, f"{path}[{index}]")
        else:
            yield f"{path}={str(value).replace(identifier, '*')}"

    return frozenset(walk(tenant.spec.model_dump(mode="json", exclude_defaults=True), ""))


def _more_than_one(compared: Comparison) -> Iterator[Refusal]:
    changed = compared.changed
    if len(changed) < 2 or _is_one_agreement(compared):
        return
    yield Refusal(
        message=f"{len(changed)} tenants changed: {_listed(changed)}",
        remedy="one tenant per change (一次变更一个租户), so that each is decided by its own level: split it; only an "
        "allowance that two tenants agree on (network.allow) is changed in both files at once",
    )


def _is_one_agreement(compared: Comparison) -> bool:
    """Whether all but one tenant changed in nothing but their side of allowances with that one."""
    peers = {name: _agreeing_with(compared, name) for name in compared.changed}
    independent = [name for name, others in peers.items() if others is None]
    principals = independent if len(independent) == 1 else [] if independent else list(peers)
    return any(
        all(others is not None and others <= {one} for name, others in peers.items() if name != one)
        for one in principals
    )


def _agreeing_with(compared: Comparison, name: str) -> frozenset[str | None] | None:
    """The peers of allowances that are another, if nothing else is; None if something is."""
    old, new = compared.old.get(name), compared.new.get(name)
    if old is None or new is None or compared.freeze_changed(name):
        return None
    spec = new.spec.model_copy(update={"network": old.spec.network})
    if new.model_copy(update={"spec": spec}) != old:
        return None
    different = set(old.spec.network.allow) ^ set(new.spec.network.allow)
    return frozenset(allowance.peer.tenant for allowance in different)


def _with_the_platform(compared: Comparison) -> Iterator[Refusal]:
    if not compared.changed:
        return
    before, now = compared.before, compared.now
    files = [
        name
        for name, changed in (
            ("platform.yaml", before.platform != now.platform),
            ("people.yaml", before.people != now.people),
        )
        if changed
    ]
    if files:
        yield Refusal(
            message=f"{' and '.join(files)} changed together with {_listed(compared.changed)}",
            remedy="what the platform is and who decides is changed on its own (平台变更单独提交): split the change",
        )


def _overrun(overrun: budgets.Overrun) -> Refusal:
    return Refusal(
        message=f"the budget (预算) is too small: {overrun}",
        remedy=f"ask for less, free something of what {budgets.place(overrun.organisation)} has, or have its budget "
        "raised in platform.yaml first, in a change of its own",
    )


def _listed(names: tuple[str, ...], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
