"""On the gateway: takes a new revocation list, ends people's tunnels, tells who is connected."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
from typing import Any


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{files?: {path: text}, disconnect?: [person], sessions?: bool}` to `{published, disconnected, sessions}`.

    `published` are the files that differed. `disconnected` are the people who had a tunnel.
    """
    answer: dict[str, Any] = {"published": [], "disconnected": [], "sessions": []}
    if argument.get("files"):
        found = argument["files"].items()
        answer["published"] = [path for path, text in found if _replace(pathlib.Path(path), text)]
        # Also when they were there: whoever wrote them may have been killed before this.
        subprocess.run(["systemctl", "reload", "ocserv.service"], check=True, capture_output=True, timeout=20)
    if argument.get("disconnect"):
        answer["disconnected"] = _disconnect(argument["disconnect"])
    if argument.get("sessions"):
        answer["sessions"] = _users()
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


def _disconnect(people: list[str]) -> list[str]:
    connected = {str(one.get("Username", "")) for one in _users()}
    ended = []
    for person in people:
        # Also who is not listed: a log-in may be under way.
        subprocess.run(["occtl", "disconnect", "user", person], check=False, capture_output=True, timeout=20)
        if person in connected:
            ended.append(person)
    left = connected & set(people) & {str(one.get("Username", "")) for one in _users()}
    if left:
        raise RuntimeError("still connected: " + ", ".join(sorted(left)))
    return ended


def _users() -> list[dict[str, Any]]:
    if shutil.which("occtl") is None:
        raise RuntimeError("occtl is not installed")
    done = subprocess.run(["occtl", "--json", "show", "users"], check=True, capture_output=True, text=True, timeout=20)
    found = json.loads(done.stdout) if done.stdout.strip() else []
    return [one for one in found if isinstance(one, dict)]
