"""Joiner, mover, leaver on a real Keycloak: what people can still do is asked where they would ask."""

from __future__ import annotations

import datetime
import json
import pathlib
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import chain, one_time_codes, people_changes
from govcloud_cli.model import people, platforms
from govcloud_cli.plan import identity_places
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run import reach, rotations, workspace
from govcloud_cli.run.keycloak import connection
from govcloud_cli.run.people import applying, directory, enrolling, syncing
from tests.governance import test_people_changes
from tests.support import keycloak, people_realm

pytestmark = pytest.mark.engine
TODAY = datetime.date(2026, 11, 1)
PASSWORD = "Correct-Horse-77"
Row = dict[str, Any]
LI: Row = {"id": "li.wei", "displayName": "李伟", "organisation": "lanhe-tax", "groups": ["finance:owners"]}
WANG: Row = {"id": "wang.fang", "displayName": "王芳", "organisation": "lanhe", "duty": "audit"}


@pytest.fixture
def api(keycloak_server: keycloak.Running) -> Iterator[session.Session]:
    with keycloak_server.without(identity_places.REALM) as one:
        people_realm.make(one)
        yield one


class Side:
    """A side's sync, with an audit log in a list."""

    def __init__(self, api: session.Api, path: pathlib.Path) -> None:
        self.api = api
        self.folder = workspace.SideFolder(path=path, side=platforms.Side.EXTERNAL)
        self.records: list[tuple[str, Mapping[str, Any]]] = []
        self.cut: list[str] = []

    def record(self, action: chain.Action, details: Mapping[str, Any]) -> None:
        self.records.append((action.value, details))

    def sync(self, *rows: Row, cuts: Any = None, known: list[people.Person] | None = None) -> syncing.Outcome:
        those = [people.Person.model_validate_json(json.dumps(row)) for row in rows] if known is None else known
        outlook = syncing.look(self.api, those, everyone=test_people_changes.TENANTS, today=TODAY)
        sync = syncing.Sync(
            api=self.api,
            outlook=outlook,
            folder=self.folder,
            record=self.record,
            cuts=[lambda leaves: self.cut.extend(one.person for one in leaves)] if cuts is None else cuts,
        )
        return sync.run()

    def account(self, person: str) -> people_changes.Account:
        found = directory.read(self.api).account(person)
        assert found is not None
        return found

    def enrol(self, person: str, **more: Any) -> bytes:
        """Enrol a person; return the secret of the codes."""
        given: list[bytes] = []

        def random(size: int) -> bytes:
            given.append(secrets.token_bytes(size))
            return given[-1]

        wanted = {"password": PASSWORD, "issuer": "GovCloud", "random": random, **more}
        enrolling.enrol(self.api, self.account(person), **wanted)
        return given[-1]

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.records]


@pytest.fixture
def side(api: session.Session, tmp_path: pathlib.Path) -> Side:
    return Side(api, tmp_path)


def test_a_joiner_has_groups_and_can_log_in_only_when_enrolled(keycloak_server: keycloak.Running, side: Side) -> None:
    outcome = side.sync(LI, WANG)
    assert (outcome.joined, outcome.failures) == (2, [])
    account = side.account("li.wei")
    assert account.groups == {"org:lanhe-tax", "finance:owners"}
    assert (account.name, account.enabled, account.has_code) == ("李伟", True, False)
    assert side.account("wang.fang").groups == {"org:lanhe", "govcloud:auditors"}
    assert people_realm.log_in(keycloak_server, "li.wei", PASSWORD).status == 401
    before = list(side.actions)
    assert before == ["people-sync-began", "people-joining", "people-joined", "people-sync-ended"]
    assert side.sync(LI, WANG).done == 0
    assert side.actions == before, "a sync that changes nothing writes nothing"


def test_password_and_code_get_in_and_nothing_less_does(keycloak_server: keycloak.Running, side: Side) -> None:
    side.sync(LI)
    old = side.enrol("li.wei")
    code = one_time_codes.code(old, time.time())
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD).ok, "a password alone"
    assert not people_realm.log_in(keycloak_server, "li.wei", "Wrong-Horse-7777", code).ok
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD, "000000").ok
    assert people_realm.log_in(keycloak_server, "li.wei", PASSWORD, code).ok
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD, code).ok, "a code works once"
    new = side.enrol("li.wei", password=None)
    assert new != old
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD, people_realm.fresh_code(old)).ok, (
        "the old one is gone"
    )
    assert people_realm.log_in(keycloak_server, "li.wei", PASSWORD, one_time_codes.code(new, time.time())).ok
    with pytest.raises(errors.UsageError, match="not good enough") as caught:
        side.enrol("li.wei", password="Aa1-short")
    assert "too short: at least 12 characters" in f"{caught.value.cause}"
    assert "Aa1-short" not in f"{caught.value.cause}"
    kinds = [one["type"] for one in directory.credentials(side.api, side.account("li.wei").id)]
    assert sorted(kinds) == ["otp", "password"]


def test_a_leaver_can_do_nothing_more_and_is_still_there(keycloak_server: keycloak.Running, side: Side) -> None:
    side.sync(LI, WANG)
    secret = side.enrol("li.wei")
    tokens = people_realm.log_in(keycloak_server, "li.wei", PASSWORD, one_time_codes.code(secret, time.time()))
    assert people_realm.refresh(keycloak_server, tokens).ok
    path = f"{people_realm.ADMIN}/users/{side.account('li.wei').id}"
    assert side.api.get(f"{path}/sessions")
    began = time.monotonic()
    outcome = side.sync(WANG)
    assert time.monotonic() - began < 30
    assert (outcome.left, outcome.failures, side.cut) == (1, [], ["li.wei"])
    assert not people_realm.refresh(keycloak_server, tokens).ok
    assert side.api.get(f"{path}/sessions") == []
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD, people_realm.fresh_code(secret)).ok
    account = side.account("li.wei")
    assert (account.enabled, set(account.groups)) == (False, {"org:lanhe-tax"})
    assert rotations.load(side.folder).generations == {"finance": 2}
    details = next(details for action, details in side.records if action == "person-left")
    assert details == {
        "person": "li.wei",
        "reason": "not in people.yaml",
        "groups": ("finance:owners",),
        "rotate": ("finance",),
    }
    assert side.sync(WANG).done == 0
    assert (rotations.load(side.folder).generations, side.cut) == ({"finance": 2}, ["li.wei"])


def test_who_returns_has_the_account_and_nothing_to_log_in_with(keycloak_server: keycloak.Running, side: Side) -> None:
    side.sync(LI)
    secret = side.enrol("li.wei")
    identifier = side.account("li.wei").id
    tokens = people_realm.log_in(keycloak_server, "li.wei", PASSWORD, one_time_codes.code(secret, time.time()))
    side.sync(WANG)
    assert side.sync(LI, WANG).returned == 1
    account = side.account("li.wei")
    assert (account.id, account.enabled, set(account.groups)) == (identifier, True, {"org:lanhe-tax", "finance:owners"})
    assert directory.credentials(side.api, account.id) == []
    assert not people_realm.refresh(keycloak_server, tokens).ok
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD, people_realm.fresh_code(secret)).ok


def test_a_mover_has_the_new_groups_only_and_no_session_of_before(
    keycloak_server: keycloak.Running, side: Side
) -> None:
    side.sync(LI)
    secret = side.enrol("li.wei")
    tokens = people_realm.log_in(keycloak_server, "li.wei", PASSWORD, one_time_codes.code(secret, time.time()))
    moved = {**LI, "organisation": "lanhe", "groups": ["finance:viewers"], "displayName": "李卫"}
    outcome = side.sync(moved)
    assert (outcome.moved, outcome.failures) == (1, [])
    account = side.account("li.wei")
    assert (set(account.groups), account.name) == ({"org:lanhe", "finance:viewers"}, "李卫")
    assert not people_realm.refresh(keycloak_server, tokens).ok
    assert rotations.load(side.folder).generations == {"finance": 2}
    assert side.sync(moved).done == 0


def test_an_account_and_groups_made_by_hand_are_put_right(keycloak_server: keycloak.Running, side: Side) -> None:
    side.sync(WANG)
    groups = directory.read(side.api).groups
    wang = side.account("wang.fang").id
    side.api.put(f"{people_realm.ADMIN}/users/{wang}/groups/{groups['govcloud:system-administrators'][0].id}")
    # Tokens carry names only, so a group of a right's name anywhere in the tree would give that right.
    false = side.api.post(
        f"{people_realm.ADMIN}/groups/{groups['org:lanhe'][0].id}/children",
        {"name": "govcloud:security-administrators"},
    )
    side.api.put(f"{people_realm.ADMIN}/users/{wang}/groups/{false['id']}")
    made = {"username": "mallory", "enabled": True, "credentials": [{"type": "password", "value": PASSWORD}]}
    side.api.post(f"{people_realm.ADMIN}/users", made)
    side.api.post(f"{people_realm.ADMIN}/users", {**made, "username": "li.wei"})
    assert people_realm.log_in(keycloak_server, "mallory", PASSWORD).ok
    assert people_realm.log_in(keycloak_server, "li.wei", PASSWORD).ok
    outcome = side.sync(LI, WANG)
    assert (outcome.left, outcome.moved, outcome.failures) == (1, 2, [])
    assert side.account("wang.fang").groups == {"org:lanhe", "govcloud:auditors"}
    assert not people_realm.log_in(keycloak_server, "mallory", PASSWORD).ok
    assert not people_realm.log_in(keycloak_server, "li.wei", PASSWORD).ok, "who made it knew its password"
    held = [details["heldTwoDuties"] for action, details in side.records if "heldTwoDuties" in details]
    assert len(held) == 2
    assert side.sync(LI, WANG).done == 0


def test_the_programs_accounts_are_never_touched(keycloak_server: keycloak.Running, side: Side) -> None:
    side.sync(WANG)
    fields = {"client_id": "robot", "grant_type": "client_credentials"}
    assert people_realm.token(keycloak_server, fields).ok
    side.sync()
    assert people_realm.token(keycloak_server, fields).ok


def test_a_failed_cut_keeps_the_leave_open_and_the_account_shut(keycloak_server: keycloak.Running, side: Side) -> None:
    side.sync(LI)
    side.enrol("li.wei")

    def broken(_: object) -> None:
        raise errors.GovcloudError("the gateway does not answer")

    outcome = side.sync(cuts=[broken])
    assert (outcome.left, outcome.failures) == (0, ["1 leavers: the gateway does not answer"])
    assert side.account("li.wei").enabled is False
    assert side.account("li.wei").groups == {"org:lanhe-tax", "finance:owners"}
    outcome = side.sync()
    assert (outcome.left, side.cut) == (1, ["li.wei"])
    assert rotations.load(side.folder).generations == {"finance": 2}, "rotated once for one leaver"
    assert rotations.load(side.folder).open == {}


class _Killed(BaseException):
    """Stands for a kill: nothing catches it."""


class Mortal(session.Api):
    """An API that dies at its n-th change; what it was about to do is done or not, as in a real kill."""

    def __init__(self, api: session.Api, *, at: int, after: bool) -> None:
        self._api, self._left, self._after = api, at, after
        self._lock = threading.Lock()

    def _change(self, act: Any) -> Any:
        with self._lock:
            self._left -= 1
            if self._left < 0:
                raise _Killed
            if self._left == 0:
                if self._after:
                    act()
                raise _Killed
        return act()

    def request(self, method: str, path: str, json: Any = None, *, query: Mapping[str, str] | None = None) -> Any:
        def act() -> Any:
            return self._api.request(method, path, json, query=query)

        return act() if method == "GET" else self._change(act)


def state(side: Side) -> Any:
    found = directory.read(side.api).accounts
    known = sorted((one.person, one.name, one.enabled, tuple(sorted(one.groups))) for one in found)
    return known, dict(rotations.load(side.folder).generations), dict(rotations.load(side.folder).open)


def test_killed_at_any_change_and_run_again_comes_to_the_same(api: session.Session, tmp_path: pathlib.Path) -> None:
    gone = {**LI, "id": "gone.away"}
    start = [LI, gone, {**WANG, "id": "comes.back"}, {**WANG, "id": "stays.here"}]
    end = [{**LI, "groups": ["finance:viewers"]}, WANG, {**WANG, "id": "comes.back"}, {**WANG, "id": "stays.here"}]

    def begin(name: str) -> Side:
        people_realm.make(api)
        one = Side(api, tmp_path / name)
        one.sync(*start)
        one.sync(LI, gone, {**WANG, "id": "stays.here"})
        return one

    whole = begin("whole")
    whole.sync(*end)
    expected = state(whole)
    assert expected[1:] == ({"finance": 3}, {})
    for at in range(1, 40):
        side = begin(f"at-{at}")
        side.api = Mortal(api, at=at, after=bool(at % 2))
        try:
            side.sync(*end)
        except _Killed:
            side.api = api
            side.sync(*end)
            assert state(side) == expected, f"killed at change {at}"
            continue
        assert at > 10, "there were changes to be killed at"
        return
    pytest.fail("there were more changes than expected")


def test_a_thousand_joiners_take_less_than_a_minute(side: Side) -> None:
    rows = [
        {"id": f"person-{n:04}", "displayName": f"人员{n}", "organisation": "lanhe", "groups": ["finance:viewers"]}
        for n in range(1000)
    ]
    known = [people.Person.model_validate_json(json.dumps(row)) for row in rows]
    began = time.monotonic()
    outcome = side.sync(known=known)
    joined = time.monotonic() - began
    assert (outcome.joined, outcome.failures) == (1000, [])
    assert side.sync(known=known).done == 0
    assert side.sync(known=known[:900]).left == 100
    assert joined < 60


def test_one_joiner_who_is_refused_stops_nobody(side: Side) -> None:
    found = directory.read(side.api)
    refused = people_changes.Join(person="no spaces?", name="x" * 300, groups=("org:lanhe",))
    fine = people_changes.Join(person="li.wei", name="李伟", groups=("org:lanhe",))
    outlook = syncing.Outlook(changes=people_changes.Changes(joins=(refused, fine)), directory=found)
    outcome = syncing.Sync(api=side.api, outlook=outlook, folder=side.folder, record=side.record).run()
    assert outcome.joined == 1
    assert len(outcome.failures) == 1
    assert side.account("li.wei").enabled


def test_the_worker_behind_a_pipe_does_what_a_session_does(
    keycloak_server: keycloak.Running, api: session.Session
) -> None:
    server = connection.Server(url=keycloak_server.url, secret=keycloak.SECRET, ca=keycloak_server.ca)
    through = reach.Reach(namespace="not-there")
    with pytest.raises(errors.GovcloudError, match="network is not there"), connection.opened(server, through):
        pass
    known = directory.read(api)

    class Here(reach.Reach):
        """A way with a prefix that leads to where we are."""

        @property
        def prefix(self) -> tuple[str, ...]:
            return ("env",)

    with connection.opened(server, Here(namespace=None)) as remote:
        assert directory.read(remote) == known
        assert remote.find(f"{people_realm.ADMIN}/users/nobody") is None
        with pytest.raises(errors.GovcloudError, match="Keycloak does not know it"):
            remote.get(f"{people_realm.ADMIN}/users/nobody")
        applying.Accounts(remote, known.groups).join(
            [people_changes.Join(person="li.wei", name="李伟", groups=("org:lanhe",))]
        )
    assert directory.read(api).account("li.wei") is not None
