"""What the gateway's own words (ocserv 1.1.6, as seen) become in the audit."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace

import pytest


@pytest.fixture
def refusals(programs: SimpleNamespace) -> ModuleType:
    module: ModuleType = programs.refusals
    return module


WORDS = {
    "of another authority": (
        "worker: 10.30.0.11 client certificate verification failed: The certificate is NOT trusted. It lies. ",
        (None, "10.30.0.11", "certificate refused: The certificate is NOT trusted. It lies."),
    ),
    "revoked": (
        "worker: fd30::11 client certificate verification failed: The certificate chain is revoked. ",
        (None, "fd30::11", "certificate refused: The certificate chain is revoked."),
    ),
    "no identity field": (
        "worker: 10.30.0.11 worker-auth.c:546: the certificate's DN does not contain OID 0.9.2342.19200300.100.1.1;",
        (None, "10.30.0.11", "certificate without a person"),
    ),
    "too long a person": (
        "worker: 10.30.0.11 worker-auth.c:543: certificate's username exceed the maximum buffer size (64)",
        (None, "10.30.0.11", "certificate without a person"),
    ),
    "of another person": (
        "sec-mod: user 'li-na' (session: LuviMg) presented a certificate which is for user 'wang-wei'; rejecting",
        ("li-na", None, "certificate of another person: wang-wei"),
    ),
    "cookie": (
        "worker[zhang-san]: 10.30.0.11 failed cookie authentication attempt",
        ("zhang-san", "10.30.0.11", "cookie refused"),
    ),
    "banned now": (
        "main: added IP '10.30.99.12' (with score 50) to ban list, will be reset at: Sun Nov 22 21:55:00 2026",
        (None, "10.30.99.12", "banned: too many failed attempts"),
    ),
    "banned still": (
        "main: rejected connection from banned IP: 10.30.99.12",
        (None, "10.30.99.12", "banned"),
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_each_refusal_is_kept_with_its_reason(refusals: ModuleType, name: str) -> None:
    line, (person, address, reason) = WORDS[name]
    assert refusals.Reader().read(line) == refusals.Refusal(person=person, address=address, reason=reason)


def test_who_shows_no_certificate_is_known_by_the_process_that_took_the_connection(refusals: ModuleType) -> None:
    reader = refusals.Reader()
    assert reader.read("worker: 10.30.0.11 accepted connection", process="7") is None
    reader.read("worker: 10.30.0.12 accepted connection", process="8")
    seen = reader.read("GnuTLS error (at worker-vpn.c:861): Certificate is required.", process="7")
    assert (seen.address, seen.reason) == ("10.30.0.11", "no certificate")


@pytest.mark.parametrize(
    "line",
    [
        "worker: 10.30.0.11 client certificate verification succeeded",
        "main[li-na]:10.30.0.11:36968 user logged in",
        "GnuTLS error (at worker-vpn.c:861): Error in the certificate.",
        "worker[x]: 10.30.0.11 User-agent: 'main: rejected connection from banned IP: 1.2.3.4'",
        "",
    ],
)
def test_nothing_else_is_taken_for_a_refusal(refusals: ModuleType, line: str) -> None:
    assert refusals.Reader().read(line) is None


def test_what_repeats_within_one_attempt_is_told_once(refusals: ModuleType) -> None:
    reader, (line, _) = refusals.Reader(), WORDS["banned still"]
    assert [reader.read(line, at=at) is not None for at in (0.0, 1.0, 9.0, 11.0, 12.0)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_words_that_the_journal_takes_for_no_text_are_read_all_the_same(refusals: ModuleType) -> None:
    line = b"worker[zhang\xffsan]: 10.30.0.11 failed cookie authentication attempt"
    seen = refusals.Reader().read(refusals.text(list(line)))
    assert (seen.address, seen.reason) == ("10.30.0.11", "cookie refused")
    assert [refusals.text(one) for one in ("main: x", None, [300], ["x"])] == ["main: x", "", "", ""]
