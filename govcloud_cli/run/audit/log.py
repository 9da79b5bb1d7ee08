"""Writes the audit log: a record is done when it and its head are on disk, in two places; else nobody acts on it.

The order is: record, then head, each waited for. So a writer that is killed leaves a torn record, or a log one record
ahead of its heads, and nothing else; a log that is behind its heads was cut by somebody. The next writer mends the
first two without signing anything anew, and refuses to write after the third.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import filelock
from cryptography.hazmat.primitives.asymmetric import ed25519

from govcloud_cli import errors
from govcloud_cli.governance import chain, chain_check, chain_details, chain_lines
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import archive, ends, files, keys, places

_PATIENCE = 30.0
"""Seconds to wait for other writers, each of which needs milliseconds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Log:
    """One side's log, open for writing. Any number of processes may have it open."""

    places: places.Places
    environment: str
    side: str
    key: ed25519.Ed25519PrivateKey

    @classmethod
    def open(
        cls, folder: workspace.SideFolder, *, environment: str, copy_to: pathlib.Path, now: datetime.datetime
    ) -> Log:
        """The log of `folder`'s side, begun if there is none; `copy_to` from `places.second_place`.

        Raises `errors.GovcloudError` if it does not end as its second place remembers, or either cannot be written.
        Reads the ends of both only; `reading.verify` reads all.
        """
        where = places.of(folder, environment=environment, copy_to=copy_to)
        with _told(where):
            workspace.make_folder(where.folder)
            with _locked(where):
                archive.finish(where)
                ends.refuse_lost(where)
                key = keys.ensure(where.private, where.public, fresh=files.size(where.log) == 0)
                opened = cls(places=where, environment=environment, side=folder.side.value, key=key)
                opened._settle(now)
        return opened

    def append(
        self,
        *,
        actor: chain.Actor,
        action: chain.Action,
        now: datetime.datetime,
        tenant: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> chain.Record:
        """Record what is about to happen, or has; return when it is on disk in both places.

        `now`: a fresh reading of the clock, in any time zone. `details` may be anything that becomes text; see
        `chain_details.plain`. Raises `errors.GovcloudError` if the record could not be made durable: then do not act.
        """
        with _told(self.places), _locked(self.places):
            return self._append(actor=actor, action=action, now=now, tenant=tenant, details=details or {})

    def retire(
        self, *, actor: chain.Actor, now: datetime.datetime, details: Mapping[str, Any] | None = None
    ) -> pathlib.Path:
        """Record that the lab is destroyed, and move log, key's public half and heads to a folder in the second place.

        Returns that folder. The next `open` begins a new log. Killed anywhere, it may be called again.
        """
        with _told(self.places), _locked(self.places):
            last = self._append(
                actor=actor, action=chain.Action.LAB_DESTROYED, now=now, tenant=None, details=details or {}
            )
            return archive.move(self.places, last)

    def _append(
        self,
        *,
        actor: chain.Actor,
        action: chain.Action,
        now: datetime.datetime,
        tenant: str | None,
        details: Mapping[str, Any],
    ) -> chain.Record:
        tip = self._settle(now)
        self._refuse_clock(tip, now)
        files.refuse_unwritable(self.places.heads)
        if tip.torn:
            files.cut(self.places.log, tip.whole)
            cut = {"cutBytes": len(tip.torn), "sha256": hashlib.sha256(tip.torn).hexdigest()}
            mended = self._entry(tip, actor=actor, action=chain.Action.LOG_MENDED, now=now, details=cut)
            tip = tip.after(self._write(mended, tip))
        return self._write(self._entry(tip, actor=actor, action=action, now=now, tenant=tenant, details=details), tip)

    def _settle(self, now: datetime.datetime) -> ends.Tip:
        """The end of the log, with the second place brought up to it. The lock is held."""
        public = chain.public(self.key.public_key())
        tip = ends.look(self.places, environment=self.environment, side=self.side, key=public)
        if tip.unremembered is None:
            return tip
        # Of a log that just begins it is made here; of a record it is the record's own signature.
        head = tip.unremembered if tip.unremembered.signature else self._first_head(tip.unremembered, now)
        if tip.heads_whole is not None:
            files.cut(self.places.heads, tip.heads_whole)
        files.append(self.places.heads, chain_lines.encode_head(head))
        return dataclasses.replace(tip, unremembered=None, heads_whole=None)

    def _first_head(self, head: chain.Head, now: datetime.datetime) -> chain.Head:
        if not self.places.second.exists():
            workspace.make_folder(self.places.second)
        timed = dataclasses.replace(head, time=chain.timestamp(now))
        return dataclasses.replace(timed, signature=chain.sign(timed, self.key))

    def _entry(
        self,
        tip: ends.Tip,
        *,
        actor: chain.Actor,
        action: chain.Action,
        now: datetime.datetime,
        details: Mapping[str, Any],
        tenant: str | None = None,
    ) -> chain.Entry:
        person = chain_details.text(actor.person, most=200)
        return chain.Entry(
            number=tip.number + 1,
            time=chain.timestamp(now),
            actor=chain.Actor(person=person, source=chain.Source(actor.source).value),
            action=chain.Action(action).value,
            environment=self.environment,
            side=self.side,
            tenant=tenant,
            details=chain_details.plain(details),
        )

    def _write(self, entry: chain.Entry, tip: ends.Tip) -> chain.Record:
        record = chain.seal(entry, previous=tip.value, key=self.key)
        line = chain_lines.encode(record)
        # What the readers would refuse is not written.
        chain_lines.decode(line)
        files.append(self.places.log, line)
        fingerprint = chain.public(self.key.public_key()).fingerprint
        files.append(self.places.heads, chain_lines.encode_head(record.head(fingerprint)))
        return record

    def _refuse_clock(self, tip: ends.Tip, now: datetime.datetime) -> None:
        if tip.time is None or chain.moment(tip.time) - now <= chain_check.CLOCK_TOLERANCE:
            return
        raise errors.GovcloudError(
            f"the clock says {chain.timestamp(now)}, and the last audit record was written at {tip.time}",
            where=str(self.places.log),
            cause="records that are older than the one before them would hide when things were done",
            remedy="set the clock right; if it was wrong before, move the log and its heads "
            f"({self.places.heads}) away, keep both, and a new log begins",
        )


@contextlib.contextmanager
def _locked(where: places.Places) -> Iterator[None]:
    """Alone with the log; a dead holder's lock is free by itself, as `run.lock`'s."""
    lock = filelock.FileLock(where.lock, mode=0o600)
    try:
        lock.acquire(timeout=_PATIENCE, poll_interval=0.005)
    except filelock.Timeout:
        raise errors.LockedError(
            f"another process has been writing the audit log for {_PATIENCE:.0f} s",
            where=str(where.lock),
            remedy="look for a process that hangs and has this file open; run again when it has ended",
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _told(where: places.Places) -> Iterator[None]:
    """What the disk refuses, as a reason not to act."""
    try:
        yield
    except OSError as error:
        raise errors.GovcloudError(
            "the audit record could not be written, so nothing is done",
            where=str(error.filename or where.log),
            cause=error.strerror or str(error),
            remedy=f"make room or restore access in {where.folder} and {where.second}, then run again",
        ) from error
