"""The second factor's program, without a network: what it refuses by itself, and what it takes from an answer."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.roles.sslvpn.conftest import Place

ADDRESS = "10.30.0.11"
GOOD = {"iss": "https://localhost:1/realms/govcloud", "azp": "govcloud-vpn", "preferred_username": "li-na"}


def token(**claims: Any) -> dict[str, Any]:
    payload = base64.urlsafe_b64encode(json.dumps({**GOOD, **claims}).encode()).decode().rstrip("=")
    return {"access_token": f"e30.{payload}.c2ln"}


@pytest.fixture
def asked(programs: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the identity service was asked; it grants everything."""
    questions: list[tuple[str, ...]] = []

    def answer(_settings: object, *question: str) -> tuple[int, dict[str, Any]]:
        questions.append(question)
        return 200, token()

    monkeypatch.setattr(programs.check, "_ask", answer)
    return questions


def judge(programs: SimpleNamespace, place: Place, *, person: str = "li-na", secret: bytes = b"password123456\0",
          address: str = ADDRESS) -> None:  # fmt: skip
    programs.check.judge(place.settings, person=person, address=address, secret=secret)


def test_password_and_code_are_told_apart(programs: SimpleNamespace, place: Place, asked: list[Any]) -> None:
    judge(programs, place, secret="密码 with 7 words123456".encode())
    assert asked == [("li-na", "密码 with 7 words", "123456", ADDRESS)], "the service is told from where he is"


def test_a_log_in_that_was_not_used_ends_with_the_next_from_there(
    programs: SimpleNamespace, place: Place, asked: list[Any]
) -> None:
    for address in (ADDRESS, ADDRESS, "10.30.0.12"):
        judge(programs, place, address=address)
    with programs.gate.attempts(place.settings) as known:
        left = [address for (address,) in known.execute("SELECT address FROM granted ORDER BY address")]
    assert left == [ADDRESS, "10.30.0.12"], "or it would let in who replays a cookie"
    assert len(asked) == 3


@pytest.mark.parametrize(
    "secret",
    [b"", b"\0", b"123456", b"password", b"password12345", b"password12345x", "password１２３４５６".encode(),
     b"pass\0word123456", b"\xff\xfepassword123456", b"x" * 600 + b"123456"],
)  # fmt: skip
def test_what_is_not_a_password_and_a_code_is_not_sent(
    programs: SimpleNamespace, place: Place, asked: list[Any], secret: bytes
) -> None:
    with pytest.raises(programs.gate.RefusedError):
        judge(programs, place, secret=secret)
    assert asked == []


@pytest.mark.parametrize(
    "person",
    ["", "Li-Na", "li-na ", "li-na\n", "../people/li-na", "li--na", "nobody", ".", "li-na@yunxi.example", "a" * 31],
)
def test_who_has_no_file_is_not_asked_about(
    programs: SimpleNamespace, place: Place, asked: list[Any], person: str
) -> None:
    with pytest.raises(programs.gate.RefusedError, match="no person of this name"):
        judge(programs, place, person=person)
    assert asked == []


ANSWERS: dict[str, tuple[int, dict[str, Any], str]] = {
    "wrong": (401, {"error": "invalid_grant", "error_description": "Invalid user credentials"}, "Invalid user"),
    "disabled": (400, {"error": "invalid_grant", "error_description": "Account disabled"}, "Account disabled"),
    "our secret is wrong": (401, {"error": "unauthorized_client"}, "answers 401"),
    "broken": (500, {"error": "unknown_error"}, "answers 500"),
    "no token": (200, {}, "not for this gateway"),
    "no text": (200, {"access_token": 7}, "not for this gateway"),
    "another realm's": (200, token(iss="https://localhost:1/realms/master"), "not for this gateway"),
    "another client's": (200, token(azp="portal"), "not for this gateway"),
    "another person's": (200, token(preferred_username="wang-wei"), "another name"),
    "written differently": (200, token(preferred_username="Li-Na"), "another name"),
    "nobody's": (200, token(preferred_username=None), "another name"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_only_the_persons_own_token_for_this_gateway_counts(
    programs: SimpleNamespace, place: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    status, answer, words = ANSWERS[name]
    monkeypatch.setattr(programs.check, "_ask", lambda *_: (status, answer))
    with pytest.raises(programs.gate.RefusedError, match=words):
        judge(programs, place)


def test_after_some_failures_the_address_is_banned_whoever_it_claims_to_be(
    programs: SimpleNamespace, place: Place, asked: list[Any]
) -> None:
    for person in ("nobody", "li-na", "somebody"):
        with pytest.raises(programs.gate.RefusedError):
            judge(programs, place, person=person, secret=b"short")
    with pytest.raises(programs.gate.RefusedError, match="banned: 3 failed attempts"):
        judge(programs, place)
    assert asked == []
    judge(programs, place, address="10.30.0.12")


def test_one_ipv6_subscriber_is_one_address(programs: SimpleNamespace, place: Place, asked: list[Any]) -> None:
    for number in range(3):
        with pytest.raises(programs.gate.RefusedError):
            judge(programs, place, secret=b"short", address=f"2001:db8::{number}")
    with pytest.raises(programs.gate.RefusedError, match="banned"):
        judge(programs, place, address="2001:db8::ffff:7")
    judge(programs, place, address="2001:db8:0:1::7")


def test_a_fault_of_the_service_bans_nobody(programs: SimpleNamespace, place: Place) -> None:
    for _ in range(4):
        with pytest.raises(programs.gate.RefusedError, match="does not answer"):
            judge(programs, place)


def test_attempts_at_the_same_time_are_no_more_than_attempts_one_after_the_other(
    programs: SimpleNamespace, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(*_question: object) -> tuple[int, dict[str, Any]]:
        asked.append(1)
        if len(asked) < 10:
            # The next one begins while this one waits for its answer.
            with pytest.raises(programs.gate.RefusedError):
                judge(programs, place)
        return 401, {"error": "invalid_grant"}

    monkeypatch.setattr(programs.check, "_ask", answer)
    with pytest.raises(programs.gate.RefusedError):
        judge(programs, place)
    assert len(asked) == place.settings.attempts_allowed


def test_what_cannot_be_counted_is_refused(programs: SimpleNamespace, place: Place, asked: list[Any]) -> None:
    (place.folder / "attempts.db").mkdir()
    with pytest.raises(programs.gate.RefusedError, match="records cannot be used"):
        judge(programs, place)
    assert asked == []
