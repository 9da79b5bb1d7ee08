from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.plan import plans
from govcloud_cli.run import machines, process, reach, sites
from govcloud_cli.run.decommission import decide, reading
from tests.support import inventories


@pytest.fixture
def site(tmp_path: pathlib.Path) -> sites.Site:
    return sites.load(inventories.copy("lab", tmp_path), side="external")


def side_of(site: sites.Site) -> plans.SidePlan:
    (side,) = sites.plan(site, today=inventories.TODAY).sides
    return side


def test_machines_that_do_not_run_are_no_empty_machines(site: sites.Site) -> None:
    (told,) = reading.look(site, side_of(site), "finance").unreadable
    assert told == "the external side: its machines do not run"


def test_a_pooler_that_does_not_answer_is_told(site: sites.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach.Reach, "exists", True)
    monkeypatch.setattr(reading, "_asked", lambda *_, **__: decide.Reading())
    silent = {"external-db": errors.GovcloudError("machine external-db does not answer")}
    monkeypatch.setattr(machines, "run_script", lambda *_, **__: silent)
    (told,) = reading.look(site, side_of(site), "finance").unreadable
    assert told == "the pooler on external-db: machine external-db does not answer"


def test_clients_of_the_tenant_are_taken_from_every_pooler(site: sites.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach.Reach, "exists", True)
    monkeypatch.setattr(reading, "_asked", lambda *_, **__: decide.Reading())
    rows = [{"database": "finance_prod_main", "user": "u"}, {"database": "taxation_prod_main", "user": "v"}]
    monkeypatch.setattr(machines, "run_script", lambda *_, **__: {"external-db": rows})
    assert reading.look(site, side_of(site), "finance").clients == ("u in finance_prod_main",)


def test_the_reader_gets_paths_of_keys_and_no_key_by_its_standard_input(
    site: sites.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Sequence[str], Any]] = []

    def run(argv: Sequence[str], *, stdin: str, timeout: float) -> process.Completed:
        del timeout
        asked.append((argv, json.loads(stdin)))
        return process.Completed(returncode=0, stdout=json.dumps({"roles": ["finance_prod_main_rw"]}), stderr="")

    monkeypatch.setattr(reach.Reach, "exists", True)
    monkeypatch.setattr(process, "run", run)
    assert reading.sweep(site, side_of(site), "finance").roles == ("finance_prod_main_rw",)
    ((argv, job),) = asked
    assert argv[-2:] == ["-m", "govcloud_cli.run.decommission.remains"]
    assert job["sweep"] is True
    assert list(job["servers"]) == ["external-db"]
    assert "finance" not in " ".join(argv)


def test_a_reader_that_dies_is_told(site: sites.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> process.Completed:
        raise errors.ProcessError("it failed", returncode=1, stdout="", stderr="Traceback: kubeconfig is missing")

    monkeypatch.setattr(reach.Reach, "exists", True)
    monkeypatch.setattr(process, "run", run)
    (told,) = reading.sweep(site, side_of(site), "finance").unreadable
    assert "kubeconfig is missing" in told
