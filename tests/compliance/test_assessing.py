"""From documents to a report."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from govcloud_cli.compliance import assessing, baselines, findings, rules, subjects
from govcloud_cli.model import policies
from tests.compliance import rulings

TODAY = rulings.day("2026-04-01")
TELNET = rulings.policy(
    "no-telnet",
    severity="critical",
    input="flow",
    matchConstraints=None,
    validations=[{"expression": "object.port != 23", "message": "is telnet"}],
)


def assess(
    *inputs: assessing.Input, asked: tuple[rules.Rule, ...] | None = None, lines: Any = None, **excuses: Any
) -> findings.Report:
    given = (rulings.rule(), rulings.rule(TELNET)) if asked is None else asked
    known = excuses.pop("known", [rule.policy for rule in given])
    return assessing.assess(
        given,
        inputs,
        excuses=assessing.Excuses(approvers=rulings.approvers("wang.fang"), known=known, **excuses),
        profile=policies.Profile.MLPS_L3,
        today=TODAY,
        problems=["values.yaml: it is odd"],
        lines=lines,
    )


def pods(*names: str, host: bool = True, namespace: str = "finance-prod") -> assessing.Input:
    found = tuple(rulings.pod(name, host=host, namespace=namespace) for name in names)
    return assessing.Input(name="deploy/", subjects=found)


def flow(port: int = 23) -> subjects.Subject:
    return subjects.Subject(input=policies.Input.FLOW, key="flow:web", document={"id": "web", "port": port})


def config() -> subjects.Subject:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    return subjects.Subject(input=policies.Input.KUBERNETES, key=subjects.kubernetes_key(document), document=document)


def test_a_report_says_what_was_seen_judged_and_found() -> None:
    report = assess(
        dataclasses.replace(pods("web"), subjects=(*pods("web").subjects, config()), skipped=2),
        assessing.Input(name="flows", subjects=(flow(), flow(443))),
    )

    assert [(one.name, one.seen, one.judged) for one in report.inputs] == [("deploy/", 4, 1), ("flows", 2, 2)]
    assert report.skipped == 3
    assert report.evaluations == 3
    assert report.passed == {"no-host-network": 0, "no-telnet": 1}
    assert [one.metadata.id for one in report.rules] == ["no-host-network", "no-telnet"]
    assert [(one.policy.metadata.id, one.outcome.value) for one in report.results] == [
        ("no-telnet", "fail"),
        ("no-host-network", "fail"),
    ], "worst first"
    assert (report.profile, report.today) == (policies.Profile.MLPS_L3, TODAY)
    assert report.problems == ("values.yaml: it is odd",)
    assert report.unjudged


def test_what_is_waived_is_judged_all_the_same() -> None:
    report = assess(pods("web"), waivers=[rulings.waiver()])

    assert [(one.outcome.value, one.waiver) for one in report.results] == [("waived", "W-2026-001")]
    assert report.evaluations == 1
    assert report.notices == ()


def test_a_waiver_of_a_rule_outside_the_profile_is_neither_refused_nor_unused() -> None:
    waiver = rulings.waiver(rule="stricter-rule")

    report = assess(pods("web"), waivers=[waiver], known=[rulings.policy(), rulings.policy("stricter-rule")])

    assert report.notices == ()


@pytest.mark.parametrize(
    ("inputs", "kinds"),
    [
        ([pods("web", host=False)], ["unused"]),
        ([pods("other", host=False)], ["unused"]),
        ([pods("web", host=False, namespace="health-prod")], []),
        ([assessing.Input(name="flows", subjects=(flow(),))], []),
        ([], []),
    ],
)
def test_a_waiver_is_called_unused_only_where_its_rule_was_asked_nearby(
    inputs: list[assessing.Input], kinds: list[str]
) -> None:
    assert [one.kind for one in assess(*inputs, waivers=[rulings.waiver()]).notices] == kinds


def test_a_baseline_comes_after_waivers_and_never_covers_what_is_critical() -> None:
    everything = [pods("web", "old", "new"), assessing.Input(name="flows", subjects=(flow(),))]
    before = assess(pods("web", "old"), everything[1])
    document = baselines.take(before, until=rulings.day("2026-08-01"), today=TODAY)
    baseline = baselines.read(json.dumps(document), where="baseline.json")

    report = assess(*everything, waivers=[rulings.waiver()], baseline=baseline)

    assert {one.subject.key.rpartition("/")[2]: one.outcome.value for one in report.results} == {
        "web": "waived",
        "old": "baselined",
        "new": "fail",
        "flow:web": "fail",
    }
    assert report.notices == ()


def test_what_is_mended_is_told_from_the_baseline() -> None:
    document = baselines.take(assess(pods("web")), until=rulings.day("2026-08-01"), today=TODAY)
    baseline = baselines.read(json.dumps(document), where="baseline.json")

    report = assess(pods("web", host=False), baseline=baseline)

    assert [(one.waiver, one.kind) for one in report.notices] == [("baseline", "unused")]


def test_lines_are_asked_for_in_the_order_of_files_and_documents() -> None:
    asked: list[tuple[str, int, subjects.Path]] = []

    def lines(place: subjects.Place, path: subjects.Path) -> int | None:
        asked.append((place.file, place.document, path))
        return None if place.file == "b.yaml" else place.document + 10

    places = [("b.yaml", 0), ("a.yaml", 2), ("a.yaml", 0), ("a.yaml", 1)]
    found = tuple(
        dataclasses.replace(rulings.pod(f"pod-{file[0]}{number}"), place=subjects.Place(file=file, document=number))
        for file, number in places
    )
    unplaced = dataclasses.replace(rulings.pod("nowhere"), place=None)

    report = assess(assessing.Input(name=".", subjects=(*found, unplaced)), lines=lines)

    path = ("spec", "hostNetwork")
    assert asked == [("a.yaml", 0, path), ("a.yaml", 1, path), ("a.yaml", 2, path), ("b.yaml", 0, path)]
    assert [(one.subject.key.rpartition("/")[2], one.line) for one in report.results] == [
        ("nowhere", None),
        ("pod-a0", 10),
        ("pod-a1", 11),
        ("pod-a2", 12),
        ("pod-b0", None),
    ]


def test_without_findings_no_file_is_read_again() -> None:
    def lines(place: subjects.Place, path: subjects.Path) -> int | None:
        raise AssertionError("nothing to say about it")

    assert assess(pods("web", host=False), lines=lines).results == ()


def test_the_order_of_inputs_changes_nothing_but_their_own() -> None:
    one, other = pods("a", "b"), assessing.Input(name="flows", subjects=(flow(),))

    assert assess(one, other).results == assess(other, one).results
