"""Whether the kernel's packet filter is exactly what was declared, read from the kernel itself.

Run by `govcloud verify` with `pytest --ansible-inventory=…`; two looks at the machine serve all tests. The expected
verdicts are computed here from the variables, not by the role's template.
"""

from __future__ import annotations

import collections
import ipaddress
import itertools
import json
from typing import Any

import pytest

pytestmark = pytest.mark.roles
testinfra_hosts = ["ansible://zone_firewall"]

_HOOKS = ("forward", "input", "output")
Element = tuple[str, str, str, str, str]
"""Source, destination, protocol, ports, id of the flow."""


@pytest.fixture(scope="module")
def wanted(host: Any) -> dict[str, Any]:
    return dict(host.ansible.get_variables())


@pytest.fixture(scope="module")
def objects(host: Any) -> list[dict[str, Any]]:
    return list(json.loads(host.check_output("nft -j list ruleset"))["nftables"])


@pytest.fixture(scope="module")
def chains(objects: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Name of each chain of ours, with its rules as JSON text."""
    rules: dict[str, list[str]] = collections.defaultdict(list)
    for item in objects:
        if item.get("rule", {}).get("table") == "govcloud":
            rules[item["rule"]["chain"]].append(json.dumps(item["rule"]["expr"]))
    return rules


@pytest.fixture(scope="module")
def maps(objects: list[dict[str, Any]]) -> dict[str, list[tuple[Element, str]]]:
    """Name of each map of ours, with its elements and their comments."""
    found = [item["map"] for item in objects if item.get("map", {}).get("table") == "govcloud"]
    return {entry["name"]: [_element(elem) for elem in entry.get("elem", [])] for entry in found}


def _element(elem: Any) -> tuple[Element, str]:
    key, verdict = elem
    assert verdict == {"accept": None}, f"a map may hold nothing but accept: {elem}"
    key = key["elem"]
    comment = key.get("comment", "")
    source, destination, protocol, port = (_shown(part) for part in key["val"]["concat"])
    return (source, destination, protocol, port, comment.partition(":")[0]), comment


def _shown(part: Any) -> str:
    if isinstance(part, dict) and "prefix" in part:
        return f"{part['prefix']['addr']}/{part['prefix']['len']}"
    if isinstance(part, dict) and "range" in part:
        return "-".join(str(end) for end in part["range"])
    return str(part)


def _network(cidr: str) -> str:
    network = ipaddress.ip_network(cidr, strict=False)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _expected(pair: dict[str, Any], version: int) -> set[Element]:
    """The elements one ordered pair needs in its map of one address family."""
    elements = set()
    for flow in pair.get("flows") or []:
        for source, destination, port in itertools.product(flow["sources"], flow["destinations"], flow["ports"]):
            versions = {ipaddress.ip_network(cidr, strict=False).version for cidr in (source, destination)}
            if versions == {version}:
                elements.add((_network(source), _network(destination), flow["protocol"], str(port), flow["id"]))
    return elements


def _declared(wanted: dict[str, Any]) -> dict[str, set[Element]]:
    return {
        f"{hook}_{pair['from']}_to_{pair['to']}_v{version}": _expected(pair, version)
        for hook in _HOOKS
        for pair in wanted.get(f"zone_firewall_{hook}_pairs") or []
        for version in (4, 6)
    }


def test_input_forward_and_output_drop_unless_told_otherwise(objects: list[dict[str, Any]]) -> None:
    policies = {
        item["chain"]["hook"]: item["chain"]["policy"]
        for item in objects
        if item.get("chain", {}).get("table") == "govcloud" and "hook" in item["chain"]
    }
    assert policies == dict.fromkeys(_HOOKS, "drop")


def test_each_zone_pair_has_its_map_for_each_family_and_no_other_map_exists(
    maps: dict[str, list[tuple[Element, str]]], wanted: dict[str, Any]
) -> None:
    assert set(maps) == set(_declared(wanted))


def test_each_declared_flow_is_there_once_and_nothing_else_is(
    maps: dict[str, list[tuple[Element, str]]], wanted: dict[str, Any]
) -> None:
    for name, elements in _declared(wanted).items():
        seen = collections.Counter(element for element, _ in maps.get(name, []))
        assert sorted(elements - set(seen)) == [], f"{name} lacks declared flows"
        assert sorted(set(seen) - elements) == [], f"{name} lets undeclared packets pass"
        assert [element for element, count in seen.items() if count > 1] == [], f"{name} repeats a flow"


def test_each_rule_tells_its_reason(maps: dict[str, list[tuple[Element, str]]]) -> None:
    mute = [
        element for elements in maps.values() for element, comment in elements if not comment.partition(": ")[2].strip()
    ]
    assert mute == []


def test_each_map_is_looked_up_by_one_rule(chains: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    for hook in _HOOKS:
        used = [name for rule in chains[hook] for name in _declared(wanted) if f'"@{name}"' in rule]
        assert sorted(used) == sorted(name for name in _declared(wanted) if name.startswith(f"{hook}_"))


def test_no_rule_accepts_beyond_the_fixed_ones(chains: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    published = sum(len(offer["destinations"]) for offer in wanted.get("zone_firewall_published") or [])
    accepting = {name: sum('{"accept": null}' in rule for rule in rules) for name, rules in chains.items()}
    assert {name: count for name, count in accepting.items() if count} == {
        "connections": 1,  # established and related
        # loopback, neighbours, multicast membership, administration (ports, echo of two families)
        "input": 6 + published,
        "output": 3,  # loopback, neighbour discovery, replies of administration
    }


def test_administration_is_open_to_its_sources_and_ports_only(
    objects: list[dict[str, Any]], chains: dict[str, list[str]], wanted: dict[str, Any]
) -> None:
    management = wanted["zone_firewall_management"]
    sources = {
        _shown(element)
        for item in objects
        if item.get("set", {}).get("name", "").startswith("management_sources_")
        for element in item["set"].get("elem", [])
    }
    assert sources == {_network(cidr) for cidr in management["sources"]}
    accepted = [rule for rule in chains["input"] if '"dport"' in rule and '{"accept": null}' in rule]
    opened = [rule for rule in accepted if f'"{management["interface"]}"' in rule]
    assert len(opened) == 1
    ports = json.loads(opened[0])[1]["match"]["right"]
    assert (set(ports["set"]) if isinstance(ports, dict) else {ports}) == set(management["ports"])


def test_each_interface_is_checked_for_foreign_sources(chains: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    for zone in wanted["zone_firewall_zones"]:
        chain = "from_tunnels" if zone["interface"].endswith("*") else f"from_zone_{zone['id']}"
        assert "drop_spoofed" in chains[chain][-1], "what is not known behind the interface is dropped"
        foreign = [rule for rule in chains[chain] if f'"@foreign_{zone["id"]}_v' in rule]
        assert len(foreign) == (2 if zone.get("foreign") else 0)
        assert all("drop_spoofed" in rule for rule in foreign)
        for hook in ("input", "forward"):
            assert any(f'"{chain}"' in rule for rule in chains[hook]), f"{hook} does not check {zone['id']}"


def test_what_is_published_is_bound_to_its_interface_address_and_port(
    chains: dict[str, list[str]], wanted: dict[str, Any]
) -> None:
    interfaces = {zone["id"]: zone["interface"] for zone in wanted["zone_firewall_zones"]}
    management = f'"{wanted["zone_firewall_management"]["interface"]}"'
    seen = set()
    for rule in chains["input"]:
        if '"dport"' in rule and '{"accept": null}' in rule and management not in rule:
            found = [part["match"] for part in json.loads(rule) if "match" in part]
            ports = found[2]["right"]["set"] if isinstance(found[2]["right"], dict) else [found[2]["right"]]
            seen.add((found[0]["right"], found[1]["right"], found[2]["left"]["payload"]["protocol"], *map(str, ports)))
    assert seen == {
        (interfaces[offer["zone"]], _network(address), offer["protocol"], *map(str, offer["ports"]))
        for offer in wanted.get("zone_firewall_published") or []
        for address in offer["destinations"]
    }


def test_a_tunnel_sends_from_its_own_lease_only(chains: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    if any(zone["interface"].endswith("*") for zone in wanted["zone_firewall_zones"]):
        assert '"fib"' in chains["from_tunnels"][0]
        assert "drop_spoofed" in chains["from_tunnels"][0]
    else:
        assert "from_tunnels" not in chains


def test_drops_are_counted_and_logged_at_a_limited_rate(chains: dict[str, list[str]]) -> None:
    for why in ("spoofed", "invalid", "undeclared"):
        log, drop = chains[f"drop_{why}"]
        assert "govcloud-drop" in log
        assert '"limit"' in log
        assert '"counter"' in drop
        assert '"drop"' in drop


def test_the_rule_set_survives_a_reboot_and_no_take_back_is_pending(host: Any) -> None:
    seen = host.run(
        "systemctl is-enabled govcloud-firewall.service; systemctl is-active govcloud-firewall.service; "
        "systemctl is-active govcloud-firewall-rollback.timer; stat -c %a /etc/govcloud-firewall.nft"
    ).stdout.split()
    assert seen == ["enabled", "active", "inactive", "600"]
