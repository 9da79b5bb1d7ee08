from __future__ import annotations

import datetime
import pathlib

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import workspace
from govcloud_cli.run.access import collecting, days, lines
from tests.run.access.test_days import DAY, Log, events


class Source:
    """Tells what it was given, a batch at a time."""

    def __init__(self, name: str, batches: list[list[lines.Line]], *, fails: bool = False) -> None:
        self.name = name
        self.batches = batches
        self.fails = fails

    def take(self, cursor: collecting.Json, *, now: datetime.datetime) -> collecting.Taken:
        if self.fails:
            raise errors.GovcloudError("it does not answer", cause="no route")
        at = cursor.get("at", 0)
        found = self.batches[at] if at < len(self.batches) else []
        return collecting.Taken(lines=tuple(found), cursor={"at": at + 1}, more=at + 1 < len(self.batches))


def collect(folder: workspace.SideFolder, log: Log, *sources: Source) -> collecting.Collected:
    return collecting.collect(folder, sources, record=log.record, recorded=log.recorded, clock=lambda: DAY)


def side(tmp_path: pathlib.Path) -> workspace.SideFolder:
    return workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)


def test_every_batch_of_every_source_is_taken_once(tmp_path: pathlib.Path) -> None:
    folder, log = side(tmp_path), Log()
    gateway = Source("gateway", [events("li"), events("wang", "zhao")])
    identity = Source("identity", [[lines.of_gateway(b"?", collected=DAY)]])
    found = collect(folder, log, gateway, identity)
    assert (found.events, found.malformed, found.failures) == (4, 1, ())
    assert len(log.held) == 3
    assert collect(folder, log, gateway, identity).events == 0
    place = collecting.folder_of(folder)
    assert days.check(place, log.held) == ()
    assert [event.get("person") for event in days.read(place, log.held)] == ["li", "wang", "zhao", None]


def test_a_source_that_does_not_answer_hides_no_other_and_loses_nothing(tmp_path: pathlib.Path) -> None:
    folder, log = side(tmp_path), Log()
    gateway = Source("gateway", [events("li")], fails=True)
    found = collect(folder, log, gateway, Source("identity", [events("wang")]))
    assert found.failures == ("gateway: it does not answer (no route)",)
    assert found.events == 1
    gateway.fails = False
    assert collect(folder, log, gateway).events == 1
