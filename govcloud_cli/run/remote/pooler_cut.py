"""Ends every connection that the pooler has for some databases; whoever comes again proves himself anew."""

from __future__ import annotations

import re
import subprocess
from typing import Any

_ABSENT = "no such database"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


def main(argument: dict[str, Any]) -> dict[str, str]:
    """`{user, folder, port, databases}` of the pooler's own account and socket to `{database: reason or ""}`."""
    return {database: _cut(argument, database) for database in argument["databases"]}


def _cut(argument: dict[str, Any], database: str) -> str:
    if not _NAME.match(database):
        return "no name of a database of ours"
    # Between the two, whoever comes waits: RESUME also where KILL failed, or nobody ever came in again.
    killed = _ask(argument, f"KILL {database}")
    resumed = _ask(argument, f"RESUME {database}")
    # What it does not list (frozen, or not there) has nobody connected.
    return "" if _ABSENT in killed else killed or resumed


def _ask(argument: dict[str, Any], command: str) -> str:
    asked = ["psql", "--no-psqlrc", "--quiet", f"--host={argument['folder']}", f"--port={argument['port']}"]
    target = [f"--username={argument['user']}", "--dbname=pgbouncer", f"--command={command}"]
    try:
        done = subprocess.run(
            ["runuser", f"--user={argument['user']}", "--", *asked, *target],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except subprocess.TimeoutExpired:
        return "the pooler did not answer within 20 s"
    return "" if done.returncode == 0 else done.stderr.strip()[-300:] or "psql failed"
