"""`docs/json.md` lists the fields that verbs print, and no other: each verb runs with its effects replaced."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from govcloud_cli import errors, main
from govcloud_cli.commands import access, audit, groups
from govcloud_cli.governance import chain, chain_report, lifecycle
from govcloud_cli.model import platforms, tenants
from govcloud_cli.plan import plans
from govcloud_cli.run import deploy, destroy, drift, progress, restoring, sites, verify, workspace
from govcloud_cli.run import status as run_status
from govcloud_cli.run.access import days
from govcloud_cli.run.login import profiles, transport
from govcloud_cli.run.people import foreseeing
from govcloud_cli.run.tools import diagnosis, findings
from tests.docs import documented
from tests.inventory import cases
from tests.run.login import test_profiles as login_profiles
from tests.support import identity_answers

FOUND = drift.Finding(
    side="external",
    part=drift.Part.CLUSTER,
    subject="RoleBinding/finance-prod/tenant-owner",
    what=drift.What.EXTRA,
    field="subjects[1]",
    found={"kind": "User", "name": "mallory"},
    tenant="finance",
    step="tenants-03",
)
NOTICE = lifecycle.Notice(
    tenant="finance",
    environment=tenants.EnvironmentName.TEST,
    level=lifecycle.Level.WARNING,
    expires_on=datetime.date(2026, 11, 3),
    days_left=2,
)


@pytest.mark.usefixtures("site")
def test_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = foreseeing.Foreseen(side=platforms.Side.EXTERNAL, unread="it does not answer")
    monkeypatch.setattr(foreseeing, "foresee", lambda *_, **__: {unread.side: unread})
    documented.agree("plan", documented.printed("plan"))


def test_deploy(plan: plans.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def deployed(*_: Any, journal: progress.Journal, **__: Any) -> deploy.Result:
        with journal.step("prepare"):
            return deploy.Result(plan=plan, steps=(), probes=(), repaired=(FOUND,), left=(FOUND,), notices=(NOTICE,))

    monkeypatch.setattr(deploy, "deploy", deployed)

    documented.agree("deploy", documented.printed("deploy"))


@pytest.mark.usefixtures("site")
def test_a_deploy_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, journal: progress.Journal, **__: Any) -> deploy.Result:
        with journal.step("approvals"):
            raise errors.PolicyDeniedError("1 tenant is not approved")

    monkeypatch.setattr(deploy, "deploy", denied)
    document = documented.printed("deploy")
    assert document["error"]["exitCode"] == errors.ExitCode.POLICY_DENIED

    told = documented.rows("deploy") | documented.rows("Errors") | {"faults": "list"}
    seen = set(documented.fields(document, told))
    assert seen <= set(told)
    assert {"changed", "steps[].note", "seconds"} <= seen


@pytest.mark.usefixtures("site")
def test_destroy(monkeypatch: pytest.MonkeyPatch) -> None:
    def destroyed(*_: Any, journal: progress.Journal, **__: Any) -> bool:
        with journal.step("internal/network"):
            return True

    monkeypatch.setattr(destroy, "destroy", destroyed)

    documented.agree("destroy", documented.printed("destroy", "--yes"))


def test_status(site: sites.Site, plan: plans.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    side = plan.sides[0]
    machine = run_status.MachineStatus(
        name="m", zone="internal", address="10.0.0.1", side="internal", running=True, resident_bytes=1, units={}
    )
    found = run_status.Status(
        deployed=True,
        machines=(machine,),
        services=(run_status.ServiceStatus(endpoint=side.endpoints[0], healthy=True),),
        tenants=side.tenants,
        expiring=("x",),
    )
    ours = dataclasses.replace(NOTICE, tenant=side.tenants[0].id)
    monkeypatch.setattr(sites, "plan", lambda _, *, today, guards: plan)
    monkeypatch.setattr(run_status, "look", lambda *_, **__: found)
    monkeypatch.setattr(lifecycle, "notices", lambda *_, **__: (ours, NOTICE))

    document = documented.printed("status")

    documented.agree("status", document)
    assert [one["tenant"] for one in document["notices"]] == [ours.tenant], "tenants of the other side are not told"


@pytest.mark.usefixtures("site")
def test_verify(plan: plans.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "plan", lambda _, *, today, guards: plan)
    monkeypatch.setattr(verify, "verify", lambda *_, **__: (verify.Checked(id="a", expected="open", seen="open"),))

    documented.agree("verify", documented.printed("verify"))


@pytest.mark.usefixtures("site")
def test_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = drift.Unread(side="internal", part=drift.Part.MACHINE, subject="internal-db", reason="no answer")
    outcome = restoring.Outcome(
        found=(FOUND,), repaired=(FOUND,), unread=(unread,), pending=("external: Namespace/finance-prod",)
    )
    monkeypatch.setattr(restoring, "look", lambda *_, **__: outcome)

    documented.agree("drift", documented.printed("drift"))


# -- the audit log


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log with one record that is right, and one of which nothing is."""
    actor = chain.Actor(person="li.na", source=chain.Source.OS.value)
    entry = chain.Entry(
        number=1,
        time="2026-11-01T08:00:00.000Z",
        actor=actor,
        action=chain.Action.DEPLOY_BEGAN.value,
        environment="lab",
        side="external",
        tenant="finance",
        details={"verb": "deploy"},
    )
    record = chain.Record(entry=entry, previous="0" * 64, chain="1" * 64, signature="s")
    bad = chain_report.Finding(problem=chain_report.Problem.NO_MEMORY, number=None, message="nothing is remembered")
    reports = (
        chain_report.Report(records=1, head=record.head("k"), since=entry.time, findings=(), notes=()),
        chain_report.Report(records=0, head=None, since=None, findings=(bad,), notes=("the second place is gone",)),
    )

    def readings(*_: Any, **__: Any) -> Iterator[Any]:
        for report in reports:
            yield SimpleNamespace(
                log=Path("log.jsonl"),
                key=SimpleNamespace(fingerprint="k"),
                records=lambda report=report: iter([(record, True)] if report.head else []),
                report=lambda report=report: report,
            )

    monkeypatch.setattr(audit, "_readings", readings)
    changed = (days.Finding(file="2026-11-01.jsonl", record=None, message="something was added"),)
    monkeypatch.setattr(access, "check_beside", lambda *_, **__: changed)


@pytest.mark.usefixtures("logs")
def test_audit_verify() -> None:
    told = documented.rows("audit verify")
    document = documented.printed("audit", "verify")
    # What is wrong with the one is empty of the other.
    seen = set(documented.fields(document, told)) - {"logs[].findings", "logs[].notes"}

    assert seen == set(told)


@pytest.mark.usefixtures("logs")
def test_audit_show() -> None:
    documented.agree("audit show", documented.printed("audit", "show"))


# -- before anything is deployed


def test_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "diagnose", lambda **_: (findings.ready("root", "yes"),))

    documented.agree("doctor", documented.printed("doctor"))


def test_init(tmp_path: Path) -> None:
    documented.agree("init", documented.printed("init", str(tmp_path / "cloud")))


def test_kubeconfig(site: sites.Site) -> None:
    workspace.write(site.space.side(site.sides[0]).kubeconfig, "")

    documented.agree("kubeconfig", documented.printed("kubeconfig"))


def test_login_and_logout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = identity_answers.Service(identity_answers.granted())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(transport.Https, "ask", lambda _self, url, form=None: service.ask(url, form))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(time, "time", lambda: identity_answers.NOW)
    profiles.save(login_profiles.PROFILE)

    documented.agree("login", documented.printed("login", "--profile", "test"))
    documented.agree("logout", documented.printed("logout", "--profile", "test"))


def test_validate_of_a_valid_inventory() -> None:
    documented.agree("validate", documented.printed("validate"))


def test_errors_of_a_refused_inventory(tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name="a-port-that-is-none")

    documented.agree("Errors", documented.printed("validate", "--env", str(folder)))


# -- nothing is left out


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every verb, and every second word of those that have some."""
    for verb in main.VERBS:
        command = main.cli.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        if isinstance(command, groups.Words):
            context = click.Context(command)
            for word in command.list_commands(context):
                below = command.get_command(context, word)
                assert below is not None
                yield f"{verb} {word}", below
        else:
            yield verb, command


def with_json() -> set[str]:
    return {name for name, one in commands() if any("--json" in parameter.opts for parameter in one.params)}


def test_every_verb_that_prints_json_has_a_section_and_no_other() -> None:
    heads = re.findall(r"^## ([a-z]+(?: [a-z-]+)?)$", documented.DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert sorted(heads) == sorted(with_json())


def test_every_section_is_held_to_what_its_verb_prints() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    held = set(re.findall(r'documented\.(?:agree|rows)\(\s*"([^"]+)"', source))

    assert with_json() - held == set(), "a test calls `documented.agree` for each"
