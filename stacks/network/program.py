"""Provision one side's network plan."""

from __future__ import annotations

import datetime
import pathlib

import pulumi

from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, network
from stacks.components import lab


def program(plan: network.NetworkPlan) -> None:
    """Make every switch, then the machines and forwards on them, side by side.

    Exports `machines` (by name: `namespace`, `management_address`, `host_key`) and `forwards` (by name: `address`,
    `port`).
    """
    switches = {switch.name: lab.Switch(plan, switch, pulumi.ResourceOptions()) for switch in plan.switches}
    machines = {
        machine.name: lab.Machine(
            plan, machine, pulumi.ResourceOptions(depends_on=[switches[nic.switch] for nic in machine.nics])
        )
        for machine in plan.machines
    }
    forwards = {
        forward.name: lab.Forward(plan, forward, pulumi.ResourceOptions(depends_on=[switches[forward.switch]]))
        for forward in plan.forwards
    }
    pulumi.export("machines", {name: _machine(machine) for name, machine in machines.items()})
    pulumi.export(
        "forwards", {name: {"address": one.host_address, "port": one.host_port} for name, one in forwards.items()}
    )


def configured() -> None:
    """Provision what the stack's configuration names; `Pulumi.yaml` describes it. Raises `ValueError` for no lab."""
    config = pulumi.Config()
    inventory = loading.load(pathlib.Path(config.require("inventory")))
    side = platforms.Side(config.require("side"))
    if inventory.platform.spec.substrate != "embedded" or side not in inventory.sides:
        raise ValueError(f"{inventory.environment} is no lab with something on the {side} side")
    place = build.LabPlace(
        prefix=config.require("prefix"),
        data_folder=config.require("dataFolder"),
        image=config.require("image"),
        authorized_key=config.require("authorizedKey"),
    )
    today = datetime.datetime.now(datetime.UTC).date()
    (planned,) = build.build(inventory, places={side: place}, sides=(side,), today=today).sides
    if planned.network is not None:
        program(planned.network)


def _machine(machine: lab.Machine) -> dict[str, pulumi.Output[str]]:
    return {
        "namespace": machine.namespace,
        "management_address": machine.management_address,
        "host_key": machine.host_key,
    }
