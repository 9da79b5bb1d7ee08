from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import device, endpoints, tokens, transport
from tests.support import identity_answers
from tests.support.identity_answers import BASE, INVITATION, ISSUER, Service, Time, granted, refused

PENDING = refused("authorization_pending")
DOWN = transport.UnreachableError("nobody answers")


def log_in(service: Service, time: Time | None = None) -> tuple[tokens.Tokens, list[device.Invitation]]:
    shown: list[device.Invitation] = []
    place = endpoints.discover(ISSUER, service)
    return device.log_in(service, place, clock=(time or Time()).clock(), invite=shown.append), shown


def test_the_person_is_shown_where_and_what_and_the_tokens_come_when_it_is_approved() -> None:
    time = Time()
    found, (shown,) = log_in(Service(PENDING, PENDING, granted()), time)
    assert (shown.url, shown.code, shown.seconds) == (f"{ISSUER}/device", "ABCD-EFGH", 600)
    assert (found.access, found.person, found.expires_at) == ("access-1", "wang.fang", identity_answers.NOW + 15 + 45)
    assert time.slept == [5, 5, 5]


def test_who_ends_the_log_in_proves_to_be_who_began_it() -> None:
    service = Service(granted())
    log_in(service)
    (began,), (ended,) = service.forms("device"), service.forms("token")
    digest = hashlib.sha256(ended["code_verifier"].encode()).digest()
    assert began["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert began["code_challenge_method"] == "S256"
    assert "code_verifier" not in began


def test_who_is_told_to_slow_down_asks_five_seconds_later_from_then_on() -> None:
    time = Time()
    log_in(Service(refused("slow_down"), PENDING, refused("slow_down"), granted()), time)
    assert time.slept == [5, 10, 10, 15]


def test_who_gets_no_answer_asks_less_often_but_goes_on() -> None:
    time = Time()
    log_in(Service(DOWN, DOWN, refused("x", 503), granted()), time)
    assert time.slept == [5, 10, 20, 40]


def test_a_service_that_says_nothing_of_an_interval_is_asked_every_five_seconds() -> None:
    time = Time()
    log_in(Service(granted(), device={key: value for key, value in INVITATION.items() if key != "interval"}), time)
    assert time.slept == [5]


@pytest.mark.parametrize("answers", [(PENDING,), (DOWN,), (refused("expired_token"),)])
def test_a_code_that_nobody_approves_in_time_is_over_and_waiting_has_an_end(answers: tuple[Any, ...]) -> None:
    time = Time()
    with pytest.raises(errors.GovcloudError, match="nobody approved"):
        log_in(Service(*answers), time)
    assert sum(time.slept) <= 600


def test_a_denied_log_in_is_told_apart() -> None:
    with pytest.raises(errors.PolicyDeniedError) as caught:
        log_in(Service(PENDING, refused("access_denied")))
    assert caught.value.exit_code == 3


def test_any_other_no_is_final_and_the_servers_own_words_are_not_shown() -> None:
    with pytest.raises(tokens.RefusedError) as caught:
        log_in(Service(refused("invalid_client", 401)))
    assert caught.value.cause == "invalid_client"
    assert "secret words" not in str(vars(caught.value))


@pytest.mark.parametrize(
    "wrong",
    [
        {"verification_uri": "https://identity.attacker.invalid/device"},
        {"verification_uri": "http://identity.gov.invalid/device"},
        {"verification_uri": f"{ISSUER}/\x1b[2Jdevice"},
        {"verification_uri": "https://identity.gov.invalid:8443/device"},
        {"verification_uri": "https://identity.gov.invalid@attacker.invalid/device"},
        {"verification_uri": None},
        {"user_code": "\x1b[31mABCD"},
        {"user_code": "A" * 60},
        {"user_code": None},
        {"expires_in": 0},
        {"expires_in": True},
        {"expires_in": 10**9},
        {"interval": 0},
        {"interval": -5},
        {"interval": 3600},
        {"device_code": ""},
        {"device_code": "x" * 3000},
    ],
    ids=str,
)
def test_an_invitation_that_leads_astray_or_is_none_is_refused(wrong: dict[str, Any]) -> None:
    shown: list[device.Invitation] = []
    service = Service(granted(), device={**INVITATION, **wrong})
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        device.log_in(service, endpoints.discover(ISSUER, service), clock=Time().clock(), invite=shown.append)
    assert shown == []
    assert service.forms("token") == []


def test_a_whole_address_of_another_host_is_left_out() -> None:
    elsewhere = {**INVITATION, "verification_uri_complete": "https://attacker.invalid/?user_code=ABCD"}
    _, (shown,) = log_in(Service(granted(), device=elsewhere))
    assert shown.whole_url is None


def test_stopping_while_waiting_passes_on_at_once() -> None:
    time = Time()

    def stop() -> None:
        raise KeyboardInterrupt

    time.on_sleep = stop
    service = Service(granted())
    with pytest.raises(KeyboardInterrupt):
        log_in(service, time)
    assert service.forms("token") == []


def test_the_endpoint_is_the_one_that_was_discovered() -> None:
    assert endpoints.discover(ISSUER, Service()).device == f"{BASE}/auth/device"
