from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run.remote import demote


def test_a_roles_name_is_never_part_of_the_sql(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "runuser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/argv\ncat > {tmp_path}/sql\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert demote.main({"roles": ['x"; DROP ROLE y; --']}) == {'x"; DROP ROLE y; --': ""}
    assert "DROP" not in (tmp_path / "sql").read_text()
    assert '--set=name=x"; DROP ROLE y; --' in (tmp_path / "argv").read_text().splitlines()


def test_why_it_could_not_be_done_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "runuser"
    program.write_text("#!/bin/sh\necho no such role >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert demote.main({"roles": ["x"]}) == {"x": "no such role"}
