"""Compares the end of a log with the newest head that its second place remembers, without reading either as a whole."""

from __future__ import annotations

import dataclasses

from govcloud_cli import errors
from govcloud_cli.governance import chain, chain_lines
from govcloud_cli.run.audit import files, places


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tip:
    """Where the next record goes."""

    number: int
    """Of the last record; 0 if there is none."""
    value: str
    """The last record's chain value; the beginning's if there is none."""
    time: str | None
    whole: int
    """Bytes of the log without what an interrupted write left."""
    torn: bytes
    """What an interrupted write left."""
    unremembered: chain.Head | None = None
    """The head that the second place lacks; without a signature if the log has yet to begin."""
    heads_whole: int | None = None
    """Bytes of the heads without what an interrupted write left there, if it left something."""

    def after(self, record: chain.Record) -> Tip:
        """The tip when `record` has been written."""
        return dataclasses.replace(
            self, number=record.entry.number, value=record.chain, time=record.entry.time, torn=b""
        )


def look(where: places.Places, *, environment: str, side: str, key: chain.PublicKey) -> Tip:
    """The end of the log, if it is what the second place remembers or one interrupted write away from it.

    Raises `errors.GovcloudError`, naming both, if the log was cut, put back, rewritten, or is of another key; if the
    second place is gone or older; and `OSError` for what cannot be read.
    """
    log = files.end(where.log) or files.End(line=b"", rest=b"", size=0)
    heads = files.end(where.heads)
    begin = chain.start(environment, side, key.fingerprint)
    if log.rest and not chain_lines.is_torn_record(log.rest):
        raise _refusal(where, "the log ends with something that no interrupted write leaves")
    last = _last(where, log.line, key=key)
    tip = Tip(
        number=last.entry.number if last else 0,
        value=last.chain if last else begin,
        time=last.entry.time if last else None,
        whole=log.size - len(log.rest),
        torn=log.rest,
    )
    if heads is None or not heads.line:
        return _without_heads(where, tip, heads, environment=environment, side=side, key=key)
    if heads.rest and not chain_lines.is_torn_head(heads.rest):
        raise _refusal(where, "the heads end with something that no interrupted write leaves")
    head = _head(where, heads.line, place=(environment, side), key=key)
    if head.number == tip.number and head.chain == tip.value and not heads.rest:
        return tip
    if last and tip.number == head.number + 1 and last.previous == head.chain:
        # Its writer was killed before, or while, it copied the head.
        rest = heads.size - len(heads.rest) if heads.rest else None
        return dataclasses.replace(tip, unremembered=last.head(key.fingerprint), heads_whole=rest)
    raise _difference(where, tip, head)


def refuse_lost(where: places.Places) -> None:
    """Raise `errors.GovcloudError` if the second place remembers a log of which nothing is left here."""
    if where.private.exists() or files.size(where.log) or not files.size(where.heads):
        return
    raise errors.GovcloudError(
        "the audit log is gone, and its second place remembers it",
        where=str(where.log),
        cause=f"{where.heads} has heads of a log of this environment",
        remedy=f"restore {where.folder} and {where.private} from a backup; if this environment was begun anew on "
        "purpose, move the heads away (keep them), and a new log begins",
    )


def _without_heads(
    where: places.Places,
    tip: Tip,
    heads: files.End | None,
    *,
    environment: str,
    side: str,
    key: chain.PublicKey,
) -> Tip:
    if tip.number or tip.torn:
        raise errors.GovcloudError(
            "the audit log's second place does not remember it",
            where=str(where.heads),
            cause=f"{where.log} has {tip.number} records, so their heads must be there",
            remedy="mount the second place, or restore the file from a backup; if spec.audit.copyTo was changed, copy "
            "the file there; if it is lost: govcloud audit verify --remember FILE, and put FILE in its place",
        )
    if heads is not None and heads.rest and not chain_lines.is_torn_head(heads.rest):
        raise _refusal(where, "the heads end with something that no interrupted write leaves")
    head = chain.Head(
        environment=environment, side=side, number=0, time="", chain=tip.value, key=key.fingerprint, signature=""
    )
    return dataclasses.replace(tip, unremembered=head, heads_whole=0 if heads is not None and heads.rest else None)


def _last(where: places.Places, line: bytes, *, key: chain.PublicKey) -> chain.Record | None:
    if not line:
        return None
    try:
        record = chain_lines.decode(line)
    except chain_lines.MalformedError as error:
        raise _refusal(where, f"the log's last line is no record: {error}") from None
    entry = record.entry
    if chain.link(record.previous, entry) != record.chain or not chain.is_signed(record.head(key.fingerprint), key):
        raise _refusal(
            where, f"record {entry.number} of the log was changed, or is of another key than {where.private}"
        )
    return record


def _head(where: places.Places, line: bytes, *, place: tuple[str, str], key: chain.PublicKey) -> chain.Head:
    try:
        head = chain_lines.decode_head(line)
    except chain_lines.MalformedError as error:
        raise _refusal(where, f"the last line of the heads is no head: {error}") from None
    if head.key != key.fingerprint:
        ours, theirs = key.fingerprint[:16], head.key[:16]
        raise _refusal(where, f"the log's key is {ours}…, and the second place remembers {theirs}…")
    if (head.environment, head.side) != place or not chain.is_signed(head, key):
        raise _refusal(where, f"head {head.number} is not signed by the log's key, or is of another log")
    return head


def _difference(where: places.Places, tip: Tip, head: chain.Head) -> errors.GovcloudError:
    log, second = f"the log ends with record {tip.number}", f"the second place with head {head.number} of {head.time}"
    if tip.number > head.number:
        return _refusal(where, f"{log}, {second}: older heads were put back")
    if tip.number < head.number:
        return _refusal(where, f"{log}, {second}: its end was cut off, or an older copy was put back")
    return _refusal(where, f"{log}, {second}, and they are not the same: the log was rewritten or its end cut off")


def _refusal(where: places.Places, cause: str) -> errors.GovcloudError:
    return errors.GovcloudError(
        "the audit log is not as its second place remembers it, so nothing is recorded and nothing is done",
        where=f"{where.log} and {where.heads}",
        cause=cause,
        remedy="find out who changed them (`govcloud audit verify` names the first bad record), and restore both from "
        "a backup",
    )
