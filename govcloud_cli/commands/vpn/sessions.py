"""`govcloud vpn sessions`: who is connected."""

from __future__ import annotations

import click

from govcloud_cli.commands import options, output, steering
from govcloud_cli.commands.vpn import offices


@click.command(short_help="Show who is connected (在线用户).")
@options.environment
@options.as_json
def sessions(environment: str, as_json: bool) -> None:
    """Show who is connected through the VPN (在线用户): from where, with which address, since when, how much.

    \b
    Examples:
      govcloud vpn sessions
      govcloud vpn sessions --json
    """
    place = offices.find(environment)
    found = place.gateway().sessions()
    if as_json:
        rows = [
            {
                "person": one.person,
                "address": one.address,
                "lease": one.lease,
                "lease6": one.lease6,
                "since": one.since or None,
                "bytesIn": one.bytes_in,
                "bytesOut": one.bytes_out,
                "client": one.client,
            }
            for one in found
        ]
        output.print_json({"gateway": place.plan.machine, "sessions": rows})
        return
    if not found:
        output.console().print("Nobody is connected (无在线用户).")
        return
    from rich import table, text

    shown = table.Table(
        "person 人员", "address 来源", "lease 隧道地址", "since 开始 (UTC)", "in 入", "out 出", box=None, pad_edge=False
    )
    for one in found:
        cells = (one.person, one.address, one.lease, one.since, f"{one.bytes_in:,}", f"{one.bytes_out:,}")
        shown.add_row(*(text.Text(steering.plain(cell)) for cell in cells))
    output.console().print(shown)
