from __future__ import annotations

import datetime
import json
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import reach, workspace
from govcloud_cli.run.decommission import backup

NOW = datetime.datetime(2026, 11, 1, 8, tzinfo=datetime.UTC)
HERE = reach.Reach(namespace=None)


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_a_dump_is_a_private_file_with_what_the_other_end_sent(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.dump"
    backup.dump(shell("printf 'PGDMP\\377\\000'"), path)
    assert path.read_bytes() == b"PGDMP\xff\x00", "bytes, not text"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.dump"]


@pytest.mark.parametrize("script", ["printf half; echo 'disk full' >&2; exit 1", "exit 0"])
def test_half_a_dump_and_an_empty_one_are_none(tmp_path: pathlib.Path, script: str) -> None:
    with pytest.raises(errors.GovcloudError, match="backup of a failed"):
        backup.dump(shell(script), tmp_path / "a.dump")


def test_a_dump_is_read_back_and_must_be_of_its_database(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.dump"
    path.write_text(";     dbname: finance_prod_ledger\n")
    backup.prove(["cat"], path, database="finance_prod_ledger")
    for listing, database in ((["cat"], "another"), (["false"], "finance_prod_ledger")):
        with pytest.raises(errors.GovcloudError, match="cannot be read back"):
            backup.prove(listing, path, database=database)


def made(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = workspace.Workspace(path=tmp_path / "lab").side(platforms.Side.EXTERNAL)
    target = folder.path / "backups" / "finance" / "20261101T080000Z"
    backup.make(target, [], {"tenant.yaml": "kind: TenantRequest\n"}, folder=folder, way=HERE, now=NOW)
    return target


def test_the_manifest_lists_every_file_with_its_checksum_and_all_is_private(tmp_path: pathlib.Path) -> None:
    target = made(tmp_path)
    content = json.loads((target / backup.MANIFEST).read_text())
    assert content["files"]["tenant.yaml"]["bytes"] == 20
    assert len(content["files"]["tenant.yaml"]["sha256"]) == 64
    assert target.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in target.iterdir()} == {0o600}
    assert backup.faults(target) == ()


def test_a_backup_that_was_changed_or_never_finished_is_told(tmp_path: pathlib.Path) -> None:
    target = made(tmp_path)
    (target / "tenant.yaml").write_text("kind: Other\n")
    assert backup.faults(target) == ("tenant.yaml is not what was backed up",)
    (target / "tenant.yaml").unlink()
    assert backup.faults(target)
    (target / backup.MANIFEST).write_text("{")
    assert "never finished" in backup.faults(target)[0]


def test_what_runs_on_the_machine_is_an_argument_vector_with_nothing_secret_in_it(tmp_path: pathlib.Path) -> None:
    folder = workspace.Workspace(path=tmp_path / "lab").side(platforms.Side.EXTERNAL)
    argv = backup.ssh_command("external-db", ("pg_dump", "a; rm -rf /"), folder=folder, way=HERE)
    assert argv[0] == "ssh"
    assert "'a; rm -rf /'" in argv, "quoted for the shell at the other end"
