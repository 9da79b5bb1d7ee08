"""`docs/json.md` lists the fields that verbs print, and no other: each verb runs with its effects replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from govcloud_cli import main
from govcloud_cli.commands import options, output, runs, status
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, plans
from govcloud_cli.run import deploy, destroy, progress, sites, verify, workspace
from govcloud_cli.run import status as run_status
from govcloud_cli.run.tools import diagnosis, findings
from tests.inventory import cases
from tests.support import inventories

DOCUMENT = Path(__file__).parents[2] / "docs" / "json.md"


def documented(heading: str) -> set[str]:
    """The fields of a section's table."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/json.md has no section {heading}"
    return set(re.findall(r"^\| `([^`]+)` \|", found[1], re.MULTILINE))


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The paths of a document's leaves; an empty list is a leaf of its own."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from fields(below, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and value:
        for below in value:
            yield from fields(below, f"{path}[]")
    else:
        yield path


def printed(*arguments: str) -> dict[str, Any]:
    """What a verb prints with `--json`, without its version, which is checked here."""
    verb = main.cli.get_command(None, arguments[0])  # type: ignore[arg-type]
    assert verb is not None
    result = CliRunner().invoke(verb, [*arguments[1:], "--json"], env={"NO_COLOR": "1"})
    assert result.stdout, result.output + str(result.exception)
    document: dict[str, Any] = json.loads(result.stdout)
    assert next(iter(document)) == "schemaVersion"
    assert document.pop("schemaVersion") == output.SCHEMA_VERSION
    return document


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sites.Site:
    """The lab as a site whose state folder is the test's."""
    read = sites.load(options.find_inventory("lab"))
    found = sites.Site(spec=read.spec, space=workspace.Workspace(path=tmp_path / ".govcloud" / "lab"), sides=read.sides)
    workspace.make_folder(found.space.path)
    monkeypatch.setattr(runs, "site", lambda *_, **__: found)
    return found


@pytest.fixture
def plan(site: sites.Site) -> plans.Plan:
    place = build.LabPlace(prefix="gc-e", data_folder="/d", image="/i", authorized_key="ssh-ed25519 A")
    return build.build(
        site.spec, places=dict.fromkeys(platforms.Side, place), sides=site.sides, today=inventories.TODAY
    )


@pytest.mark.usefixtures("site")
def test_plan() -> None:
    assert set(fields(printed("plan"))) == documented("plan")


def test_deploy(plan: plans.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def deployed(*_: Any, journal: progress.Journal, **__: Any) -> deploy.Result:
        with journal.step("prepare"):
            return deploy.Result(plan=plan, steps=(), probes=())

    monkeypatch.setattr(deploy, "deploy", deployed)

    assert set(fields(printed("deploy"))) == documented("deploy")


@pytest.mark.usefixtures("site")
def test_destroy(monkeypatch: pytest.MonkeyPatch) -> None:
    def destroyed(*_: Any, journal: progress.Journal, **__: Any) -> bool:
        with journal.step("internal/network"):
            return True

    monkeypatch.setattr(destroy, "destroy", destroyed)

    assert set(fields(printed("destroy", "--yes"))) == documented("destroy")


def test_status(site: sites.Site, plan: plans.Plan) -> None:
    side = plan.sides[0]
    machine = run_status.MachineStatus(
        name="m", zone="internal", address="10.0.0.1", side="internal", running=True, resident_bytes=1, units={}
    )
    found = run_status.Status(
        deployed=True,
        machines=(machine,),
        services=(run_status.ServiceStatus(endpoint=side.endpoints[0], healthy=True),),
        tenants=side.tenants,
    )

    assert set(fields(status._document(site, found))) == documented("status")


@pytest.mark.usefixtures("site")
def test_verify(plan: plans.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "plan", lambda _: plan)
    monkeypatch.setattr(verify, "verify", lambda *_, **__: (verify.Checked(id="a", expected="open", seen="open"),))

    assert set(fields(printed("verify"))) == documented("verify")


def test_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "diagnose", lambda **_: (findings.ready("root", "yes"),))

    assert set(fields(printed("doctor"))) == documented("doctor")


def test_init(tmp_path: Path) -> None:
    assert set(fields(printed("init", str(tmp_path / "cloud")))) == documented("init")


def test_kubeconfig(site: sites.Site) -> None:
    workspace.write(site.space.side(site.sides[0]).kubeconfig, "")

    assert set(fields(printed("kubeconfig"))) == documented("kubeconfig")


def test_validate_of_a_valid_inventory() -> None:
    assert set(fields(printed("validate"))) == documented("validate")


def test_errors_of_a_refused_inventory(tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name="a-port-that-is-none")

    assert set(fields(printed("validate", "--env", str(folder)))) == documented("Errors")


def test_every_verb_that_prints_json_has_a_section_and_no_other() -> None:
    heads = set(re.findall(r"^## ([a-z]+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    with_json = set()
    for verb in main.VERBS:
        command = main.cli.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        if any("--json" in parameter.opts for parameter in command.params):
            with_json.add(verb)

    assert heads == with_json
