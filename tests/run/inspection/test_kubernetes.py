"""Which requests a look at a cluster makes, with an API server of few words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run.inspection import kubernetes
from tests.support import threads


def live(name: str, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "b", "uid": f"u-{name}", "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "1"}, **fields}


class Server:
    """Has the objects given, all under our label but those of `hidden`."""

    def __init__(self, *objects: dict[str, Any], hidden: Sequence[str] = ()) -> None:
        self.objects = {found["metadata"]["name"]: found for found in objects}
        self.hidden = hidden
        self.asked: list[str] = []

    async def list_kind(
        self, version: str, kind: str, *, label_selector: str, metadata_only: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        self.asked.append(f"list {kind}{' metadata' if metadata_only else ''}")
        assert label_selector == "app.kubernetes.io/managed-by=govcloud"
        for name, found in self.objects.items():
            if name not in self.hidden:
                kept = {"apiVersion": version, "kind": kind, "metadata": found["metadata"]}
                yield kept if metadata_only else found

    async def get(self, version: str, kind: str, name: str, *, namespace: str | None) -> dict[str, Any] | None:
        self.asked.append(f"get {version} {kind} {namespace}/{name}")
        return self.objects.get(name)


def look(server: Server, planned: Mapping[str, str], ignored: Sequence[str] = ()) -> kubernetes.Answer:
    def ask(moved: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        server.asked.append(f"desired of {len(moved)}")
        return {key: live(key.rpartition("/")[2]) for key in moved}

    task = kubernetes.Task(kinds=[("v1", "ConfigMap")], planned=planned, ignored=ignored)
    return threads.beside(lambda: asyncio.run(kubernetes.look(server, task, ask)))  # type: ignore[arg-type]


def test_what_did_not_move_costs_one_list_of_metadata() -> None:
    server = Server(live("a"))
    mark = kubernetes.fingerprint(live("a"))
    answer = look(server, {"ConfigMap/b/a": mark})
    assert server.asked == ["list ConfigMap metadata"]
    assert answer.equal == {"ConfigMap/b/a": mark}
    assert answer.findings == []


def test_what_moved_is_read_and_compared_and_what_is_equal_again_is_remembered() -> None:
    server = Server(live("a"), live("b", data={"k": "2"}))
    answer = look(server, {"ConfigMap/b/a": "old", "ConfigMap/b/b": ""})
    assert server.asked[1:] == ["desired of 2", "get v1 ConfigMap b/a", "get v1 ConfigMap b/b"]
    assert list(answer.equal) == ["ConfigMap/b/a"]
    assert [(found["subject"], found["field"]) for found in answer.findings] == [("ConfigMap/b/b", "data.k")]


def test_of_many_that_moved_the_whole_kind_is_listed_once() -> None:
    server = Server(*(live(f"n{number}") for number in range(60)))
    answer = look(server, {f"ConfigMap/b/n{number}": "" for number in range(60)})
    assert server.asked == ["list ConfigMap metadata", "desired of 60", "list ConfigMap"]
    assert len(answer.equal) == 60


def test_what_no_list_shows_is_asked_for_by_name_before_it_is_called_gone() -> None:
    server = Server(live("a"), hidden=["a"])
    answer = look(server, {"ConfigMap/b/a": "", "ConfigMap/b/gone": ""})
    assert answer.findings == [{"subject": "ConfigMap/b/gone", "what": "missing"}]
    assert "get v1 ConfigMap b/a" in server.asked


def test_an_object_that_nobody_planned_is_told_and_one_that_is_about_to_go_is_not() -> None:
    answer = look(Server(live("a"), live("going")), {}, ignored=["ConfigMap/b/going"])
    assert answer.findings == [{"subject": "ConfigMap/b/a", "what": "orphan"}]


def test_whoever_makes_thousands_of_them_does_not_fill_the_report() -> None:
    answer = look(Server(*(live(f"n{number}") for number in range(250))), {})
    assert len(answer.findings) == 101
    assert answer.findings[-1]["found"] == "150 more"


def test_half_a_look_is_no_answer() -> None:
    class Broken(Server):
        async def get(self, *_: Any, **__: Any) -> dict[str, Any] | None:
            raise errors.GovcloudError("refused")

    with pytest.raises(errors.GovcloudError, match="refused"):
        look(Broken(live("a")), {"ConfigMap/b/a": ""})
