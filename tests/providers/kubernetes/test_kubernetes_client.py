"""The API client against a real API server."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from govcloud_cli.providers.kubernetes import client as client_
from govcloud_cli.providers.kubernetes import failures, kinds
from tests.providers.kubernetes import conftest
from tests.support import control_plane

pytestmark = pytest.mark.engine


def namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def settings(name: str, data: dict[str, str], *, inside: str = "default") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": inside, "labels": {"test": "client"}},
        "data": data,
    }


def test_the_table_of_kinds_agrees_with_what_the_server_says(ask: conftest.Ask) -> None:
    async def scopes(client: client_.Client) -> dict[str, bool]:
        return {kind.token: (await client.place(kind.api_version, kind.name)).namespaced for kind in kinds.SERVED}

    assert ask(scopes) == {kind.token: kind.namespaced for kind in kinds.SERVED}


def test_apply_creates_then_changes_and_removes_what_is_dropped(ask: conftest.Ask) -> None:
    async def story(client: client_.Client) -> list[Any]:
        first = await client.apply(settings("story", {"a": "1", "b": "2"}))
        second = await client.apply(settings("story", {"a": "3"}))
        dry = await client.apply(settings("story", {"a": "4"}), dry_run=True)
        after = await client.get("v1", "ConfigMap", "story", namespace="default")
        await client.delete("v1", "ConfigMap", "story", namespace="default", wait=5)
        assert await client.get("v1", "ConfigMap", "story", namespace="default") is None
        await client.delete("v1", "ConfigMap", "story", namespace="default")
        return [first["data"], second["data"], dry["data"], (after or {})["data"]]

    assert ask(story) == [{"a": "1", "b": "2"}, {"a": "3"}, {"a": "4"}, {"a": "3"}]


def test_an_unknown_field_is_refused_not_dropped(ask: conftest.Ask) -> None:
    with pytest.raises(failures.ApiError) as refused:
        ask(lambda client: client.apply({**settings("typo", {}), "dtaa": {}}))
    assert "dtaa" in (refused.value.cause or "")


def test_an_unknown_kind_says_so(ask: conftest.Ask) -> None:
    with pytest.raises(failures.NotFoundError, match="does not serve the kind Nothing"):
        ask(lambda client: client.get("v1", "Nothing", "x"))


def test_listing_goes_through_all_pages(ask: conftest.Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_, "PAGE", 3)

    async def names(client: client_.Client) -> list[str]:
        await asyncio.gather(*(client.apply(settings(f"page-{number}", {})) for number in range(8)))
        listed = client.list_kind("v1", "ConfigMap", label_selector="test=client")
        return [item["metadata"]["name"] async for item in listed if item["kind"] == "ConfigMap"]

    assert {f"page-{number}" for number in range(8)} <= set(ask(names))


def test_somebody_elses_object_of_the_same_name_is_left_alone(ask: conftest.Ask) -> None:
    async def story(client: client_.Client) -> bool:
        old = await client.apply(settings("again", {}))
        await client.delete("v1", "ConfigMap", "again", namespace="default", wait=5)
        await client.apply(settings("again", {}))
        await client.delete("v1", "ConfigMap", "again", namespace="default", uid=old["metadata"]["uid"])
        return await client.get("v1", "ConfigMap", "again", namespace="default") is not None

    assert ask(story)


def test_one_call_can_be_made_as_somebody_else(ask: conftest.Ask) -> None:
    with pytest.raises(failures.ApiError) as refused:
        ask(
            lambda client: client.get(
                "v1", "ConfigMap", "x", namespace="default", as_user="eve", as_groups=["tenant-b"]
            )
        )
    assert refused.value.status == 403
    assert 'User "eve"' in (refused.value.cause or "")


def test_a_certificate_that_is_not_ours_is_not_trusted(plane: control_plane.ControlPlane) -> None:
    path = plane.folder / "stranger.kubeconfig"
    path.write_text(control_plane.kubeconfig_text(plane.server, control_plane._authority(), "admin"))

    async def call() -> None:
        async with conftest.connected(path) as client:
            await client.get("v1", "Namespace", "default")

    started = time.monotonic()
    with pytest.raises(failures.UnreachableError, match="not trusted"):
        asyncio.run(call())
    assert time.monotonic() - started < 10, "a refused certificate is final, it must not be tried again"


@pytest.mark.bench
def test_a_thousand_applies(plane: control_plane.ControlPlane) -> None:
    async def measure() -> float:
        async with conftest.connected(plane.kubeconfig) as client:
            await client.apply(namespace("bench"))
            started = time.monotonic()
            names = (f"object-{number}" for number in range(1000))
            await asyncio.gather(*(client.apply(settings(name, {"a": "1"}, inside="bench")) for name in names))
            taken = time.monotonic() - started
            await client.delete("v1", "Namespace", "bench")
            return taken

    seconds = asyncio.run(measure())
    print(f"\n1000 applies: {seconds:.2f} s, {1000 / seconds:.0f}/s")  # noqa: T201
    assert seconds < 20
