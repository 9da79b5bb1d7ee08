"""What every test starts from: no settings of the person who runs it, and properties that hold on a busy machine."""

from __future__ import annotations

import os

import hypothesis
import pytest

# Deadlines measure the machine, not the code; a database of examples would be one more folder to ignore.
hypothesis.settings.register_profile("govcloud", deadline=None, database=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("govcloud")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("GOVCLOUD_", "PULUMI_", "ANSIBLE_")) or name in {"FORCE_COLOR", "COLUMNS"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
