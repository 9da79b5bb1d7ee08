"""Temporary people on a real Keycloak: they can log in while they are there, and nothing of them stays."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import people_changes
from govcloud_cli.plan import identity_places
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.people import directory, syncing
from govcloud_cli.run.probing import probe_people
from tests.governance import test_people_changes
from tests.support import keycloak, logging_in, people_realm

pytestmark = pytest.mark.engine
NAME = "govcloud-probe-staff"
KILLED = """
import os, signal, sys
from govcloud_cli.plan import identity_places
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.probing import probe_people
with session.Session(sys.argv[1], sys.argv[2], os.environ["SECRET"], sys.stdin.read()) as api:
    with probe_people.probe_person(api, groups=("finance:owners",), person=sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def api(keycloak_server: keycloak.Running) -> Iterator[session.Session]:
    with keycloak_server.without(identity_places.REALM) as one:
        people_realm.make(one)
        yield one


def names(api: session.Session) -> set[str]:
    return {one["username"] for one in api.get(f"{people_realm.ADMIN}/users")}


def look(api: session.Session) -> people_changes.Changes:
    return syncing.look(api, (), everyone=test_people_changes.TENANTS, today=test_people_changes.TODAY).changes


def kill(keycloak_server: keycloak.Running, person: str) -> None:
    """A run that is killed while its probe is there."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, keycloak_server.url, keycloak.CLIENT, person],
        input=keycloak_server.ca,
        env={**os.environ, "SECRET": keycloak.SECRET},
        cwd=pathlib.Path(__file__).parents[3],
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL


def test_a_probe_logs_in_with_password_and_code_and_is_gone_afterwards(
    keycloak_server: keycloak.Running, api: session.Session
) -> None:
    with probe_people.probe_person(api, groups=("finance:owners", "org:lanhe-tax"), person=NAME) as person:
        account = directory.read(api).account(NAME)
        assert account is not None
        assert account.groups == {"finance:owners", "org:lanhe-tax"}, "one at the top and one deep in the tree"
        assert not people_realm.log_in(keycloak_server, NAME, person.password).ok, "a password alone"
        code = person.one_time_code(time.time())
        answer = people_realm.log_in(keycloak_server, NAME, person.password, code)
        assert answer.ok
        assert logging_in.claims(answer.content["access_token"])["preferred_username"] == NAME
        assert not people_realm.log_in(keycloak_server, NAME, person.password, code).ok, "a code works once"
        assert person.password not in repr(person)
        assert repr(person.secret) not in repr(person)
    assert names(api) == set()
    assert not people_realm.refresh(keycloak_server, answer).ok
    assert person.password not in keycloak_server.log()


def test_a_probe_goes_also_when_the_run_fails(api: session.Session) -> None:
    def broken() -> None:
        with probe_people.probe_person(api, groups=("finance:viewers",), person=probe_people.name()):
            assert len(names(api)) == 1
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        broken()
    assert names(api) == set()


def test_somebody_who_removed_a_probe_by_hand_breaks_nothing(api: session.Session) -> None:
    with probe_people.probe_person(api, groups=(), person=NAME):
        assert probe_people.sweep(api, now=time.time() + probe_people.OLD_SECONDS + 60) == 1
    assert names(api) == set()


def test_the_probe_of_a_killed_run_goes_after_ten_minutes_or_with_the_next_of_its_name(
    keycloak_server: keycloak.Running, api: session.Session
) -> None:
    kill(keycloak_server, NAME)
    kill(keycloak_server, "govcloud-probe-other")
    assert names(api) == {NAME, "govcloud-probe-other"}
    assert probe_people.sweep(api, now=time.time()) == 0, "it might be of a run that is still there"
    with probe_people.probe_person(api, groups=(), person=NAME):
        assert names(api) == {NAME, "govcloud-probe-other"}
    assert names(api) == {"govcloud-probe-other"}
    late = time.time() + probe_people.OLD_SECONDS + 60
    with probe_people.probe_person(api, groups=(), person="govcloud-probe-new", now=lambda: late):
        assert names(api) == {"govcloud-probe-new"}
    assert names(api) == set()


def test_nobody_elses_account_is_swept_and_none_of_another_name_made(api: session.Session) -> None:
    for other in ("govcloud-prober", "li.govcloud-probe-x"):
        api.post(f"{people_realm.ADMIN}/users", {"username": other, "email": f"{NAME}@{other}.invalid"})
    assert probe_people.sweep(api, now=time.time() + 1e6) == 0
    with pytest.raises(errors.UsageError, match="no name of a probe"), _made(api, "li.wei"):
        pass
    assert names(api) == {"govcloud-prober", "li.govcloud-probe-x"}


def test_a_group_that_is_not_there_is_told_and_no_account_made(api: session.Session) -> None:
    with (
        pytest.raises(errors.GovcloudError, match="no group `finance:nobody`"),
        probe_people.probe_person(api, groups=("finance:nobody",), person=NAME),
    ):
        pass
    assert names(api) == set()


def test_a_sync_beside_it_takes_a_probe_for_no_leaver(api: session.Session) -> None:
    with _made(api, NAME):
        assert list(look(api)) == []


def _made(api: session.Session, person: str) -> Any:
    return probe_people.probe_person(api, groups=("finance:owners",), person=person)
