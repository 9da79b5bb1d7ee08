from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run import progress
from govcloud_cli.run.access import routine
from tests.run.access.test_collecting import Source
from tests.run.access.test_days import events
from tests.support import inventories, reporters, vpn


def follow(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, *sources: Source) -> list[tuple[str, str, bool]]:
    place = vpn.place(tmp_path, monkeypatch)
    plan = inventories.plan(inventories.lab())
    outside = next(one for one in plan.sides if one.side is place.side.side)
    monkeypatch.setattr(routine, "sources", lambda _, side: sources if side is outside else ())
    journal = progress.Journal(reporters.Quiet())
    routine.follow(place.site, plan, journal, clock=lambda: vpn.START, environ={})
    return [(step.name, step.note, step.changed) for step in journal.results]


def test_a_run_ends_with_what_it_took_and_has_changed_nothing_by_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = follow(tmp_path, monkeypatch, Source("gateway", [events("li.wei", "wang.fang")]))
    assert told == [("external/access", "2 access events taken into the audit", False)]


def test_who_does_not_answer_is_told_and_fails_no_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = (Source("gateway", [], fails=True), Source("identity", [events("li.wei")]))
    ((_, told, _),) = follow(tmp_path, monkeypatch, *sources)
    assert told == "1 access events taken into the audit; gateway: it does not answer (no route)"


def test_an_audit_that_cannot_be_written_is_told_too(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise errors.GovcloudError("the log was cut")

    monkeypatch.setattr(routine, "collect", refuse)
    ((_, told, _),) = follow(tmp_path, monkeypatch, Source("gateway", []))
    assert told == "not collected: the log was cut"


def test_the_lab_is_asked_at_its_gateway_and_its_identity_service(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = vpn.place(tmp_path, monkeypatch).site
    found = {side.side.value: routine.sources(site, side) for side in inventories.plan(site.spec).sides}
    assert [one.name for one in found["external"]] == ["identity", "gateway"]
    assert found["internal"] == ()
