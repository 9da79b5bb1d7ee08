"""What judging comes to: one result per rule and subject, and the report of a run."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterable

from govcloud_cli.compliance import subjects
from govcloud_cli.model import policies

UNREADABLE = "the document"
"""How the message of an error begins that is of the document as a whole, and of no rule."""


def culprits(message: str) -> tuple[str, tuple[str, ...]]:
    """What a message says, and of whom: policies name the culprits last, `…: app, db`; () where it names none."""
    head, mark, tail = message.rpartition(": ")
    return (head + mark, tuple(tail.split(", "))) if mark else (message, ())


class Outcome(enum.StrEnum):
    """What a rule came to for one subject. Only `PASS` is a pass."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    WAIVED = "waived"
    """It fails, and a waiver lets it be."""
    BASELINED = "baselined"
    """It fails, and did so when the baseline was taken."""
    ERROR = "error"
    """The rule could not be evaluated."""
    UNKNOWN = "unknown"
    """It hangs on a value that Pulumi does not know yet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What one rule says of one subject. Passes are counted, not kept."""

    policy: policies.Policy
    subject: subjects.Subject
    outcome: Outcome
    message: str
    path: subjects.Path = ()
    """Where in the document; () for the document as a whole."""
    line: int | None = None
    """1-based line in the subject's file; None where no file says it."""
    waiver: str | None = None
    """Id of the waiver, with `WAIVED`."""
    requested: str | None = None
    """The reason that an annotation asks to be waived with; it waives nothing."""

    @property
    def where(self) -> str:
        """The resource, with file and line where they are known."""
        place = self.subject.place
        if place is None:
            return self.subject.key
        return f"{self.subject.key} ({place.file}{f':{self.line}' if self.line else ''})"


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaiverNotice:
    """A waiver that wants attention."""

    waiver: str
    rule: str
    kind: str
    """`expired`, `expiring` (30 days and less), `unused`, `refused` (rule not waivable or unknown), or `uncounted`."""
    detail: str

    @property
    def fails(self) -> bool:
        """Whether a run with it fails: an exception that ended must be renewed or removed."""
        return self.kind in {"expired", "refused"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class InputCount:
    """What a run saw of one input as it was named: a path, or a part of an environment."""

    name: str
    seen: int
    """Documents found."""
    judged: int
    """Of them, those that at least one rule was asked about."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """A whole run."""

    profile: policies.Profile
    rules: tuple[policies.Policy, ...]
    """Those of the profile, by id."""
    results: tuple[Result, ...]
    """All but the passes, worst first, then by file, line and rule."""
    evaluations: int
    """Pairs of rule and subject that were judged, passes included."""
    passed: dict[str, int]
    """Rule -> subjects that it passed."""
    inputs: tuple[InputCount, ...]
    notices: tuple[WaiverNotice, ...]
    problems: tuple[str, ...]
    """What could not be judged at all: unreadable files, inputs that matched nothing."""
    today: datetime.date
    """The day (UTC) by which waivers were judged."""
    seconds: float = 0.0

    def of(self, *outcomes: Outcome) -> tuple[Result, ...]:
        """The results with these outcomes."""
        return tuple(result for result in self.results if result.outcome in outcomes)

    def failing(self, threshold: policies.Severity) -> tuple[Result, ...]:
        """The findings at or above `threshold` that nothing excuses."""
        return tuple(r for r in self.of(Outcome.FAIL) if r.policy.spec.severity.reaches(threshold))

    def stopping(self, threshold: policies.Severity) -> tuple[str, ...]:
        """All that makes a run fail at `threshold`, a line each: findings, and waivers that ended."""
        found = [
            f"{r.policy.spec.severity.value} {r.policy.metadata.id}: {r.where}: {r.message}"
            for r in self.failing(threshold)
        ]
        ended = [f"waiver {n.waiver} of {n.rule}: {n.kind}: {n.detail}" for n in self.notices if n.fails]
        return (*found, *ended)

    def unjudgeable(self) -> tuple[str, ...]:
        """All that could not be judged, a line each; with any of it nothing can be called clean."""
        results = self.of(Outcome.ERROR, Outcome.UNKNOWN)
        return (*self.problems, *(f"{r.outcome.value} {r.policy.metadata.id}: {r.where}: {r.message}" for r in results))

    @property
    def unjudged(self) -> bool:
        """Whether something could not be judged."""
        return bool(self.problems or self.of(Outcome.ERROR, Outcome.UNKNOWN))

    @property
    def skipped(self) -> int:
        """Documents that no rule was asked about."""
        return sum(one.seen - one.judged for one in self.inputs)


def ordered(results: Iterable[Result]) -> tuple[Result, ...]:
    """Worst first, then by place."""
    return tuple(sorted(results, key=_order))


def _order(result: Result) -> tuple[int, str, int, str, str]:
    file = result.subject.place.file if result.subject.place else ""
    return (-result.policy.spec.severity.rank, file, result.line or 0, result.policy.metadata.id, result.subject.key)
