"""Ends sessions of database roles: `python -m govcloud_cli.run.people.database_sessions`, where servers can be reached.

In: `{"servers": [{"machine", "access", "roles"}]}`. Out: `{machine: [ended, ""]}` or `{machine: [0, reason]}`.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.providers.postgresql import failures, server

_CONNECT_SECONDS = 10


def main() -> None:
    """Do the job on standard input."""
    answers, sys.stdout = sys.stdout, sys.stderr
    job = json.load(sys.stdin)
    json.dump({one["machine"]: _told(one) for one in job["servers"]}, answers)


def end(access: Mapping[str, Any], roles: list[str]) -> int:
    """End every session of the roles on one server; return how many. Raises `errors.GovcloudError`."""
    session = server.Session({"connectTimeout": _CONNECT_SECONDS, **access}, threading.Event())
    with failures.told(str(access["host"])), session.connection() as connection:
        rows = connection.execute(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
            " WHERE usename = ANY(%s) AND pid <> pg_catalog.pg_backend_pid()",
            (roles,),
        ).fetchall()
    return len(rows)


def _told(one: Mapping[str, Any]) -> tuple[int, str]:
    try:
        return end(one["access"], one["roles"]), ""
    except errors.GovcloudError as error:
        return 0, ": ".join(filter(None, (error.message, error.cause)))


if __name__ == "__main__":
    main()
