"""The forms of the models' values, in words, for faults: a pattern means nothing to most readers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ID = "lower-case letters, digits and single dashes, starting with a letter"

FORMS: Mapping[str, str] = MappingProxyType(
    {
        r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": f"{ID}, 2-30 characters",
        r"^[a-z][a-z0-9]+(-[a-z0-9]+)*$": f"{ID}, 4-50 characters",
        r"^[a-z][a-z0-9]*$": "lower-case letters and digits, starting with a letter, 2-16 characters",
        r"^[^\x00-\x1f\x7f]+$": "one line of printable text",
        r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$": "a host's name or address",
        r"^[a-z_][a-z0-9_-]{0,31}$": "a Unix account's name",
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$": "a network interface's name, such as ens192, at most 15 characters",
        r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$": "an office's mail address, such as it@finance.example",
        r"^\+?[0-9][0-9 -]{4,20}$": "a telephone number: digits, spaces and dashes, in quotes",
        r"^[a-z][a-z0-9-]*(:[a-z0-9-]+)*$": "a group of the identity service, such as finance:maintainers",
        r"^[a-z][a-z0-9._-]{1,39}$": "a civil servant's account name: lower-case letters, digits, dots and dashes",
        r"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,99}$": "a log-in name: letters, digits and . _ @ + -, at most 100",
        (
            r"^(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}"
            r"|sk-ssh-ed25519@openssh\.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI[A-Za-z0-9+/]{44,120}={0,2})"
            r"( [^\x00-\x1f\x7f]{1,80})?$"
        ): ("an OpenSSH public key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com: the one line of id_ed25519.pub"),
        r"^/[A-Za-z0-9._/-]{1,200}$": "an absolute path: letters, digits and . _ / -",
        (
            r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$"
        ): "a registry's host, with a port and a path if need be, such as registry.yunxi.example/apps",
        (
            r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
        ): "a DNS name in lower case, such as id.yunxi.example",
        r"^ldaps://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$": "the address of a directory, such as ldaps://directory.yunxi.example",
        (
            r"^[A-Za-z0-9-]+=[^\x00-\x1f\x7f\\\x22+<>;]{1,400}$"
        ): "a distinguished name, such as ou=people,dc=yunxi,dc=example",
        r"^[A-Za-z][A-Za-z0-9-]{0,63}$": "the name of an LDAP attribute, such as uid",
        (
            r"^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n){1,100}-----END CERTIFICATE-----\n?){1,4}$"
        ): "one to four certificates in PEM, whole lines as openssl writes them, after `authority: |`",
        (
            r"^https://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?/[A-Za-z0-9._~/-]{0,200}$"
        ): "an https address without wildcards, such as https://ledger.finance.example/callback",
        r"^[a-z0-9.*/-]*$": "a name of the Kubernetes API in lower case, such as apps, v1 or pods/ephemeralcontainers",
        r"^[A-Za-z][A-Za-z0-9.\[\]_-]*$": "the path of a field, such as spec.template.spec",
        r"^[a-z][A-Za-z0-9]*$": "a name of letters and digits, starting with a lower-case letter",
        r"^W-[0-9]{4}-[0-9]{3,5}$": "W-, the year and a number of 3 to 5 digits, such as W-2026-014",
        r"^[a-z][a-z0-9]*:[^\s*?\x00-\x1f\x7f]+$": (
            "one resource as findings name it, such as k8s:apps/Deployment/finance-prod/web; no patterns"
        ),
    }
)
"""Pattern (as pydantic reports it) to words; a test keeps it complete."""

ADDRESSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ip_v4_network": ("an IPv4 prefix", "10.20.0.0/24"),
        "ip_v6_network": ("an IPv6 prefix", "fd20::/64"),
        "ip_any_network": ("an IPv4 or IPv6 prefix", "172.20.20.0/28"),
        "ip_v4_address": ("an IPv4 address", "10.20.0.10"),
        "ip_v6_address": ("an IPv6 address", "fd20::10"),
    }
)
"""pydantic's error type to what it is called and an example."""
