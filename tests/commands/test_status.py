from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run import status
from tests.support import inventories
from tests.support.command_line import run


def test_what_is_not_deployed_says_what_to_run(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    result = run("status", "--env", str(folder))
    assert result.code == 0
    assert result.stdout == f"Environment 'lab' is not deployed. Next: govcloud deploy --env {folder}\n"
    assert not (tmp_path / ".govcloud").exists(), "looking makes nothing"


def test_json_has_zones_machines_services_and_tenants(tmp_path: pathlib.Path) -> None:
    document = run("status", "--env", str(inventories.copy("lab", tmp_path)), "--json").document
    assert document["deployed"] is False
    assert [zone["name"] for zone in document["zones"]] == ["internal", "external", "internet"]
    assert len(document["machines"]) == 10
    assert not any(machine["running"] for machine in document["machines"])
    assert {service["healthy"] for service in document["services"]} == {False}
    assert document["tenants"] == []


def test_one_side_shows_nothing_of_the_other(tmp_path: pathlib.Path) -> None:
    folder = str(inventories.copy("lab", tmp_path))
    document = run("status", "--env", folder, "--side", "internal", "--json").document
    assert [zone["name"] for zone in document["zones"]] == ["internal"]
    assert {machine["side"] for machine in document["machines"]} == {"internal"}


def test_a_running_platform_is_shown_with_its_health(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    machine = status.MachineStatus(
        name="external-db",
        zone="external",
        address="10.20.0.11",
        side="external",
        running=True,
        resident_bytes=64 << 20,
        units={},
    )
    services = tuple(status.ServiceStatus(endpoint=point, healthy=point.name != "time") for point in side.endpoints)
    found = status.Status(
        deployed=True, machines=(machine,), services=services, tenants=side.tenants[:1], expiring=("li.wei's ends",)
    )
    monkeypatch.setattr(status, "look", lambda *_, **__: found)
    folder = str(inventories.copy("lab", tmp_path))
    told = run("status", "--env", folder)
    shown = told.stdout
    assert "warning 警告: li.wei's ends" in told.stderr
    assert run("status", "--env", folder, "--json").document["expiring"] == ["li.wei's ends"]
    assert "1 machines, 64 MiB resident" in shown
    assert shown.count("UNHEALTHY") == 1
    assert side.tenants[0].namespaces[0] in shown


def test_the_command_that_is_proposed_is_for_the_environment_that_was_looked_at(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    for words in (("status",), ("verify",), ("tenant", "diff", "finance"), ("audit", "show")):
        result = run(*words, "--env", str(folder))
        assert f"govcloud deploy --env {folder}" in result.stdout + result.stderr, words
