from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import side_secrets, workspace


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> workspace.SideFolder:
    found = workspace.Workspace(path=tmp_path / ".govcloud" / "lab").side(platforms.Side.EXTERNAL)
    workspace.ensure_secret(found.secrets / "master")
    return found


def contents(folder: workspace.SideFolder) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.secrets.iterdir()}


def test_secrets_are_made_once_for_nobody_but_their_owner_and_are_different_from_each_other(
    folder: workspace.SideFolder,
) -> None:
    assert side_secrets.ensure(folder) == ("identity-engine", "vpn-client", "portal-client")
    first = contents(folder)
    assert side_secrets.ensure(folder) == ()
    assert contents(folder) == first
    assert first["identity-engine"] != first["vpn-client"]
    for name in ("identity-engine", "vpn-client", "portal-client"):
        assert len(first[name]) == 43, "32 bytes in base64url"
        assert (folder.secrets / name).stat().st_mode & 0o777 == 0o600


def test_the_break_glass_password_is_a_file_only_while_roles_run(folder: workspace.SideFolder) -> None:
    side_secrets.ensure(folder)
    path = folder.secrets / "break-glass"
    with side_secrets.break_glass_file(folder):
        password = path.read_text(encoding="utf-8")
        assert len(password) == 43
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()
    assert all(password not in text for text in contents(folder).values())
    assert side_secrets.unseal(folder) == password, "derived again"


def test_the_file_goes_also_when_roles_fail_or_their_run_was_killed(folder: workspace.SideFolder) -> None:
    side_secrets.ensure(folder)
    with pytest.raises(RuntimeError), side_secrets.break_glass_file(folder):
        raise RuntimeError
    assert not (folder.secrets / "break-glass").exists()
    workspace.write(folder.secrets / "break-glass", "left by a killed run")
    side_secrets.ensure(folder)
    assert not (folder.secrets / "break-glass").exists()


def test_a_password_that_was_shown_is_another_one_after_the_next_deploy(folder: workspace.SideFolder) -> None:
    side_secrets.ensure(folder)
    before = side_secrets.digests(folder)
    shown = side_secrets.unseal(folder)
    assert side_secrets.digests(folder) == before, "until then it works"
    assert side_secrets.ensure(folder) == ("break-glass",)
    assert side_secrets.generation(folder) == 2
    after = side_secrets.digests(folder)
    assert {name for name in after if after[name] != before[name]} == {"break-glass"}, "so its machine is due"
    with side_secrets.break_glass_file(folder):
        assert (folder.secrets / "break-glass").read_text(encoding="utf-8") != shown
    assert side_secrets.ensure(folder) == (), "once"


def test_digests_tell_a_change_and_nothing_else(folder: workspace.SideFolder) -> None:
    assert side_secrets.digests(folder) == {}
    side_secrets.ensure(folder)
    first = side_secrets.digests(folder)
    assert first.keys() == {"identity-engine", "vpn-client", "portal-client", "break-glass", "derived"}
    text = contents(folder)
    assert all(value not in shown for value in text.values() for shown in first.values())
    same = text["vpn-client"]
    workspace.write(folder.secrets / "identity-engine", same)
    changed = side_secrets.digests(folder)
    assert changed["identity-engine"] != changed["vpn-client"], "the same text under two names does not show"
    workspace.write(folder.secrets / "master", "ab" * 32)
    assert all(side_secrets.digests(folder)[name] != changed[name] for name in changed), "keyed"


@pytest.mark.parametrize("text", ["", "0", "-1", "two", "1.5"])
def test_a_generation_that_is_none_is_refused_with_a_sentence(folder: workspace.SideFolder, text: str) -> None:
    workspace.write(folder.secrets / "break-glass-generation", text)
    with pytest.raises(errors.GovcloudError, match="holds no generation"):
        side_secrets.unseal(folder)


def test_each_secret_has_a_digest_that_tells_another_one_and_nothing_else(folder: workspace.SideFolder) -> None:
    side_secrets.ensure(folder)
    workspace.write(folder.secrets / "directory", "first")
    before = side_secrets.digests(folder)
    assert set(before) == {"identity-engine", "vpn-client", "portal-client", "directory", "break-glass", "derived"}
    (folder.secrets / "vpn-client").unlink()
    assert side_secrets.ensure(folder) == ("vpn-client",)
    workspace.write(folder.secrets / "directory", "second")
    after = side_secrets.digests(folder)
    assert {name for name in before if before[name] != after[name]} == {"vpn-client", "directory"}
    assert not {"first", "second", *contents(folder).values()} & {*before.values(), *after.values()}
    workspace.write(folder.secrets / "master", "bb" * 32)
    last = side_secrets.digests(folder)
    assert not {*last.values()} & {*after.values()}, "applications' secrets follow from it too"
