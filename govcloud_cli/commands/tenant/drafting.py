"""A tenant's first file: its text, with comments for civil servants who are no engineers. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment, as it was asked for."""

    name: str
    quota: str
    databases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """Everything that a tenant's file must say."""

    id: str
    display_name: str
    organisation: str
    zone: str
    data_class: str
    mlps: int
    owner: str
    technical_lead: str
    mailbox: str
    phone: str
    environments: tuple[Environment, ...]
    expires_on: str | None
    """`2027-06-30`; of every environment but prod."""
    members: tuple[tuple[str, str], ...]
    """Group and role."""


def text(draft: Draft) -> str:
    """The file, as YAML."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../../schema/tenant.schema.json"
    yield "# 本文件说明一个租户需要什么。修改后提交合并请求,平台会告诉您费用和由谁审批。"
    yield "# What one tenant needs. Change it and open a pull request: the platform tells the cost and who decides."
    yield "apiVersion: govcloud/v1"
    yield "kind: TenantRequest"
    yield "metadata:"
    yield "  # 编号:一经使用不可更改 - the id never changes; the display name may, at any time"
    yield f"  id: {_quoted(draft.id)}"
    yield f"  displayName: {_quoted(draft.display_name)}"
    yield "spec:"
    yield "  # 所属单位(见 platform.yaml)- the organisation whose budget this uses"
    yield f"  organisation: {_quoted(draft.organisation)}"
    yield "  # 网络 - the network that its systems are in; across the air gap nothing passes"
    yield f"  zone: {_quoted(draft.zone)}"
    yield "  # 数据级别 - general 一般, important 重要, core 核心"
    yield f"  dataClass: {_quoted(draft.data_class)}"
    yield "  # 等级保护 - MLPS level: 2, 3 or 4"
    yield f"  mlps: {draft.mlps}"
    yield "  # 负责人和技术负责人,不能是同一人 - two people: who answers for it, and who runs it"
    yield f"  owner: {_quoted(draft.owner)}"
    yield f"  technicalLead: {_quoted(draft.technical_lead)}"
    yield "  # 岗位邮箱和有人接听的电话 - a role's mailbox and a phone that is answered"
    yield "  contact:"
    yield f"    mailbox: {_quoted(draft.mailbox)}"
    yield f"    phone: {_quoted(draft.phone)}"
    yield "  # 环境 - dev 开发, test 测试, staging 预发布, prod 生产; quota 配额: xs, s, m, l, xl"
    yield "  # expiresOn 到期日:最后一天,之后冻结,数据保留 - the last day; then it is frozen, and all data is kept"
    yield "  environments:"
    for environment in draft.environments:
        yield from _environment(environment, draft.expires_on)
    yield "  # 成员:身份系统中的组 - groups: owner 负责人, maintainer 维护, viewer 只读"
    yield "  members:"
    for group, role in draft.members:
        yield f"    - {{group: {_quoted(group)}, role: {_quoted(role)}}}"
    yield "  # 与其他租户互通:双方文件都写明才会放行 - traffic passes only where both tenants' files list it:"
    yield "  # network:"
    yield "  #   allow:"
    yield "  #     - direction: outbound"
    yield "  #       peer: {tenant: other-tenant}"
    yield "  #       ports: [8443]"
    yield "  #       reason: 为什么需要 - why it is needed"


def _environment(environment: Environment, expires_on: str | None) -> Iterator[str]:
    yield f"    - name: {_quoted(environment.name)}"
    yield f"      quota: {_quoted(environment.quota)}"
    if environment.name != "prod" and expires_on is not None:
        yield f"      expiresOn: {_quoted(expires_on)}"
    if environment.databases:
        yield "      databases:"
        for database in environment.databases:
            yield f"        - {{id: {_quoted(database)}, connections: 10, sizeGi: 5}}"


def _quoted(value: str) -> str:
    # JSON's strings are YAML's: whatever somebody types stays one value of one field.
    return json.dumps(value, ensure_ascii=False)
