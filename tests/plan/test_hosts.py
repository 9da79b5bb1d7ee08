from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from govcloud_cli import resources
from govcloud_cli.model import identities, platforms
from govcloud_cli.plan import administration, hosts, services
from tests.support import inventories


def all_hosts() -> dict[str, hosts.Host]:
    return {host.name: host for side in inventories.plan(inventories.lab()).sides for host in side.hosts}


def files(value: Any) -> list[hosts.ControllerFile]:
    if isinstance(value, hosts.ControllerFile):
        return [value]
    if isinstance(value, dict):
        return [found for item in value.values() for found in files(item)]
    return [found for item in value for found in files(item)] if isinstance(value, list) else []


def test_a_machine_has_the_common_roles_and_then_those_of_its_services() -> None:
    found = all_hosts()
    assert found["border"].roles == ("baseline", "zone_firewall")
    assert found["external-db"].roles == ("baseline", "zone_firewall", "database")
    assert found["internal-k8s"].roles == ("baseline", "zone_firewall", "kubernetes")


@pytest.mark.parametrize("role", ["baseline", "zone_firewall", "database", "kubernetes", "identity", "sslvpn"])
def test_every_variable_that_is_set_is_one_that_the_role_declares(role: str) -> None:
    text = (resources.folder("roles") / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    declared = set(yaml.safe_load(text)["argument_specs"]["main"]["options"])
    for host in all_hosts().values():
        own = {name for name in host.variables if name.startswith(f"{role}_")}
        assert own <= declared
        assert bool(own) == (role in host.roles)


def test_variables_are_plain_so_that_they_can_be_written_down() -> None:
    for host in all_hosts().values():
        json.dumps(dict(host.variables), default=lambda value: {"file": value.name, "folder": value.folder})


def test_files_come_from_the_sides_own_certificates_and_secrets_or_from_the_tools() -> None:
    found = {file.folder for host in all_hosts().values() for file in files(dict(host.variables))}
    assert found == {"pki", "secrets", "tools"}


def test_only_border_and_gateway_forward() -> None:
    found = [name for name, host in all_hosts().items() if host.variables["baseline_ip_forward"]]
    assert found == ["border", "gateway"]


def test_ssh_and_administration_listen_on_the_management_network_alone() -> None:
    spec = inventories.lab()
    for host in all_hosts().values():
        machine = spec.machine(host.name)
        own = [str(machine.management), str(machine.management6)]
        assert host.variables["baseline_ssh_listen_addresses"] == own
        if platforms.Service.DATABASE in machine.services:
            assert host.variables["database_admin_listen_addresses"] == own


def test_the_firewall_lets_one_engineer_in_and_only_to_what_he_administers() -> None:
    spec = inventories.lab()
    found = all_hosts()
    management = found["external-db"].variables["zone_firewall_management"]
    assert management["sources"] == ["172.31.20.1/32", "fdff:20::1/128"]
    assert management["ports"] == [22, 5432, 6432]
    for name, host in found.items():
        assert host.variables["zone_firewall_management"]["sources"] == list(
            administration.engineers(spec, spec.side_of(spec.machine(name)))
        )


def test_every_machine_asks_the_time_of_its_own_side_unless_it_keeps_it() -> None:
    found = {name: host.variables["baseline_time_servers"] for name, host in all_hosts().items()}
    assert found["border"] == found["internal-k8s"] == []
    assert found["internal-db"] == ["10.10.0.12"]
    assert found["external-db"] == ["10.20.0.1"]
    assert found["internet-client"] == ["10.30.0.1"]


def test_a_machine_is_told_of_the_machines_on_its_side_only() -> None:
    names = {entry["name"] for entry in all_hosts()["internal-db"].variables["baseline_hosts"]}
    assert names == {"internal-db", "internal-k8s", "internal-client"}


def test_every_machine_of_its_side_knows_the_identity_service_by_its_name() -> None:
    named = identities.Identity(host="id.yunxi.example")
    spec = inventories.with_spec(inventories.lab(), identity=named)
    for side in inventories.plan(spec).sides:
        for host in side.hosts:
            found = {entry["name"]: entry["addresses"] for entry in host.variables["baseline_hosts"]}
            known = found.get("id.yunxi.example")
            assert known == (["10.20.0.21", "fd20::21"] if side.side is platforms.Side.EXTERNAL else None)


def test_the_firewall_of_a_gateway_knows_its_groups_by_where_their_packets_come_from() -> None:
    zones = {zone["id"]: zone for zone in all_hosts()["gateway"].variables["zone_firewall_zones"]}
    assert list(zones) == ["external", "internet", "vpn-staff"]
    assert zones["vpn-staff"] == {
        "id": "vpn-staff", "interface": "vpns*", "prefixes": ["10.21.0.0/24", "fd21::/112"],
    }  # fmt: skip
    others = [host for name, host in all_hosts().items() if name != "gateway"]
    assert not any(zone["interface"] == "vpns*" for host in others for zone in host.variables["zone_firewall_zones"])


def test_the_pooler_is_told_of_the_databases_of_its_side() -> None:
    for side in inventories.plan(inventories.lab()).sides:
        (host,) = (host for host in side.hosts if "database" in host.roles)
        told = {tenant["database"] for tenant in host.variables["database_tenants"]}
        assert told == {database.database for shard in side.shards for database in shard.databases}


def test_a_real_host_is_reached_as_its_inventory_says() -> None:
    spec = inventories.lab()
    ssh = platforms.Ssh(host="db.example", user="govcloud", port=2222)
    machines = tuple(
        machine.model_copy(update={"ssh": ssh, "management": None, "management6": None})
        for machine in spec.platform.spec.machines
    )
    (host, *_) = hosts.plan(inventories.with_spec(spec, machines=machines), platforms.Side.EXTERNAL, ())
    assert (host.address, host.user, host.port) == ("db.example", "govcloud", 2222)
    assert host.variables["baseline_ssh_allow_users"] == ["govcloud"]


def test_certificates_are_valid_for_every_address_of_a_machine() -> None:
    border = inventories.lab().machine("border")
    assert [str(address) for address in hosts.addresses(border)] == [
        "10.20.0.1", "fd20::1", "10.30.0.1", "fd30::1", "172.31.20.10", "fdff:20::10",
    ]  # fmt: skip


def test_every_role_says_which_units_must_be_active() -> None:
    for host in all_hosts().values():
        assert all(services.units_of((role,)) for role in host.roles)


def test_every_service_that_offers_a_port_says_which_units_stand_behind_it() -> None:
    for offer in services.OFFERS.values():
        assert bool(offer.units) == (offer.port is not None)
