"""Baselines: what failed when the policies were taken up, let be until a day. Only what is new then fails a run."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.compliance import findings, waivers
from govcloud_cli.model import policies

Json = Any

SCHEMA_VERSION = 3
LONGEST_DAYS = 180
NAME = "baseline"
"""In the place of a waiver's id in notices, and"""
_ALL = "all rules"
"""in that of a rule's."""
_MENDED = "no longer fails as it did; write a new baseline"
_OTHERWISE = "fails otherwise than when it was taken, so it counts; mend it, or write a new baseline"
_MOST = 1_000_000
_FIELDS = ("schemaVersion", "taken", "until", "fingerprints")
_PARTS = ("rule", "resource", "message", "culprits")
_IMAGES = frozenset({"image", "reference"})
_VERSION = re.compile(r"(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]*)?\Z", re.ASCII)
"""Of an image: tag and digest."""
_NOT_ITS_OWN = f"a fingerprint is not that of its {', '.join(_PARTS)}"
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
_REMEDY = "write a new one with `govcloud policy check … --write-baseline FILE --until DAY`; a baseline is not edited"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A finding that is let be: what one rule said of one resource."""

    rule: str
    resource: str
    message: str
    """SHA-256, in hexadecimal, of what was said without the culprits,"""
    culprits: tuple[str, ...]
    """and of each culprit, sorted: another one is another finding, and one less is not."""

    @property
    def said(self) -> tuple[str, str, str]:
        """All but the culprits."""
        return self.rule, self.resource, self.message

    def covers(self, other: Entry) -> bool:
        """Whether a finding is this one, or what is left of it after some culprits were mended."""
        return self.said == other.said and set(other.culprits) <= set(self.culprits)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Baseline:
    """A baseline, read."""

    taken: datetime.date
    until: datetime.date
    """Its last day (UTC), inclusive."""
    entries: Mapping[str, Entry]
    """By fingerprint."""


def fingerprint(entry: Entry) -> str:
    """What stays the same while a finding stays as it is: SHA-256 over its parts, without the line, in hexadecimal.

    Narrower than `reports.identity.fingerprint`, by which readers of reports follow a finding whose words change.
    """
    return _digest("\n".join((*entry.said, *entry.culprits)))


def take(report: findings.Report, *, until: datetime.date, today: datetime.date) -> Json:
    """The baseline of what fails in a run, as a JSON document. Critical findings and waived ones are not part of it.

    Raises `errors.UsageError` for a last day that is over, or too far away.
    """
    if until < today:
        raise errors.UsageError(f"a baseline until {until} would have ended", remedy=f"today (UTC) is {today}")
    if (until - today).days > LONGEST_DAYS:
        longest = today + datetime.timedelta(days=LONGEST_DAYS)
        raise errors.UsageError(
            f"a baseline until {until} would last longer than {LONGEST_DAYS} days", remedy=f"until {longest} at most"
        )
    entries = {_entry_of(result) for result in report.results if _lets_be(result)}
    return {
        "schemaVersion": SCHEMA_VERSION,
        "taken": today.isoformat(),
        "until": until.isoformat(),
        "fingerprints": {
            fingerprint(one): {**dataclasses.asdict(one), "culprits": list(one.culprits)}
            for one in sorted(entries, key=_order)
        },
    }


def read(text: str, *, where: str) -> Baseline:
    """A baseline as `take` made it. Raises `errors.UsageError` for anything else; `where` is the file."""
    try:
        document = json.loads(text)
        return _baseline(document)
    except (ValueError, RecursionError) as error:
        cause = str(error) if isinstance(error, _MalformedError) else "it is not JSON"
        raise errors.UsageError(f"{where} is no baseline", where=where, cause=cause, remedy=_REMEDY) from error


def apply(
    results: Sequence[findings.Result],
    baseline: Baseline,
    *,
    today: datetime.date,
    asked: waivers.Asked = frozenset(),
) -> tuple[tuple[findings.Result, ...], tuple[findings.WaiverNotice, ...]]:
    """The results with what the baseline lets be marked so, and what is to be said of the baseline.

    After its last day everything counts again. Entries that no longer fail are told of where the run could know, as in
    `waivers.apply`.
    """
    if baseline.taken > today:
        # Only an edited file says so: it would let findings be for longer than anybody may.
        detail = f"it says that it was taken on {baseline.taken}, and today (UTC) is {today}"
        return tuple(results), (_notice(_ALL, "refused", detail),)
    if baseline.until < today:
        detail = f"it ended on {baseline.until}, and everything counts again; leave it out"
        return tuple(results), (_notice(_ALL, "expired", detail),)
    there = _by_said(baseline)
    found = tuple(_marked(result, there) for result in results)
    return found, (*_ending(baseline, today=today), *_mended(baseline, results, asked))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _entry_of(result: findings.Result) -> Entry:
    head, named = findings.culprits(result.message)
    images = set(_images(result.subject.document)) if named else set()
    # A new version of an image is the same culprit.
    stable = {_VERSION.sub("", one) if one in images else one for one in named}
    return Entry(
        rule=result.policy.metadata.id,
        resource=result.subject.key,
        message=_digest(head),
        culprits=tuple(sorted(map(_digest, stable))),
    )


def _images(document: Json) -> Iterator[str]:
    """Every image that a Kubernetes object names, of containers and of volumes."""
    if isinstance(document, list):
        for one in document:
            yield from _images(one)
    elif isinstance(document, Mapping):
        for key, value in document.items():
            if key in _IMAGES and isinstance(value, str):
                yield value
            else:
                yield from _images(value)


def _by_said(baseline: Baseline) -> Mapping[tuple[str, str, str], Sequence[Entry]]:
    found: dict[tuple[str, str, str], list[Entry]] = collections.defaultdict(list)
    for entry in baseline.entries.values():
        found[entry.said].append(entry)
    return found


def _is_known(entry: Entry, there: Mapping[tuple[str, str, str], Sequence[Entry]]) -> bool:
    return any(known.covers(entry) for known in there.get(entry.said, ()))


def _order(entry: Entry) -> tuple[str, str, str, tuple[str, ...]]:
    return (*entry.said, entry.culprits)


def _lets_be(result: findings.Result) -> bool:
    critical = result.policy.spec.severity is policies.Severity.CRITICAL
    return result.outcome in {findings.Outcome.FAIL, findings.Outcome.BASELINED} and not critical


def _marked(result: findings.Result, there: Mapping[tuple[str, str, str], Sequence[Entry]]) -> findings.Result:
    if not _lets_be(result) or not _is_known(_entry_of(result), there):
        return result
    return dataclasses.replace(result, outcome=findings.Outcome.BASELINED)


def _ending(baseline: Baseline, *, today: datetime.date) -> Iterator[findings.WaiverNotice]:
    if baseline.until - today <= waivers.SOON:
        yield _notice(_ALL, "expiring", f"it ends on {baseline.until}; then everything counts again")


def _mended(
    baseline: Baseline, results: Sequence[findings.Result], asked: waivers.Asked
) -> Iterator[findings.WaiverNotice]:
    found = {_entry_of(result) for result in results}
    there = _by_said(baseline)
    new = {(entry.rule, entry.resource) for entry in found if not _is_known(entry, there)}
    gone: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for entry in baseline.entries.values():
        if entry not in found and (entry.rule, waivers.neighbourhood(entry.resource)) in asked:
            detail = _OTHERWISE if (entry.rule, entry.resource) in new else _MENDED
            gone[entry.rule, detail].append(entry.resource)
    for (rule, detail), resources in sorted(gone.items()):
        named = list(dict.fromkeys(resources))
        rest = f" and {len(named) - 1} more" if len(named) > 1 else ""
        yield _notice(rule, "unused", f"{named[0]}{rest} {detail}")


def _notice(rule: str, kind: str, detail: str) -> findings.WaiverNotice:
    return findings.WaiverNotice(waiver=NAME, rule=rule, kind=kind, detail=detail)


class _MalformedError(ValueError):
    """What is wrong with a baseline, without what it holds."""


def _baseline(document: Json) -> Baseline:
    if not isinstance(document, dict) or set(document) != set(_FIELDS):
        raise _MalformedError(f"it holds other fields than {', '.join(_FIELDS)}")
    if type(document["schemaVersion"]) is not int or document["schemaVersion"] != SCHEMA_VERSION:
        raise _MalformedError(f"schemaVersion is not {SCHEMA_VERSION}")
    taken, until = _day(document, "taken"), _day(document, "until")
    if not 0 <= (until - taken).days <= LONGEST_DAYS:
        raise _MalformedError(f"it is not to last from 0 to {LONGEST_DAYS} days")
    listed = document["fingerprints"]
    if not isinstance(listed, dict) or len(listed) > _MOST:
        raise _MalformedError(f"fingerprints is no mapping of at most {_MOST:,} entries")
    return Baseline(taken=taken, until=until, entries={key: _entry(key, value) for key, value in listed.items()})


def _day(document: Mapping[str, Json], field: str) -> datetime.date:
    value = document[field]
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _MalformedError(f"{field} is no day")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError as error:
        raise _MalformedError(f"{field} is no day") from error


def _entry(key: str, value: Json) -> Entry:
    if not isinstance(value, dict) or set(value) != set(_PARTS):
        raise _MalformedError(f"a fingerprint has other fields than {', '.join(_PARTS)}")
    named = value["culprits"]
    texts = [value[part] for part in _PARTS if part != "culprits"] + (named if isinstance(named, list) else [None])
    if not all(isinstance(text, str) for text in texts):
        raise _MalformedError(_NOT_ITS_OWN)
    entry = Entry(**{**value, "culprits": tuple(named)})
    if fingerprint(entry) != key:
        raise _MalformedError(_NOT_ITS_OWN)
    return entry
