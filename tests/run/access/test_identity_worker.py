from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govcloud_cli.run.access import identity_worker


class Keycloak:
    """Events as the events API lists them: the newest first, from `dateFrom` on."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, *times: int) -> None:
        self.events += [{"id": f"e{len(self.events) + number}", "time": time} for number, time in enumerate(times)]

    def get(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        assert path == "/admin/realms/govcloud/events"
        found = [one for one in self.events if one["time"] >= int(query["dateFrom"])]
        found = sorted(found, key=lambda one: int(one["time"]))[::-1]
        return found[int(query["first"]) :][: int(query["max"])]


def test_each_event_comes_once_and_one_that_was_stored_late_comes_too() -> None:
    keycloak = Keycloak()
    keycloak.add(1_000_000, 1_030_000, 1_030_000)
    answer = identity_worker.fetch(keycloak.get, {})
    assert [one["id"] for one in answer["events"]] == ["e0", "e1", "e2"]
    keycloak.add(1_020_000)
    answer = identity_worker.fetch(keycloak.get, answer["cursor"])
    assert [one["id"] for one in answer["events"]] == ["e3"]
    keycloak.add(2_000_000)
    answer = identity_worker.fetch(keycloak.get, answer["cursor"])
    assert [one["id"] for one in answer["events"]] == ["e4"]
    assert identity_worker.fetch(keycloak.get, answer["cursor"])["events"] == []
    assert len(answer["cursor"]["seen"]) == 1, "only what the next question overlaps with is remembered"


def test_more_than_a_page_comes_whole_and_more_than_all_pages_is_told() -> None:
    keycloak = Keycloak()
    keycloak.add(*range(1_000_000, 1_001_200))
    answer = identity_worker.fetch(keycloak.get, {})
    assert (len(answer["events"]), answer["more"]) == (1200, False)
    assert [one["time"] for one in answer["events"]] == list(range(1_000_000, 1_001_200))
    keycloak.add(*range(2_000_000, 2_010_500))
    answer = identity_worker.fetch(keycloak.get, answer["cursor"])
    assert (len(answer["events"]), answer["more"]) == (identity_worker.MOST, True)
