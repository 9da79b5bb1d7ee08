"""The network program, on Pulumi's mocks."""

from __future__ import annotations

import pathlib
import types

import pulumi
import pytest

from govcloud_cli import resources
from govcloud_cli.plan import network
from stacks.network import program
from tests.support import engine

PLAN = network.NetworkPlan(
    side="external",
    prefix="gct-plan-e",
    data_folder="/var/lib/lab",
    image="/var/lib/base",
    authorized_key="ssh-ed25519 AAAA",
    switches=(
        network.Switch(name="mgmt", addresses=("10.0.0.1/24", "fd00::1/64"), isolated=True),
        network.Switch(name="zone"),
    ),
    machines=(
        network.Machine(
            name="one",
            nics=(
                network.Nic(name="mgmt0", switch="mgmt", addresses=("10.0.0.2/24",)),
                network.Nic(name="zone", switch="zone", addresses=("10.1.0.2/24",)),
            ),
            gateways=("10.1.0.1",),
            sysctls={"net.ipv4.ip_forward": "1"},
            hosts=(network.Host(address="10.1.0.3", names=("two", "two.lab")),),
        ),
    ),
    forwards=(network.Forward(name="api", switch="mgmt", address="10.0.0.2", port=6443),),
)


def test_the_program_makes_every_switch_machine_and_forward_with_the_sides_prefix() -> None:
    registered = {f"{item.type} {item.name}": item for item in engine.run(lambda: program.program(PLAN))}
    assert set(registered) == {
        "lab:index:Switch mgmt",
        "lab:index:Switch zone",
        "lab:index:Machine one",
        "lab:index:Forward api",
    }
    assert {item.inputs["prefix"] for item in registered.values()} == {"gct-plan-e"}
    machine = registered["lab:index:Machine one"]
    assert machine.inputs["nics"][1] == {"name": "zone", "switch": "zone", "addresses": ["10.1.0.2/24"]}
    assert machine.after == {"mgmt", "zone"}
    assert registered["lab:index:Forward api"].after == {"mgmt"}


def test_a_stock_pulumi_up_makes_what_the_inventory_says(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "inventory": str(resources.folder("inventories") / "lab"),
        "side": "internal",
        "prefix": "gct-i",
        "dataFolder": "/var/lib/lab",
        "image": "/var/lib/base",
        "authorizedKey": "ssh-ed25519 AAAA",
    }
    monkeypatch.setattr(pulumi, "Config", lambda: types.SimpleNamespace(require=settings.__getitem__))
    registered = {f"{item.type} {item.name}" for item in engine.run(program.configured)}
    assert registered >= {"lab:index:Switch internal", "lab:index:Machine internal-db", "lab:index:Forward kubernetes"}
    assert not any("external" in name for name in registered)


def test_hosts_of_ones_own_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"inventory": str(resources.folder("inventories") / "example"), "side": "internal"}
    monkeypatch.setattr(pulumi, "Config", lambda: types.SimpleNamespace(require=settings.__getitem__))
    with pytest.raises(ValueError, match="no lab"):
        program.configured()


def test_a_plan_survives_the_way_through_its_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(network.to_json(PLAN), encoding="utf-8")
    assert network.from_json(file.read_text(encoding="utf-8")) == PLAN


def test_names_of_two_sides_never_meet() -> None:
    internal, external = "gc1-i", "gc1-e"
    assert network.switch_namespace(internal, "mgmt") != network.switch_namespace(external, "mgmt")
    assert network.switch_namespace(internal, "mgmt") != network.machine_namespace(internal, "mgmt")
