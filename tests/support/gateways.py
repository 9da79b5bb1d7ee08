"""A gateway in a folder: programs in place of `ssh`, `systemctl` and `occtl` that do here what they would do there."""

from __future__ import annotations

import json
import pathlib
import shutil

import pytest

from govcloud_cli.run import machines
from govcloud_cli.run.vpn import admitting, gateway

SSH = """#!/bin/sh
shift 3
shift
eval exec "$*"
"""
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>"{calls}"
[ ! -e "{place}/reload-fails" ]
"""
OCCTL = """#!/bin/sh
shift 2
echo "occtl $*" >>"{calls}"
case "$*" in
*"show users"*) [ "$TZ" = UTC ] && cat "{place}/users.json" ;;
*"disconnect user "*) [ -e "{place}/stays" ] || echo "[]" >"{place}/users.json" ;;
esac
"""
LI_CONNECTED = {
    "ID": 7,
    "Username": "li.wei",
    "Remote IP": "203.0.113.9",
    "IPv4": "10.21.0.5",
    "IPv6": "fd21::5",
    "RX": "120",
    "TX": "4096",
    "User-Agent": "openconnect",
    "Connected at": "2026-11-22 07:59",
}


class Machine:
    """A gateway in a folder."""

    def __init__(self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = folder
        folder.mkdir()
        self.calls_file = folder / "calls"
        for name, text in (("ssh", SSH), ("systemctl", SYSTEMCTL), ("occtl", OCCTL)):
            program = folder / name
            program.write_text(text.replace("{calls}", str(self.calls_file)).replace("{place}", str(folder)))
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setattr(gateway, "CRL_PATH", str(folder / "vpn-ca.crl"))
        monkeypatch.setattr(gateway, "BUNDLE_PATH", str(folder / "vpn-ca.crt"))
        monkeypatch.setattr(admitting, "FOLDER", str(folder / "people"))
        monkeypatch.setattr(gateway, "PEOPLE_PATH", str(folder / "people"))
        (folder / "people").mkdir()
        for name in ("vpn-ca.crl", "vpn-ca.crt"):
            (folder / name).write_text("old")
            (folder / name).chmod(0o640)
        # Nobody comes back here, so nobody is waited for.
        script = machines._REMOTE / "vpn_gateway.py"
        remote = folder / "remote"
        remote.mkdir()
        hurried = script.read_text().replace("_PAUSE, _LOOKS = 0.4, 3", "_PAUSE, _LOOKS = 0, 2")
        shutil.copy(machines._REMOTE / "vpn_admit.py", remote)
        (remote / script.name).write_text(hurried.replace("_PATIENCE = 5.0", "_PATIENCE = 0.1"))
        monkeypatch.setattr(machines, "_REMOTE", remote)
        self.connect([])

    def connect(self, users: list[dict[str, object]]) -> None:
        (self.place / "users.json").write_text(json.dumps(users))

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
