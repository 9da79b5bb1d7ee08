"""Debian packages: which are missing, and what is refused."""

from __future__ import annotations

import os

import pytest

from govcloud_cli import errors
from govcloud_cli.run.tools import packages
from tests.run.tools import conftest


def silent(_line: str) -> None:
    """Hears no progress."""


def test_only_what_dpkg_calls_installed_is_there() -> None:
    answer = "nftables installed\nmmdebstrap config-files\niproute2 not-installed\nbroken half-installed\n"
    needed = ("nftables", "mmdebstrap", "iproute2", "broken", "unheard-of")
    assert packages.missing(needed, answer) == ("broken", "iproute2", "mmdebstrap", "unheard-of")


def test_no_install_names_the_packages_and_the_exact_command(program: conftest.Program) -> None:
    program("dpkg-query", "echo iproute2 installed; exit 1")
    with pytest.raises(errors.UsageError, match="mmdebstrap") as caught:
        packages.ensure(install=False, report=silent)
    assert "apt-get install --yes" in (caught.value.remedy or "")
    assert "iproute2" not in (caught.value.remedy or "")


def test_who_is_not_root_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(errors.GovcloudError, match="only root") as caught:
        packages.install_packages(("nftables",), silent)
    assert "sudo apt-get install" in (caught.value.remedy or "")


def test_a_host_without_dpkg_is_told_what_is_needed() -> None:
    with pytest.raises(errors.GovcloudError, match="Debian"):
        packages.missing_packages()


def test_apt_updates_before_it_installs_and_is_told_as_it_happens(
    program: conftest.Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program("sh", 'exec /bin/sh "$@"')
    record = program("apt-get", 'echo "$*" >>"$0.calls"; umask >>"$0.calls"').with_name("apt-get.calls")
    program("dpkg-query", "echo nftables installed")
    lines: list[str] = []
    packages.install_packages(("nftables",), lines.append)
    calls = record.read_text("utf-8").splitlines()
    assert calls[0].endswith(" update")
    assert calls[2].startswith("install --yes --no-install-recommends nftables")
    assert calls[1] == calls[3] == "0022"
    assert lines == ["installing Debian packages: nftables"]
