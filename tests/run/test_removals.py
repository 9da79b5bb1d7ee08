"""What a deploy would destroy has to be named."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from tests.support import deploying, inventories
from tests.support.deploying import edit, run
from tests.support.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> World:
    return deploying.install(monkeypatch, tmp_path)


@pytest.fixture
def lab(tmp_path: pathlib.Path, world: World) -> pathlib.Path:
    """The lab's inventory, once deployed."""
    folder = inventories.copy("lab", tmp_path)
    run(folder)
    return folder


def drop_database(spec: dict[str, Any]) -> None:
    spec["environments"][0]["databases"] = []


def drop_environment(spec: dict[str, Any]) -> None:
    del spec["environments"][0]


def test_a_database_that_is_no_longer_listed_is_not_dropped_unless_it_is_named(lab: pathlib.Path) -> None:
    edit(lab, "finance", drop_database)
    with pytest.raises(errors.UsageError, match="finance_dev_budget") as caught:
        run(lab)
    assert "govcloud deploy --remove finance_dev_budget" in str(caught.value.remedy)
    assert run(lab, removals=frozenset({"finance_dev_budget"})).changed


def test_an_environment_that_is_no_longer_listed_goes_with_its_databases_when_both_are_named(lab: pathlib.Path) -> None:
    edit(lab, "finance", drop_environment)
    with pytest.raises(errors.UsageError) as caught:
        run(lab, removals=frozenset({"finance-dev"}))
    assert "finance_dev_budget" in caught.value.message
    run(lab, removals=frozenset({"finance-dev", "finance_dev_budget"}))


def test_a_whole_tenant_is_named_once(lab: pathlib.Path) -> None:
    (lab / "tenants" / "tourism.yaml").unlink()
    with pytest.raises(errors.UsageError) as caught:
        run(lab)
    assert "what is deployed: tourism" in caught.value.message
    run(lab, removals=frozenset({"tourism"}))


@pytest.mark.parametrize("name", ["finance", "finance_dev_budget", "finance-dev", "nobody"])
def test_what_the_inventory_still_has_cannot_be_named(lab: pathlib.Path, name: str) -> None:
    with pytest.raises(errors.UsageError, match="nothing would remove") as caught:
        run(lab, removals=frozenset({name}))
    assert "leave --remove out" in str(caught.value.remedy)


def test_a_database_does_not_change_its_server(lab: pathlib.Path) -> None:
    machine = """
    - id: finance-own-db
      services: [database]
      dedicatedTo: finance
      management: 172.31.20.30
      management6: fdff:20::30
      interfaces:
        - {zone: external, address: 10.20.0.30, address6: "fd20::30"}
"""
    platform = lab / "platform.yaml"
    text = platform.read_text(encoding="utf-8")
    platform.write_text(text.replace("\n  machines:\n", f"\n  machines:{machine}", 1), encoding="utf-8")
    moved = {"tier": "dedicated", "reason": "the treasury is to be alone on its server"}
    edit(lab, "finance", lambda spec: spec["environments"][2]["databases"][1].update(moved))
    with pytest.raises(errors.UsageError, match="change their server") as caught:
        run(lab)
    assert "finance prod/treasury: shared to dedicated" in str(caught.value.cause)
