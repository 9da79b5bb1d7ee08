from __future__ import annotations

import dataclasses
import json

import pytest

from govcloud_cli.model import people
from govcloud_cli.run.decommission import decide
from tests.support import tenant_inventories

EMPTY = decide.Reading()
RESTING = decide.Reading(
    namespaces=("finance-prod",),
    pods=(decide.Pod(name="finance-prod/job", phase="Succeeded"), decide.Pod(name="finance-prod/j2", phase="Failed")),
    databases=(decide.Database(name="finance_prod_ledger", machine="service-db"),),
    roles=("finance_prod_ledger_rw",),
    sessions=(decide.Session(database="finance_prod_ledger", role="finance_prod_ledger_rw", state="idle"),),
)


def session(state: str) -> decide.Reading:
    return decide.Reading(sessions=(decide.Session(database="d", role="r", state=state),))


def test_ended_pods_and_the_poolers_idle_sessions_are_in_nobodys_way() -> None:
    assert decide.obstacles(RESTING, (), ()) == ()


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        *(
            (decide.Reading(pods=(decide.Pod(name="finance-prod/web", phase=phase),)), f"finance-prod/web ({phase})")
            for phase in ("Running", "Pending", "Unknown")
        ),
        (decide.Reading(claims=("finance-prod/data",)), "1 volume claims: finance-prod/data"),
        (decide.Reading(volumes=("pv-1",)), "1 volumes: pv-1"),
        (decide.Reading(clients=("finance_prod_ledger_rw in finance_prod_ledger",)), "connected database clients"),
        *((session(state), f"({state})") for state in ("active", "idle in transaction", "unknown", "disabled")),
        (decide.Reading(strange=("finance-dev",)), "lack its labels: finance-dev"),
        (decide.Reading(unreadable=("the cluster: refused",)), "cannot be read: the cluster: refused"),
        (
            decide.Reading(unreadable=("the database server on service-db: timeout",)),
            "cannot be read: the database server on service-db",
        ),
    ],
)
def test_what_is_in_use_or_cannot_be_read_stands_in_the_way(reading: decide.Reading, told: str) -> None:
    (reason,) = decide.obstacles(reading, (), ())
    assert told in reason


def test_every_reason_is_told_at_once() -> None:
    everything = decide.Reading(
        pods=(decide.Pod(name="a/b", phase="Running"),),
        claims=("a/c",),
        clients=("r in d",),
        unreadable=("the pooler on db: no answer",),
    )
    assert len(decide.obstacles(everything + session("active"), ["taxation"], ())) == 6


def test_consumers_are_those_whose_files_name_it() -> None:
    def with_peer(identifier: str, peer: dict[str, str]) -> object:
        allowance = {"direction": "outbound", "peer": peer, "ports": [443], "reason": "asks for it"}
        return tenant_inventories.tenant(identifier, allow=[allowance])

    everyone = (
        with_peer("taxation", {"tenant": "finance"}),
        with_peer("archives", {"zone": "citizens"}),
        with_peer("finance", {"tenant": "taxation"}),
    )
    assert decide.consumers("finance", everyone) == ("taxation",)  # type: ignore[arg-type]
    (reason,) = decide.obstacles(EMPTY, ["taxation"], ())
    assert "list it as a peer: taxation" in reason


def test_people_in_groups_of_its_own_stand_in_the_way_because_their_file_would_be_refused() -> None:
    everyone = tuple(tenant_inventories.tenant(one) for one in ("finance", "taxation"))
    groups = {one.spec.members[0].group for one in everyone}
    own, other = (everyone[0].spec.members[0].group, everyone[1].spec.members[0].group)
    assert len(groups) == 2
    known = tuple(
        people.Person(id=name, display_name="李", groups=those)
        for name, those in (("li.wei", (own,)), ("wang.fang", (other,)), ("sun.li", (other, own)))
    )
    assert decide.members("finance", everyone, known) == ("li.wei", "sun.li")
    (reason,) = decide.obstacles(EMPTY, (), ["li.wei", "sun.li"])
    assert reason == "2 people in its groups: li.wei, sun.li: take these groups out of people.yaml"


def test_clients_are_those_of_its_own_databases() -> None:
    rows = [
        {"database": "finance_prod_ledger", "user": "finance_prod_ledger_rw"},
        {"database": "finance_x_prod_ledger", "user": "stranger"},
        {"database": "pgbouncer", "user": "pgbouncer"},
    ]
    assert decide.clients_of("finance", rows) == ("finance_prod_ledger_rw in finance_prod_ledger",)


def test_many_of_one_kind_are_counted_and_a_few_named() -> None:
    (reason,) = decide.obstacles(decide.Reading(claims=tuple(f"a/{number}" for number in range(9))), (), ())
    assert reason.startswith("9 volume claims: a/0, a/1, a/2, a/3, a/4 and 4 more")


def test_whatever_is_left_is_an_orphan_and_so_is_what_nobody_could_read() -> None:
    assert decide.orphans(EMPTY) == ()
    assert decide.orphans(RESTING) == (
        "Namespace finance-prod",
        "database finance_prod_ledger on service-db",
        "role finance_prod_ledger_rw",
    )
    rest = decide.Reading(strange=("finance-dev",), secrets=("other/copy",), volumes=("pv",), unreadable=("x",))
    assert len(decide.orphans(rest)) == 4


def test_a_reading_survives_its_way_through_json() -> None:
    plain = json.loads(json.dumps(dataclasses.asdict(RESTING)))
    assert decide.from_json(plain) == RESTING


def test_two_readings_add_up() -> None:
    both = RESTING + decide.Reading(clients=("r in d",), unreadable=("y",))
    assert both.databases == RESTING.databases
    assert both.clients == ("r in d",)
