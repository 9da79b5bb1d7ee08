from __future__ import annotations

import dataclasses
import datetime
import pathlib
import threading

import pytest

from govcloud_cli import errors
from govcloud_cli.run.vpn import register
from tests.support import vpn


def issued(serial: str, person: str = "li.wei", **changed: object) -> register.Issued:
    made = register.Issued(
        serial=serial,
        person=person,
        name="李薇",
        organisation="finance-bureau",
        not_before=vpn.START,
        not_after=vpn.START + datetime.timedelta(days=365),
        fingerprint="f",
        key=f"k{serial}",
        issuer="a1",
        object_id="01",
        token="staff-1",
        token_serial="77",
    )
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]


@pytest.fixture
def office(tmp_path: pathlib.Path) -> vpn.Office:
    """An office with two certificates, one delivered and one not."""
    made = vpn.office(tmp_path)
    with register.opened(made.folder) as book:
        book.issue(issued("aa"), now=made.now)
        book.deliver("aa", now=made.now)
        book.issue(issued("bb", "wang.fang"), now=made.now)
    return made


def test_what_was_written_is_read_back(office: vpn.Office) -> None:
    assert office.issued == (issued("aa", delivered=True), issued("bb", "wang.fang"))
    assert [one.state(office.now) for one in office.issued] == ["valid", "unfinished"]
    assert register.path_of(office.folder).stat().st_mode & 0o777 == 0o600


def test_states_follow_time(office: vpn.Office) -> None:
    one = office.issued[0]
    assert one.state(one.not_after - datetime.timedelta(days=30)) == "ending"
    assert one.state(one.not_after) == "expired"
    assert not one.counts(one.not_after)


def test_a_revocation_stays_and_its_first_reason_counts(office: vpn.Office) -> None:
    with register.opened(office.folder) as book:
        book.revoke(["aa", "bb"], reason="lost", note="taxi", now=office.now)
        book.revoke(["aa"], reason="left", now=office.now + datetime.timedelta(days=1))
        book.revoke([], reason="left", now=office.now)
    assert [(one.reason, one.note, one.revoked_at) for one in office.issued] == [("lost", "taxi", office.now)] * 2


def test_every_kill_within_a_write_leaves_the_register_as_it_was_or_whole(office: vpn.Office) -> None:
    path = register.path_of(office.folder)
    before, known = path.read_bytes(), office.issued
    with register.opened(office.folder) as book:
        book.revoke(["aa"], reason="lost", now=office.now)
    after = path.read_bytes()
    for length in range(len(before), len(after)):
        path.write_bytes(after[:length])
        assert office.issued == known
        with register.opened(office.folder) as book:
            book.deliver("bb", now=office.now)
        assert [one.delivered for one in office.issued] == [True, True]
        assert office.issued[0].revoked_at is None


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"null",
        b"\xff",
        b'{"event":"delivered","serial":"zz","time":"2026-11-22T08:00:00.000Z"}',
        b'{"event":"else","time":"2026-11-22T08:00:00.000Z"}',
    ],
)
def test_a_register_that_somebody_edited_is_refused_with_the_line(office: vpn.Office, line: bytes) -> None:
    path = register.path_of(office.folder)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(errors.GovcloudError, match="line 4 of the register"):
        register.read(path)


def test_a_serial_number_is_issued_once(office: vpn.Office) -> None:
    with register.opened(office.folder) as book:
        book.issue(issued("aa", "wang.fang"), now=office.now)
    with pytest.raises(errors.GovcloudError, match="line 4"):
        register.read(register.path_of(office.folder))


def test_offices_take_turns(office: vpn.Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "_PATIENCE", 0.2)
    refused: list[errors.LockedError] = []

    def second() -> None:
        try:
            with register.opened(office.folder):
                pass
        except errors.LockedError as error:
            refused.append(error)

    with register.opened(office.folder):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(refused) == 1
    second()
    assert len(refused) == 1
