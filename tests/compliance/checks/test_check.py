from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check
from govcloud_cli.model import policies


def subject(key: str, kind: policies.Input = policies.Input.FLOW, *unknown: subjects.Path) -> subjects.Subject:
    return subjects.Subject(input=kind, key=key, document={}, unknown=unknown)


def failing(found: Sequence[subjects.Subject]) -> Iterator[check.CheckFailure]:
    """Fails whatever is called `bad`."""
    return (check.CheckFailure(subject=one, message="bad") for one in found if one.key == "bad")


def test_what_somebody_wrote_does_not_reach_the_terminal() -> None:
    def find(found: Sequence[subjects.Subject]) -> Iterator[check.CheckFailure]:
        for text in ("a\x1b[2Jb\nc\u202ed", "x" * 1000):
            yield check.CheckFailure(subject=found[0], message=text)

    tested = check.Check(concerns=is_flow, find=find)
    first, second = (failure.message for failure in tested([subject("a")]))
    assert first == "a?[2Jb?c?d"
    assert second == "x" * 497 + "..."


def is_flow(one: subjects.Subject) -> bool:
    return one.input is policies.Input.FLOW


def is_zone(one: subjects.Subject) -> bool:
    return one.input is policies.Input.ZONE


def told(tested: check.Check, *found: subjects.Subject) -> list[tuple[str, bool]]:
    return [(failure.subject.key, failure.unknown) for failure in tested(found)]


def test_a_check_gets_only_what_it_is_about() -> None:
    seen: list[str] = []

    def find(found: Sequence[subjects.Subject]) -> Iterator[check.CheckFailure]:
        seen.extend(one.key for one in found)
        return iter(())

    tested = check.Check(concerns=is_flow, reads=is_zone, find=find)
    assert told(tested, subject("a"), subject("b", policies.Input.ZONE), subject("c", policies.Input.HOST)) == []
    assert seen == ["a", "b"]


def test_with_nothing_to_judge_a_check_says_nothing() -> None:
    tested = check.Check(concerns=is_flow, reads=lambda _: True, find=failing)
    assert told(tested, subject("bad", policies.Input.ZONE)) == []


def test_what_hangs_on_an_unknown_value_does_not_pass() -> None:
    tested = check.Check(concerns=is_flow, find=failing)
    assert told(tested, subject("a", policies.Input.FLOW, ("ports",)), subject("b")) == [("a", True)]


def test_what_fails_anyway_is_not_unknown_as_well() -> None:
    tested = check.Check(concerns=is_flow, find=failing)
    assert told(tested, subject("bad", policies.Input.FLOW, ("ports",))) == [("bad", False)]


def test_an_unknown_value_in_what_is_only_read_is_told_too() -> None:
    tested = check.Check(concerns=is_flow, reads=is_zone, find=failing)
    assert told(tested, subject("a"), subject("z", policies.Input.ZONE, ("kind",))) == [("z", True)]


@pytest.mark.parametrize(
    ("path", "field", "hangs"),
    [
        (("spec", "ports", 0), ("spec",), True),
        (("spec",), ("spec", "ports"), True),
        (("spec", "ports", 0), ("spec", "ports", "*", "name"), True),
        (("spec", "ports", 0, "number"), ("spec", "ports", "*", "name"), False),
        (("status",), ("spec",), False),
    ],
)
def test_only_what_the_check_looks_at_matters(path: subjects.Path, field: subjects.Path, *, hangs: bool) -> None:
    tested = check.Check(concerns=is_flow, find=failing, fields=(field,))
    assert told(tested, subject("a", policies.Input.FLOW, path)) == ([("a", True)] if hangs else [])
