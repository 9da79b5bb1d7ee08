"""On the gateway: forgets the failed attempts of `verify`'s own people, and tells why they were refused."""

from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
import subprocess
from typing import Any

_LAST = 262144
"""Bytes of the log's end that are looked at."""


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{settings, people, addresses, socket, since}` to `{reasons}`; `since`: RFC 3339, UTC, as the log has it.

    Nobody else's attempts are forgiven. `settings`: the gateway's `gate.json`; `socket`: occtl's.
    """
    settings = json.loads(pathlib.Path(argument["settings"]).read_text("utf-8"))
    _forget(settings["attempts"], argument["people"])
    for address in argument["addresses"]:
        # ocserv counts as well; for an address that it does not ban occtl calls it a failure.
        command = ["occtl", "--socket-file", argument["socket"], "unban", "ip", address]
        subprocess.run(command, check=False, capture_output=True, timeout=20)
    found = []
    for line in _end_of(pathlib.Path(settings["log"])):
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if told["time"] >= argument["since"] and told.get("person") in argument["people"]:
                found.append(str(told.get("reason", "")))
    return {"reasons": found}


def _forget(path: str, people: list[str]) -> None:
    if not pathlib.Path(path).exists():
        return
    with contextlib.closing(sqlite3.connect(path, timeout=5.0, isolation_level=None)) as database:
        there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'failures'").fetchone()
        if there is not None:
            database.executemany("DELETE FROM failures WHERE person = ?", [(person,) for person in people])


def _end_of(path: pathlib.Path) -> list[str]:
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LAST))
        return file.read().decode("utf-8", "replace").splitlines()
