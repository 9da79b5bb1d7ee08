"""Asks Keycloak for events: `python -m govcloud_cli.run.access.identity_worker`, where it can be reached.

One JSON document on standard input (`url`, `secret`, `ca`, `cursor`), one on standard output: `{"events": …,
"cursor": …, "more": …}` or `{"failed": …}`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import identity, identity_places
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.access import lines

Json = dict[str, Any]
Get = Callable[[str, Mapping[str, str]], Any]

PAGE = 500
MOST = 10_000
"""Events of one collection; what is older than these is taken by the next."""
_OVERLAP = 60_000
"""Milliseconds asked for again: an event may be stored a little after its time."""
_PATH = f"/admin/realms/{identity_places.REALM}/events"


def fetch(get: Get, cursor: Json) -> Json:
    """Events since `cursor` (`{time: ms, seen: [key]}`), oldest first, and the next cursor.

    Keycloak lists the newest first. `more`: there are older ones than were taken, so the oldest of these are missing.
    """
    since, seen = int(cursor.get("time", 0)), set(cursor.get("seen", ()))
    found: list[Any] = []
    complete = False
    while len(found) < MOST and not complete:
        query = {"first": str(len(found)), "max": str(PAGE), "dateFrom": str(max(0, since - _OVERLAP))}
        page = get(_PATH, query)
        found += page
        complete = len(page) < PAGE
    told = {lines.identity_key(one): one for one in reversed(found)}
    newest = max([since, *(_time(one) for one in found)])
    recent = [key for key, one in told.items() if _time(one) >= newest - _OVERLAP]
    fresh = [one for key, one in told.items() if key not in seen]
    return {"events": fresh, "cursor": {"time": newest, "seen": recent}, "more": not complete}


def main() -> None:
    """Do the job on standard input."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.disable()
    job = json.load(sys.stdin)
    try:
        with session.Session(job["url"], identity.ENGINE_CLIENT, job["secret"], job["ca"]) as open_session:
            answer = fetch(lambda path, query: open_session.get(path, query=query), job["cursor"])
    except errors.GovcloudError as error:
        answer = {"failed": error.message}
    print(json.dumps(answer), file=answers, flush=True)


def _time(one: Any) -> int:
    value = one.get("time", 0) if isinstance(one, dict) else 0
    return value if isinstance(value, int) else 0


if __name__ == "__main__":
    main()
