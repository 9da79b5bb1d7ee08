from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest

from govcloud_cli.governance import lifecycle
from govcloud_cli.model import freezes as freeze_models
from govcloud_cli.model import inventory, tenants
from tests.support import freezes, tenant_inventories

LAST = datetime.date(2026, 11, 30)
DEV, PROD = tenants.EnvironmentName.DEV, tenants.EnvironmentName.PROD


def world(*frozen: freeze_models.Freeze, last: datetime.date | None = LAST) -> inventory.Inventory:
    dev: dict[str, Any] = {"name": "dev"} | ({} if last is None else {"expiresOn": str(last)})
    made = tenant_inventories.tenant("finance", environments=[dev, {"name": "prod"}])
    spec = tenant_inventories.inventory_of(made, tenant_inventories.tenant("archives"))
    return dataclasses.replace(spec, freezes=frozen)


def state(spec: inventory.Inventory, environment: tenants.EnvironmentName, today: datetime.date) -> lifecycle.State:
    tenant = next(one for one in spec.tenants if one.metadata.id == "finance")
    shape = next(one for one in tenant.spec.environments if one.name is environment)
    return lifecycle.phase(tenant, shape, freezes=spec.freezes, today=today)


@pytest.mark.parametrize(
    ("days", "phase"),
    [
        (-1, "frozen"),
        (0, "expiring"),
        (5, "expiring"),
        (14, "expiring"),
        (15, "active"),
    ],
)
def test_an_environment_lives_through_its_last_day_and_is_announced_a_fortnight_before(days: int, phase: str) -> None:
    found = state(world(), DEV, LAST - datetime.timedelta(days=days))
    assert (found.phase.value, found.days_left) == (phase, days)
    assert found.is_over is (days < 0)
    assert bool(found.reason) is (phase == "frozen")


def test_an_environment_without_a_last_day_never_ends() -> None:
    found = state(world(), PROD, datetime.date(2999, 1, 1))
    assert found == lifecycle.State(phase=lifecycle.Phase.ACTIVE, days_left=None)


def test_a_freeze_by_hand_is_about_the_environments_it_names_or_else_all() -> None:
    today = datetime.date(2026, 10, 1)
    assert state(world(freezes.freeze("finance", "dev")), DEV, today).phase is lifecycle.Phase.FROZEN
    assert state(world(freezes.freeze("finance", "dev")), PROD, today).phase is lifecycle.Phase.ACTIVE
    for environment in (DEV, PROD):
        assert state(world(freezes.freeze("finance")), environment, today).reason == "audit is under way"
    assert state(world(freezes.freeze("archives")), PROD, today).phase is lifecycle.Phase.ACTIVE


def test_whoever_signs_a_freeze_as_the_platform_freezes_all_the_same() -> None:
    signed = freezes.freeze("finance")
    as_platform = signed.model_copy(update={"spec": signed.spec.model_copy(update={"by": lifecycle.CALENDAR})})
    assert state(world(as_platform), PROD, LAST).phase is lifecycle.Phase.FROZEN


def test_the_calendar_freezes_the_day_after_the_last_and_says_why() -> None:
    assert lifecycle.settled(world(), today=LAST).freezes == ()
    (made,) = lifecycle.settled(world(), today=LAST + datetime.timedelta(days=1)).freezes
    assert made.metadata.id == "finance"
    assert made.spec.environments == (DEV,)
    assert made.spec.since == LAST + datetime.timedelta(days=1)
    assert "2026-11-30" in made.spec.reason


def test_the_settled_inventory_is_the_same_every_day_until_a_phase_changes() -> None:
    before = [lifecycle.settled(world(), today=LAST - datetime.timedelta(days=days)) for days in (0, 7, 20)]
    after = [lifecycle.settled(world(), today=LAST + datetime.timedelta(days=days)) for days in (1, 2, 400)]
    assert all(one == before[0] for one in before)
    assert all(one == after[0] for one in after)
    assert before[0] != after[0]


def test_settling_twice_changes_nothing_and_a_freeze_by_hand_keeps_its_reason() -> None:
    later = LAST + datetime.timedelta(days=1)
    once = lifecycle.settled(world(freezes.freeze("finance")), today=later)
    assert lifecycle.settled(once, today=later) == once
    assert lifecycle.frozen(once.freezes)["finance", DEV] == "audit is under way"
    assert state(once, DEV, later).is_over


def test_a_later_last_day_thaws_what_the_calendar_froze() -> None:
    today = LAST + datetime.timedelta(days=1)
    assert lifecycle.settled(world(last=LAST + datetime.timedelta(days=90)), today=today).freezes == ()


@pytest.mark.parametrize(("days", "level"), [(14, "notice"), (6, "notice"), (5, "warning"), (0, "warning")])
def test_the_end_is_told_a_fortnight_before_and_urgently_in_the_last_five_days(days: int, level: str) -> None:
    (told,) = lifecycle.notices(world(), today=LAST - datetime.timedelta(days=days))
    assert (told.tenant, told.environment, told.level.value, told.days_left) == ("finance", DEV, level, days)
    assert "2026-11-30" in told.text
    assert "expiresOn" in told.text


@pytest.mark.parametrize("days", [15, 300, -1])
def test_nothing_is_told_long_before_the_end_or_after_it(days: int) -> None:
    assert lifecycle.notices(world(), today=LAST - datetime.timedelta(days=days)) == ()


def test_what_is_frozen_by_hand_is_past_notices() -> None:
    assert lifecycle.notices(world(freezes.freeze("finance")), today=LAST) == ()


def test_the_nearest_end_is_told_first() -> None:
    def ending(identifier: str, day: int) -> tenants.Tenant:
        return tenant_inventories.tenant(identifier, environments=[{"name": "test", "expiresOn": f"2026-11-{day}"}])

    spec = tenant_inventories.inventory_of(ending("archives", 29), ending("taxation", 27), ending("finance", 28))
    told = lifecycle.notices(spec, today=datetime.date(2026, 11, 25))
    assert [one.tenant for one in told] == ["taxation", "finance", "archives"]


def test_a_deploy_tells_what_it_froze_what_expired_and_what_it_thawed() -> None:
    later = LAST + datetime.timedelta(days=1)
    spec = lifecycle.settled(world(freezes.freeze("archives")), today=later)
    assert lifecycle.frozen_names(spec) == ("archives/prod", "finance/dev")
    told = {(one.tenant, one.environment): one.turn.value for one in lifecycle.turns((), spec)}
    assert told == {("archives", "prod"): "frozen", ("finance", "dev"): "expired"}
    assert lifecycle.turns(lifecycle.frozen_names(spec), spec) == (), "told once"
    (thawed,) = lifecycle.turns(["archives/prod", "finance/dev"], lifecycle.settled(world(), today=later))
    assert (thawed.tenant, thawed.turn.value, thawed.reason) == ("archives", "thawed", "")


def test_a_frozen_tenant_that_is_gone_was_not_thawed() -> None:
    assert lifecycle.turns(["gone/prod"], world()) == ()
