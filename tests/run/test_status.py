from __future__ import annotations

import datetime
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import shards
from govcloud_cli.run import applied, machines, reach, sites, status, workspace
from tests.support import inventories

NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)


@pytest.fixture
def site(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> sites.Site:
    """The external side, deployed with one tenant; its database machine is dead and a chrony has stopped."""
    found = sites.load(inventories.copy("lab", tmp_path), side="external")
    folder = found.space.side(platforms.Side.EXTERNAL)
    workspace.write(folder.ssh / "config", "")
    digests = {shards.shard_of("finance"): "x"}
    applied.Applied(folder=folder, tenants=["finance"], digests=digests).save()

    def run_script(_script: str, arguments: dict[str, dict[str, list[str]]], **_: object) -> dict[str, object]:
        answers: dict[str, object] = {
            host: {"units": dict.fromkeys(given["units"], "active"), "residentBytes": 1024}
            for host, given in arguments.items()
        }
        answers["external-db"] = errors.GovcloudError("dead")
        answers["border"] = {"units": {"chrony.service": "failed"}, "residentBytes": 1024}
        return answers

    monkeypatch.setattr(machines, "run_script", run_script)
    monkeypatch.setattr(reach.Reach, "exists", property(lambda _: True))
    return found


def test_a_dead_machine_is_shown_as_such_beside_the_others(site: sites.Site) -> None:
    found = status.look(site, sites.plan(site, today=inventories.TODAY), now=NOW)
    assert found.deployed
    assert {machine.name: machine.running for machine in found.machines} == {
        "border": True, "external-db": False, "external-k8s": True, "external-identity": True, "gateway": True,
        "external-client": True, "internet-client": True,
    }  # fmt: skip
    assert sum(machine.resident_bytes for machine in found.machines) == 6 * 1024


def test_a_service_is_healthy_only_if_all_its_units_are_active_on_a_machine_that_answers(site: sites.Site) -> None:
    found = status.look(site, sites.plan(site, today=inventories.TODAY), now=NOW)
    assert {service.endpoint.name: service.healthy for service in found.services} == {
        "time": False, "database": False, "kubernetes": True, "identity": True, "sslvpn": True,
    }  # fmt: skip


def test_only_deployed_tenants_are_listed(site: sites.Site) -> None:
    listed = [tenant.id for tenant in status.look(site, sites.plan(site, today=inventories.TODAY), now=NOW).tenants]
    assert "finance" in listed
    assert {shards.shard_of(tenant) for tenant in listed} == {shards.shard_of("finance")}, "the one that went well"
