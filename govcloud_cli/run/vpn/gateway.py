"""What is asked of the gateway over SSH: a new revocation list, the end of tunnels, who is connected."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import plans, vpn
from govcloud_cli.run import machines, reach, workspace
from govcloud_cli.run.vpn import authority, crl

CRL_PATH, BUNDLE_PATH = "/etc/ocserv/tls/vpn-ca.crl", "/etc/ocserv/tls/vpn-ca.crt"
"""Where the role `sslvpn` has the lists and the authorities."""
PEOPLE_PATH = "/etc/ocserv/people"
"""Where that role has a file for each person who may come in."""
SOCKET = "/run/ocserv/control/occtl.socket"
"""Where that role's ocserv listens to occtl."""

_PERSON = re.compile(r"[a-z][a-z0-9._-]{1,39}")
"""As `tenants.Person`: an account that somebody made by hand may be called anything, and has no file."""
_TIMEOUT = 45.0
"""Seconds for one round; a leaver is to be out within 60."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody who is connected."""

    person: str
    address: str
    """Where they come from."""
    lease: str
    lease6: str
    since: str
    """RFC 3339, UTC, to the minute; empty if the gateway does not tell."""
    bytes_in: int
    """From the client."""
    bytes_out: int
    client: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gateway:
    """One side's gateway, and the way to it."""

    machine: str
    folder: workspace.SideFolder
    way: reach.Reach

    @property
    def is_there(self) -> bool:
        """Whether it was ever deployed, as far as this host knows."""
        return self.way.exists and (self.folder.ssh / "config").exists()

    def publish(self, *, disconnect: Sequence[str] = (), forget: Sequence[str] = ()) -> tuple[str, ...]:
        """Have the gateway use lists and authorities of `pki/`, then end the tunnels of people; return who had one.

        `forget`: who is not to come in again, whatever he shows, until the role `sslvpn` says so.
        Raises `errors.GovcloudError` if the gateway did not do all of it: call it again then.
        """
        gone = [f"{PEOPLE_PATH}/{person}" for person in forget if _PERSON.fullmatch(person)]
        files = self._files()
        answer = self._ask({"files": files, "forget": gone, "disconnect": list(disconnect)})
        # Who revoked meanwhile may have published before us, and ours have replaced the newer list.
        while (now := self._files()) != files:
            files = now
            self._ask({"files": files})
        return tuple(answer["disconnected"])

    def _files(self) -> dict[str, str]:
        # The lists first: an authority is never trusted before what it revoked is known.
        return {
            CRL_PATH: crl.path_of(self.folder).read_text(encoding="ascii"),
            BUNDLE_PATH: authority.bundle(self.folder).read_text(encoding="ascii"),
        }

    def sessions(self) -> tuple[Session, ...]:
        """Who is connected, by person. Raises `errors.GovcloudError` if the gateway does not answer."""
        return tuple(sorted(map(session, self._ask({"sessions": True})["sessions"]), key=lambda one: one.person))

    def _ask(self, argument: dict[str, Any]) -> dict[str, Any]:
        if not self.is_there:
            raise errors.GovcloudError(
                f"the gateway {self.machine} is not running", remedy="run `govcloud deploy`, then this again"
            )
        asked = machines.run_script(
            "vpn_gateway",
            {self.machine: {**argument, "socket": SOCKET}},
            folder=self.folder,
            way=self.way,
            timeout=_TIMEOUT,
        )
        answer = asked[self.machine]
        if isinstance(answer, errors.GovcloudError):
            raise errors.GovcloudError(
                f"the gateway {self.machine} did not do what it was asked",
                where=self.machine,
                cause=answer.cause,
                remedy="mend it, then run the same command again: nothing is lost by that",
            ) from answer
        found: dict[str, Any] = answer
        return found


def of(plan: vpn.VpnPlan, side: plans.SidePlan, folder: workspace.SideFolder) -> Gateway:
    """The gateway of a side's plan."""
    return Gateway(machine=plan.machine, folder=folder, way=reach.of(side))


def session(told: dict[str, Any]) -> Session:
    """A user as `occtl --json show users` tells one (ocserv 1.1 and 1.2); whatever is missing is empty."""
    return Session(
        person=_text(told, "Username"),
        address=_text(told, "Remote IP"),
        lease=_text(told, "IPv4"),
        lease6=_text(told, "IPv6"),
        since=_since(told),
        bytes_in=_number(told, "RX"),
        bytes_out=_number(told, "TX"),
        client=_text(told, "User-Agent"),
    )


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name, "")
    return value if isinstance(value, str) else str(value)


def _number(told: dict[str, Any], name: str) -> int:
    text = _text(told, name)
    return int(text) if text.isascii() and text.isdigit() else 0


def _since(told: dict[str, Any]) -> str:
    # The script asks in UTC; ocserv 1.1 tells minutes and no number of seconds.
    try:
        found = datetime.datetime.strptime(_text(told, "Connected at"), "%Y-%m-%d %H:%M").replace(tzinfo=datetime.UTC)
    except ValueError:
        return ""
    return found.isoformat().replace("+00:00", "Z")
