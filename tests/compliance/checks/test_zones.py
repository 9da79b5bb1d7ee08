from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance import checks
from govcloud_cli.model import policies
from tests.compliance.checks import estates


def standing(*kinds: str) -> list[dict[str, str]]:
    return [{"id": kind, "kind": kind} for kind in kinds]


ZONES = (estates.zone("internal", "internal"), estates.zone("external"), estates.zone("internet", "internet"))


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"zones": standing("internal", "internal")}, None),
        ({"zones": standing("internal", "external")}, ("zones",)),
        ({"zones": standing("external", "internet"), "services": ["border"]}, None),
        ({"zones": standing("external"), "services": ["database"]}, None),
        ({"zones": standing("internet"), "services": ["client"]}, None),
        ({"zones": standing("external", "internet"), "services": ["kubernetes"]}, ("services",)),
    ],
)
def test_a_machine_stands_where_it_may(document: Any, path: Any) -> None:
    found = estates.found("zonesJoined", estates.host("m", **document))
    assert [one[2] for one in found] == ([] if path is None else [path])


@pytest.mark.parametrize(
    ("pair", "joined"),
    [
        ({"from": "external", "to": "internal", "flows": [{}]}, True),
        ({"from": "internal", "to": "external", "flows": [{}]}, True),
        ({"from": "internal", "to": "external", "flows": []}, False),
        ({"from": "internal", "to": "internal", "flows": [{}]}, False),
        ({"from": "external", "to": "internet", "flows": [{}]}, False),
    ],
)
def test_a_border_does_not_forward_for_the_internal_zone(pair: Any, *, joined: bool) -> None:
    border = estates.host("border", variables={"zone_firewall_forward_pairs": [pair]})
    expected = ("border", "it forwards between an internal zone and another", ("variables", FORWARD))
    assert estates.found("zonesJoined", *ZONES, border) == ([expected] if joined else [])


FORWARD = "zone_firewall_forward_pairs"


@pytest.mark.parametrize(
    ("source", "to", "message"),
    [
        (("internal",), ("internal",), ""),
        (("external",), ("internet",), ""),
        (("internal",), ("external",), "a flow joins an internal zone with another"),
        (("external",), ("internal", "external"), "a flow joins an internal zone with another"),
    ],
)
def test_a_flow_does_not_join_the_internal_zone(source: Any, to: Any, message: str) -> None:
    found = estates.found("zonesJoined", estates.flow("f", estates.end(*source), estates.end(*to), 443))
    assert found == ([("f", message, ("to",))] if message else [])


@pytest.mark.parametrize(
    ("source", "services", "message"),
    [
        ("internet", ["database"], "a flow leads from the internet to a database or a cluster"),
        ("internet", ["kubernetes"], "a flow leads from the internet to a database or a cluster"),
        ("internet", ["time"], ""),
        ("external", ["database"], ""),
    ],
)
def test_no_flow_leads_from_the_internet_to_data(source: str, services: Any, message: str) -> None:
    to = estates.end("external", machine="m", services=services)
    found = estates.found("zonesJoined", estates.flow("f", estates.end(source), to, 443))
    assert found == ([("f", message, ("to",))] if message else [])


@pytest.mark.parametrize(
    ("own", "peer", "joined"),
    [
        ("internal", {"zone": "internal"}, False),
        ("internal", {"zone": "external"}, True),
        ("external", {"zone": "internal"}, True),
        ("external", {"zone": "internet"}, False),
        ("external", {"tenant": "inner"}, True),
        ("internal", {"tenant": "inner"}, False),
        ("internal", {"tenant": "unknown"}, False),
    ],
)
def test_no_allowance_joins_the_internal_zone(own: str, peer: Any, *, joined: bool) -> None:
    context = {
        "zone": {"kind": own},
        "zones": standing("internal", "external", "internet"),
        "peers": {"inner": {"kind": "internal"}},
    }
    allow = [{"peer": {"zone": own}}, {"peer": peer}]
    found = estates.found("zonesJoined", estates.tenant("t", allow=allow, context=context))
    path = ("spec", "network", "allow", 1, "peer")
    assert found == ([("t", "an allowance joins an internal zone with another", path)] if joined else [])


def test_networks_that_overlap_are_told_where_they_are_written() -> None:
    management = {"cidr": "172.16.0.0/24", "cidr6": "fd99::/64"}
    zones = [
        estates.zone("a", side="external", cidr="10.1.0.0/16", cidr6="fd01::/64", management=management),
        estates.zone("b", side="external", cidr="10.2.0.0/16", cidr6="fd01::/60", management=management),
        estates.zone("c", side="internal", cidr="172.16.0.0/20", cidr6="fd03::/64"),
    ]
    cluster = estates.host("k8s", variables={"kubernetes_service_cidrs": ["10.9.0.0/16", "10.2.3.0/24"]})
    twin = estates.host("k8s-2", variables={"kubernetes_service_cidrs": ["10.9.0.0/16"]})
    assert estates.found("networksApart", *zones, cluster, twin) == [
        ("b", "zone b (fd01::/60) overlaps with zone a", ("cidr6",)),
        ("c", "zone c (172.16.0.0/20) overlaps with the external management network", ("cidr",)),
        (
            "k8s",
            "the clusters' service range (10.2.3.0/24) overlaps with zone b",
            ("variables", "kubernetes_service_cidrs", 1),
        ),
    ]


def test_only_zones_and_clusters_have_networks() -> None:
    tested = checks.CHECKS["networksApart"]
    ranges = {"kubernetes_service_cidrs": ["10.0.0.0/8"]}
    assert tested.concerns(estates.zone("z"))
    assert tested.concerns(estates.host("m", variables=ranges))
    assert not tested.concerns(estates.host("m", variables={}))
    assert not tested.concerns(estates.of(policies.Input.RESOURCE, "r", variables=ranges))


def test_addresses_are_judged_one_by_one() -> None:
    zones = [{"id": "z", "cidr": "10.1.0.0/24", "cidr6": "fd01::/64"}]
    networks = ["172.16.0.0/24", "fd99::/64"]
    first = estates.host(
        "a",
        zones=zones,
        interfaces=[
            {"zone": "z", "address": "10.1.0.9", "address6": "fd01::9"},
            {"zone": "other", "address": "10.1.0.8"},
            {"zone": "z", "address": "10.1.1.9", "address6": "fd02::9"},
        ],
        management=["172.16.0.9", "fd98::9"],
        managementNetwork=networks,
    )
    second = estates.host(
        "b",
        zones=zones,
        interfaces=[{"zone": "z", "address": "10.1.0.9", "address6": "fd01::10"}],
        management=["172.16.0.9"],
        managementNetwork=networks,
    )
    assert estates.found("addressesInZone", first, second) == [
        ("a", "an interface is in no zone of the platform", ("interfaces", 1, "zone")),
        ("a", "10.1.1.9 is outside of its network", ("interfaces", 2, "address")),
        ("a", "fd02::9 is outside of its network", ("interfaces", 2, "address6")),
        ("a", "fd98::9 is outside of its network", ("management", 1)),
        ("b", "10.1.0.9 is already a's", ("interfaces", 0, "address")),
        ("b", "172.16.0.9 is already a's", ("management", 0)),
    ]


def test_a_side_without_a_time_server_is_told_once() -> None:
    machines = [
        estates.host("a", side="external", services=["time"]),
        estates.host("b", side="internal", services=["database"]),
        estates.host("c", side="internal", services=[]),
    ]
    expected = [("b", "no machine of the internal side keeps the time", ("services",))]
    assert estates.found("timeOnEverySide", *machines) == expected


def test_only_what_all_share_is_there_once() -> None:
    machines = [
        estates.host("a", side="external", services=["database", "time"]),
        estates.host("b", side="external", services=["time", "client"]),
        estates.host("c", side="internal", services=["database"]),
        estates.host("d", side="external", services=["client", "database"], dedicatedTo="tax"),
        estates.host("e", side="external", services=["client", "database"]),
    ]
    assert estates.found("servicesOnce", *machines) == [
        ("e", "a is the external side's database already", ("services", 1))
    ]
