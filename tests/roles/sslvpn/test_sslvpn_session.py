"""The last look before a tunnel is up, and what is kept of it."""

from __future__ import annotations

import datetime
import sqlite3
import time
from types import SimpleNamespace

import pytest

from tests.roles.sslvpn.conftest import Place
from tests.support import vpn_pki

COMING = {
    "REASON": "connect",
    "USERNAME": "li-na",
    "IP_REAL": "10.30.0.11",
    "IP_REMOTE": "10.21.0.7",
    "IPV6_REMOTE": "fd21::7",
    "ID": "4711",
}


def log_in(programs: SimpleNamespace, place: Place, *, address: str = "10.30.0.11", ago: float = 1.0) -> None:
    with programs.gate.attempts(place.settings) as known:
        known.execute("INSERT INTO granted VALUES ('li-na', ?, ?)", (address, time.time() - ago))


def judge(programs: SimpleNamespace, place: Place, **changes: str) -> None:
    programs.session.judge(place.settings, {**COMING, **changes}, datetime.datetime.now(datetime.UTC))


def test_who_logged_in_and_has_a_lease_of_his_group_comes_in(programs: SimpleNamespace, place: Place) -> None:
    log_in(programs, place)
    judge(programs, place)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"USERNAME": "wang-wei"}, "no person of this name"),
        ({"USERNAME": ""}, "no person of this name"),
        ({"IP_REMOTE": "192.0.2.7"}, "not of the person's group"),
        ({"IPV6_REMOTE": "fd22::7"}, "not of the person's group"),
        ({"IP_REMOTE": "", "IPV6_REMOTE": ""}, "not of the person's group"),
        ({"IP_REAL": "10.30.0.12"}, "no log-in from this address"),
    ],
)
def test_nobody_else_comes_in(programs: SimpleNamespace, place: Place, changes: dict[str, str], words: str) -> None:
    log_in(programs, place)
    with pytest.raises(programs.gate.RefusedError, match=words):
        judge(programs, place, **changes)


def test_a_log_in_is_good_for_a_moment(programs: SimpleNamespace, place: Place) -> None:
    log_in(programs, place, ago=31)
    with pytest.raises(programs.gate.RefusedError, match="no log-in"):
        judge(programs, place)


def test_a_log_in_is_good_for_one_tunnel(programs: SimpleNamespace, place: Place) -> None:
    log_in(programs, place)
    log_in(programs, place)
    judge(programs, place)
    judge(programs, place)
    with pytest.raises(programs.gate.RefusedError, match="used before"):
        judge(programs, place)


def test_without_the_records_nobody_comes_in(programs: SimpleNamespace, place: Place) -> None:
    sqlite3.connect(place.settings.attempts).close()
    (place.folder / "attempts.db").write_bytes(b"not a database" * 100)
    with pytest.raises(programs.gate.RefusedError, match="records cannot be used"):
        judge(programs, place)


def test_with_a_list_that_is_not_taken_over_nobody_comes_in(programs: SimpleNamespace, place: Place) -> None:
    log_in(programs, place)
    place.publish(vpn_pki.pem(place.authority.revocations()))
    with pytest.raises(programs.gate.RefusedError, match="not yet taken over"):
        judge(programs, place)


def test_each_session_has_its_two_lines(
    programs: SimpleNamespace, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(programs, place)
    monkeypatch.setattr(programs.gate, "settings", lambda: place.settings)
    leaving = {"REASON": "disconnect", "STATS_BYTES_IN": "10", "STATS_BYTES_OUT": "20", "STATS_DURATION": "3"}
    for environment in (COMING, {**COMING, **leaving}, {**COMING, "USERNAME": "evil\n\u202e" + "x" * 300}):
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            programs.session.main()
    began, ended, refused = place.audit()
    fixed = {"person": "li-na", "address": "10.30.0.11", "lease": "10.21.0.7", "lease6": "fd21::7", "session": "4711"}
    assert began == {"time": began["time"], "event": "began", **fixed}
    assert ended == {"time": ended["time"], "event": "ended", **fixed, "bytesIn": 10, "bytesOut": 20, "seconds": 3}
    assert refused["reason"] == "no person of this name may come in"
    assert refused["person"].startswith("evil??x")
    assert len(refused["person"]) == 200
