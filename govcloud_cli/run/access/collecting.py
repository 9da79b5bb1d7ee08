"""Takes access events from the gateway and the identity service of one side into its audit."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import filelock

from govcloud_cli import errors
from govcloud_cli.run import machines, reach, workspace
from govcloud_cli.run.access import days, identity_events, lines
from govcloud_cli.run.keycloak import connection

LOG = "/var/log/govcloud/vpn.jsonl"
"""Where the role `sslvpn` writes one line per event."""
MOST = 4 << 20
"""Bytes taken from the gateway at a time."""

_ROUNDS = 64
_PATIENCE = 30.0
_TIMEOUT = 60.0

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taken:
    """What one source gave."""

    lines: tuple[lines.Line, ...]
    cursor: Json
    more: bool = False
    gap: str = ""
    """What may be missing or there twice, as half a sentence."""


class Source(Protocol):
    """Somebody who tells access events."""

    @property
    def name(self) -> str:
        """Its place in the cursor."""

    def take(self, cursor: Json, *, now: datetime.datetime) -> Taken:
        """What came after `cursor`. Raises `errors.GovcloudError` if it cannot be asked."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gateway:
    """The gateway's own log, over SSH."""

    machine: str
    folder: workspace.SideFolder
    way: reach.Reach
    name: str = "gateway"

    def take(self, cursor: Json, *, now: datetime.datetime) -> Taken:
        """As `Source.take`."""
        ask = {"path": LOG, "cursor": cursor, "limit": MOST}
        asked = machines.run_script(
            "access_events", {self.machine: ask}, folder=self.folder, way=self.way, timeout=_TIMEOUT
        )
        answer = asked[self.machine]
        if isinstance(answer, errors.GovcloudError):
            raise answer
        raw = base64.b64decode(answer["data"])
        # Of the last piece of a line that was too long there is no end.
        told = [one for one in raw.removesuffix(b"\n").split(b"\n") if one] if raw else []
        return Taken(
            lines=tuple(lines.of_gateway(one, collected=now) for one in told),
            cursor=answer["cursor"],
            more=answer["more"],
            gap="the gateway's log was not where it was left: begun anew" if answer["gap"] else "",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """Keycloak's events API, asked where it can be reached."""

    url: str
    """`https://<management address>:8443`."""
    folder: workspace.SideFolder
    way: reach.Reach
    name: str = "identity"

    def take(self, cursor: Json, *, now: datetime.datetime) -> Taken:
        """As `Source.take`."""
        server = connection.Server.of(self.folder, self.url)
        with connection.opened(server, self.way) as api:
            answer = identity_events.fetch(lambda path, query: api.get(path, query=query), cursor, now=now)
        return Taken(
            lines=tuple(lines.of_identity(one, collected=now) for one in answer["events"]),
            cursor=answer["cursor"],
            more=answer["more"],
            gap=answer["gap"],
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collected:
    """What a collection brought."""

    events: int
    malformed: int
    gaps: tuple[str, ...]
    failures: tuple[str, ...]
    """Sources that could not be asked; the next collection has what they did not tell."""


def folder_of(folder: workspace.SideFolder) -> pathlib.Path:
    """Where the daily files lie."""
    return folder.path / "audit" / "access"


def collect(
    folder: workspace.SideFolder,
    sources: tuple[Source, ...],
    *,
    record: Callable[[Json], object],
    recorded: Callable[[Json], bool],
    clock: Callable[[], datetime.datetime],
) -> Collected:
    """Take what each source has, batch by batch; each is one record of the chained log (`record`).

    `recorded` tells whether the log has a record with the given details. A source that does not answer hides no other.
    """
    place = workspace.make_folder(folder_of(folder))
    events = malformed = 0
    gaps: list[str] = []
    failures: list[str] = []
    with _locked(place):
        days.recover(place, recorded)
        for source in sources:
            for _ in range(_ROUNDS):
                reached = days.cursor(place)
                try:
                    taken = source.take(reached.get(source.name, {}), now=clock())
                except errors.GovcloudError as error:
                    failures.append(f"{source.name}: {error.message}" + (f" ({error.cause})" if error.cause else ""))
                    break
                found = [taken.gap] if taken.gap else []
                kept = days.keep(
                    place,
                    taken.lines,
                    reached={**reached, source.name: taken.cursor},
                    gaps=found,
                    record=record,
                    now=clock(),
                )
                gaps += found
                events += len(taken.lines)
                malformed += kept["malformed"] if kept else 0
                if not taken.more:
                    break
    return Collected(events=events, malformed=malformed, gaps=tuple(gaps), failures=tuple(failures))


@contextlib.contextmanager
def _locked(place: pathlib.Path) -> Iterator[None]:
    lock = filelock.FileLock(place / "lock", mode=0o600)
    try:
        lock.acquire(timeout=_PATIENCE, poll_interval=0.05)
    except filelock.Timeout:
        raise errors.LockedError(
            "somebody else is collecting access events", where=str(place), remedy="wait for them to end"
        ) from None
    try:
        yield
    finally:
        lock.release()
