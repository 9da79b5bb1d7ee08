from __future__ import annotations

import dataclasses
import json
import pathlib
import threading

import filelock
import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import ending, profiles, sessions, tokens, transport
from tests.support.identity_answers import ISSUER, NOW, Service, Time, granted, id_token, refused

PROFILE = profiles.Profile(
    name="test", issuer=ISSUER, authority="", server="https://k8s.gov.invalid:6443", server_authority=""
)
TOKENS = tokens.Tokens(
    access="access-0",
    refresh="refresh-0",
    obtained_at=NOW,
    expires_at=NOW + 45,
    subject="7d0f",
    person="wang.fang",
)
ENDING = dataclasses.replace(TOKENS, obtained_at=NOW - 36, expires_at=NOW + 9)


@pytest.fixture(autouse=True)
def _home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def path() -> pathlib.Path:
    return profiles.locate("test").session


def current(service: Service, time: Time | None = None) -> tokens.Tokens:
    return sessions.current(PROFILE, service, clock=(time or Time()).clock())


def test_a_session_is_kept_for_its_owner_alone_and_read_as_it_was() -> None:
    sessions.save(PROFILE, TOKENS)
    assert sessions.load(PROFILE) == TOKENS
    assert path().stat().st_mode & 0o777 == 0o600
    assert path().parent.stat().st_mode & 0o777 == 0o700


def test_a_token_that_is_good_for_a_while_is_used_without_asking_anybody() -> None:
    sessions.save(PROFILE, TOKENS)
    service = Service()
    assert current(service) == TOKENS
    assert service.asked == []


def test_one_that_ends_soon_is_renewed_and_the_new_refresh_token_is_kept() -> None:
    sessions.save(PROFILE, ENDING)
    service = Service(granted(1))
    found = current(service)
    assert found.access == "access-1"
    assert sessions.load(PROFILE) == found
    assert service.forms("token") == [
        {"client_id": "govcloud-cli", "grant_type": "refresh_token", "refresh_token": "refresh-0"}
    ]


def test_a_clock_that_was_set_back_makes_no_old_token_young() -> None:
    sessions.save(PROFILE, dataclasses.replace(TOKENS, obtained_at=NOW + 200, expires_at=NOW + 245))
    assert current(Service(granted(1))).access == "access-1"


def test_of_two_at_once_the_second_takes_what_the_first_was_given() -> None:
    sessions.save(PROFILE, ENDING)
    service = Service(granted(1), refused("invalid_grant"))
    found: list[str] = []
    callers = [threading.Thread(target=lambda: found.append(current(service).access)) for _ in range(2)]
    with filelock.FileLock(profiles.locate("test").lock):
        for caller in callers:
            caller.start()
    for caller in callers:
        caller.join(20)
    assert found == ["access-1", "access-1"]
    assert len(service.forms("token")) == 1


def test_whoever_waits_for_another_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.save(PROFILE, ENDING)
    monkeypatch.setattr(sessions, "LOCK_SECONDS", 0.05)
    with filelock.FileLock(profiles.locate("test").lock), pytest.raises(errors.LockedError):
        current(Service(granted(1)))


def test_a_session_that_has_ended_says_in_a_line_what_to_do_and_leaves_nothing() -> None:
    sessions.save(PROFILE, ENDING)
    with pytest.raises(sessions.EndedError) as caught:
        current(Service(refused("invalid_grant")))
    assert caught.value.message == "the session of wang.fang has ended (会话已结束)"
    assert caught.value.remedy == "run `govcloud login --profile test`"
    assert not path().exists()


@pytest.mark.parametrize("failure", [transport.UnreachableError("down"), refused("x", 503), refused("invalid_client")])
def test_without_a_clear_no_the_session_stays(failure: transport.Answer | errors.GovcloudError) -> None:
    sessions.save(PROFILE, ENDING)
    with pytest.raises(errors.GovcloudError):
        current(Service(failure))
    assert sessions.load(PROFILE) == ENDING


def test_tokens_of_another_account_are_not_taken() -> None:
    sessions.save(PROFILE, ENDING)
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        current(Service(granted(1, id_token=id_token(sub="another"))))
    assert not path().exists()


def test_nobody_is_logged_in_before_the_first_log_in() -> None:
    with pytest.raises(sessions.EndedError, match="nobody is logged in"):
        current(Service())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"issuer": "https://attacker.invalid/realms/govcloud"},
        {"access": None},
        {"expires_at": "tomorrow"},
        {"expires_at": 1},
        {"more": 1},
    ],
    ids=str,
)
def test_a_session_that_was_forged_or_is_another_issuers_is_refused(change: dict[str, object]) -> None:
    sessions.save(PROFILE, TOKENS)
    path().write_text(json.dumps({**json.loads(path().read_text()), **change}))
    with pytest.raises(errors.GovcloudError, match="cannot be read"):
        current(Service())


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "7", "[" * 100_000])
def test_a_session_that_is_no_session_is_refused(text: str) -> None:
    sessions.save(PROFILE, TOKENS)
    path().write_text(text)
    with pytest.raises(errors.GovcloudError, match="cannot be read"):
        current(Service())


def test_a_session_that_others_could_read_is_refused() -> None:
    sessions.save(PROFILE, TOKENS)
    path().chmod(0o644)
    with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
        current(Service())


def test_kubectl_is_told_to_ask_again_before_the_token_ends() -> None:
    assert sessions.credential(TOKENS) == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "access-0", "expirationTimestamp": "2027-01-15T08:00:35Z"},
    }


def test_logging_out_ends_it_there_and_removes_it_here() -> None:
    sessions.save(PROFILE, TOKENS)
    service = Service()
    assert ending.log_out(PROFILE, service) == ending.Ended(person="wang.fang")
    assert service.forms("logout") == [{"client_id": "govcloud-cli", "refresh_token": "refresh-0"}]
    assert service.forms("revoke") == [{"client_id": "govcloud-cli", "token": "refresh-0"}]
    assert not path().exists()


@pytest.mark.parametrize("failure", [transport.UnreachableError("down"), transport.Answer(status=500, body=b"")])
def test_what_cannot_be_ended_there_is_removed_here_all_the_same_and_told(
    failure: transport.Answer | errors.GovcloudError,
) -> None:
    sessions.save(PROFILE, TOKENS)
    ended = ending.log_out(PROFILE, Service(logout=failure))
    assert ended.person == "wang.fang"
    assert ended.unreached is not None
    assert not path().exists()


def test_a_session_that_cannot_be_read_is_removed_when_logging_out() -> None:
    sessions.save(PROFILE, TOKENS)
    path().chmod(0o644)
    assert ending.log_out(PROFILE, Service()).unreached is not None
    assert not path().exists()


def test_who_is_not_logged_in_has_nothing_to_end() -> None:
    service = Service()
    assert ending.log_out(PROFILE, service) == ending.Ended(person=None)
    assert service.asked == []
