"""The `lab` package's resources; their inputs are the values of `govcloud_cli.plan.network`."""

from __future__ import annotations

import dataclasses

import pulumi

from govcloud_cli.plan import network


class Switch(pulumi.CustomResource):
    """A network segment."""

    namespace: pulumi.Output[str]

    def __init__(self, plan: network.NetworkPlan, switch: network.Switch, opts: pulumi.ResourceOptions) -> None:
        inputs = {"prefix": plan.prefix, **dataclasses.asdict(switch), "namespace": None, "status": None}
        super().__init__("lab:index:Switch", switch.name, inputs, opts)


class Machine(pulumi.CustomResource):
    """A Debian machine."""

    namespace: pulumi.Output[str]
    management_address: pulumi.Output[str]
    host_key: pulumi.Output[str]
    """Its public SSH host key, `ssh-ed25519 …`."""
    log: pulumi.Output[str]

    def __init__(self, plan: network.NetworkPlan, machine: network.Machine, opts: pulumi.ResourceOptions) -> None:
        inputs = {
            "prefix": plan.prefix,
            "data_folder": plan.data_folder,
            "image": plan.image,
            "authorized_key": plan.authorized_key,
            **dataclasses.asdict(machine),
            **dict.fromkeys(("namespace", "management_address", "host_key", "status", "log")),
        }
        super().__init__("lab:index:Machine", machine.name, inputs, opts)


class Forward(pulumi.CustomResource):
    """A loopback listener that leads into a management network."""

    host_address: pulumi.Output[str]
    host_port: pulumi.Output[int]

    def __init__(self, plan: network.NetworkPlan, forward: network.Forward, opts: pulumi.ResourceOptions) -> None:
        inputs = {
            "prefix": plan.prefix,
            "data_folder": plan.data_folder,
            **dataclasses.asdict(forward),
            **dict.fromkeys(("host_address", "host_port", "status")),
        }
        super().__init__("lab:index:Forward", forward.name, inputs, opts)
