"""Namespaces: what confines them, and whether they are what their tenants asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, objects, peers, reading
from govcloud_cli.model import policies
from govcloud_cli.plan import namespaces

Failures = Iterator[check.CheckFailure]

_is_bound = objects.is_a("ResourceQuota", "LimitRange", group="")


def bounded(found: Sequence[subjects.Subject]) -> Failures:
    """Namespaces without a ResourceQuota, or without a LimitRange."""
    kinds: dict[str, set[str]] = {}
    for one in filter(_is_bound, found):
        field = "hard" if objects.kind(one) == "ResourceQuota" else "limits"
        if reading.at(one.document, "spec", field):
            kinds.setdefault(objects.namespace(one), set()).add(objects.kind(one))
    for one in filter(_is_own, found):
        missing = {"ResourceQuota", "LimitRange"} - kinds.get(objects.name(one), set())
        if missing:
            text = f"it has no {' and no '.join(sorted(missing))}"
            yield check.CheckFailure(subject=one, message=text, path=("metadata", "name"))


_ASKED = {"zone": "zone", "data-class": "dataClass", "mlps": "mlps", "organisation": "organisation"}
"""Label of a namespace, without its prefix -> field of the tenant's request."""


def as_requested(found: Sequence[subjects.Subject]) -> Failures:
    """Tenants' namespaces whose labels do not say what the tenants asked for."""
    tenants = {
        reading.text(one.document, "metadata", "id"): one.document
        for one in found
        if one.input is policies.Input.TENANT
    }
    for one in filter(_is_tenants, found):
        labels = objects.labels(one.document)
        tenant = tenants.get(labels[_TENANT])
        if tenant is None:
            if tenants:
                text = f"there is no tenant {labels[_TENANT]}"
                yield check.CheckFailure(subject=one, message=text, path=("metadata", "labels"))
            continue
        wrong = [
            label
            for label, field in _ASKED.items()
            if labels.get(f"{namespaces.PREFIX}{label}") != str(reading.at(tenant, "spec", field))
        ]
        if wrong:
            text = f"its labels differ from the tenant's request: {', '.join(sorted(wrong))}"
            yield check.CheckFailure(subject=one, message=text, path=("metadata", "labels"))


_TENANT = f"{namespaces.PREFIX}tenant"


def _is_own(one: subjects.Subject) -> bool:
    return peers.is_namespace(one) and objects.name(one) not in objects.SYSTEM_NAMESPACES


def _is_tenants(one: subjects.Subject) -> bool:
    return peers.is_namespace(one) and _TENANT in objects.labels(one.document)


CHECKS = {
    "namespacesBounded": check.Check(
        concerns=_is_own, reads=_is_bound, find=bounded, fields=(("spec",), ("metadata",))
    ),
    "namespacesAsRequested": check.Check(
        concerns=_is_tenants,
        reads=lambda one: one.input is policies.Input.TENANT,
        find=as_requested,
        fields=(("metadata", "labels"),),
    ),
}
