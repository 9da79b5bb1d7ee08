"""How attempts are judged, with a client in openconnect's place that says what the real one says."""

from __future__ import annotations

import os
import pathlib
import time
from typing import Any

import pytest

from govcloud_cli.plan import tunnel_probes
from govcloud_cli.run.remote import tunnels

PREFIX = "tunnel/x/staff/"
CLIENT = """#!/bin/sh
read -r secret
case "$*" in
*"$SAYS"*) echo "Failed to connect to host 10.30.0.22" >&2; exit 1;;
esac
case "$* $secret" in
*good.pem*"right"*) echo "COOKIE='abc'";;
*) echo "Login failed." >&2; exit 2;;
esac
"""


@pytest.fixture(autouse=True)
def client(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "openconnect"
    program.write_text(CLIENT)
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SAYS", "nothing-of-the-kind")
    monkeypatch.setattr(tunnels, "_PAUSE", 0.0)


def tried(*acts: str, password: str = "right") -> dict[str, str]:
    now = int(time.time()) // 30
    codes = {str(counter): f"{counter % 1_000_000:06d}" for counter in range(now - 12, now + 14)}
    probes = [{"id": PREFIX + act, "act": act, "expected": "forbidden"} for act in acts]
    argument: dict[str, Any] = {
        "address": "10.30.0.22",
        "port": 443,
        "authority": "",
        "packets": "",
        "timeout": 1.0,
        "certificates": {"good": "good", "revoked": "revoked"},
        "group": {
            "person": "govcloud-probe-staff",
            "password": password,
            "codes": codes,
            "attempts": 2,
            "other": {"password": "another's", "codes": codes},
            "probes": probes,
        },
    }
    return {name.removeprefix(PREFIX): seen for name, seen in tunnels.main(argument).items()}


def test_whatever_is_planned_is_tried_and_nothing_else_and_each_once() -> None:
    acts = [act for act, _ in tunnels._STEPS]
    planned = (*tunnel_probes.ATTACKS, *(getattr(tunnel_probes, name) for name in ("BEFORE", "THROUGH", "LOG_IN")))
    assert sorted(acts) == sorted((*planned, tunnel_probes.STILL_GOOD))


def test_no_refusal_can_be_a_ban_for_those_before_it() -> None:
    """What is counted by the gateway until somebody gets in, in the order in which it is tried."""
    counted = 0
    for act, _ in tunnels._STEPS:
        if act == tunnel_probes.BANNED:
            return
        counted = 0 if act in (tunnel_probes.LOG_IN, tunnel_probes.STILL_GOOD) else counted
        counted += act in (*tunnel_probes.SECRETS, tunnel_probes.OTHERS_PASSWORD)
        assert counted < tunnel_probes.ATTEMPTS, act
    pytest.fail("the attack that leads to a ban is the last one")


def test_who_is_refused_is_told_from_who_gets_in() -> None:
    assert tried("still-good", "revoked", "no-certificate", "others-password") == {
        "still-good": "allowed",
        "revoked": "forbidden",
        "no-certificate": "forbidden",
        "others-password": "forbidden",
    }


def test_a_gateway_that_takes_any_code_is_seen() -> None:
    """The one here looks at the password alone."""
    seen = tried("wrong-code", "late-code", "early-code", "reused-code")
    assert set(seen.values()) == {"allowed"}


def test_spraying_that_leads_to_no_ban_is_seen() -> None:
    assert tried("password-spraying") == {"password-spraying": "allowed"}


def test_a_gateway_that_was_not_reached_refused_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "revoked.pem")
    seen = tried("revoked", "no-certificate")
    assert seen["revoked"].startswith("error: ")
    assert seen["no-certificate"] == "forbidden"


def test_without_a_tunnel_nothing_is_said_of_what_it_leads_to() -> None:
    assert tried("through", "spoofed-source", "cookie-after-log-out") == {
        "through": "error: there is no tunnel",
        "spoofed-source": "error: UnableError: there are no two tunnels, or nothing to reach",
        "cookie-after-log-out": "error: UnableError: there was no session",
    }


def test_no_key_is_left_behind() -> None:
    before = set(pathlib.Path("/dev/shm").glob("probe-*"))
    tried("revoked")
    assert set(pathlib.Path("/dev/shm").glob("probe-*")) <= before
