"""`lab:index:Switch`: a network segment, as a bridge in a network namespace of its own."""

from __future__ import annotations

from typing import Any, Final

from govcloud_cli.plan import network
from govcloud_cli.providers import resource
from govcloud_cli.providers.lab import checks, links, namespaces
from govcloud_cli.run import process

WHOLE: Final = "whole"
BRIDGE: Final = "br0"

_RULES: Final = {
    "prefix": checks.prefix,
    "name": checks.name,
    "addresses": checks.many(checks.interface),
    "isolated": checks.flag,
}
_QUIET: Final = {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.default.disable_ipv6": "1"}
_SPOKEN_TO: Final = {"net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.default.disable_ipv6": "0"}
# No chain for what is bridged: with the module br_netfilter it would stop a zone's own traffic.
_FIREWALL: Final = """\
table inet lab
delete table inet lab
table inet lab {
  # Machines are spoken to from here; what they begin themselves is dropped.
  chain input {
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
  }
}
"""


class Switches:
    """Serves `lab:index:Switch`."""

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """Fill in the defaults and judge the inputs."""
        del old
        inputs = {"name": name, "addresses": [], "isolated": False, **new}
        return resource.Checked(inputs=inputs, failures=tuple(checks.failures(_RULES, inputs)))

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        """Replace on another name; mend or change addresses in place."""
        changed = resource.changed(old.inputs, new)
        if old.outputs.get("status") != WHOLE:
            changed = (*changed, "status")
        replace = tuple(field for field in changed if field in {"prefix", "name", "isolated"})
        return resource.Difference(changed=changed, replace=replace, delete_before_replace=True)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        """Make the segment, or mend what is there of it."""
        namespace = network.switch_namespace(new["prefix"], new["name"])
        if not preview:
            _build(namespace, new)
        return resource.State(id=namespace, outputs={**new, "namespace": namespace, "status": WHOLE})

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        """Mend it and set its addresses."""
        del old
        return self.create(new, preview=preview)

    def read(self, old: resource.State) -> resource.State | None:
        """Tell whether it is whole; None if its namespace is gone and nothing is recorded of it."""
        if not old.inputs:
            return None
        status = _fault(old.id, old.inputs) or WHOLE
        return resource.State(id=old.id, outputs={**old.outputs, "status": status})

    def delete(self, old: resource.State) -> None:
        """Remove the namespace, and with it the bridge and the machines' cables."""
        namespaces.remove(old.id)


def _build(namespace: str, inputs: resource.Properties) -> None:
    namespaces.ensure(namespace, _SPOKEN_TO if inputs["addresses"] else _QUIET)
    if BRIDGE not in namespaces.links(namespace):
        namespaces.batch(namespace, (f"link add {BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",))
    bridge = namespaces.links(namespace)[BRIDGE]
    wanted, present = set(inputs["addresses"]), _addresses(bridge)
    commands = [f"link set {BRIDGE} up"]
    # By itself a bridge takes over its ports' MAC addresses, and with each change it forgets its neighbours.
    if bridge["address"] != (own := links.hardware_address(namespace, BRIDGE)):
        commands.insert(0, f"link set {BRIDGE} address {own}")
    if inputs["isolated"]:
        commands.append(f"link set {BRIDGE} alias isolated")
    commands += [f"address delete {address} dev {BRIDGE}" for address in sorted(present - wanted)]
    commands += [
        f"address add {address} dev {BRIDGE}{' nodad' if ':' in address else ''}"
        for address in sorted(wanted - present)
    ]
    process.run(("ip", "netns", "exec", namespace, "nft", "-f", "-"), stdin=_FIREWALL)
    namespaces.batch(namespace, commands)


def _fault(namespace: str, inputs: resource.Properties) -> str:
    if not namespaces.exists(namespace):
        return "damaged: its namespace is missing"
    bridge = namespaces.links(namespace).get(BRIDGE)
    if bridge is None or "UP" not in bridge["flags"]:
        return "damaged: its bridge is missing or down"
    if bridge["address"] != links.hardware_address(namespace, BRIDGE):
        return "damaged: its MAC address differs"
    if _addresses(bridge) != set(inputs.get("addresses", ())):
        return "damaged: its addresses differ"
    if (bridge.get("ifalias") == "isolated") != inputs.get("isolated", False):
        return "damaged: its isolation differs"
    listed = process.run(("ip", "netns", "exec", namespace, "nft", "list", "table", "inet", "lab"), check=False)
    if listed.returncode != 0 or "policy drop" not in listed.stdout:
        return "damaged: its packet filter is missing"
    return ""


def _addresses(link: dict[str, Any]) -> set[str]:
    return {f"{item['local']}/{item['prefixlen']}" for item in link.get("addr_info", ()) if item["scope"] == "global"}
