from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run.remote import health


def test_each_unit_has_its_state_and_memory_is_counted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\necho active\necho failed\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = health.main({"units": ["a.service", "b.service"]})
    assert found["units"] == {"a.service": "active", "b.service": "failed"}
    assert found["residentBytes"] > 1_000_000


def test_a_process_that_ended_meanwhile_holds_nothing(tmp_path: pathlib.Path) -> None:
    assert health._proportional(tmp_path) == 0
