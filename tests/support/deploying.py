"""A deploy whose machines, engines, clusters and databases do as they are told."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli.compliance import findings
from govcloud_cli.model import policies as models
from govcloud_cli.run import deploy, enforcing, lock, policies, preparing, process, progress, siderun, sites
from govcloud_cli.run import verify as run_verify
from govcloud_cli.run.people import deploying as people_deploying
from govcloud_cli.run.people import places as people_places
from tests.support import world as worlds
from tests.support.reporters import Quiet
from tests.support.world import World

SILENCE = findings.Report(
    profile=models.Profile.MLPS_L3,
    rules=(),
    results=(),
    evaluations=0,
    passed={},
    inputs=(),
    notices=(),
    problems=(),
    today=datetime.date(2026, 11, 22),
)
NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)


def install(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path, *, judged: bool = False) -> World:
    """Put a world in the place of everything that a deploy acts on.

    Unless it is to be `judged`, the policies say nothing: asking all of them takes a second.
    """
    if not judged:
        monkeypatch.setattr(policies, "judge", lambda *_, **__: SILENCE)
        monkeypatch.setattr(enforcing, "guards", lambda *_, **__: ())
    made = worlds.install(monkeypatch, folder)
    tools = {"pulumi": pathlib.Path("/bin/pulumi")}
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: preparing.Prepared(tools=tools, made=()))
    monkeypatch.setattr(sites, "prepare_keys", lambda _: None)
    # Nobody is there, and nobody is to be; tests of people say otherwise.
    monkeypatch.setattr(people_places, "within", lambda *_: ())
    monkeypatch.setattr(people_deploying.People, "settle", lambda *_: None)
    monkeypatch.setattr(process, "mark", lambda _: None)
    monkeypatch.setattr(process, "end_leftovers", lambda _: ())
    passed = (run_verify.Checked(id="x", expected="open", seen="open"),)
    monkeypatch.setattr(run_verify, "verify", lambda *_, **__: passed)
    return made


def run(lab: pathlib.Path, now: datetime.datetime = NOW, **request: Any) -> deploy.Result:
    """Deploy the external side."""
    site = sites.load(lab, side="external")
    with lock.held(site.space, verb="deploy", now=now) as holding:
        order = deploy.Order(
            site=site,
            folder=lab,
            request=siderun.Request(**request),
            holding=holding,
            clock=lambda: now,
            environ={"PATH": ""},
            logs=lab.parent.parent,
        )
        return deploy.deploy(order, journal=progress.Journal(Quiet()))


def edit(lab: pathlib.Path, tenant: str, change: Any) -> None:
    """Edit a tenant's file; `change` gets its `spec`."""
    file = lab / "tenants" / f"{tenant}.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(document["spec"])
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
