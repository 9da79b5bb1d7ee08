from __future__ import annotations

import urllib.parse
from collections.abc import Mapping

import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import browser, endpoints, loopback, tokens
from tests.support.identity_answers import ISSUER, METADATA, Answers, Service, Time, granted, id_token

Brought = dict[str, str | None]


def log_in(
    monkeypatch: pytest.MonkeyPatch, brought: Brought | None = None, *, metadata: Answers = METADATA
) -> tuple[tokens.Tokens, Service, dict[str, str]]:
    """Log in with a browser that brings `brought` beside what it should; None takes a field away."""
    service = Service(granted(), metadata=metadata)
    asked: dict[str, str] = {}

    def invite(url: str) -> None:
        asked.update(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        # The browser takes the nonce along; the service puts it into the ID token.
        service._answers["token"] = [granted(id_token=id_token(nonce=asked["nonce"]))]

    def wait(_listener: loopback.Listener, **_: object) -> Mapping[str, str]:
        found: Brought = {"state": asked["state"], "code": "the-code", "iss": ISSUER, **(brought or {})}
        return {name: value for name, value in found.items() if value is not None}

    monkeypatch.setattr(loopback.Listener, "wait", wait)
    place = endpoints.discover(ISSUER, service)
    return browser.log_in(service, place, clock=Time().clock(), invite=invite), service, asked


def test_a_code_is_redeemed_where_it_was_asked_for_by_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found, service, asked = log_in(monkeypatch)
    (form,) = service.forms("token")
    assert found.person == "wang.fang"
    assert form["code"] == "the-code"
    assert form["redirect_uri"] == asked["redirect_uri"]
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    assert form["code_verifier"] not in asked.values()


def test_nothing_that_is_random_is_so_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, first = log_in(monkeypatch)
    _, _, second = log_in(monkeypatch)
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))
    assert all(len(first[name]) >= 43 for name in ("state", "nonce", "code_challenge"))


@pytest.mark.parametrize("state", [None, "", "another", "ÿ"])
def test_an_answer_of_another_log_in_is_not_used(monkeypatch: pytest.MonkeyPatch, state: str | None) -> None:
    with pytest.raises(errors.GovcloudError, match="another log-in"):
        log_in(monkeypatch, {"state": state})


@pytest.mark.parametrize("issuer", [None, "https://attacker.invalid/realms/govcloud", f"{ISSUER}/"])
def test_an_answer_of_another_issuer_is_not_used(monkeypatch: pytest.MonkeyPatch, issuer: str | None) -> None:
    with pytest.raises(errors.GovcloudError, match="another identity service"):
        log_in(monkeypatch, {"iss": issuer})


def test_an_issuer_that_does_not_say_so_need_not_but_must_not_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = {**METADATA, "authorization_response_iss_parameter_supported": False}
    log_in(monkeypatch, {"iss": None}, metadata=silent)
    with pytest.raises(errors.GovcloudError, match="another identity service"):
        log_in(monkeypatch, {"iss": "https://attacker.invalid"}, metadata=silent)


def test_a_denied_log_in_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.PolicyDeniedError):
        log_in(monkeypatch, {"error": "access_denied", "code": None})


@pytest.mark.parametrize(
    "brought", [{"code": None}, {"code": ""}, {"code": "x" * 3000}, {"error": "server_error"}], ids=str
)
def test_an_answer_without_a_code_is_refused(monkeypatch: pytest.MonkeyPatch, brought: Brought) -> None:
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        log_in(monkeypatch, brought)
