"""Change classes (变更分级): which changes of a request are automatic, and which a person must decide.

Automatic is what takes less, what only says whom to call, an expiry within limits, and growth of at most half of what a
person last decided, where measured use shows the need. All else goes to a person, and so does anything that reaches
production. `FIELDS` says so for each field that a request may have; a field that is not in it goes to a person.
"""

from __future__ import annotations

import dataclasses
import datetime
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from govcloud_cli.governance import classes, environment_changes
from govcloud_cli.governance import usage as measured
from govcloud_cli.model import base, tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """What a change is, and why."""

    automatic: bool
    """False: a person decides."""
    reasons: tuple[str, ...]
    """A sentence for each thing that changed; where a person decides, only those that a person has to see."""


def classify(
    before: tenants.Tenant | None,
    after: tenants.Tenant | None,
    *,
    usage: measured.Usage | None,
    today: datetime.date,
    decided: tenants.Tenant | None = None,
) -> Change:
    """The class of the change from `before` to `after`; None: the tenant is not there.

    `decided` is the tenant as a person last decided it: growth is measured against that, so that many small steps do
    not add up; None: nothing is on record, and growth goes to a person. `usage` None: nothing is measured.
    """
    if before is None or after is None:
        if before is None and after is None:
            return Change(automatic=True, reasons=())
        told = "the tenant is added (新增租户)" if before is None else "the tenant is removed with its data (注销租户)"
        return Change(automatic=False, reasons=(classes.person(told).reason,))
    case = classes.Case(before=before, after=after, decided=decided, usage=usage or measured.UNREADABLE, today=today)
    found = tuple(_tenant(case))
    automatic = all(one.automatic for one in found)
    told_of = dict.fromkeys(one.reason for one in found if automatic or not one.automatic)
    return Change(automatic=automatic, reasons=tuple(told_of))


def _tenant(case: classes.Case) -> Iterator[classes.Finding]:
    yield from _models(case, tenants.Tenant, case.before, case.after)
    yield from _models(case, tenants.TenantSpec, case.before.spec, case.after.spec)


def _models(
    case: classes.Case, model: type[base.Model], before: base.Model, after: base.Model
) -> Iterator[classes.Finding]:
    for name in model.model_fields:
        if getattr(before, name) != getattr(after, name):
            yield from FIELDS.get((model.__name__, name), _person_decides(name))(case)


# -- rules for a field of the tenant

Rule = Callable[[classes.Case], Iterator[classes.Finding]]


def _person_decides(label: str) -> Rule:
    def rule(_case: classes.Case) -> Iterator[classes.Finding]:
        yield classes.person(f"{label} changes")

    return rule


def _looked_into(_case: classes.Case) -> Iterator[classes.Finding]:
    """Its own fields are classified one by one."""
    return iter(())


def _metadata(case: classes.Case) -> Iterator[classes.Finding]:
    if case.before.metadata.id != case.after.metadata.id:
        yield classes.person("the id changes, although ids never change (displayName, 名称, may)")
    if case.before.metadata.display_name != case.after.metadata.display_name:
        yield classes.automatic("the display name (名称) changes")
    known = {"id", "display_name"}
    if case.before.metadata.model_dump(exclude=known) != case.after.metadata.model_dump(exclude=known):
        yield classes.person("metadata changes")


def _contact(_case: classes.Case) -> Iterator[classes.Finding]:
    yield classes.automatic("the contact (联系方式) changes")


def _members(case: classes.Case) -> Iterator[classes.Finding]:
    if set(case.before.spec.members) == set(case.after.spec.members):
        return
    ranks = {tenants.Role.VIEWER: 0, tenants.Role.MAINTAINER: 1, tenants.Role.OWNER: 2}
    held = {member.group: ranks[member.role] for member in case.before.spec.members}
    for member in case.after.spec.members:
        if ranks[member.role] > held.get(member.group, -1):
            yield classes.person(f"{member.group} is given the role {member.role.value} (成员权限)")
    if not any(member.role is tenants.Role.OWNER for member in case.after.spec.members):
        yield classes.person("no group is owner any more (成员权限)")
    if case.has_prod:
        yield classes.person("members change, and prod (生产环境) is within their reach")
    else:
        yield classes.automatic("members lose roles (成员权限减少)")


def _network(case: classes.Case) -> Iterator[classes.Finding]:
    old = case.before.spec.network.allow
    if set(old) == set(case.after.spec.network.allow):
        return
    for allowance in case.after.spec.network.allow:
        if not any(_is_within(allowance, other) for other in old):
            yield classes.person(f"{_shown(allowance)} is allowed (网络放行)")
    if case.has_prod:
        yield classes.person("the network changes, that of prod (生产环境) with it")
    else:
        yield classes.automatic("less traffic is allowed (网络放行减少)")


def _applications(case: classes.Case) -> Iterator[classes.Finding]:
    old, new = set(case.before.spec.applications), set(case.after.spec.applications)
    for application in sorted(new - old, key=lambda one: (one.environment, one.id)):
        # Whoever receives what comes back from a log-in acts as the people who log in.
        hosts = sorted({urllib.parse.urlsplit(address).netloc for address in application.redirect_uris})
        what = f"people log in to {application.id} of {application.environment.value}"
        yield classes.person(f"{what} and come back to {', '.join(hosts)} (应用登录)")
    if any(one.environment is tenants.EnvironmentName.PROD for one in old - new):
        yield classes.person("an application of prod (生产环境) that people log in to changes or goes")
    elif old - new:
        yield classes.automatic("people log in to fewer applications (应用登录减少)")


def _is_within(allowance: tenants.Allowance, other: tenants.Allowance) -> bool:
    """Whether `allowance` lets nothing through that `other` does not; the reason counts, somebody agreed to it."""
    same = allowance.model_copy(update={"ports": other.ports}) == other
    return same and set(allowance.ports) <= set(other.ports)


def _shown(allowance: tenants.Allowance) -> str:
    peer = allowance.peer.tenant or f"zone {allowance.peer.zone}"
    ports = ", ".join(str(port) for port in allowance.ports)
    return f"{allowance.direction.value} {allowance.protocol} {ports} with {peer}"


def _environments(case: classes.Case) -> Iterator[classes.Finding]:
    before = {one.name: one for one in case.before.spec.environments}
    after = {one.name: one for one in case.after.spec.environments}
    for name in sorted(after.keys() - before.keys()):
        yield classes.person(f"environment {name.value} is added (新增环境)")
    for name in sorted(before.keys() - after.keys()):
        yield classes.person(f"environment {name.value} is removed with its data (删除环境)")
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield from environment_changes.judge(case, before[name], after[name])


FIELDS: Mapping[tuple[str, str], Rule] = MappingProxyType(
    {
        ("Tenant", "api_version"): _person_decides("the form of the file (apiVersion)"),
        ("Tenant", "kind"): _person_decides("the form of the file (kind)"),
        ("Tenant", "metadata"): _metadata,
        ("Tenant", "spec"): _looked_into,
        ("TenantSpec", "organisation"): _person_decides("the organisation, and with it the budget (预算归属),"),
        ("TenantSpec", "zone"): _person_decides("the zone (网络区域)"),
        # Lowering it loosens what protects the data, so both directions count.
        ("TenantSpec", "data_class"): _person_decides("the data class (数据级别)"),
        ("TenantSpec", "mlps"): _person_decides("the MLPS level (等保级别)"),
        ("TenantSpec", "owner"): _person_decides("the owner (负责人)"),
        ("TenantSpec", "technical_lead"): _person_decides("the technical lead (技术负责人)"),
        ("TenantSpec", "contact"): _contact,
        ("TenantSpec", "environments"): _environments,
        ("TenantSpec", "members"): _members,
        ("TenantSpec", "network"): _network,
        ("TenantSpec", "applications"): _applications,
    }
)
"""(model, field) -> what a change of it means. A field that is not here goes to a person, and a test fails."""
