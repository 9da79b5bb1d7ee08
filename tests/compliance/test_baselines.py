"""Baselines: what is let be, what never is, and files that are none."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli import errors
from govcloud_cli.compliance import baselines, findings
from govcloud_cli.model import policies
from tests.compliance import rulings

TODAY, UNTIL = rulings.day("2026-04-01"), rulings.day("2026-09-28")
ASKED = frozenset({(rulings.RULE, "k8s:core/Pod/finance-prod/"), ("other-rule", "k8s:core/Pod/finance-prod/")})


def report(*results: findings.Result) -> findings.Report:
    return findings.Report(
        profile=policies.Profile.BASELINE,
        rules=(),
        results=results,
        evaluations=len(results),
        passed={},
        inputs=(),
        notices=(),
        problems=(),
        today=TODAY,
    )


def taken(*results: findings.Result, until: Any = UNTIL) -> dict[str, Any]:
    document = baselines.take(report(*results), until=until, today=TODAY)
    assert isinstance(document, dict)
    return document


def reread(document: Any) -> baselines.Baseline:
    return baselines.read(json.dumps(document), where="baseline.json")


def refused(document: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(errors.UsageError) as caught:
        baselines.read(text, where="baseline.json")
    assert caught.value.message == "baseline.json is no baseline"
    assert caught.value.remedy
    return str(caught.value.cause)


def worded(message: str) -> findings.Result:
    return dataclasses.replace(rulings.result(), message=message)


def test_a_baseline_names_what_fails_by_rule_resource_and_what_was_said() -> None:
    said = hashlib.sha256(b"uses it").hexdigest()
    digest = hashlib.sha256(f"{rulings.RULE}\n{rulings.KEY}\n{said}".encode()).hexdigest()

    assert taken(rulings.result(), rulings.result()) == {
        "schemaVersion": 3,
        "taken": "2026-04-01",
        "until": "2026-09-28",
        "fingerprints": {digest: {"rule": rulings.RULE, "resource": rulings.KEY, "message": said, "culprits": []}},
    }


def test_culprits_are_told_apart_from_what_is_said_of_them_and_none_is_written_out() -> None:
    [entry] = taken(worded("runs privileged: b, a"))["fingerprints"].values()

    assert entry["message"] == hashlib.sha256(b"runs privileged: ").hexdigest()
    assert entry["culprits"] == sorted(hashlib.sha256(name).hexdigest() for name in (b"a", b"b"))


def test_what_is_left_after_one_culprit_was_mended_is_no_new_finding() -> None:
    baseline = reread(taken(worded("runs privileged: a, b")))

    [found], [notice] = baselines.apply([worded("runs privileged: b")], baseline, today=TODAY, asked=ASKED)

    assert found.outcome is findings.Outcome.BASELINED
    assert notice.detail == f"{rulings.KEY} no longer fails as it did; write a new baseline"


@pytest.mark.parametrize(
    "message", ["runs privileged: c", "runs privileged: a, c", "runs as root: a", "runs privileged"]
)
def test_another_culprit_or_another_word_is_a_new_finding(message: str) -> None:
    baseline = reread(taken(worded("runs privileged: a, b")))

    [found], _ = baselines.apply([worded(message)], baseline, today=TODAY)

    assert found.outcome is findings.Outcome.FAIL


def imaged(image: str, *, said: str | None = None) -> findings.Result:
    document = {"kind": "Pod", "spec": {"containers": [{"name": "a", "image": image}]}}
    subject = dataclasses.replace(rulings.pod(), document=document)
    return dataclasses.replace(rulings.result(subject=subject), message=f"no digest: {said or image}")


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        ("hub.example:5000/app:1.0", "hub.example:5000/app:1.1", "baselined"),
        ("hub.example/app", "hub.example/app:1.1", "baselined"),
        (f"hub.example/app:1@sha256:{'0' * 64}", f"hub.example/app@sha256:{'1' * 64}", "baselined"),
        ("hub.example/app:1.0", "hub.example/other:1.0", "fail"),
        ("hub.example/app:1.0", "else.example/app:1.0", "fail"),
        ("hub.example:5000/app", "hub.example:6000/app", "fail"),
    ],
)
def test_a_new_version_of_an_image_is_the_same_culprit_and_another_image_is_not(
    old: str, new: str, outcome: str
) -> None:
    [found], _ = baselines.apply([imaged(new)], reread(taken(imaged(old))), today=TODAY)

    assert found.outcome.value == outcome


def test_what_only_looks_like_an_image_is_taken_by_the_letter() -> None:
    old, new = imaged("hub.example/app", said="fd00::1"), imaged("hub.example/app", said="fd00::2")

    [found], _ = baselines.apply([new], reread(taken(old)), today=TODAY)

    assert found.outcome is findings.Outcome.FAIL


def test_two_findings_of_a_rule_at_one_resource_are_two_entries() -> None:
    both = [worded("first"), worded("second")]

    document = taken(*both)
    results, _ = baselines.apply(both, reread(document), today=TODAY)

    assert len(document["fingerprints"]) == 2
    assert {one.outcome for one in results} == {findings.Outcome.BASELINED}


def test_another_culprit_at_a_known_resource_is_new_and_the_old_entry_says_why() -> None:
    baseline = reread(taken(worded("runs privileged: a")))

    [found], [notice] = baselines.apply([worded("runs privileged: a, b")], baseline, today=TODAY, asked=ASKED)

    assert found.outcome is findings.Outcome.FAIL
    assert (notice.rule, notice.kind, notice.fails) == (rulings.RULE, "unused", False)
    assert notice.detail == (
        f"{rulings.KEY} fails otherwise than when it was taken, so it counts; mend it, or write a new baseline"
    )


def test_one_of_two_known_findings_at_a_resource_that_is_mended_is_told_as_such() -> None:
    both = [worded("first"), worded("second")]

    _, [notice] = baselines.apply(both[:1], reread(taken(*both)), today=TODAY, asked=ASKED)

    assert notice.detail == f"{rulings.KEY} no longer fails as it did; write a new baseline"


def test_a_known_finding_stays_let_be_beside_a_new_one() -> None:
    baseline = reread(taken(worded("no digest: a")))

    results, notices = baselines.apply(
        [worded("no digest: a"), worded("no digest: b")], baseline, today=TODAY, asked=ASKED
    )

    assert [one.outcome.value for one in results] == ["baselined", "fail"]
    assert notices == ()


def test_what_is_critical_waived_or_could_not_be_judged_is_not_part_of_it() -> None:
    critical = rulings.result(of=rulings.policy(severity="critical"))
    others = [rulings.result(one) for one in findings.Outcome if one is not findings.Outcome.FAIL]

    found = taken(critical, *(one for one in others if one.outcome is not findings.Outcome.BASELINED))
    assert found["fingerprints"] == {}


def test_what_was_there_is_let_be_and_what_is_new_counts() -> None:
    old, new = rulings.result(), rulings.result(subject=rulings.pod("new"))

    results, notices = baselines.apply([old, new], reread(taken(old)), today=TODAY, asked=ASKED)

    assert [one.outcome.value for one in results] == ["baselined", "fail"]
    assert notices == ()


def test_a_finding_that_moved_in_its_file_is_the_same() -> None:
    moved = dataclasses.replace(rulings.result(), line=99)

    [found], _ = baselines.apply([moved], reread(taken(rulings.result())), today=TODAY)

    assert found.outcome is findings.Outcome.BASELINED


def test_a_rule_that_became_critical_counts_again() -> None:
    baseline = reread(taken(rulings.result()))

    [found], _ = baselines.apply([rulings.result(of=rulings.policy(severity="critical"))], baseline, today=TODAY)

    assert found.outcome is findings.Outcome.FAIL


@pytest.mark.parametrize("outcome", [findings.Outcome.ERROR, findings.Outcome.UNKNOWN, findings.Outcome.WAIVED])
def test_only_what_fails_is_let_be(outcome: findings.Outcome) -> None:
    [found], _ = baselines.apply([rulings.result(outcome)], reread(taken(rulings.result())), today=TODAY)

    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("today", "outcome", "kinds"),
    [
        ("2026-03-31", "fail", ["refused"]),
        ("2026-08-28", "baselined", []),
        ("2026-08-29", "baselined", ["expiring"]),
        ("2026-09-28", "baselined", ["expiring"]),
        ("2026-09-29", "fail", ["expired"]),
    ],
)
def test_it_counts_from_the_day_it_was_taken_to_its_last(today: str, outcome: str, kinds: list[str]) -> None:
    baseline = reread(taken(rulings.result()))

    [found], notices = baselines.apply([rulings.result()], baseline, today=rulings.day(today))

    assert found.outcome.value == outcome
    assert [one.kind for one in notices] == kinds
    assert all(one.fails is (one.kind in {"expired", "refused"}) for one in notices)


def test_what_no_longer_fails_is_told_where_the_run_could_know() -> None:
    pods = [rulings.result(subject=rulings.pod(name)) for name in ("a", "b")]
    away = rulings.result(subject=rulings.pod("c", namespace="health-prod"))
    other = rulings.result(of=rulings.policy("other-rule"))

    _, notices = baselines.apply([other], reread(taken(*pods, away, other)), today=TODAY, asked=ASKED)

    [notice] = notices
    assert (notice.waiver, notice.rule, notice.kind) == ("baseline", rulings.RULE, "unused")
    assert notice.detail == "k8s:core/Pod/finance-prod/a and 1 more no longer fails as it did; write a new baseline"


@pytest.mark.parametrize("until", ["2026-03-31", "2026-09-29"])
def test_a_last_day_that_is_over_or_too_far_is_refused(until: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        baselines.take(report(), until=rulings.day(until), today=TODAY)

    assert until in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("until", ["2026-04-01", "2026-09-28"])
def test_the_first_and_the_last_possible_day_are_taken(until: str) -> None:
    assert reread(taken(until=rulings.day(until))).until == rulings.day(until)


GOOD = taken(rulings.result())
OTHER_FIELDS = "it holds other fields than schemaVersion, taken, until, fingerprints"
OTHER_PARTS = "a fingerprint has other fields than rule, resource, message, culprits"
NOT_ITS_OWN = "a fingerprint is not that of its rule, resource, message, culprits"
ENTRY = {"rule": "a", "resource": "b", "message": "c", "culprits": []}


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ([], OTHER_FIELDS),
        ({**GOOD, "more": 1}, OTHER_FIELDS),
        ({key: value for key, value in GOOD.items() if key != "until"}, OTHER_FIELDS),
        ({**GOOD, "schemaVersion": 1}, "schemaVersion is not 3"),
        ({**GOOD, "schemaVersion": 4}, "schemaVersion is not 3"),
        ({**GOOD, "schemaVersion": True}, "schemaVersion is not 3"),
        ({**GOOD, "schemaVersion": 2}, "schemaVersion is not 3"),
        ({**GOOD, "schemaVersion": 3.0}, "schemaVersion is not 3"),
        ({**GOOD, "taken": "2026-4-1"}, "taken is no day"),
        ({**GOOD, "taken": 20260401}, "taken is no day"),
        ({**GOOD, "until": "2026-02-30"}, "until is no day"),
        ({**GOOD, "until": "2026-09-29"}, "it is not to last from 0 to 180 days"),
        ({**GOOD, "until": "2026-03-31"}, "it is not to last from 0 to 180 days"),
        ({**GOOD, "fingerprints": []}, "fingerprints is no mapping of at most 1,000,000 entries"),
        ({**GOOD, "fingerprints": {"x": 1}}, OTHER_PARTS),
        ({**GOOD, "fingerprints": {"x": {"rule": "a", "resource": "b"}}}, OTHER_PARTS),
        ({**GOOD, "fingerprints": {"x": {**ENTRY, "rule": 1}}}, NOT_ITS_OWN),
        ({**GOOD, "fingerprints": {"x": {**ENTRY, "message": 1}}}, NOT_ITS_OWN),
        ({**GOOD, "fingerprints": {"x": {**ENTRY, "culprits": "d"}}}, NOT_ITS_OWN),
        ({**GOOD, "fingerprints": {"x": {**ENTRY, "culprits": [1]}}}, NOT_ITS_OWN),
        ({**GOOD, "fingerprints": {"x": ENTRY}}, NOT_ITS_OWN),
    ],
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_refused(document: Any, cause: str) -> None:
    assert refused(document) == cause


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=4),
)


@given(JSON)
def test_no_json_raises_anything_else(document: Any) -> None:
    refused(document)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    refused(text)
