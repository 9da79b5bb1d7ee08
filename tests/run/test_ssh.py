from __future__ import annotations

import pathlib
import shlex

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import hosts
from govcloud_cli.run import process, reach, ssh, workspace

BORDER = hosts.Host(name="border", address="172.31.20.10", user="root", port=22, roles=(), variables={})
REMOTE = hosts.Host(name="db", address="db.example", user="govcloud", port=2222, roles=(), variables={})


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> workspace.SideFolder:
    monkeypatch.setattr(ssh, "_SOCKETS", tmp_path / "run")
    return workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)


def settings(folder: workspace.SideFolder, host: str) -> dict[str, str]:
    """What `ssh` itself makes of the configuration."""
    text = process.run(["ssh", "-G", "-F", str(ssh.config_path(folder)), host]).stdout
    return dict(line.partition(" ")[::2] for line in text.splitlines())


def test_a_key_is_made_once_and_is_for_its_owner_alone(folder: workspace.SideFolder) -> None:
    made = ssh.public_key(folder)
    assert made == ssh.public_key(folder)
    assert made.startswith("ssh-ed25519 ")
    assert (folder.ssh / "id_ed25519").stat().st_mode & 0o777 == 0o600


def test_a_key_whose_making_was_killed_is_made_anew(folder: workspace.SideFolder) -> None:
    workspace.make_folder(folder.ssh)
    (folder.ssh / "id_ed25519").write_text("half")
    assert ssh.public_key(folder).startswith("ssh-ed25519 ")


def test_lab_machines_are_reached_with_our_key_and_their_known_key_only(folder: workspace.SideFolder) -> None:
    ssh.configure(folder, [BORDER], host_keys={"border": "ssh-ed25519 AAAA"})
    found = settings(folder, "border")
    assert found["hostname"] == "172.31.20.10"
    assert found["stricthostkeychecking"] in {"true", "yes"}
    assert found["batchmode"] == "yes"
    assert found["userknownhostsfile"] == str(folder.ssh / "known_hosts")
    assert found["identityfile"] == str(folder.ssh / "id_ed25519")
    assert (folder.ssh / "known_hosts").read_text() == "172.31.20.10 ssh-ed25519 AAAA\n"


def test_real_hosts_are_reached_with_what_their_engineer_already_has(folder: workspace.SideFolder) -> None:
    ssh.configure(folder, [REMOTE], host_keys={})
    found = settings(folder, "db")
    assert (found["hostname"], found["user"], found["port"]) == ("db.example", "govcloud", "2222")
    assert found["stricthostkeychecking"] in {"true", "yes"}
    assert str(folder.path) not in found["userknownhostsfile"]


def test_a_host_with_a_port_of_its_own_is_known_under_both(folder: workspace.SideFolder) -> None:
    ssh.configure(folder, [REMOTE], host_keys={"db": "ssh-ed25519 AAAA"})
    assert (folder.ssh / "known_hosts").read_text() == "[db.example]:2222 ssh-ed25519 AAAA\n"


@pytest.mark.parametrize("word", ["$(id)", "a b", "'", ";", "", "-x", "云溪"])
def test_words_reach_the_other_ends_program_as_they_are(folder: workspace.SideFolder, word: str) -> None:
    argv = ssh.command(folder, "border", ["printf", "%s", word])
    assert argv[argv.index("--") + 1] == "border"
    assert shlex.split(" ".join(argv[argv.index("--") + 2 :])) == ["printf", "%s", word]


@pytest.mark.parametrize(("account", "told"), [("0", "$(id) b"), ("1000", "sudo -n printf %s $(id) b")])
def test_a_command_as_root_goes_by_sudo_only_where_the_account_is_another(
    folder: workspace.SideFolder, tmp_path: pathlib.Path, account: str, told: str
) -> None:
    for name, text in (("id", f"echo {account}"), ("sudo", 'printf %s "sudo $*"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    argv = ssh.as_root(folder, "border", ["printf", "%s", "$(id) b"])
    sent = " ".join(argv[argv.index("--") + 2 :])
    assert process.run(["sh", "-c", sent], environment={"PATH": f"{tmp_path}:/usr/bin:/bin"}).stdout == told


def test_sockets_have_a_short_path_however_deep_the_checkout_is(tmp_path: pathlib.Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-name"] * 12)
    folder = workspace.SideFolder(path=deep / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)
    assert len(f"{ssh.sockets(folder)}/{'0' * 40}.0123456789abcdef") < 100


def test_closing_what_was_never_opened_is_nothing(folder: workspace.SideFolder) -> None:
    ssh.close(folder, reach.Reach(namespace=None), ["border"])
    ssh.configure(folder, [BORDER], host_keys={"border": "ssh-ed25519 AAAA"})
    ssh.close(folder, reach.Reach(namespace="there-is-none"), ["border"])
    assert not ssh.sockets(folder).exists()
