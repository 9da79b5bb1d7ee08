from __future__ import annotations

import re

import pytest

from govcloud_cli import errors
from govcloud_cli.plan import credentials

MASTER = bytes(range(32))


def test_a_password_follows_from_master_role_and_generation_and_from_nothing_else() -> None:
    first = credentials.password(MASTER, "finance_prod_ledger_rw", 1)
    assert first == credentials.password(MASTER, "finance_prod_ledger_rw", 1)
    others = {
        credentials.password(MASTER, "finance_prod_ledger_ro", 1),
        credentials.password(MASTER, "finance_prod_ledger_rw", 2),
        credentials.password(bytes(32), "finance_prod_ledger_rw", 1),
    }
    assert len(others | {first}) == 4
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first)


def test_the_passwords_that_are_deployed_stay_what_they_are() -> None:
    assert credentials.password(MASTER, "finance_prod_ledger_rw", 1) == "jjMU2tuZ4a0zt855I3eXPQJaXbZmZdb0fr8-sQ01zeE", (
        "another derivation would lock every tenant out at the next deploy"
    )


@pytest.mark.parametrize(("master", "generation"), [(b"short", 1), (MASTER, 0)])
def test_a_weak_master_and_a_generation_before_the_first_are_refused(master: bytes, generation: int) -> None:
    with pytest.raises(ValueError, match=r"at least 32 bytes|count from 1"):
        credentials.password(master, "role", generation)


def test_an_unknown_reference_is_refused_by_name() -> None:
    values = credentials.resolver(master=MASTER, ca="PEM")
    with pytest.raises(errors.GovcloudError, match=r"nothing here gives the value of `\${secrets/other}`"):
        values(credentials.file_ref("other"))


def test_references_show_their_generation_from_the_second_on() -> None:
    shown = [str(credentials.password_ref("a_rw", number)) for number in (1, 2)]
    assert shown == ["${database-password/a_rw}", "${database-password/a_rw@2}"]
    assert str(credentials.AUTHORITY) == "${database-ca}"


def test_only_what_follows_from_the_master_secret_has_generations() -> None:
    for fixed in (credentials.AUTHORITY, credentials.file_ref("directory")):
        assert credentials.of_generation(fixed, 2) == fixed
    assert credentials.of_generation(credentials.application_ref("a"), 2) == credentials.application_ref("a", 2)
