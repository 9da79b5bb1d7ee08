"""Reports to render: one of every kind of thing, and any at all."""

from __future__ import annotations

import collections
import datetime
from typing import Any

from hypothesis import strategies as st

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.model import controls, policies, waivers
from tests.support import nasty

TODAY = datetime.date(2026, 11, 22)
START = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
END = datetime.datetime(2026, 11, 22, 9, 0, 2, tzinfo=datetime.UTC)
SECRET = "hunter2-c0ffee-swordfish"
"""Stands in every document that is judged, and may stand in no report."""


def policy(name: str, severity: policies.Severity = policies.Severity.HIGH, **spec: Any) -> policies.Policy:
    """A policy; `spec` as in YAML."""
    given = {
        "severity": severity.value,
        "waivable": True,
        "profile": "baseline",
        "controls": {"mlps": ["L3-CES1-08", "L3-CES1-17"], "nist": ["AC-6", "SC-7(5)"], "cis": ["5.2.2"]},
        "rationale": {
            "en": "Whoever controls it controls the node & all tenants on it.",
            "zh": "没有该规则时会出现的问题。",
        },
        "remediation": {"en": "Remove `privileged`, or set it to false.", "zh": "删除 privileged，或设为 false。"},
        "input": "kubernetes",
        "library": "pods",
        "validations": [{"expression": "true", "message": "it is wrong"}],
        **spec,
    }
    return policies.Policy.model_validate(
        {
            "apiVersion": "govcloud/v1",
            "kind": "Policy",
            "metadata": {"id": name, "title": {"en": f"What {name} demands <b>", "zh": "容器不得以特权模式运行"}},
            "spec": given,
        },
        strict=False,
    )


PRIVILEGED = policy("pod-privileged", policies.Severity.CRITICAL)
IMAGES = policy("image-digest", policies.Severity.MEDIUM, controls={"mlps": ["L3-CES2-08"]})
FLOWS = policy("flow-few-ports", policies.Severity.LOW, input="flow", library=None, controls={"mlps": ["L3-ABS1-07"]})
PEOPLE = policy(
    "administrators-disjoint", input="environment", library=None, validations=[], check="disjoint", controls={}
)
RULES = (PEOPLE, FLOWS, IMAGES, PRIVILEGED)

WAIVER = waivers.Waiver.model_validate(
    {
        "apiVersion": "govcloud/v1",
        "kind": "Waiver",
        "metadata": {"id": "W-2026-014"},
        "spec": {
            "rule": "image-digest",
            "resources": ["k8s:apps/Deployment/finance-prod/web"],
            "reason": "旧系统迁移到新镜像仓库之前",
            "ticket": "CHG-8812",
            "owner": "li.wei",
            "approver": "zhang.min",
            "created": "2026-10-01",
            "expires": "2026-12-31",
        },
    },
    strict=False,
)


def subject(
    key: str, *, file: str | None = None, kind: policies.Input = policies.Input.KUBERNETES, document: int = 0
) -> subjects.Subject:
    """A subject whose document holds a secret."""
    place = subjects.Place(file=file, document=document) if file is not None else None
    return subjects.Subject(input=kind, key=key, document={"data": {"password": SECRET}}, place=place)


def result(
    rule: policies.Policy, about: subjects.Subject, outcome: findings.Outcome = findings.Outcome.FAIL, **more: Any
) -> findings.Result:
    """A result that says something."""
    given = {"message": "containers run privileged: web", **more}
    return findings.Result(policy=rule, subject=about, outcome=outcome, **given)


def report(*results: findings.Result, **more: Any) -> findings.Report:
    """A report of these results."""
    given: dict[str, Any] = {
        "profile": policies.Profile.MLPS_L3,
        "rules": RULES,
        "evaluations": 10,
        "passed": {"pod-privileged": 3, "flow-few-ports": 2},
        "inputs": (findings.InputCount(name="deploy/", seen=4, judged=3),),
        "notices": (),
        "problems": (),
        "today": TODAY,
        **more,
    }
    return findings.Report(results=findings.ordered(results), **given)


WEB = subject("k8s:apps/Deployment/finance-prod/web", file="deploy/web.yaml")
FLOW = subject("flow:external-web", kind=policies.Input.FLOW)
EVERYTHING = report(
    result(PRIVILEGED, WEB, line=17, path=("spec", "template", "spec", "containers", 0)),
    result(IMAGES, WEB, findings.Outcome.WAIVED, line=19, waiver="W-2026-014", message="image has no digest"),
    result(FLOWS, FLOW, findings.Outcome.BASELINED, message="allows 400 ports"),
    result(PEOPLE, subject("environment:lab", kind=policies.Input.ENVIRONMENT), findings.Outcome.ERROR),
    result(IMAGES, subject("k8s:core/Pod/x", file="deploy/x.yaml", document=2), findings.Outcome.UNKNOWN),
    result(PRIVILEGED, subject("k8s:core/Pod/y", file="deploy/y.yaml"), line=3, requested="we need it <script>"),
    notices=(
        findings.WaiverNotice(waiver="W-2025-001", rule="image-digest", kind="expired", detail="ended 2026-01-01"),
        findings.WaiverNotice(waiver="W-2026-020", rule="image-digest", kind="unused", detail="excused nothing"),
    ),
    problems=("deploy/broken.yaml:3: this is not YAML",),
    seconds=1.25,
)
CLEAN = report()


def catalogue(framework: str = "mlps", *ids: str) -> controls.Catalogue:
    """A catalogue with these requirements, each with a test behind it."""
    named = ids or ("L3-CES1-17", "L3-CES2-08", "L3-ABS1-07", "L3-ABS1-04")
    return controls.Catalogue.model_validate(
        {
            "apiVersion": "govcloud/v1",
            "kind": "ControlCatalogue",
            "metadata": {"id": f"{framework}-x", "title": _title(), "version": "2019", "publisher": "somebody"},
            "spec": {"framework": framework, "controls": [_control(name) for name in named]},
        },
        strict=False,
    )


def _title() -> dict[str, str]:
    return {"en": "What is asked <for>", "zh": "技术要求清单"}


def _control(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "clause": "8.1.4.4a",
        "title": _title(),
        "automation": "manual" if name == "L3-ABS1-04" else "automated",
        "checks": [] if name == "L3-ABS1-04" else ["verify:packet"],
        "why": "What the checks see, & what they do not.",
    }


CATALOGUES = (
    catalogue(),
    catalogue("nist", "AC-6", "SC-7(5)"),
    catalogue("cis", "5.2.2"),
)

# Anything that a manifest may bring: half characters too, which a JSON escape can make.
_texts = st.one_of(
    st.sampled_from(nasty.FRAGMENTS),
    st.text(st.characters(), max_size=12),
    st.lists(st.sampled_from((*nasty.FRAGMENTS, "]]>", "{0}", "[a](http://x)", "\ufffe", "\x1b[0m")), max_size=4).map(
        "".join
    ),
    st.just("x" * 5000),
)
_lines = st.none() | st.integers(1, 10**6)
_paths = st.lists(_texts | st.integers(0, 9), max_size=3).map(tuple)


@st.composite
def results(draw: st.DrawFn) -> findings.Result:
    """Any result."""
    rule = draw(st.sampled_from(RULES))
    outcome = draw(st.sampled_from([one for one in findings.Outcome if one is not findings.Outcome.PASS]))
    file = draw(st.none() | _texts)
    about = subject(draw(_texts), file=file, kind=rule.spec.input, document=draw(st.integers(0, 2)))
    waived = outcome is findings.Outcome.WAIVED
    return findings.Result(
        policy=rule,
        subject=about,
        outcome=outcome,
        message=draw(_texts),
        path=draw(_paths),
        line=draw(_lines) if file is not None else None,
        waiver=draw(st.sampled_from(["W-2026-014", "W-2026-999"])) if waived else None,
        requested=draw(st.none() | _texts),
    )


_notices = st.builds(
    findings.WaiverNotice,
    waiver=st.just("W-2026-020"),
    rule=_texts,
    kind=st.sampled_from(["expired", "expiring", "unused", "refused"]),
    detail=_texts,
)
_counts = st.builds(findings.InputCount, name=_texts, seen=st.integers(2, 9), judged=st.integers(0, 2))


@st.composite
def reports(draw: st.DrawFn) -> findings.Report:
    """Any report."""
    found = draw(st.lists(results(), max_size=6))
    passed = draw(st.dictionaries(st.sampled_from([rule.metadata.id for rule in RULES]), st.integers(0, 9)))
    return report(
        *found,
        passed=passed,
        evaluations=sum(passed.values()) + len(found),
        inputs=tuple(draw(st.lists(_counts, max_size=2))),
        notices=tuple(draw(st.lists(_notices, max_size=2))),
        problems=tuple(draw(st.lists(_texts, max_size=2))),
    )


def outcomes(of: findings.Report) -> collections.Counter[findings.Outcome]:
    """How many results of each kind."""
    return collections.Counter(one.outcome for one in of.results)
