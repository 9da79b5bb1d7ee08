from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pytest

from govcloud_cli.providers.keycloak import failures
from govcloud_cli.run.access import identity_events

PEOPLE = {("govcloud", "u1"): "li.wei", ("govcloud", "u2"): "wang.fang", ("master", "u3"): "break-glass"}
OWN = {"type": "CLIENT_LOGIN", "clientId": "govcloud-engine"}


_AS_IT_SHOULD = {"eventsEnabled": True, "adminEventsEnabled": True, "enabledEventTypes": []}


class Keycloak:
    """Events as the events API lists them: from `dateFrom` on, in the direction that is asked for."""

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.number = 0
        self.settings: dict[str, Any] = {**_AS_IT_SHOULD}

    def add(self, *times: int, to: str = "govcloud/events", **fields: Any) -> None:
        for time in times:
            self.events.setdefault(to, []).append({"id": f"e{self.number}", "time": time, **fields})
            self.number += 1

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        realm, _, rest = path.removeprefix("/admin/realms/").partition("/")
        if not rest:
            return {"id": f"number-of-{realm}", **(self.settings if realm == "govcloud" else _AS_IT_SHOULD)}
        if rest.startswith("users/"):
            try:
                return {"username": PEOPLE[realm, rest.removeprefix("users/")]}
            except KeyError:
                raise failures.NotFoundError("no such user", status=404) from None
        found = [one for one in self.events.get(f"{realm}/{rest}", []) if one["time"] >= int(query["dateFrom"])]
        found = sorted(found, key=lambda one: int(one["time"]), reverse=query["direction"] != "asc")
        return found[int(query["first"]) :][: int(query["max"])]


def fetch(keycloak: Keycloak, cursor: dict[str, Any], *, now: int = 1_795_334_370_000) -> Any:
    """What a collection at `now` (milliseconds since 1970) takes."""
    moment = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC)
    return identity_events.fetch(keycloak.get, cursor, now=moment)


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["events"]]


def test_each_event_comes_once_and_one_that_was_stored_late_comes_too() -> None:
    keycloak = Keycloak()
    keycloak.add(1_000_000, 1_030_000, 1_030_000)
    answer = fetch(keycloak, {})
    assert ids(answer) == ["e0", "e1", "e2"]
    keycloak.add(1_020_000)
    answer = fetch(keycloak, answer["cursor"])
    assert ids(answer) == ["e3"]
    keycloak.add(2_000_000)
    answer = fetch(keycloak, answer["cursor"])
    assert ids(answer) == ["e4"]
    assert fetch(keycloak, answer["cursor"])["events"] == []
    assert len(answer["cursor"]["govcloud/events"]["seen"]) == 1, "only what the next question overlaps with is kept"


def test_more_than_a_collection_takes_comes_with_the_next_and_none_is_lost_or_there_twice() -> None:
    keycloak = Keycloak()
    # All within what is asked for again, as an attack would be.
    times = range(1_000_000, 1_000_000 + 2 * identity_events.MOST + 700)
    keycloak.add(*times)
    taken: list[int] = []
    cursor: dict[str, Any] = {}
    rounds, more = 0, True
    while more:
        answer = fetch(keycloak, cursor)
        taken += [one["time"] for one in answer["events"]]
        cursor, more, rounds = answer["cursor"], answer["more"], rounds + 1
    assert taken == list(times)
    assert rounds == 3


def test_administration_comes_too_and_says_who_did_what_to_whom() -> None:
    keycloak = Keycloak()
    who = {"realmId": "number-of-govcloud", "userId": "u1", "ipAddress": "172.31.20.1"}
    changed = {"operationType": "UPDATE", "resourceType": "USER", "resourcePath": "users/u2/reset-password"}
    keycloak.add(1, to="govcloud/admin-events", authDetails=who, **changed)
    keycloak.add(2, to="govcloud/admin-events", authDetails={**who, "userId": "gone"}, **changed)
    sealed = {"realmId": "number-of-master", "userId": "u3"}
    keycloak.add(3, to="govcloud/admin-events", authDetails=sealed, operationType="DELETE", resourcePath="groups/u2")
    keycloak.add(4, to="master/events", type="LOGIN", userId="u3")
    keycloak.add(5, to="govcloud/events", type="LOGOUT", userId="u1")
    found = {one["time"]: one for one in fetch(keycloak, {})["events"]}
    assert (found[1]["person"], found[1]["about"]) == ("li.wei", "wang.fang")
    assert "person" not in found[2], "whom nobody knows any more keeps his number"
    assert (found[3]["person"], found[3].get("about")) == ("break-glass", None)
    assert (found[4]["person"], found[4]["realm"]) == ("break-glass", "master")
    assert found[5]["person"] == "li.wei"


def test_looking_is_no_news_by_itself_and_comes_with_what_is() -> None:
    keycloak = Keycloak()
    keycloak.add(1_000_000)
    before = fetch(keycloak, {})["cursor"]
    keycloak.add(1_100_000, 1_200_000, to="master/events", **OWN)
    answer = fetch(keycloak, before)
    assert (answer["events"], answer["cursor"]) == ([], before)
    keycloak.add(1_250_000, to="master/events", **{**OWN, "type": "CLIENT_LOGIN_ERROR"})
    assert ids(fetch(keycloak, before)) == ["e1", "e2", "e3"]


def test_an_event_of_the_future_hides_none_of_before() -> None:
    keycloak = Keycloak()
    keycloak.add(1_000_000, 9_000_000_000)
    answer = fetch(keycloak, {}, now=1_010_000)
    assert ids(answer) == ["e0", "e1"]
    keycloak.add(1_200_000)
    answer = fetch(keycloak, answer["cursor"], now=1_300_000)
    assert (ids(answer), answer["gap"]) == (["e2"], "")
    assert ids(fetch(keycloak, answer["cursor"], now=1_400_000)) == []
    poisoned = {"govcloud/events": {"time": 9_000_000_000, "seen": []}}
    keycloak.add(1_500_000)
    assert "e3" in ids(fetch(keycloak, poisoned, now=1_510_000)), "also by a cursor of before"


def test_who_erases_what_was_told_is_found_out_once() -> None:
    keycloak = Keycloak()
    keycloak.add(1_000_000, 2_000_000)
    keycloak.add(1_500_000, to="govcloud/admin-events", operationType="UPDATE")
    cursor = fetch(keycloak, {})["cursor"]
    keycloak.events["govcloud/events"] = keycloak.events["govcloud/events"][1:]
    assert fetch(keycloak, cursor)["gap"] == "", "what is too old to be kept is nobody's doing"
    keycloak.events["govcloud/events"].clear()
    answer = fetch(keycloak, cursor)
    assert (answer["events"], answer["gap"]) == ([], f"{identity_events.ERASED} (govcloud/events)")
    keycloak.add(3_000_000)
    answer = fetch(keycloak, answer["cursor"])
    assert (ids(answer), answer["gap"]) == (["e3"], "")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"eventsEnabled": False}, "govcloud/eventsEnabled"),
        ({"adminEventsEnabled": None}, "govcloud/adminEventsEnabled"),
        ({"enabledEventTypes": [*identity_events._ALWAYS[1:], "REGISTER"]}, "govcloud/LOGIN"),
    ],
)
def test_who_switches_the_recording_off_is_on_record_by_that_and_once(settings: dict[str, Any], told: str) -> None:
    keycloak = Keycloak()
    keycloak.add(1_000_000)
    cursor = fetch(keycloak, {})["cursor"]
    keycloak.settings |= settings
    answer = fetch(keycloak, cursor)
    assert answer["gap"] == f"not recorded by the identity service from now on: {told}"
    again = fetch(keycloak, answer["cursor"])
    assert again["gap"] == ""
    keycloak.settings = {**_AS_IT_SHOULD}
    assert fetch(keycloak, again["cursor"])["gap"] == "not recorded by the identity service from now on: nothing"
