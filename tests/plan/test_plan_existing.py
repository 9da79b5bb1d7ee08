"""Hosts of one's own: what `inventories/example` comes to."""

from __future__ import annotations

import json

import yaml

from govcloud_cli import resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, hosts, plans
from tests.support import inventories

EXAMPLE = loading.load(resources.folder("inventories") / "example")
PLAN = build.build(EXAMPLE, places={}, sides=EXAMPLE.sides, today=inventories.TODAY)
HOSTS = {host.name: host for side in PLAN.sides for host in side.hosts}


def side(wanted: platforms.Side) -> plans.SidePlan:
    return next(found for found in PLAN.sides if found.side is wanted)


def test_nothing_is_made_and_every_host_is_reached_as_declared() -> None:
    assert all(found.network is None for found in PLAN.sides)
    assert {(host.name, host.address, host.user, host.port) for host in HOSTS.values()} == {
        ("border-1", "border-1.lanhe.example", "govcloud", 22),
        ("services-db", "172.20.20.31", "govcloud", 2222),
        ("tax-lanhe-db", "172.20.20.32", "govcloud", 22),
        ("identity", "172.20.20.41", "govcloud", 22),
        ("gateway", "172.20.20.42", "govcloud", 22),
        ("internal-db", "172.20.10.31", "govcloud", 22),
    }


def test_sshd_and_the_firewall_keep_open_what_ssh_uses() -> None:
    for name, host in HOSTS.items():
        machine = EXAMPLE.machine(name)
        management = host.variables["zone_firewall_management"]
        assert host.variables["baseline_ssh_port"] == host.port
        assert host.port in management["ports"]
        assert management["interface"] == "ens192"
        assert host.variables["baseline_ssh_listen_addresses"][0] == str(machine.management)
    assert HOSTS["services-db"].variables["zone_firewall_management"]["ports"] == [2222, 5432, 6432]


def test_engineers_come_in_from_where_the_inventory_says() -> None:
    assert HOSTS["border-1"].variables["zone_firewall_management"]["sources"] == ["172.20.20.0/28", "fd9a:20::/120"]
    assert HOSTS["internal-db"].variables["zone_firewall_management"]["sources"] == ["172.20.10.0/28"]
    assert HOSTS["internal-db"].variables["database_admin_sources"] == ["172.20.10.0/28"]


def test_zones_stand_behind_the_interfaces_that_the_host_has() -> None:
    zones = HOSTS["border-1"].variables["zone_firewall_zones"]
    assert {zone["id"]: zone["interface"] for zone in zones} == {
        "offices": "ens224", "services": "ens256.121", "internet": "ens256.130",
    }  # fmt: skip


def test_what_is_left_out_has_a_default_that_shuts_nobody_out() -> None:
    machines = tuple(
        machine.model_copy(
            update={
                "interfaces": tuple(one.model_copy(update={"device": None}) for one in machine.interfaces),
                "management": None,
                "management6": None,
            }
        )
        for machine in EXAMPLE.platform.spec.machines
    )
    (host, *_) = hosts.plan(inventories.with_spec(EXAMPLE, machines=machines), platforms.Side.EXTERNAL, ())
    assert [zone["interface"] for zone in host.variables["zone_firewall_zones"]] == ["offices", "services", "internet"]
    assert host.variables["baseline_ssh_listen_addresses"] == []


def test_a_cluster_that_is_there_already_gets_the_platforms_objects_and_its_tenants() -> None:
    for found in PLAN.sides:
        assert found.kubernetes is None
        assert found.kubeconfig == EXAMPLE.platform.spec.kubeconfig[found.side]
        assert {manifest["kind"] for manifest in found.cluster} >= {"ClusterRole", "ValidatingAdmissionPolicy"}
        names = {manifest["metadata"]["name"] for shard in found.shards for manifest in shard.manifests}
        assert {namespace for tenant in found.tenants for namespace in tenant.namespaces} <= names
        assert any(probe.kind.value == "namespace" for probe in found.probes)


def test_variables_are_complete_for_their_roles() -> None:
    for host in HOSTS.values():
        for role in host.roles:
            text = (resources.folder("roles") / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
            options = yaml.safe_load(text)["argument_specs"]["main"]["options"]
            required = {name for name, option in options.items() if option.get("required")}
            assert required <= set(host.variables), f"{host.name} lacks variables of {role}"
            assert {name for name in host.variables if name.startswith(f"{role}_")} <= set(options)
        json.dumps(dict(host.variables), default=str)


def test_databases_are_told_to_the_pooler_of_the_server_that_holds_them() -> None:
    external = side(platforms.Side.EXTERNAL)
    assert external.database is not None
    assert [machine.id for machine in external.databases] == ["services-db", "tax-lanhe-db"]
    assert external.database.id == "services-db"
    told = {
        machine.id: {tenant["database"] for tenant in HOSTS[machine.id].variables["database_tenants"]}
        for machine in external.databases
    }
    assert told == {
        "services-db": {"exchange_prod_catalogue", "tax_lanhe_test_collect"},
        "tax-lanhe-db": {"tax_lanhe_prod_collect"},
    }, "and staging is frozen"
    assert len({HOSTS[name].variables["database_tls_key_file"].name for name in told}) == 2, (
        "no server poses as another"
    )


def test_every_database_server_is_an_endpoint_of_its_own() -> None:
    endpoints = {(one.machine, one.address, one.port) for one in side(platforms.Side.EXTERNAL).endpoints}
    assert {("services-db", "10.121.0.31", 6432), ("tax-lanhe-db", "10.121.0.32", 6432)} <= endpoints
