"""What `doctor` makes of a host."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run.tools import findings, host
from tests.run.tools import conftest


@pytest.mark.parametrize(
    ("kibibytes", "status"),
    [
        (8 * 1024**2, findings.Status.READY),
        (3 * 1024**2, findings.Status.NOTE),
        (1 * 1024**2, findings.Status.BLOCKED),
    ],
)
def test_memory_is_judged_by_what_is_available(kibibytes: int, status: findings.Status) -> None:
    meminfo = f"MemTotal: 99999999 kB\nMemAvailable: {kibibytes} kB\nHugePages_Total: 0\n"
    assert host.memory(meminfo).status is status


def test_control_groups_of_either_version_do(tmp_path: pathlib.Path) -> None:
    assert host.control_groups(tmp_path).status is findings.Status.BLOCKED
    (tmp_path / "systemd").mkdir()
    assert host.control_groups(tmp_path).found == "version 1"
    (tmp_path / "cgroup.controllers").touch()
    assert host.control_groups(tmp_path).found == "version 2"


def test_a_kernel_feature_that_fails_blocks_with_the_kernels_own_words(
    program: conftest.Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for name in ("ip", "nft", "mount"):
        program(name, "exit 0")
    program("unshare", 'case "$*" in *bridge*) echo "Error: Unknown device type." >&2; exit 2 ;; esac')
    by_name = {check.name: check for check in host.kernel()}
    assert by_name["kernel: veth"].status is findings.Status.READY
    assert by_name["kernel: bridge"].status is findings.Status.BLOCKED
    assert by_name["kernel: bridge"].found == "Error: Unknown device type."


def test_a_probe_whose_program_is_still_to_be_installed_blocks_nothing(
    program: conftest.Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    program("unshare", "exit 1")
    assert {check.status for check in host.kernel()} == {findings.Status.NOTE}


def test_a_limit_of_inotify_under_which_many_machines_hang_is_raised_unless_that_is_forbidden(
    tmp_path: pathlib.Path,
) -> None:
    place = tmp_path / "max_user_instances"
    place.write_text("128\n")
    assert host.inotify(place).status is findings.Status.WOULD_BE_DONE
    with pytest.raises(errors.UsageError, match="128 instances"):
        host.raise_inotify(install=False, place=place)
    assert host.raise_inotify(install=True, place=place) == ("inotify limit 1024",)
    assert host.inotify(place).status is findings.Status.READY
    assert host.raise_inotify(install=False, place=place) == ()
