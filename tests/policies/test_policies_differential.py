"""Our verdict and the API server's, policy by policy, over all samples and over thousands of objects made from them.

The same CEL runs in two engines. Whatever one of them makes of a document that the other does not, a finding, its
message or an error, is a failure here. Only documents count that the API server's own validation accepts.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import functools
import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from govcloud_cli import resources
from govcloud_cli.compliance import admission, findings, judging, kinds, manifest_inputs, rules, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.inventory import rulebook
from govcloud_cli.model import policies
from tests.support import api_verdicts, control_plane, object_generator

pytestmark = [pytest.mark.engine]

FOLDER = resources.folder("policies")
SETTINGS = {"registries": ["registry.gov.example/apps", "registry.yunxi.example"]}
GENERATED = 3200
KINDS = 4
"""Unchanged samples of each policy that are put into other kinds."""
SEED = 20260302
ONE_SIDED = {
    "pod-proc-mount": "an API server takes an unmasked /proc only together with what lets it be",
}
"""Policies that no valid object breaks, or none keeps, and why."""
CLUSTER_WIDE = {"GatewayClass"}
"""Of the kinds that no API server has by itself, those outside of namespaces; and all whose names say so."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A document, and what both sides say of it."""

    source: str
    document: Any
    ours: dict[str, api_verdicts.Verdict]
    answer: api_verdicts.Answer

    def __str__(self) -> str:
        return f"{self.source}: {api_verdicts.text_of(self.document)}"


@functools.cache
def book() -> rulebook.Rulebook:
    return rulebook.load([FOLDER])


def enforced() -> list[policies.Policy]:
    return [policy for policy in book().policies if admission.enforceable(policy)]


def samples(policy: policies.Policy) -> list[tuple[str, Any]]:
    folders = FOLDER.glob(f"*/{policy.metadata.id}/*/*.yaml")
    named = ((f"{policy.metadata.id}/{file.parent.name}/{file.name}", file) for file in sorted(folders))
    return [(name, document) for name, file in named for document in object_generator.documents(file)]


def generated(found: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """As many of each policy's samples, in every kind of their family."""
    by_policy: dict[str, list[tuple[str, Any]]] = collections.defaultdict(list)
    for name, document in found:
        spread = object_generator.spread(document)
        by_policy[name.partition("/")[0]] += [(f"{name} as {one['kind']}", one) for one in spread]
    maker = object_generator.Generator([document for some in by_policy.values() for _, document in some], seed=SEED)
    chance = random.Random(SEED)
    for some in by_policy.values():
        yield from chance.sample(some, min(len(some), KINDS))
        for number in range(GENERATED // len(by_policy)):
            name, document = chance.choice(some)
            yield f"change {number} of {name}", maker.changed(document)


def ours(found: Sequence[rules.Rule], documents: Sequence[Any]) -> list[dict[str, api_verdicts.Verdict]]:
    """What each rule that matches a document says of it."""
    asked = [
        subjects.Subject(
            input=policies.Input.KUBERNETES, key=str(number), document=manifest_inputs.without_nulls(document)
        )
        for number, document in enumerate(documents)
    ]
    verdicts = [{rule.id: api_verdicts.Verdict() for rule in found if rule.matches(subject)} for subject in asked]
    for result in judging.judge(found, asked).results:
        mine = verdicts[int(result.subject.key)]
        field = "messages" if result.outcome is findings.Outcome.FAIL else "errors"
        before = mine[result.policy.metadata.id]
        said = (*getattr(before, field), result.message)
        mine[result.policy.metadata.id] = dataclasses.replace(before, **{field: said})
    return verdicts


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Case]]:
    with control_plane.running(tmp_path_factory.mktemp("plane"), controllers=CONTROLLERS) as plane:
        yield asyncio.run(_ask(plane))


CONTROLLERS = (*control_plane.CONTROLLERS, "validatingadmissionpolicy-status-controller")


async def _ask(plane: control_plane.ControlPlane) -> list[Case]:
    all_rules = enforced()
    compiled_by = engine.Engine(SETTINGS)
    ready = [rules.compile(rule, libraries=book().libraries, engine=compiled_by) for rule in all_rules]
    found = [sample for rule in all_rules for sample in samples(rule)]
    async with api_verdicts.asking(plane.kubeconfig, all_rules) as asker:
        kinds_ = [one for _, document in found for one in object_generator.spread(document)]
        await asker.define(kinds_, cluster_wide=CLUSTER_WIDE)
        await asker.install(admission.manifests(all_rules, book().libraries, waivers=(), settings=SETTINGS))
        await api_verdicts.make_room(asker, [document for _, document in found])
        documents = [(name, await asker.placed(one)) for name, one in (*found, *generated(found))]
        answers = await asker.ask_all(document for _, document in documents)
    verdicts = ours(ready, [document for _, document in documents])
    return [
        Case(source=name, document=document, ours=mine, answer=answer)
        for (name, document), mine, answer in zip(documents, verdicts, answers, strict=True)
    ]


def tell(line: str) -> None:
    """Shown by `pytest -s`."""
    sys.stdout.write(f"{line}\n")


def accepted(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if not case.answer.refused]


def differences(cases: Sequence[Case]) -> Iterator[str]:
    for case in cases:
        said = {rule: verdict for rule, verdict in case.ours.items() if verdict != api_verdicts.Verdict()}
        asked = case.answer.asked
        for rule in sorted(said.keys() | case.answer.verdicts.keys()):
            if asked is not None and rule not in asked:
                continue
            mine = said.get(rule, api_verdicts.Verdict())
            theirs = case.answer.verdicts.get(rule, api_verdicts.Verdict())
            if not theirs.agrees(mine):
                yield f"{rule}: ours {mine}, the API server's {theirs}: {case}"


def test_every_sample_has_the_verdict_of_the_api_server(cases: list[Case]) -> None:
    found = list(differences([case for case in accepted(cases) if not case.source.startswith("change")]))
    assert found == [], "\n".join(found[:10])


def test_every_generated_object_has_the_verdict_of_the_api_server(cases: list[Case]) -> None:
    made = accepted([case for case in cases if case.source.startswith("change")])
    tell(f"{len(made)} of {len(cases)} documents are changed ones that the API server accepts")
    found = list(differences(made))
    assert found == [], f"{len(found)} of {len(made)}:\n" + "\n".join(found[:10])
    assert len(made) >= 1500


def test_every_policy_is_both_broken_and_kept(cases: list[Case]) -> None:
    broken: collections.Counter[str] = collections.Counter()
    kept: collections.Counter[str] = collections.Counter()
    wrong: collections.Counter[str] = collections.Counter()
    for case in accepted(cases):
        for rule, verdict in case.ours.items():
            counter = wrong if verdict.errors else broken if verdict.messages else kept
            counter[rule] += 1
    ids = [rule.metadata.id for rule in enforced()]
    for rule in ids:
        tell(f"{rule:40} broken {broken[rule]:5}  kept {kept[rule]:5}  errors {wrong[rule]:5}")
    one_sided = {rule for rule in ids if not (broken[rule] and kept[rule])}
    assert one_sided == set(ONE_SIDED)


def test_an_error_here_is_an_error_there(cases: list[Case]) -> None:
    wrong = [case for case in accepted(cases) if any(verdict.errors for verdict in case.ours.values())]
    there = [case for case in accepted(cases) if any(one.errors for one in case.answer.verdicts.values())]
    assert [case.source for case in wrong] == [case.source for case in there]


def test_every_kind_that_policies_match_is_among_the_objects(cases: list[Case]) -> None:
    documents = [case.document for case in accepted(cases)]
    seen = {(kinds.group_of(one["apiVersion"], one["kind"]), kinds.plural(one["kind"])) for one in documents}
    wanted = {
        (group, resource)
        for manifest in admission.manifests(enforced(), book().libraries, waivers=(), settings=SETTINGS)
        for rule in (manifest["spec"].get("matchConstraints") or {}).get("resourceRules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if "/" not in resource and "*" not in (group, resource)
    }
    assert wanted - seen == set()
