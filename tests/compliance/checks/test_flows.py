from __future__ import annotations

from typing import Any

import pytest

from tests.compliance.checks import estates

ZONE = ("10.20.0.0/24", "fd20::/64")
PC = ("10.20.0.9/32", "fd20::9/128")
SERVER = ("10.21.0.5/32", "fd21::5/128")


def flow(identifier: str, source: Any, to: Any, *ports: int, **document: Any) -> Any:
    return estates.flow(
        identifier, estates.end("external", prefixes=source), estates.end("external", prefixes=to), *ports, **document
    )


@pytest.mark.parametrize(
    ("other", "shadowed"),
    [
        (flow("b", ZONE, SERVER, 443), True),
        (flow("b", ZONE, SERVER, 443, protocol="tcp"), True),
        (flow("b", ZONE, SERVER, 443, protocol="udp"), False),
        (flow("b", ZONE, SERVER, 80), False),
        (flow("b", ZONE, ("10.21.0.6/32", "fd21::6/128"), 443), False),
        (flow("b", ("10.22.0.0/24", "fd22::/64"), SERVER, 443), False),
        (flow("b", ZONE[:1], SERVER, 443), False),
        (flow("b", ZONE, (), 443), False),
    ],
    ids=["wider", "said", "other protocol", "other port", "other end", "other source", "one family", "nowhere"],
)
def test_a_flow_within_another_is_told(other: Any, *, shadowed: bool) -> None:
    found = estates.found("flowsDistinct", flow("a", PC, SERVER, 443, 8443), other)
    assert found == ([("a", "b allows tcp 443 already", ("ports",))] if shadowed else [])


def test_a_flow_to_fewer_machines_of_the_same_source_is_told_wherever_it_stands() -> None:
    narrow, wide = flow("a", ZONE, SERVER, 443), flow("b", ZONE, ("10.21.0.0/24", "fd21::/64"), 443)
    assert estates.keys("flowsDistinct", narrow, wide) == ["a"]
    assert estates.keys("flowsDistinct", wide, narrow) == ["a"]


def test_a_flow_from_nowhere_is_in_no_other() -> None:
    assert estates.keys("flowsDistinct", flow("a", (), SERVER, 443), flow("b", ZONE, SERVER, 443)) == []


def test_of_two_that_are_alike_the_later_one_is_too_many() -> None:
    alike = [flow(name, ZONE, SERVER, 443) for name in "abc"]
    assert estates.keys("flowsDistinct", *alike) == ["b", "c"]


def test_a_flow_that_shares_ports_with_a_narrower_one_is_not_the_one_to_go() -> None:
    assert estates.keys("flowsDistinct", flow("wide", ZONE, SERVER, 443), flow("narrow", PC, SERVER, 443, 80)) == [
        "narrow"
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_two_flows_that_cross_are_both_needed(*, turned: bool) -> None:
    first, second = flow("a", PC, ("10.21.0.0/24",), 443), flow("b", ZONE, ("10.21.0.5/32",), 443)
    given = (second, first) if turned else (first, second)
    assert estates.keys("flowsDistinct", *given) == []


def test_a_whole_zone_does_not_mean_its_border() -> None:
    wide = flow("zone", ZONE, ("10.21.0.0/24", "fd21::/64"), 123)
    source = estates.end("external", prefixes=ZONE)
    named = estates.end("external", machine="m", services=["border"], prefixes=SERVER)
    border = estates.flow("border", source, named, 123)
    assert estates.keys("flowsDistinct", wide, border) == []
    assert estates.keys("flowsDistinct", border, estates.flow("again", source, named, 123)) == ["again"]


@pytest.mark.parametrize(
    ("services", "protocol", "port", "offered"),
    [
        (["database"], "tcp", 6432, True),
        (["database"], "tcp", 5432, True),
        (["database"], "udp", 6432, False),
        (["client"], "tcp", 443, False),
        (["time"], "udp", 123, True),
        (["border", "time"], "udp", 123, True),
        (["kubernetes"], "tcp", 6443, True),
        (["made up"], "tcp", 443, False),
    ],
)
def test_a_flow_leads_to_a_port_that_the_machine_offers(
    services: Any, protocol: str, port: int, *, offered: bool
) -> None:
    to = estates.end("external", machine="m", services=services)
    found = estates.found("flowsInUse", estates.flow("f", estates.end("external"), to, port, protocol=protocol))
    expected = [("f", f"nothing on that machine listens on {protocol} {port}", ("ports", 0))]
    assert found == ([] if offered else expected)


def test_tcp_is_meant_where_nothing_is_said() -> None:
    to = estates.end("external", machine="m", services=["database"])
    assert estates.found("flowsInUse", estates.flow("f", estates.end("external"), to, 6432)) == []


@pytest.mark.parametrize(
    ("zone", "empty"),
    [
        (estates.zone("offices", "external", machines=[]), True),
        (estates.zone("offices", "external", machines=[{"id": "m"}]), False),
        (estates.zone("offices", "internet", machines=[]), False),
        (estates.zone("another", "external", machines=[]), False),
    ],
)
def test_a_zone_that_a_flow_leads_to_has_machines(zone: Any, *, empty: bool) -> None:
    found = estates.found("flowsInUse", zone, estates.flow("f", estates.end("external"), estates.end("offices"), 443))
    assert found == ([("f", "no machine stands in the zone that it leads to", ("to",))] if empty else [])


def test_an_end_that_is_nowhere_is_told() -> None:
    found = estates.found("flowsInUse", estates.flow("f", estates.end(), estates.end(), 443))
    assert found == [("f", "its end `from` is nowhere", ("from",)), ("f", "its end `to` is nowhere", ("to",))]
