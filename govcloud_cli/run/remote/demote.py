"""Takes from database roles what only a superuser may give or take; the platform's own role is none."""

from __future__ import annotations

import subprocess
from typing import Any

_SETTINGS = "PGOPTIONS=-c search_path=pg_catalog -c role=none"
_AS_POSTGRES = ["runuser", "--user=postgres", "--", "env", _SETTINGS]
# psql puts the name in, quoted as an identifier; SQL comes on standard input, where psql fills in such names.
_QUERY = 'ALTER ROLE :"name" NOSUPERUSER NOREPLICATION NOBYPASSRLS;\n'


def main(argument: dict[str, Any]) -> dict[str, str]:
    """`{roles: […]}` to `{role: ""}`, or to why it could not be done."""
    return {role: _demote(role) for role in argument["roles"]}


def _demote(role: str) -> str:
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=name=" + role, "--dbname=postgres"]
    done = subprocess.run([*_AS_POSTGRES, "psql", *options], input=_QUERY, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()[-500:] or "psql failed"
