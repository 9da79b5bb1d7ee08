"""A report as text: readable whatever was found, and whoever named it."""

from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.commands.policy import rendering
from govcloud_cli.compliance import findings
from govcloud_cli.model import policies
from tests.commands.policy import made

HIGH = policies.Severity.HIGH


def told(report: findings.Report, *, everything: bool = False, **settings: Any) -> list[str]:
    found = rendering.lines(report, threshold=HIGH, everything=everything, **settings)
    return ["".join(text for text, _ in parts) for parts in found]


def test_a_finding_says_where_what_why_and_how_to_mend_it() -> None:
    assert told(made.report(made.result())) == [
        "high pod-privileged: Demand of pod-privileged (不得使用特权)",
        "  - deploy/web.yaml:14 k8s:apps/Deployment/finance-prod/web: container 'app' is privileged",
        "  fix: Do this instead of that.",
        "  处置: 请改为这样做，不要那样做。",
        "  more: govcloud policy explain pod-privileged",
        "",
        "DENIED (不符合): 1 finding at or above high",
        "judged: deploy 11 of 12",
        (
            "environment (环境): none (未指定), so GovCloud's defaults count; "
            "--env NAME takes profile, registries and waivers of one"
        ),
        (
            "mlps-l3: 1 input, 12 objects, 1 skipped, 1 rule, 10 evaluations, 1 finding (1 high), 0 waived, "
            "0 baselined, 0 unknown, 0 errors, 0.42 s"
        ),
    ]


def test_five_hundred_equal_findings_take_a_few_lines_and_all_of_them_when_asked() -> None:
    results = [made.result(key=f"k8s:core/Pod/a/{number:03}", file=f"{number % 7}.yaml") for number in range(500)]
    report = made.report(*results)

    assert told(report)[0].endswith("×500")
    assert "  - … and 495 more in 7 files; --all lists them" in told(report)
    assert len(told(report)) < 20
    assert len(told(report, everything=True)) > 500


def test_the_worst_rule_stands_first() -> None:
    low, critical = made.policy("aa-low", severity="low"), made.policy("zz-critical", severity="critical")
    heads = [line for line in told(made.report(made.result(low), made.result(critical))) if "Demand of" in line]

    assert [head.split()[0] for head in heads] == ["critical", "low"]


def test_what_is_below_the_threshold_is_told_and_denies_nothing() -> None:
    lines = told(made.report(made.result(made.policy(severity="medium"))))

    assert lines[0].startswith("medium pod-privileged")
    assert "PASSED (符合): no finding at or above high; 1 below it" in lines


def test_a_problem_makes_it_incomplete_even_beside_findings() -> None:
    lines = told(made.report(made.result(), problems=("b.yaml: this is not YAML",)))

    assert "could not judge (无法判定): b.yaml: this is not YAML" in lines
    assert "INCOMPLETE (结论不完整): 1 finding at or above high, not everything was judged" in lines


def test_a_waiver_that_an_annotation_asks_for_is_shown_as_asked_for() -> None:
    lines = told(made.report(made.result(requested="old driver")))

    assert "asked to be waived: 'old driver'" in lines[2]
    assert "DENIED (不符合): 1 finding at or above high" in lines


def test_waivers_that_want_attention_are_told_and_an_expired_one_denies() -> None:
    notices = (
        findings.WaiverNotice(waiver="W-2026-001", rule="pod-privileged", kind="expired", detail="expired 2026-10-01"),
        findings.WaiverNotice(waiver="W-2026-002", rule="pod-privileged", kind="unused", detail="matches nothing"),
    )
    lines = told(made.report(notices=notices))

    assert "waiver (豁免) W-2026-001 of pod-privileged: expired 2026-10-01" in lines
    assert "waiver (豁免) W-2026-002 of pod-privileged: matches nothing" in lines
    assert "DENIED (不符合): 1 exception to renew or remove" in lines


def test_a_baseline_that_wants_attention_is_not_called_a_waiver() -> None:
    ended = findings.WaiverNotice(waiver="baseline", rule="all rules", kind="expired", detail="it ended")

    assert "baseline (基线) of all rules: it ended" in told(made.report(notices=(ended,)))


def test_what_is_excused_is_counted_and_listed_when_asked() -> None:
    report = made.report(
        made.result(outcome=findings.Outcome.WAIVED, waiver="W-2026-001"),
        made.result(outcome=findings.Outcome.BASELINED),
    )

    assert "0 findings, 1 waived, 1 baselined" in told(report)[-1]
    assert told(report, everything=True)[0].startswith("waived by W-2026-001 pod-privileged: deploy/web.yaml:14 ")


@pytest.mark.parametrize(
    "name", ["a\nPASSED (符合)", "\x1b[2J", "\u202egnp", "\r::set-env name=X::y", "##[error]x", "##vso[task.x]", "a\tb"]
)
def test_words_of_the_input_make_no_line_and_give_no_orders(name: str) -> None:
    report = made.report(
        made.result(key=f"k8s:core/Pod/{name}", file=f"{name}.yaml", message=name, requested=name),
        made.result(outcome=findings.Outcome.ERROR, message=name),
        made.result(outcome=findings.Outcome.WAIVED, key=name, waiver="W-2026-001"),
        problems=(name,),
        inputs=(findings.InputCount(name=name, seen=1, judged=0),),
        notices=(findings.WaiverNotice(waiver="W-2026-003", rule="r", kind="unused", detail=name),),
    )

    for line in told(report, everything=True):
        assert line.isprintable()
        assert not line.lstrip().startswith(("::", name))
        assert "##[" not in line
        assert "##vso[" not in line


def test_many_inputs_are_counted_beyond_the_first() -> None:
    inputs = tuple(findings.InputCount(name=f"{number}.yaml", seen=1, judged=1) for number in range(30))

    assert told(made.report(inputs=inputs))[-3].endswith("11.yaml 1 of 1, and 18 more")


def test_the_environment_whose_settings_counted_is_named_as_nothing_that_steers() -> None:
    assert told(made.report(), environment="town")[-2] == "environment (环境): town"
    assert told(made.report(), environment="a\nb")[-2] == "environment (环境): a\\nb"


@pytest.mark.parametrize(
    ("expression", "registries", "said"),
    [
        ("variables.settings.registries.size() == 0", (), True),
        ("variables.settings.registries.size() == 0", ("registry.example",), False),
        ("true", (), False),
    ],
)
def test_what_policies_about_registries_do_without_any_is_said(
    expression: str, registries: tuple[str, ...], said: bool
) -> None:
    asking = made.policy("image-registry", validations=({"expression": expression, "message": "it is wrong"},))
    lines = told(made.report(rules=(asking,)), registries=registries)

    expected = (
        "registries (镜像仓库): none declared (未登记), so image-registry asks only that every image names one; "
        "spec.policies.registries in platform.yaml"
    )
    assert (expected in lines) is said
