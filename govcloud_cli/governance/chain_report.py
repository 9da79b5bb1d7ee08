"""What can be wrong with an audit log, and how it is told."""

from __future__ import annotations

import dataclasses
import enum

from govcloud_cli.governance import chain


class Problem(enum.StrEnum):
    """What is wrong with a log."""

    MALFORMED = "malformed"
    """A line is no record."""
    FOREIGN = "foreign"
    """A record of another environment or side."""
    EDITED = "edited"
    """A record does not say what it said when it was chained."""
    FORGED = "forged"
    """The key did not sign it: inserted, or the whole chain was computed anew."""
    REMOVED = "removed"
    MOVED = "moved"
    REPEATED = "repeated"
    SPLICED = "spliced"
    """Signed by the key, and no continuation of the record before: of another version of the log."""
    CLOCK_BACK = "clock-back"
    CUT = "cut"
    """Records that somebody remembers are not there: the end was cut off, or an older copy was put back."""
    REWRITTEN = "rewritten"
    """Signed by the key, and not what is remembered of it."""
    OTHER_KEY = "other-key"
    """The key is not the one that is remembered."""
    HEADS_DAMAGED = "heads-damaged"
    """What should remember is itself no sequence of heads that the key signed."""
    HEADS_BEHIND = "heads-behind"
    """The second place lacks heads: an older copy of it was put back."""
    TORN = "torn"
    """A write was interrupted; no tampering, and the next record mends it."""
    NO_MEMORY = "no-second-copy"
    """Nothing is remembered, so a cut end could not be seen."""


class Verdict(enum.StrEnum):
    """What a log is, as a whole; the worst of its findings."""

    VERIFIED = "verified"
    UNPROVEN = "unproven"
    TORN = "torn"
    TAMPERED = "tampered"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing wrong."""

    problem: Problem
    number: int | None
    """The first bad record; None where it is the log as a whole."""
    message: str
    """One sentence without a full stop; holds nothing that stands in the log but numbers, times and digests."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What came of reading a log to its end."""

    records: int
    """Records that are right, from the first on."""
    head: chain.Head | None
    """The last right record's head: worth remembering if the verdict is good."""
    since: str | None
    """Time of the first record."""
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    """What is no fault and worth knowing."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        found = {one.problem for one in self.findings}
        if found - {Problem.TORN, Problem.NO_MEMORY}:
            return Verdict.TAMPERED
        if Problem.TORN in found:
            return Verdict.TORN
        return Verdict.UNPROVEN if found else Verdict.VERIFIED
