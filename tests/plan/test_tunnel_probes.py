"""What is tried at the SSL-VPN's gateway, from the lab's and the example's platforms."""

from __future__ import annotations

import dataclasses

import yaml

from govcloud_cli import resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory, people, platforms
from govcloud_cli.plan import probes, tunnel_probes, vpn
from tests.support import inventories

EXTERNAL = platforms.Side.EXTERNAL
PREFIX = "tunnel/internet-client/staff/"


def planned(spec: inventory.Inventory) -> dict[str, probes.Probe]:
    found = list(tunnel_probes.plan(spec, EXTERNAL))
    named = {probe.id: probe for probe in found}
    assert len(named) == len(found)
    return named


def expected(spec: inventory.Inventory) -> dict[str, str]:
    return {name.removeprefix(PREFIX): probe.expected.value for name, probe in planned(spec).items()}


def without_flow(spec: inventory.Inventory, gone: str) -> inventory.Inventory:
    kept = tuple(flow for flow in spec.platform.spec.flows if flow.id != gone)
    inner = spec.platform.spec.model_copy(update={"flows": kept})
    return dataclasses.replace(spec, platform=spec.platform.model_copy(update={"spec": inner}))


def test_exactly_what_flows_from_the_group_say_answers_through_the_tunnel() -> None:
    found = expected(inventories.lab())
    open_ = {name for name, outcome in found.items() if outcome == "open"}
    back_ends = {
        f"{machine}/external/tcp-{port}/v{version}"
        for machine, port in (("external-k8s", 6443), ("external-identity", 443))
        for version in (4, 6)
    }
    assert open_ == {f"through/{name}" for name in back_ends}
    assert {name for name in found if name.startswith("before/")} == {f"before/{name}" for name in back_ends}
    assert all(found[f"before/{name}"] == "blocked" for name in back_ends)


def test_other_ports_other_machines_the_gateway_and_the_management_network_must_not_answer() -> None:
    found = expected(inventories.lab())
    for name in (
        "external-k8s/external/tcp-22/v4",
        "external-db/external/tcp-6432/v6",
        "gateway/external/tcp-22/v4",
        "gateway/internet/tcp-22/v4",
        "external-identity/external/tcp-8443/v4",
        "external-identity/management/tcp-8443/v4",
        "gateway/management/tcp-22/v4",
    ):
        assert found[f"through/{name}"] == "blocked", name


def test_a_flow_that_is_taken_away_leaves_nothing_to_reach() -> None:
    found = expected(without_flow(inventories.lab(), "staff-api"))
    assert found["through/external-k8s/external/tcp-6443/v4"] == "blocked"
    assert found["through/external-identity/external/tcp-443/v4"] == "open"


def test_every_attack_must_fail_and_who_is_right_gets_in_before_and_after_them() -> None:
    found = expected(inventories.lab())
    assert {act for act, outcome in found.items() if outcome == "forbidden"} == set(tunnel_probes.ATTACKS)
    assert {act for act, outcome in found.items() if outcome == "allowed"} == {"log-in", "still-good"}


def test_as_many_attempts_are_made_as_lead_to_a_ban() -> None:
    defaults = yaml.safe_load((resources.folder("roles") / "sslvpn" / "defaults" / "main.yml").read_text("utf-8"))
    assert defaults["sslvpn_attempts"] == tunnel_probes.ATTEMPTS


def test_the_internal_side_and_a_platform_without_a_client_outside_have_none() -> None:
    spec = inventories.lab()
    assert list(tunnel_probes.plan(spec, platforms.Side.INTERNAL)) == []
    kept = tuple(machine for machine in spec.platform.spec.machines if machine.id != "internet-client")
    inner = spec.platform.spec.model_copy(update={"machines": kept})
    bare = dataclasses.replace(spec, platform=spec.platform.model_copy(update={"spec": inner}))
    assert list(tunnel_probes.plan(bare, EXTERNAL)) == []


def test_each_group_has_a_person_of_its_own_whose_name_the_gateway_takes() -> None:
    spec = loading.load(resources.folder("inventories") / "example")
    found = vpn.plan(spec, EXTERNAL, today=inventories.TODAY)
    assert found is not None
    assert [member.group for member in found.probes] == [group.id for group in found.groups]
    assert not {member.person for member in found.probes} & {member.person for member in found.members}
    for group in ("staff", "a" * 25, "a" * 26, "a-very-long-name-of-a-group-01"):
        assert vpn.probe_of(group).startswith(people.PROBE)
        assert len(vpn.probe_of(group)) <= 40
    assert vpn.probe_of("a" * 26) != vpn.probe_of("a" * 27)
