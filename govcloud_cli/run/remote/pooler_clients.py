"""Who is connected to the pooler."""

from __future__ import annotations

import csv
import io
import subprocess
from typing import Any


def main(argument: dict[str, Any]) -> list[dict[str, str]]:
    """`{user, folder, port}` of the pooler's own account and socket to `[{database, user}]`."""
    asked = ["psql", "--no-psqlrc", "--quiet", "--csv", f"--host={argument['folder']}", f"--port={argument['port']}"]
    target = [f"--username={argument['user']}", "--dbname=pgbouncer", "--command=SHOW CLIENTS"]
    done = subprocess.run(
        ["runuser", f"--user={argument['user']}", "--", *asked, *target],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    rows = csv.DictReader(io.StringIO(done.stdout))
    # What has not yet said whose it is has no database; the console itself is `pgbouncer`.
    return [{"database": row["database"], "user": row["user"]} for row in rows if row["database"]]
