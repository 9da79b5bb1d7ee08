"""Provision one side's network plan."""

from __future__ import annotations

import pulumi

from govcloud_cli.plan import network
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


def _machine(machine: lab.Machine) -> dict[str, pulumi.Output[str]]:
    return {
        "namespace": machine.namespace,
        "management_address": machine.management_address,
        "host_key": machine.host_key,
    }
