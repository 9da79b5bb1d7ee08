"""What the lab's inputs must be; pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from govcloud_cli.plan import network
from govcloud_cli.providers import resource, wire

Rule = Callable[[Any], str]
"""Returns what is wrong with a value, empty if nothing."""

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z][a-z0-9-]{0,18}[a-z0-9]")
_NIC: Final = re.compile(r"[a-z][a-z0-9_-]{0,14}")
_SYSCTL: Final = re.compile(r"net\.[a-z0-9_.*/-]+")
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")


def name(value: Any) -> str:
    """A name of a switch, machine or forward. It cannot reach into another prefix."""
    return "" if _matches(_NAME, value) else f"`{value}` is not a name of up to 32 of a-z, 0-9 and -"


def prefix(value: Any) -> str:
    """A side's prefix."""
    # `a-m` would take for its own what prefix `a` calls `a-m-…`.
    fit = _matches(_PREFIX, value) and not re.search(r"-[fms](-|$)", value)
    return "" if fit else f"`{value}` is not a prefix of 2 to 20 of a-z, 0-9 and -, without a part f, m or s"


def folder(value: Any) -> str:
    """An absolute path that can be named in mount options."""
    fit = isinstance(value, str) and value.startswith("/") and not set(value) & set(',:"\\\n')
    return "" if fit and ".." not in value.split("/") else f'`{value}` is not an absolute path without , : " and \\'


def interface(value: Any) -> str:
    """An address with prefix length."""
    return (
        _address(value, ipaddress.ip_interface, "an address with prefix length")
        if "/" in str(value)
        else (f"`{value}` lacks the prefix length")
    )


def address(value: Any) -> str:
    """An address."""
    return _address(value, ipaddress.ip_address, "an IP address")


def port(value: Any) -> str:
    """A TCP port, or 0."""
    fit = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535
    return "" if fit else f"`{value}` is not a port number"


def key(value: Any) -> str:
    """A public SSH key."""
    fit = isinstance(value, str) and re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?", value)
    return "" if fit else "is not a public SSH key on one line"


def flag(value: Any) -> str:
    """A truth value."""
    return "" if isinstance(value, bool) else f"`{value}` is neither true nor false"


def many(rule: Rule) -> Rule:
    """A list whose items obey `rule`."""

    def check(value: Any) -> str:
        if not isinstance(value, list):
            return "is not a list"
        return "; ".join(filter(None, map(rule, value)))

    return check


def nics(value: Any) -> str:
    """A machine's NICs, among them the management NIC."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return "is not a list of NICs"
    names = [item.get("name") for item in value]
    found = [] if network.MANAGEMENT_NIC in names else [f"there is no NIC `{network.MANAGEMENT_NIC}`"]
    if len(set(names)) != len(names):
        found.append("two NICs have the same name")
    for item in value:
        if not _matches(_NIC, item.get("name")):
            found.append(f"`{item.get('name')}` is not an interface name")
        found += [name(item.get("switch")), many(interface)(item.get("addresses"))]
        if not item.get("addresses"):
            found.append(f"NIC `{item.get('name')}` has no address")
    return "; ".join(filter(None, found))


def routes(value: Any) -> str:
    """Ways to networks behind neighbours; the default route is none of them."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return "is not a list of routes"
    found = []
    for item in value:
        ends = (str(item.get("prefix")), str(item.get("gateway")))
        wrong = _address(ends[0], ipaddress.ip_network, "a prefix") or address(ends[1])
        if not wrong and ipaddress.ip_network(ends[0]).version != ipaddress.ip_address(ends[1]).version:
            wrong = f"`{ends[0]}` and `{ends[1]}` are of two families"
        if not wrong and ipaddress.ip_network(ends[0]).prefixlen == 0:
            wrong = f"`{ends[0]}` is the default route"
        found.append(wrong)
    return "; ".join(filter(None, found))


def sysctls(value: Any) -> str:
    """Settings of the network namespace."""
    if not isinstance(value, Mapping):
        return "is not a mapping"
    wrong = [key for key, setting in value.items() if not _matches(_SYSCTL, key) or not _matches(_PLAIN, setting)]
    return f"{', '.join(wrong)}: not a setting below `net.` with a plain text value" if wrong else ""


def hosts(value: Any) -> str:
    """Lines of `/etc/hosts`."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return "is not a list of hosts"
    found = [address(item.get("address")) for item in value]
    found += [f"`{one}` is not a host name" for item in value for one in item["names"] if not _matches(_HOST, one)]
    return "; ".join(filter(None, found))


def failures(rules: Mapping[str, Rule], inputs: resource.Properties) -> Iterator[resource.Failure]:
    """Yield every input that is missing, superfluous or wrong; what is unknown in a preview passes."""
    for field, rule in rules.items():
        if field not in inputs:
            yield resource.Failure(property=field, reason="is missing")
        elif not wire.has_unknown(inputs[field]) and (wrong := rule(inputs[field])):
            yield resource.Failure(property=field, reason=wrong)
    for field in sorted(set(inputs) - set(rules)):
        yield resource.Failure(property=field, reason=f"there is no such input; there are: {', '.join(rules)}")


_PLAIN: Final = re.compile(r"[A-Za-z0-9 ._-]{1,64}")


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _address(value: Any, parse: Callable[[str], object], what: str) -> str:
    try:
        parse(str(value))
    except ValueError:
        return f"`{value}` is not {what}"
    return ""
