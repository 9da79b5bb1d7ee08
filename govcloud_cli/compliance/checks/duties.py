"""Separation of duties (三员分立): who runs the platform, who secures it, who audits it, and who decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, objects, reading
from govcloud_cli.model import policies

Json = Any
Failures = Iterator[check.CheckFailure]

SYSTEM, SECURITY, AUDIT = "system", "security", "audit"
_RBAC = "rbac.authorization.k8s.io"
_is_binding = objects.is_a("ClusterRoleBinding", group=_RBAC)
_is_role = objects.is_a("ClusterRole", group=_RBAC)

_WRITING = frozenset({"*", "create", "update", "patch", "delete", "deletecollection"})
_SECURITY = frozenset(
    {
        "networkpolicies",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
        "mutatingwebhookconfigurations",
    }
)
"""Resources that say what is allowed; who writes these and not everything administers security."""
_AUDITED = frozenset({"clusterrolebindings", "clusterroles", "rolebindings", "roles"})
"""Who reads who may do what over the whole cluster, and writes nothing, audits."""
_BUILT_IN: Mapping[str, str] = {"cluster-admin": SYSTEM}


def disjoint(found: Sequence[subjects.Subject]) -> Failures:
    """Users, groups and service accounts that hold two of the three duties over a whole cluster."""
    duties = {objects.name(one): duty for one in filter(_is_role, found) if (duty := _duty(one.document))}
    duties |= _BUILT_IN
    held: dict[tuple[str, str, str], tuple[str, str]] = {}
    for binding in filter(_is_binding, found):
        duty = duties.get(reading.text(binding.document, "roleRef", "name"))
        if duty is None:
            continue
        for index, holder in enumerate(reading.items(binding.document, "subjects")):
            who = (reading.text(holder, "kind"), reading.text(holder, "namespace"), reading.text(holder, "name"))
            other, by = held.setdefault(who, (duty, objects.name(binding)))
            if other != duty:
                text = f"{who[0]} {who[2]} does the {other} duty (by {by}) and the {duty} duty"
                yield check.CheckFailure(subject=binding, message=text, path=("subjects", index))


def _duty(role: Json) -> str | None:
    """Which duty a cluster role is; None for what is none of the three."""
    written: set[str] = set()
    read: set[str] = set()
    for rule in reading.items(role, "rules"):
        verbs, resources = set(reading.texts(rule, "verbs")), set(reading.texts(rule, "resources"))
        if verbs & _WRITING:
            written |= resources
        read |= resources
    if "*" in written:
        return SYSTEM
    if written & _SECURITY:
        return SECURITY
    return AUDIT if read & _AUDITED and not written else None


def approvers_independent(found: Sequence[subjects.Subject]) -> Failures:
    """Tenants about whom nobody may decide but their own owner and technical lead."""
    for one in filter(_is_decided, found):
        involved = {reading.text(one.document, "spec", field) for field in ("owner", "technicalLead")}
        if not set(reading.texts(one.document, "context", "approvers")) - involved:
            text = "nobody may decide about it but its own owner and technical lead"
            yield check.CheckFailure(subject=one, message=text, path=("spec", "owner"))


def waivers_independent(found: Sequence[subjects.Subject]) -> Failures:
    """People who may waive rules for tenants that they answer for."""
    tenants = [one for one in found if one.input is policies.Input.TENANT]
    for one in filter(_has_waiver_approvers, found):
        approvers = set(reading.texts(one.document, "waiverApprovers"))
        for tenant in tenants:
            involved = {reading.text(tenant.document, "spec", field) for field in ("owner", "technicalLead")}
            # One approver of several may be involved: another one decides about that tenant then.
            if approvers <= involved:
                text = f"who may waive rules answers for tenant {reading.text(tenant.document, 'metadata', 'id')} alone"
                yield check.CheckFailure(subject=one, message=text, path=("waiverApprovers",))


def groups_stay(found: Sequence[subjects.Subject]) -> Failures:
    """Identity groups that are members of tenants in different zones."""
    first: dict[str, tuple[str, str]] = {}
    for one in found:
        zone = reading.text(one.document, "spec", "zone")
        tenant = reading.text(one.document, "metadata", "id")
        for index, member in enumerate(reading.items(one.document, "spec", "members")):
            group = reading.text(member, "group")
            other_zone, other = first.setdefault(group, (zone, tenant))
            if group and other_zone != zone:
                text = f"group {group} is a member of {other} in zone {other_zone} too"
                yield check.CheckFailure(subject=one, message=text, path=("spec", "members", index, "group"))


def _is_tenant(one: subjects.Subject) -> bool:
    return one.input is policies.Input.TENANT


def _is_decided(one: subjects.Subject) -> bool:
    return _is_tenant(one) and reading.at(one.document, "context", "needsApproval") is True


def _has_waiver_approvers(one: subjects.Subject) -> bool:
    return one.input is policies.Input.ENVIRONMENT and bool(reading.items(one.document, "waiverApprovers"))


CHECKS = {
    "administratorsDisjoint": check.Check(
        concerns=_is_binding, reads=_is_role, find=disjoint, fields=(("roleRef",), ("subjects",), ("rules",))
    ),
    "approversIndependent": check.Check(concerns=_is_decided, find=approvers_independent),
    "waiversIndependent": check.Check(concerns=_has_waiver_approvers, reads=_is_tenant, find=waivers_independent),
    "groupsStayInZone": check.Check(concerns=_is_tenant, find=groups_stay),
}
