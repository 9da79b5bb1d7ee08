"""On the gateway: takes a new revocation list, shuts people out, ends their tunnels, tells who is connected."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import time
from typing import Any

_PATIENCE = 5.0
"""Seconds until a tunnel that was told to end has ended."""
_PAUSE, _LOOKS = 0.4, 3


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{socket, files?: {path: text}, forget?: [path], disconnect?: [id], sessions?: bool}` to
    `{published, disconnected, sessions}`.

    `socket` is occtl's. `forget` are files without which somebody is let in no more. `published` are the files that
    differed. `disconnected` are the people who had a tunnel.
    """
    answer: dict[str, Any] = {"published": [], "disconnected": [], "sessions": []}
    # First, for this is done whatever becomes of the reload.
    for path in argument.get("forget", ()):
        pathlib.Path(path).unlink(missing_ok=True)
    if argument.get("files"):
        found = argument["files"].items()
        answer["published"] = [path for path, text in found if _replace(pathlib.Path(path), text)]
        # Also when they were there: whoever wrote them may have been killed before this.
        subprocess.run(["systemctl", "reload", "ocserv.service"], check=True, capture_output=True, timeout=20)
    if argument.get("disconnect"):
        answer["disconnected"] = _disconnect(argument["socket"], argument["disconnect"])
    if argument.get("sessions"):
        answer["sessions"] = _users(argument["socket"])
    return answer


def _replace(path: pathlib.Path, text: str) -> bool:
    """Replace a file in one step, with the owner and mode that the role gave it."""
    if path.read_text(encoding="ascii") == text:
        return False
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    found = path.stat()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fchown(file.fileno(), found.st_uid, found.st_gid)
        os.fchmod(file.fileno(), found.st_mode & 0o777)
        os.fsync(file.fileno())
    new.replace(path)
    return True


def _disconnect(socket: str, people: list[str]) -> list[str]:
    connected = _connected(socket)
    # Also who is not listed: a log-in may be under way.
    _cut(socket, people)
    until, quiet = time.monotonic() + _PATIENCE, 0
    # ocserv takes over a list a moment after it is told to, so a client that comes back at once is met once more.
    while quiet < _LOOKS:
        left = _connected(socket) & set(people)
        if left and time.monotonic() > until:
            raise RuntimeError("still connected: " + ", ".join(sorted(left)))
        quiet = 0 if left else quiet + 1
        _cut(socket, sorted(left))
        time.sleep(_PAUSE)
    return [person for person in people if person in connected]


def _cut(socket: str, people: list[str]) -> None:
    for person in people:
        # For who has no tunnel occtl calls it a failure.
        command = ["occtl", "--socket-file", socket, "disconnect", "user", person]
        subprocess.run(command, check=False, capture_output=True, timeout=20)


def _connected(socket: str) -> set[str]:
    return {str(one.get("Username", "")) for one in _users(socket)}


def _users(socket: str) -> list[dict[str, Any]]:
    if shutil.which("occtl") is None:
        raise RuntimeError("occtl is not installed")
    command = ["occtl", "--socket-file", socket, "--json", "show", "users"]
    # It writes times in the zone of whoever asks, without naming it.
    environment = {**os.environ, "TZ": "UTC"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20, env=environment)
    found = json.loads(done.stdout) if done.stdout.strip() else []
    return [one for one in found if isinstance(one, dict)]
