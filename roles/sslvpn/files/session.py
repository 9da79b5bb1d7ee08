#!/usr/bin/python3 -Es
"""ocserv's connect and disconnect script: the last look at who comes in, and the record of when, how much, how long.

Everything comes in the environment (ocserv(8)). An exit code other than 0 refuses the connection. It runs for each
tunnel, also for one that shows the cookie of a session instead of a password.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping

import gate


def main() -> int:
    """Let in and record, or refuse and record."""
    settings, environment = gate.settings(), os.environ
    if environment.get("REASON") == "disconnect":
        _record(settings, "ended", environment, reason=None)
        return 0
    try:
        judge(settings, environment, datetime.datetime.now(datetime.UTC))
    except gate.RefusedError as refused:
        _record(settings, "refused", environment, reason=str(refused))
        return 1
    # If this cannot be written the exception refuses the connection: no session without its record.
    _record(settings, "began", environment, reason=None)
    return 0


def judge(settings: gate.Settings, environment: Mapping[str, str], now: datetime.datetime) -> None:
    """Raise `gate.RefusedError` unless the person may come in, with leases of his own group."""
    member = gate.member(settings, environment.get("USERNAME", ""))
    gate.require_current_revocations(settings, now)
    leases = [lease for lease in _leases(environment) if lease]
    if not leases or not all(gate.belongs(member, lease) for lease in leases):
        raise gate.RefusedError("the lease is not of the person's group")
    _use_log_in(settings, environment, now)


def _use_log_in(settings: gate.Settings, environment: Mapping[str, str], now: datetime.datetime) -> None:
    """Use up the log-in that this connection follows from; raises `gate.RefusedError` if there is none.

    One log-in is one tunnel. ocserv 1.1.6 alone lets a cookie in again after log-out if somebody else tried it before
    (it counts that attempt as a session in use), and begins a session's time anew whenever it is taken up again.
    """
    person, address = environment.get("USERNAME", ""), gate.address_of(environment.get("IP_REAL", ""))
    moment = now.timestamp()
    with gate.attempts(settings) as known:
        query = """
            DELETE FROM granted WHERE rowid =
              (SELECT rowid FROM granted WHERE person = ? AND address = ? AND at BETWEEN ? AND ? ORDER BY at LIMIT 1)
        """
        used = known.execute(query, (person, address, moment - settings.login_seconds, moment + 60)).rowcount
    if used != 1:
        raise gate.RefusedError("no log-in from this address, or it was used before")


def _leases(environment: Mapping[str, str]) -> tuple[str, str]:
    # With IPv6 alone ocserv gives the same address twice.
    first, second = environment.get("IP_REMOTE", ""), environment.get("IPV6_REMOTE", "")
    return first, "" if second == first else second


def _record(settings: gate.Settings, event: str, environment: Mapping[str, str], *, reason: str | None) -> None:
    lease, lease6 = _leases(environment)
    gate.record(
        settings,
        event,
        person=environment.get("USERNAME", ""),
        address=gate.address_of(environment.get("IP_REAL", "")),
        reason=reason,
        lease=lease or None,
        lease6=lease6 or None,
        session=environment.get("ID"),
        bytesIn=_number(environment.get("STATS_BYTES_IN")),
        bytesOut=_number(environment.get("STATS_BYTES_OUT")),
        seconds=_number(environment.get("STATS_DURATION")),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


if __name__ == "__main__":
    sys.exit(main())
