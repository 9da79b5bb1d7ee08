"""What the words of `vpn` share: the side that has a gateway, its office, and the way to it."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

from govcloud_cli import errors
from govcloud_cli.commands import output, runs, steering

if TYPE_CHECKING:
    import datetime

    from govcloud_cli.plan import plans
    from govcloud_cli.plan import vpn as vpn_plan
    from govcloud_cli.run import sites, workspace
    from govcloud_cli.run.vpn import desk, gateway, register

_TOLD = {
    "valid": "valid 有效",
    "ending": "ENDS SOON 即将到期",
    "expired": "expired 已过期",
    "revoked": "revoked 已吊销",
    "unfinished": "unfinished 未完成",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """The side whose gateway this is about."""

    site: sites.Site
    side: plans.SidePlan
    plan: vpn_plan.VpnPlan

    @property
    def folder(self) -> workspace.SideFolder:
        """The side's folder."""
        return self.site.space.side(self.side.side)

    def desk(self) -> desk.Desk:
        """The office, its audit log open."""
        from govcloud_cli.run.vpn import desk as run_desk

        return run_desk.of_site(self.site, self.side.side, clock=runs.now, environ=os.environ)

    def gateway(self) -> gateway.Gateway:
        """The gateway, as far as it can be reached."""
        from govcloud_cli.run.vpn import gateway as run_gateway

        return run_gateway.of(self.plan, self.side, self.folder)


def find(environment: str) -> Place:
    """The one side with a gateway. Raises `errors.UsageError` if the environment has none."""
    from govcloud_cli.run import sites as run_sites

    site = runs.site(environment)
    for side in run_sites.plan(site, today=runs.now().date(), guards=()).sides:
        if side.vpn is not None:
            return Place(site=site, side=side, plan=side.vpn)
    raise errors.UsageError(
        f"environment {site.spec.environment} has no SSL-VPN",
        where="spec.vpn of platform.yaml",
        remedy="name its groups there, and a machine with the service sslvpn",
    )


def document(one: register.Issued, now: datetime.datetime) -> dict[str, Any]:
    """A certificate, for `--json`."""
    return {
        "serial": one.serial,
        "person": one.person,
        "name": one.name,
        "organisation": one.organisation,
        "notBefore": _time(one.not_before),
        "notAfter": _time(one.not_after),
        "daysLeft": max(0, (one.not_after - now).days),
        "state": one.state(now),
        "reason": one.reason or None,
        "revokedAt": None if one.revoked_at is None else _time(one.revoked_at),
        "fingerprint": one.fingerprint,
        "authority": one.issuer,
        "token": one.token or None,
        "tokenSerial": one.token_serial or None,
    }


def print_rows(found: tuple[register.Issued, ...], now: datetime.datetime) -> None:
    """Certificates as a table; names are somebody's text."""
    from rich import table, text

    shown = table.Table(
        "person 人员", "name 姓名", "token 令牌", "serial 序列号", "ends 到期", "state 状态", box=None, pad_edge=False
    )
    for one in found:
        state = _TOLD[one.state(now)] + (f" ({one.reason})" if one.reason else "")
        cells = (one.person, one.name, one.token, one.serial[:16], f"{one.not_after:%Y-%m-%d}", state)
        shown.add_row(*(text.Text(steering.plain(cell)) for cell in cells))
    output.console().print(shown)


def print_warnings(warnings: tuple[str, ...]) -> None:
    """What ends soon, on standard error."""
    for one in warnings:
        output.console(stderr=True).print(f"warning 警告: {one}", soft_wrap=True)


def _time(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
