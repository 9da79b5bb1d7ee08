"""What a machine looks like now: its configuration files, its firewall and its services, each as a digest."""

from __future__ import annotations

import hashlib
import os
import pathlib
import stat
import subprocess
from typing import Any

# Written by the system itself, not by a role; and the revocation list, which each revocation replaces. That one is
# signed and short-lived, and whoever puts an older one back is met by the next that is published.
_VOLATILE = {
    "/etc/.pwd.lock",
    "/etc/ld.so.cache",
    "/etc/mtab",
    "/etc/adjtime",
    "/etc/machine-id",
    "/etc/resolv.conf",
    "/etc/ocserv/tls/vpn-ca.crl",
}


def main(argument: dict[str, Any]) -> dict[str, str]:
    """`{folders: […], units: […]}` to `{"file /etc/x": digest, "unit x": "active", "firewall": digest}`."""
    found: dict[str, str] = {}
    for folder in argument["folders"]:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = pathlib.Path(parent, name)
                if str(path) not in _VOLATILE:
                    found["file " + str(path)] = _file(path)
    rules = subprocess.run(["nft", "-s", "list", "ruleset"], capture_output=True, check=False)
    found["firewall"] = hashlib.sha256(rules.stdout).hexdigest()
    states = subprocess.run(
        ["systemctl", "is-active", "--", *argument["units"]], capture_output=True, text=True, check=False
    )
    found.update({"unit " + unit: state for unit, state in zip(argument["units"], states.stdout.split())})  # noqa: B905
    return found


def _file(path: pathlib.Path) -> str:
    try:
        status = path.lstat()
        content = b""
        if stat.S_ISLNK(status.st_mode):
            content = os.fsencode(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            # Nothing else is read: a pipe would keep us waiting for its writer.
            content = path.read_bytes()
    except FileNotFoundError:
        return "gone"
    head = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}\n".encode()
    return hashlib.sha256(head + content).hexdigest()
