"""Our Pod Security rules beside Kubernetes' own: random pods, a real API server, no difference.

What both say is written to `build/pod-security.md`, check by check.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from govcloud_cli.compliance import findings, judging, manifest_inputs, rules
from govcloud_cli.inventory import manifests
from govcloud_cli.model import policies
from tests.support import control_plane, pod_answers, pod_generator, rulebooks

pytestmark = pytest.mark.engine
_TABLE: Final = pathlib.Path(__file__).parents[2] / "build" / "pod-security.md"
_SEED: Final = 20_260_701
_PODS: Final = 7_000
_COUNTED: Final = 5_000
"""Pods that both judged, at least; without those that the API server refuses as invalid."""
_TEMPLATES: Final = 100
"""Each in every kind of workload."""

_BASELINE: Final = {
    "forbidden AppArmor profile": "pod-apparmor",
    "forbidden AppArmor profiles": "pod-apparmor",
    "forbidden sysctls": "pod-sysctls",
    "host namespaces": "pod-host-namespaces",
    "hostPath volumes": "pod-host-path",
    "hostPort": "pod-host-ports",
    "hostProcess": "pod-windows-host-process",
    "non-default capabilities": "pod-added-capabilities",
    "privileged": "pod-privileged",
    "probe or lifecycle host": "pod-probe-hosts",
    "procMount": "pod-proc-mount",
    "seLinuxOptions": "pod-selinux",
    "seccompProfile": "pod-seccomp-not-disabled",
}
"""Kubernetes' word for a check -> our rule, at level baseline. A word that is not here is a check that we lack."""
_STRICTER: Final = {
    "allowPrivilegeEscalation != false": "pod-privilege-escalation",
    "procMount": "pod-proc-mount-default",
    "restricted volume types": "pod-volume-types",
    "runAsNonRoot != true": "pod-run-as-non-root",
    "runAsUser=0": "pod-run-as-user",
    "seccompProfile": "pod-seccomp-required",
    "unrestricted capabilities": "pod-drop-capabilities",
}
_OVERRIDDEN: Final = frozenset(
    {"pod-added-capabilities", "pod-host-path", "pod-proc-mount", "pod-seccomp-not-disabled"}
)
"""What level restricted does not ask, because a stricter check of its own does."""
_RESTRICTED: Final = {word: rule for word, rule in _BASELINE.items() if rule not in _OVERRIDDEN} | _STRICTER
_LEVELS: Final = tuple(level.value for level in policies.PodSecurity)
_NEVER_REFUSED: Final = frozenset({"pod-proc-mount"})
"""The API server takes an unmasked /proc only together with what lets it be: nothing valid is left to refuse."""


@dataclasses.dataclass(kw_only=True)
class Row:
    """One check, or one level as a whole: how many documents each side refuses."""

    both: int = 0
    neither: int = 0
    only_we: int = 0
    only_they: int = 0

    def count(self, *, ours: bool, theirs: bool) -> None:
        """Add one document."""
        name = {(True, True): "both", (False, False): "neither", (True, False): "only_we"}.get((ours, theirs))
        setattr(self, name or "only_they", getattr(self, name or "only_they") + 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Agreement:
    """All answers, and how they compare."""

    counted: Mapping[str, int]
    """Kind, or `debug containers` -> documents that both judged."""
    invalid: int
    rows: Mapping[str, Row]
    """Rule, or level -> counts."""
    differences: Sequence[str]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[control_plane.ControlPlane]:
    """An API server that lets privileged pods be valid, so that only Pod Security refuses them."""
    usual = control_plane._api_server
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control_plane, "_api_server", lambda *places: [*usual(*places), "--allow-privileged=true"])
        with control_plane.running(tmp_path_factory.mktemp("plane")) as running:
            yield running


@pytest.fixture(scope="module")
def agreement(plane: control_plane.ControlPlane) -> Agreement:
    answers = asyncio.run(_ask(plane))
    found = _compare(answers)
    _TABLE.parent.mkdir(exist_ok=True)
    _TABLE.write_text(_table(found), encoding="utf-8")
    return found


async def _ask(plane: control_plane.ControlPlane) -> Mapping[str, pod_answers.Answers]:
    templates = list(itertools.islice(pod_generator.templates(_SEED), _PODS))
    some = list(itertools.islice(pod_generator.templates(_SEED + 1), _TEMPLATES))
    async with pod_answers.connected(plane) as server:
        found = {"Pod": await server.workloads(one.pod(f"p{n}") for n, one in enumerate(templates))}
        for kind in pod_generator.WORKLOADS:
            found[kind] = await server.workloads(one.workload(kind, f"w{n}") for n, one in enumerate(some))
        found["debug containers"] = await server.debugged(_SEED, pods=9, each=60)
    return found


def _compare(answers: Mapping[str, pod_answers.Answers]) -> Agreement:
    asked = [one for one in rulebooks.rules() if one.policy.spec.pod_security is not None]
    given = [one for some in answers.values() for one in some.given]
    rows = {one.id: Row() for one in asked} | {level: Row() for level in _LEVELS}
    differences: list[str] = []
    for answer, ours in zip(given, _judged(asked, [one.document for one in given]), strict=True):
        baseline = {_BASELINE[word] for word in answer.baseline}
        restricted = {_RESTRICTED[word] for word in answer.restricted}
        theirs = baseline | (restricted - set(_BASELINE.values()))
        if baseline - _OVERRIDDEN != restricted & set(_BASELINE.values()):
            differences.append(f"Kubernetes' two levels differ: {answer}")
        if ours != theirs:
            differences.append(f"only we: {ours - theirs}, only Kubernetes: {theirs - ours}, in {answer.document}")
        for one in asked:
            rows[one.id].count(ours=one.id in ours, theirs=one.id in theirs)
        rows["baseline"].count(ours=bool(ours & set(_BASELINE.values())), theirs=bool(answer.baseline))
        rows["restricted"].count(ours=bool(ours), theirs=bool(answer.restricted))
    return Agreement(
        counted={kind: len(some.given) for kind, some in answers.items()},
        invalid=sum(some.invalid for some in answers.values()),
        rows=rows,
        differences=differences,
    )


def _judged(asked: Sequence[rules.Rule], documents: Sequence[dict[str, Any]]) -> list[set[str]]:
    """For each document, the rules that it does not pass; an error is no pass, and named as one.

    They are read as a file of manifests is, as JSON.
    """
    read = manifests.read([pathlib.Path("-")], stdin="\n".join(json.dumps(one) for one in documents))
    assert read.problems == ()
    found = manifest_inputs.of_manifests(read.objects)
    told: dict[int, set[str]] = {id(subject): set() for subject in found}
    for result in judging.judge(asked, found).results:
        failed = result.outcome is findings.Outcome.FAIL
        told[id(result.subject)].add(result.policy.metadata.id if failed else f"{result.outcome}: {result.message}")
    return [told[id(subject)] for subject in found]


def _table(found: Agreement) -> str:
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in found.counted.items())
    lines = [
        f"{sum(found.counted.values()):,} documents (seed {_SEED}): {kinds}.",
        f"Not counted: {found.invalid:,} that the API server refuses as invalid.",
        "",
        "| check | both refuse | both let be | only GovCloud refuses | only Kubernetes refuses |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, row in found.rows.items():
        shown = f"**level {name}**" if name in _LEVELS else f"`{name}`"
        lines.append(f"| {shown} | {row.both:,} | {row.neither:,} | {row.only_we:,} | {row.only_they:,} |")
    return "\n".join(lines) + "\n"


def test_enough_valid_pods_are_compared_and_every_kind_of_workload(agreement: Agreement) -> None:
    print(_table(agreement))  # noqa: T201 - for who runs this with -s
    assert agreement.counted["Pod"] >= _COUNTED
    few = {kind: number for kind, number in agreement.counted.items() if number < _TEMPLATES * 0.8}
    assert few == {}, "most templates are valid in every kind of workload"


def test_both_verdicts_of_every_check_are_common(agreement: Agreement) -> None:
    rare = {
        name: row
        for name, row in agreement.rows.items()
        if min(row.both, row.neither) < 50 and name not in _NEVER_REFUSED
    }
    assert rare == {}


def test_what_kubernetes_refuses_we_refuse(agreement: Agreement) -> None:
    missed = {name: row for name, row in agreement.rows.items() if row.only_they}
    assert missed == {}, agreement.differences[:3]


def test_what_kubernetes_lets_be_we_let_be(agreement: Agreement) -> None:
    wrong = {name: row for name, row in agreement.rows.items() if row.only_we}
    assert wrong == {}, agreement.differences[:3]


def test_there_is_no_other_difference(agreement: Agreement) -> None:
    assert agreement.differences[:3] == []
