from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.model import policies
from tests.compliance.checks import estates


def allowance(direction: str, tenant: str, *ports: int, **more: Any) -> dict[str, Any]:
    return {"direction": direction, "peer": {"tenant": tenant}, "ports": list(ports), **more}


OUT = allowance("outbound", "b", 443, 8443)


@pytest.mark.parametrize(
    ("theirs", "agreed"),
    [
        ([allowance("inbound", "a", 443, 8443)], True),
        ([allowance("inbound", "a", 443), allowance("inbound", "a", 8443)], True),
        ([allowance("inbound", "a", 443, 8443, protocol="tcp")], True),
        ([allowance("inbound", "a", 443, 8443, protocol="udp")], False),
        ([allowance("inbound", "a", 443)], False),
        ([allowance("outbound", "a", 443, 8443)], False),
        ([allowance("inbound", "c", 443, 8443)], False),
        ([], False),
    ],
)
def test_both_tenants_ask_for_a_way(theirs: Any, *, agreed: bool) -> None:
    others = {"direction": "outbound", "peer": {"zone": "internet"}, "ports": [443]}
    given = (estates.tenant("a", allow=[others, OUT]), estates.tenant("b", allow=theirs))
    found = [one for one in estates.found("tenantsAgree", *given) if one[0] == "a"]
    assert [path for _, _, path in found] == ([] if agreed else [("spec", "network", "allow", 1)])


def test_it_is_told_what_the_other_one_does_not_ask_for() -> None:
    (message,) = estates.messages("tenantsAgree", estates.tenant("a", allow=[allowance("outbound", "b", 443)]))
    assert message == "b is no tenant: tcp 443"
    given = (estates.tenant("a", allow=[allowance("inbound", "b", 443, protocol="udp")]), estates.tenant("b"))
    assert estates.messages("tenantsAgree", *given) == ["b does not ask for it: udp 443"]


@pytest.mark.parametrize("name", ["baseline_journal_retention_days", "kubernetes_audit_days"])
def test_the_shortest_memory_is_told(name: str) -> None:
    given = [estates.host(key, variables={name: days}) for key, days in (("a", 200), ("b", 366), ("c", 366))]
    expected = [("a", "it keeps records for 200 days, others for 366", ("variables", name))]
    assert estates.found("retentionConsistent", *given, estates.host("d", variables={})) == expected


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"substrate": "existing"}, True),
        ({"substrate": "existing", "audit": {"copyTo": "/srv"}}, False),
        ({"substrate": "existing", "audit": {}}, True),
        ({"substrate": "embedded"}, False),
    ],
)
def test_on_real_hosts_the_log_has_a_second_place(document: Any, *, told: bool) -> None:
    text = "the audit log's heads are kept in one place, by the account that deploys"
    found = estates.found("auditTwice", estates.of(policies.Input.ENVIRONMENT, "e", **document))
    assert found == ([("e", text, ())] if told else [])
    assert estates.found("auditTwice", estates.host("h", substrate="existing")) == []
