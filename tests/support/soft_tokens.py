"""Software tokens (SoftHSM2) in a folder of a test's; whoever uses them has `SOFTHSM2_CONF` name its configuration."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest

_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")


def module() -> str:
    """The PKCS#11 module. Fails with a sentence where SoftHSM2 is not installed."""
    found = next((path for path in _MODULES if pathlib.Path(path).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.fail("this tier needs SoftHSM2: apt-get install softhsm2", pytrace=False)
    return found


def configure(folder: pathlib.Path) -> pathlib.Path:
    """Make a place for tokens in `folder`; return its configuration."""
    (folder / "tokens").mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    lines = (f"directories.tokendir = {folder}/tokens", "objectstore.backend = file", "log.level = ERROR")
    configuration.write_text("\n".join(lines) + "\n")
    return configuration


def add(configuration: pathlib.Path, label: str, pin: str) -> None:
    """Make an empty token."""
    command = ["softhsm2-util", "--init-token", "--free", f"--label={label}", f"--pin={pin}", "--so-pin=87654321"]
    environment = {**os.environ, "SOFTHSM2_CONF": str(configuration)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
