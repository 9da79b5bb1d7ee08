"""`govcloud vpn`: who may come in from outside, with which token, and how it is ended."""

from __future__ import annotations

import click

from govcloud_cli.commands import groups

WORDS: dict[str, tuple[str, str]] = {
    "issue": ("vpn.issuing", "Issue a certificate to a person's token (签发)."),
    "list": ("vpn.listing", "Show certificates, their ends and their states (查看)."),
    "revoke": ("vpn.revoking", "End certificates and live tunnels at once (吊销)."),
    "profile": ("vpn.profiles", "Write what a person's client needs to connect (客户端配置)."),
    "sessions": ("vpn.sessions", "Show who is connected (在线用户)."),
    "crl": ("vpn.publishing", "Renew the revocation list and publish it (吊销列表)."),
    "rotate": ("vpn.publishing", "Begin a new authority beside the old one (更换证书机构)."),
}


@click.group(cls=groups.Words, table=WORDS, short_help="Say who comes in from outside, and with which token.")
def vpn() -> None:
    """The SSL-VPN's people (安全接入): certificates on USB tokens, and who is connected.

    \b
    Examples:
      govcloud vpn issue --person li.wei --token staff-017
      govcloud vpn list
      govcloud vpn revoke --person li.wei --reason lost
      govcloud vpn sessions
    """
