"""What a client needs to connect: nothing of it is secret. Pure."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from xml.sax import saxutils as sax

from govcloud_cli.plan import vpn
from govcloud_cli.run.vpn import register

_SHELL_SAFE = re.compile(r"[A-Za-z0-9_.:/@-]+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Profile:
    """Files for one person's client, name -> text."""

    person: str
    files: dict[str, str]


def of(plan: vpn.VpnPlan, certificate: register.Issued, *, server_ca: str, port: int = 443) -> Profile:
    """Configuration of openconnect and of AnyConnect-compatible clients for the holder of `certificate`.

    `server_ca`: PEM of the authority of the gateway's own certificate; the client trusts that one and no other.
    """
    url = pkcs11_url(certificate)
    return Profile(
        person=certificate.person,
        files={
            "openconnect.conf": _openconnect(certificate.person, url),
            "connect.sh": _script(plan, port),
            "anyconnect.xml": _xml(plan, certificate, port),
            "server-ca.crt": server_ca,
        },
    )


def pkcs11_url(certificate: register.Issued) -> str:
    """Where the key is (RFC 7512): by token and id, so that a renewal on the same token is told apart."""
    parts = []
    if certificate.token:
        parts.append("token=" + _quoted(certificate.token))
    if certificate.token_serial:
        parts.append("serial=" + _quoted(certificate.token_serial))
    if certificate.object_id:
        parts.append("id=" + "".join(f"%{byte:02x}" for byte in bytes.fromhex(certificate.object_id)))
    return "pkcs11:" + ";".join(parts)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="-._~")


def _openconnect(person: str, url: str) -> str:
    # One file of `openconnect --config`; it asks for the PIN, then for password and code in one field.
    lines = (
        "# openconnect --config openconnect.conf SERVER",
        f"user={person}",
        f"certificate={url};type=cert",
        f"sslkey={url};type=private",
        "cafile=server-ca.crt",
        "no-system-trust",
        "protocol=anyconnect",
    )
    return "\n".join(lines) + "\n"


def _script(plan: vpn.VpnPlan, port: int) -> str:
    server = f"{plan.address}:{port}"
    if not _SHELL_SAFE.fullmatch(server):
        raise ValueError("an address of the inventory is one")
    return (
        "#!/bin/sh\n"
        "# 连接政务外网: plug in the token, then run this as root. Password and six-digit code go into one field.\n"
        'cd "$(dirname "$0")" && exec openconnect --config openconnect.conf "$@" ' + server + "\n"
    )


def _xml(plan: vpn.VpnPlan, certificate: register.Issued, port: int) -> str:
    name = sax.escape(f"GovCloud {certificate.organisation}")
    address = sax.escape(f"{plan.address}:{port}")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<AnyConnectProfile xmlns="http://schemas.xmlsoap.org/encoding/">
  <ClientInitialization>
    <StrictCertificateTrust>true</StrictCertificateTrust>
    <AutomaticCertSelection UserControllable="false">true</AutomaticCertSelection>
    <CertificateMatch>
      <ExtendedKeyUsage>
        <ExtendedMatchKey>ClientAuth</ExtendedMatchKey>
      </ExtendedKeyUsage>
    </CertificateMatch>
    <AutoReconnect UserControllable="false">true
      <AutoReconnectBehavior UserControllable="false">DisconnectOnSuspend</AutoReconnectBehavior>
    </AutoReconnect>
  </ClientInitialization>
  <ServerList>
    <HostEntry>
      <HostName>{name}</HostName>
      <HostAddress>{address}</HostAddress>
    </HostEntry>
  </ServerList>
</AnyConnectProfile>
"""
