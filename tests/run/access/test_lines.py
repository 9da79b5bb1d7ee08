from __future__ import annotations

import datetime
import json

import hypothesis
from hypothesis import strategies as st

from govcloud_cli.run.access import lines

NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)
ENDED = {
    "time": "2026-11-22T15:59:30+08:00",
    "event": "ended",
    "person": "li.wei",
    "address": "203.0.113.9",
    "lease": "10.21.0.5",
    "bytesIn": 120,
    "bytesOut": 4096,
    "seconds": 60,
    "session": "a1",
}
LOGIN = {
    "id": "x",
    "time": 1795334370000,
    "type": "LOGIN_ERROR",
    "clientId": "govcloud-vpn",
    "ipAddress": "10.20.0.22",
    "error": "invalid_user_credentials",
    "details": {"username": "li.wei"},
}


def test_an_event_of_the_gateway_keeps_what_it_says_in_utc() -> None:
    line = lines.of_gateway(json.dumps(ENDED).encode(), collected=NOW)
    assert lines.parse(line.data) == {**ENDED, "source": "gateway", "time": "2026-11-22T07:59:30.000Z"}


def test_an_event_of_the_identity_service_gets_the_same_form() -> None:
    line = lines.of_identity(LOGIN, collected=NOW)
    found = lines.parse(line.data)
    assert (found["event"], found["person"], found["reason"]) == ("refused", "li.wei", "invalid_user_credentials")
    assert (found["time"], found["client"], found["type"]) == (
        "2026-11-22T07:59:30.000Z",
        "govcloud-vpn",
        "LOGIN_ERROR",
    )


def test_what_is_no_event_is_kept_as_text_and_counts_as_malformed() -> None:
    cases = (b"{", b"[]", b"null", b'{"event": "ended"}', b'{"event": "\\u001b", "time": "2026-11-22T00:00:00Z"}')
    wrong = (b'{"event":"ended","time":"x"}', b'{"event":"ended","time":"2026-11-22T00:00:00","person":"x"}')
    numbers = tuple(json.dumps({**ENDED, "bytesIn": value}).encode() for value in (-1, True, 1.5, "9", 1 << 60))
    for raw in (*cases, *wrong, *numbers, b"\xff\x00", b"[" * 50_000):
        line = lines.of_gateway(raw, collected=NOW)
        assert line.event == lines.MALFORMED, raw[:40]
        assert lines.parse(line.data)["time"] == "2026-11-22T08:00:00.000Z"
        assert len(line.data) < 4000
    strange: tuple[object, ...] = (
        None,
        [],
        {},
        {"type": "LOGIN", "time": "x"},
        {**LOGIN, "time": 10**20},
        {**LOGIN, "details": 3},
    )
    for told in strange:
        assert lines.of_identity(told, collected=NOW).event == lines.MALFORMED


@hypothesis.given(st.binary(max_size=300))
def test_no_bytes_end_a_line_or_crash(raw: bytes) -> None:
    line = lines.of_gateway(raw, collected=NOW)
    assert line.data.count(b"\n") == 1
    assert line.data.isascii()


@hypothesis.given(st.text(max_size=400), st.text(max_size=400))
def test_a_user_name_can_be_anything_and_stays_one_field(person: str, reason: str) -> None:
    raw = json.dumps({**ENDED, "person": person, "reason": reason}).encode()
    line = lines.of_gateway(raw, collected=NOW)
    found = lines.parse(line.data)
    assert line.data.count(b"\n") == 1
    assert set(found) == {*ENDED, "source", "reason"}
    assert (found["event"], found["bytesIn"]) == ("ended", 120)


def test_an_event_of_administration_says_who_changed_what_and_not_what_was_written() -> None:
    told = {
        "time": 1795334370000,
        "authDetails": {"realmId": "r", "userId": "u1", "ipAddress": "172.31.20.1"},
        "operationType": "UPDATE",
        "resourceType": "USER",
        "resourcePath": "users/u2",
        "representation": '{"credentials": "secret"}',
        "person": "luo.min",
        "about": "li.wei",
        "realm": "govcloud",
    }
    assert lines.parse(lines.of_identity(told, collected=NOW).data) == {
        "source": "identity",
        "event": "administered",
        "time": "2026-11-22T07:59:30.000Z",
        "person": "luo.min",
        "address": "172.31.20.1",
        "type": "UPDATE USER",
        "what": "users/u2",
        "about": "li.wei",
    }
    refused = lines.parse(lines.of_identity({**told, "error": "forbidden", "realm": "master"}, collected=NOW).data)
    assert (refused["event"], refused["reason"], refused["realm"]) == ("refused", "forbidden", "master")
    unnamed = lines.parse(lines.of_identity({**told, "person": None}, collected=NOW).data)
    assert unnamed["person"] == "u1"


def test_whoever_types_the_name_otherwise_is_still_the_person_of_the_account() -> None:
    told = {**LOGIN, "type": "LOGIN", "error": None, "details": {"username": "LI.WEI"}, "person": "li.wei"}
    assert lines.parse(lines.of_identity(told, collected=NOW).data)["person"] == "li.wei"
    stranger = {**LOGIN, "error": "user_not_found", "details": {"username": "LI.WEI"}}
    assert lines.parse(lines.of_identity(stranger, collected=NOW).data)["person"] == "LI.WEI"


def test_who_acts_as_somebody_else_is_who_did_it() -> None:
    details = {"impersonator": "break-glass", "impersonator_realm": "master"}
    told = {**LOGIN, "type": "IMPERSONATE", "error": None, "details": details, "person": "li.wei"}
    found = lines.parse(lines.of_identity(told, collected=NOW).data)
    assert (found["event"], found["person"], found["about"]) == ("impersonate", "break-glass", "li.wei")
