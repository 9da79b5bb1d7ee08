"""Judging an environment: the gate of a deploy, the same in CI, and what the clusters get."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.compliance import enforcement, findings, inputs
from govcloud_cli.model import policies, policy_settings
from govcloud_cli.plan import plans
from govcloud_cli.run import enforcing, sites
from govcloud_cli.run import policies as run_policies
from tests.inventory import cases
from tests.support import policy_folders

TODAY = datetime.date(2026, 11, 1)


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two policies in the place of GovCloud's."""
    folder = policy_folders.shipped(tmp_path / "shipped" / "policies")
    real = resources.folder
    monkeypatch.setattr(resources, "folder", lambda name, **_: folder if name == "policies" else real(name))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "cloud" / "inventories" / "town"
    shutil.copytree(cases.ROOT / "good", folder)
    return folder


@pytest.fixture
def site(environment: Path) -> sites.Site:
    return sites.load(environment)


@pytest.fixture
def plan(site: sites.Site) -> plans.Plan:
    return sites.plan(site, today=TODAY)


@pytest.fixture
def named(shipped: Path) -> None:
    """Every tenant of the environment has a finding."""
    path = shipped / "tenants" / "tenant-named" / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("!= ''", "== ''"), "utf-8")


# -- the gate


def test_the_gate_judges_everything_of_the_plan(site: sites.Site, plan: plans.Plan) -> None:
    report = run_policies.judge(site, plan, today=TODAY)

    seen = {one.name: one.seen for one in report.inputs}
    assert seen["tenant"] == len(site.spec.tenants)
    assert seen["kubernetes"] > 10
    assert seen["host"] == len(site.spec.platform.spec.machines)
    assert seen.keys() == set(policies.Input)
    assert report.stopping(policies.MANDATORY) == ()
    assert report.unjudgeable() == ()


@pytest.mark.usefixtures("named")
def test_the_gate_and_ci_come_to_the_same(site: sites.Site, plan: plans.Plan, environment: Path) -> None:
    gate = run_policies.judge(site, plan, today=TODAY)
    ours = run_policies.check(run_policies.Question(environment=environment), today=TODAY).report

    assert gate.stopping(policies.MANDATORY)
    assert [(one.subject.key, one.line) for one in gate.results] == [
        (one.subject.key, one.line) for one in ours.results
    ]
    assert gate.results[0].line is not None


@pytest.mark.usefixtures("named")
def test_a_waiver_beside_the_inventories_opens_the_gate_until_its_last_day(
    site: sites.Site, plan: plans.Plan, environment: Path
) -> None:
    folder = environment.parents[1] / "policies"
    for number, tenant in enumerate(site.spec.tenants, start=1):
        key = f"tenant:{tenant.metadata.id}"
        policy_folders.waiver(folder, f"W-2026-{number:03}", rule="tenant-named", resource=key)

    assert run_policies.judge(site, plan, today=TODAY).stopping(policies.MANDATORY) == ()
    after = run_policies.judge(site, plan, today=datetime.date(2027, 3, 2))
    assert len(after.failing(policies.MANDATORY)) == len(site.spec.tenants)
    assert all(notice.fails for notice in after.notices)


@pytest.mark.usefixtures("named")
def test_an_environment_is_judged_by_its_own_profile(environment: Path) -> None:
    platform = environment / "platform.yaml"
    platform.write_text(platform.read_text("utf-8") + "  policies: {profile: baseline}\n", "utf-8")

    report = run_policies.check(run_policies.Question(environment=environment), today=TODAY).report

    assert report.profile is policies.Profile.BASELINE
    assert [one.metadata.id for one in report.rules] == ["pod-privileged"]


def test_registries_of_the_platform_are_what_policies_read(environment: Path) -> None:
    platform = environment / "platform.yaml"
    text = platform.read_text("utf-8") + "  policies: {registries: [registry.example]}\n"
    platform.write_text(text, "utf-8")
    path = policy_folders.policy(environment.parents[1] / "policies", "registries-are-named")
    rule = path.read_text("utf-8").replace(
        "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
        "variables.settings.registries == []",
    )
    path.write_text(rule, "utf-8")
    pod = policy_folders.write(environment.parents[1] / "pod.yaml", policy_folders.pod())
    question = run_policies.Question(environment=environment, paths=(str(pod),), rules=("registries-are-named",))

    assert len(run_policies.check(question, today=TODAY).report.of(findings.Outcome.FAIL)) == 1


def test_policies_with_faults_stop_the_gate(site: sites.Site, plan: plans.Plan, environment: Path) -> None:
    path = policy_folders.policy(environment.parents[1] / "policies", "own-rule-of-pods")
    path.write_text(path.read_text("utf-8").replace("object.spec", "objekt.spec"), "utf-8")

    with pytest.raises(errors.InventoryError):
        run_policies.judge(site, plan, today=TODAY)


def test_machines_are_judged_with_their_roles_defaults(
    site: sites.Site, plan: plans.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {}
    of_plan = inputs.of_plan

    def recorded(*given: Any, **named: Any) -> Any:
        told.update(named)
        return of_plan(*given, **named)

    monkeypatch.setattr(inputs, "of_plan", recorded)
    run_policies.judge(site, plan, today=TODAY)

    assert told["defaults"]["database"]["database_max_connections"]


# -- where an environment's policies lie


@pytest.mark.parametrize("name", ["inventories", "places"])
def test_the_workspace_leads_to_the_policies(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "cloud" / name / "town"
    shutil.copytree(cases.ROOT / "good", folder)
    site = sites.load(folder)
    policy_folders.policy(tmp_path / "cloud" / "policies", "own-rule-of-pods")

    report = run_policies.judge(site, sites.plan(site, today=TODAY), today=TODAY)

    assert "own-rule-of-pods" in [one.metadata.id for one in report.rules]


# -- what clusters get


def test_guards_are_of_the_environments_profile_and_of_what_a_cluster_can_judge(
    site: sites.Site, environment: Path
) -> None:
    policy_folders.policy(environment.parents[1] / "policies", "own-rule-of-pods", severity="low")

    found = enforcing.guards(site.spec, site.space, today=TODAY)

    assert [(one["kind"], one["metadata"]["name"]) for one in found] == [
        ("ValidatingAdmissionPolicy", "own-rule-of-pods.policies.govcloud.io"),
        ("ValidatingAdmissionPolicyBinding", "own-rule-of-pods.policies.govcloud.io"),
        ("ValidatingAdmissionPolicy", "pod-privileged.policies.govcloud.io"),
        ("ValidatingAdmissionPolicyBinding", "pod-privileged.policies.govcloud.io"),
    ]


def test_guards_let_be_what_is_waived_as_long_as_the_waiver_lasts(site: sites.Site, environment: Path) -> None:
    policy_folders.waiver(environment.parents[1] / "policies", expires="2026-11-01")

    assert "k8s:core/Pod/a/web" in str(enforcing.guards(site.spec, site.space, today=TODAY))
    assert "k8s:core/Pod/a/web" not in str(enforcing.guards(site.spec, site.space, today=datetime.date(2026, 11, 2)))


def test_policies_read_the_same_settings_here_and_in_the_cluster() -> None:
    declared = policy_settings.PolicySettings(registries=("registry.example",))

    assert run_policies.settings(declared) == enforcement.settings(declared)


# -- what was judged


def test_the_digest_is_of_what_was_judged(tmp_path: Path) -> None:
    path = policy_folders.write(tmp_path / "a.yaml", policy_folders.pod())
    question = run_policies.Question(paths=(str(path),))

    first = run_policies.check(question, today=TODAY).digest
    policy_folders.write(tmp_path / "a.yaml", "# a remark\n" + policy_folders.pod())
    second = run_policies.check(question, today=TODAY).digest
    policy_folders.write(tmp_path / "a.yaml", policy_folders.pod("other"))

    assert first == second != run_policies.check(question, today=TODAY).digest


def test_rules_that_manifests_cannot_answer_are_not_said_to_have_run(tmp_path: Path) -> None:
    path = policy_folders.write(tmp_path / "a.yaml", policy_folders.pod())

    report = run_policies.check(run_policies.Question(paths=(str(path),)), today=TODAY).report

    assert [one.metadata.id for one in report.rules] == ["pod-privileged"]


def test_nothing_to_judge_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        run_policies.check(run_policies.Question(), today=TODAY)
