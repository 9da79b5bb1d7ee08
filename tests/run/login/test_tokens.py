from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.run.login import endpoints, tokens, transport
from tests.support.identity_answers import ISSUER, NOW, Answers, Service, granted, id_token, refused

FORM = {"grant_type": "refresh_token", "refresh_token": "old"}


def ask(answer: Answers, *, now: float = NOW, nonce: str | None = None) -> tokens.Tokens:
    service = Service(answer)
    return tokens.ask(service, endpoints.discover(ISSUER, service), FORM, now=now, nonce=nonce)


def test_what_is_granted_ends_by_the_clock_of_this_machine() -> None:
    found = ask(granted(), now=NOW + 200)
    assert (found.obtained_at, found.expires_at) == (NOW + 200, NOW + 245)


@pytest.mark.parametrize("skew", [-301, 301, 86400, -86400])
def test_a_clock_that_is_wrong_by_more_than_five_minutes_is_told(skew: float) -> None:
    with pytest.raises(errors.GovcloudError, match=r"clock is \d+ seconds wrong") as caught:
        ask(granted(), now=NOW + skew)
    assert caught.value.cause is not None
    assert ("ahead" in caught.value.cause) == (skew > 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "two words"},
        {"access_token": "line\nend"},
        {"access_token": "x" * 40_000},
        {"refresh_token": None},
        {"id_token": None},
        {"id_token": "not-a-token"},
        {"id_token": "a.b.c"},
        {"id_token": "a.W10.c"},
        {"token_type": "mac"},
        {"token_type": None},
        {"expires_in": "45"},
        {"expires_in": 0},
        {"expires_in": 10**8},
        {"expires_in": 1.5},
        {"id_token": id_token(iss="https://attacker.invalid/realms/govcloud")},
        {"id_token": id_token(aud="another")},
        {"id_token": id_token(aud=["govcloud-cli", "another"])},
        {"id_token": id_token(sub=None)},
        {"id_token": id_token(preferred_username="\x1b[31mroot")},
        {"id_token": id_token(preferred_username=None)},
        {"id_token": id_token(iat=None)},
        {"id_token": id_token(iat="1")},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_tokens_that_cannot_be_right_are_refused_and_not_quoted(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.GovcloudError, match="cannot be used") as caught:
        ask(granted(**wrong))
    assert "access-1" not in str(vars(caught.value))
    assert "refresh-1" not in str(vars(caught.value))


def test_the_id_token_of_another_log_in_is_refused() -> None:
    assert ask(granted(id_token=id_token(nonce="mine")), nonce="mine").person == "wang.fang"
    for nonce in ({}, {"nonce": "another"}):
        with pytest.raises(errors.GovcloudError, match="cannot be used") as caught:
            ask(granted(id_token=id_token(**nonce)), nonce="mine")
        assert caught.value.cause == "the ID token belongs to another log-in"


def test_tokens_show_in_no_text_of_theirs() -> None:
    found = ask(granted())
    assert "access-1" not in repr(found)
    assert "refresh-1" not in repr(found)


def test_a_no_is_told_by_its_code_alone() -> None:
    with pytest.raises(tokens.RefusedError) as caught:
        ask(refused("invalid_grant"))
    assert caught.value.code == "invalid_grant"
    assert "secret words" not in str(vars(caught.value))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_service_that_is_too_busy_may_be_asked_again(status: int) -> None:
    with pytest.raises(transport.UnreachableError):
        ask(transport.Answer(status=status, body=b"<html>"))


@pytest.mark.parametrize("answer", [refused("\x1b[31mx"), refused("x" * 80), transport.Answer(status=302, body=b"{}")])
def test_a_no_that_is_none_is_refused(answer: transport.Answer) -> None:
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        ask(answer)


@hypothesis.given(strategies.binary(max_size=200), strategies.integers(100, 599))
def test_whatever_is_answered_it_is_an_error_of_ours_or_tokens(body: bytes, status: int) -> None:
    with pytest.raises(errors.GovcloudError):
        ask(transport.Answer(status=status, body=body))
