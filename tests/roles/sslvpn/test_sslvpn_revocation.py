"""Which revocation lists the gateway takes over, and that nobody gets in on any other."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest

from tests.roles.sslvpn.conftest import Place
from tests.support import vpn_pki

HOUR = datetime.timedelta(hours=1)


def require(programs: SimpleNamespace, place: Place, now: datetime.datetime | None = None) -> None:
    programs.gate.require_current_revocations(place.settings, now or vpn_pki.now())


def test_a_good_list_is_taken_over_as_it_is(programs: SimpleNamespace, place: Place) -> None:
    require(programs, place)
    assert (place.folder / "accepted.crl").read_bytes() == (place.folder / "published.crl").read_bytes()


@pytest.mark.parametrize(
    "name", ["empty", "no list", "two halves", "another's", "over", "not begun", "another's signature"]
)
def test_a_bad_list_is_not_taken_over_and_nobody_gets_in(programs: SimpleNamespace, place: Place, name: str) -> None:
    before = (place.folder / "accepted.crl").read_bytes()
    other = vpn_pki.Authority.new("vpn-ca")
    good = vpn_pki.pem(place.authority.revocations())
    place.publish(
        {
            "empty": b"",
            "no list": vpn_pki.pem(place.authority.certificate),
            "two halves": good[: len(good) // 2],
            "another's": vpn_pki.pem(vpn_pki.Authority.new("other").revocations()),
            "another's signature": vpn_pki.pem(other.revocations()),
            "over": vpn_pki.pem(
                place.authority.revocations(begins=vpn_pki.now() - 2 * HOUR, ends=vpn_pki.now() - HOUR)
            ),
            "not begun": vpn_pki.pem(
                place.authority.revocations(begins=vpn_pki.now() + HOUR, ends=vpn_pki.now() + 2 * HOUR)
            ),
        }[name]
    )
    with pytest.raises(programs.gate.RefusedError):
        place.accept()
    assert (place.folder / "accepted.crl").read_bytes() == before, "ocserv keeps the last good one"
    with pytest.raises(programs.gate.RefusedError, match="not valid, or not yet taken over"):
        require(programs, place)


def test_while_one_authority_takes_over_from_another_each_has_its_list(programs: SimpleNamespace, place: Place) -> None:
    new = vpn_pki.Authority.new("vpn-ca")
    both = vpn_pki.pem(place.authority.certificate) + vpn_pki.pem(new.certificate)
    (place.folder / "authority.crt").write_bytes(both)
    own, other = vpn_pki.pem(place.authority.revocations()), vpn_pki.pem(new.revocations(ends=vpn_pki.now() + HOUR))
    for lists in (own, other, own + own, own + vpn_pki.pem(vpn_pki.Authority.new("vpn-ca").revocations())):
        place.publish(lists)
        with pytest.raises(programs.gate.RefusedError):
            place.accept()
    place.publish(own + other)
    place.accept()
    require(programs, place)
    with pytest.raises(programs.gate.RefusedError, match="past its time"):
        require(programs, place, vpn_pki.now() + 2 * HOUR)


def test_a_list_that_was_good_ends_with_its_time(programs: SimpleNamespace, place: Place) -> None:
    with pytest.raises(programs.gate.RefusedError, match="past its time"):
        require(programs, place, vpn_pki.now() + 25 * HOUR)


@pytest.mark.parametrize("name", ["published.crl", "accepted.crl.json"])
def test_without_either_file_nobody_gets_in(programs: SimpleNamespace, place: Place, name: str) -> None:
    (place.folder / name).unlink()
    with pytest.raises(programs.gate.RefusedError):
        require(programs, place)


def test_the_gateway_starts_with_the_last_good_list_and_not_without_any(
    programs: SimpleNamespace, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs.gate, "settings", lambda: place.settings)
    assert programs.revocation.main() == 0
    place.publish(b"")
    assert programs.revocation.main() == 0
    assert "nobody gets in" in capsys.readouterr().err
    (place.folder / "accepted.crl").unlink()
    assert programs.revocation.main() == 1


def test_an_older_list_that_is_still_in_date_does_not_come_back(programs: SimpleNamespace, place: Place) -> None:
    older, newer = (vpn_pki.pem(place.authority.revocations(number=number)) for number in (2**62, 2**62 + 1))
    for _ in range(2):
        place.publish(newer)
        place.accept()
    # What systemd clears when ocserv ends.
    for name in ("accepted.crl", "accepted.crl.json"):
        (place.folder / name).unlink()
    place.publish(older)
    with pytest.raises(programs.gate.RefusedError, match="older than one that was taken over"):
        place.accept()
    with pytest.raises(programs.gate.RefusedError):
        require(programs, place)
    place.publish(newer)
    place.accept()
    require(programs, place)


def test_each_authority_has_list_numbers_of_its_own(programs: SimpleNamespace, place: Place) -> None:
    new = vpn_pki.Authority.new("vpn-ca")
    both = vpn_pki.pem(place.authority.certificate) + vpn_pki.pem(new.certificate)
    (place.folder / "authority.crt").write_bytes(both)
    own = vpn_pki.pem(place.authority.revocations(number=2**62))
    place.publish(own + vpn_pki.pem(new.revocations(number=7)))
    place.accept()
    place.publish(own + vpn_pki.pem(new.revocations(number=6)))
    with pytest.raises(programs.gate.RefusedError, match="older than one"):
        place.accept()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"x": "y"}'])
def test_a_damaged_record_of_numbers_lets_no_list_in(programs: SimpleNamespace, place: Place, content: bytes) -> None:
    (place.folder / "revocations.json").write_bytes(content)
    with pytest.raises(programs.gate.RefusedError, match="record"):
        place.accept()


def test_two_lists_of_one_authority_are_refused(programs: SimpleNamespace, place: Place) -> None:
    older, newer = (vpn_pki.pem(place.authority.revocations()) for _ in range(2))
    place.publish(newer + older)
    with pytest.raises(programs.gate.RefusedError, match="not one for each"):
        place.accept()


def test_a_list_counts_with_the_authorities_that_it_was_taken_over_for(programs: SimpleNamespace, place: Place) -> None:
    file = place.folder / "authority.crt"
    before = file.read_bytes()
    file.write_bytes(before + vpn_pki.pem(vpn_pki.Authority.new("vpn-ca").certificate))
    with pytest.raises(programs.gate.RefusedError):
        place.accept()
    with pytest.raises(programs.gate.RefusedError, match="not yet taken over"):
        require(programs, place)
    file.write_bytes(before)
    require(programs, place)
