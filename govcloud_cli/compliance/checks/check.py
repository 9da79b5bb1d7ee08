"""What a check is: a question that no document answers alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from govcloud_cli.compliance import subjects


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckFailure:
    """One subject that a check does not pass."""

    subject: subjects.Subject
    message: str
    """English; what is wrong. Without secret values, and without what a manifest says at length."""
    path: subjects.Path = ()
    """Where in the subject's document; () for the document as a whole."""
    unknown: bool = False
    """Not that it fails: it hangs on a value that is not known yet."""


_LONGEST = 500
"""Characters of a message."""

Predicate = Callable[[subjects.Subject], bool]
Finder = Callable[[Sequence[subjects.Subject]], Iterator[CheckFailure]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """A check. Call it with every subject of a run; it yields what does not pass."""

    concerns: Predicate
    """Which subjects it gives a verdict on. With none of them in a run it says nothing, and has passed nothing."""
    find: Finder
    """Gets the subjects that it concerns or reads, in the order of the run. Takes any JSON, however odd."""
    reads: Predicate = lambda _: False
    """Which others it looks at."""
    fields: tuple[subjects.Path, ...] = ((),)
    """What it looks at in documents; `*` stands for every key or index. An unknown value there is never a pass."""

    def __call__(self, found: Sequence[subjects.Subject]) -> Iterator[CheckFailure]:
        """Every failure among `found`, then every subject that cannot be judged yet."""
        read: list[subjects.Subject] = []
        concerned = False
        for one in found:
            if self.concerns(one):
                concerned = True
                read.append(one)
            elif self.reads(one):
                read.append(one)
        if not concerned:
            return
        failing: set[int] = set()
        for failure in self.find(read):
            failing.add(id(failure.subject))
            yield dataclasses.replace(failure, message=_printable(failure.message))
        for one in read:
            if one.unknown and id(one) not in failing:
                path = next((path for path in one.unknown if any(_touch(path, field) for field in self.fields)), None)
                if path is not None:
                    message = _printable(subjects.not_known(one, path))
                    yield CheckFailure(subject=one, message=message, path=path, unknown=True)


def _printable(message: str) -> str:
    """Names in it are whatever somebody wrote: nothing that a terminal would obey, and no more than a line."""
    text = message if message.isprintable() else "".join(one if one.isprintable() else "?" for one in message)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _touch(path: subjects.Path, field: subjects.Path) -> bool:
    """Whether one of them is at, above or below the other."""
    return all(there in (here, "*") for here, there in zip(path, field, strict=False))
