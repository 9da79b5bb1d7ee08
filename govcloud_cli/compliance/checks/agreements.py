"""What has to agree over an environment: two tenants' wishes, the keeping of records, the log's two places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, reading
from govcloud_cli.model import policies

Failures = Iterator[check.CheckFailure]
_Passage = tuple[str, str, str, str, int]
"""Direction, tenant, other tenant, protocol, port."""
_OPPOSITE = {"inbound": "outbound", "outbound": "inbound"}


def tenants_agree(found: Sequence[subjects.Subject]) -> Failures:
    """Allowances towards another tenant that the other one does not make."""
    tenants = {reading.text(one.document, "metadata", "id"): one for one in found}
    wished = {passage for one in found for _, passage in _passages(one)}
    for one in found:
        told: set[subjects.Path] = set()
        for path, (direction, own, other, protocol, port) in _passages(one):
            mirror = (_OPPOSITE.get(direction, ""), other, own, protocol, port)
            if mirror not in wished and path not in told:
                told.add(path)
                known = "does not ask for it" if other in tenants else "is no tenant"
                yield check.CheckFailure(subject=one, message=f"{other} {known}: {protocol} {port}", path=path)


def _passages(one: subjects.Subject) -> Iterator[tuple[subjects.Path, _Passage]]:
    own = reading.text(one.document, "metadata", "id")
    for index, allowance in enumerate(reading.items(one.document, "spec", "network", "allow")):
        other = reading.text(allowance, "peer", "tenant")
        for port in reading.numbers(allowance, "ports") if other else ():
            protocol = reading.text(allowance, "protocol") or "tcp"
            passage = (reading.text(allowance, "direction"), own, other, protocol, port)
            yield ("spec", "network", "allow", index), passage


_KEPT = ("baseline_journal_retention_days", "kubernetes_audit_days")


def retention_consistent(found: Sequence[subjects.Subject]) -> Failures:
    """Machines that keep the same kind of record for less time than others."""
    longest: dict[str, int] = {}
    for one in found:
        for name, days in _days(one).items():
            longest[name] = max(days, longest.get(name, 0))
    for one in found:
        for name, days in _days(one).items():
            if days < longest[name]:
                text = f"it keeps records for {days} days, others for {longest[name]}"
                yield check.CheckFailure(subject=one, message=text, path=("variables", name))


def _days(one: subjects.Subject) -> Mapping[str, int]:
    days = {name: reading.number(one.document, "variables", name) for name in _KEPT}
    return {name: value for name, value in days.items() if value is not None}


def audit_twice(found: Sequence[subjects.Subject]) -> Failures:
    """Environments on real hosts whose audit log has no second place."""
    for one in found:
        if not reading.text(one.document, "audit", "copyTo"):
            text = "the audit log's heads are kept in one place, by the account that deploys"
            yield check.CheckFailure(subject=one, message=text)


def _is_tenant(one: subjects.Subject) -> bool:
    return one.input is policies.Input.TENANT


def _is_host(one: subjects.Subject) -> bool:
    return one.input is policies.Input.HOST


def _is_real(one: subjects.Subject) -> bool:
    existing = reading.text(one.document, "substrate") == "existing"
    return one.input is policies.Input.ENVIRONMENT and existing


CHECKS = {
    "tenantsAgree": check.Check(concerns=_is_tenant, find=tenants_agree),
    "retentionConsistent": check.Check(
        concerns=_is_host, find=retention_consistent, fields=tuple(("variables", name) for name in _KEPT)
    ),
    "auditTwice": check.Check(concerns=_is_real, find=audit_twice),
}
