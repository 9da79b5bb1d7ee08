"""Keycloak's events: log-ins and administration, of people's realm and of `master`, where the sealed account is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli.plan import identity, identity_places
from govcloud_cli.providers.keycloak import failures, session
from govcloud_cli.run.access import lines

Json = dict[str, Any]
Get = Callable[[str, Mapping[str, str]], Any]

PAGE = 500
MOST = 5_000
"""New events of one realm and kind that one collection takes; what is later is taken by the next."""
_OVERLAP = 60_000
"""Milliseconds asked for again: an event may be stored a little after its time."""
ERASED = "events that were told before are there no longer, or not as they were: somebody may have erased some"
MASTER = "master"
_ALWAYS = ("LOGIN", "LOGIN_ERROR", "LOGOUT", "UPDATE_PASSWORD", "IMPERSONATE")
"""Kinds that nobody may do without."""
STREAMS = tuple(
    (realm, kind) for realm in (identity_places.REALM, MASTER) for kind in ("events", "admin-events")
)  # fmt: skip


def fetch(get: Get, cursor: Json, *, now: datetime.datetime) -> Json:
    """Events since `cursor` (`{<realm>/<kind>: {time: ms, seen: [key]}, off: [what]}`), oldest first, and the next one.

    Keycloak names people by number; `person` and `about` of an event are who did it, and to whom. `more`: ask again.
    `gap`: where what was told last is gone, `ERASED` and of which realm and kind; what is switched off, once.
    """
    found: list[Any] = []
    realms = {realm: get(f"/admin/realms/{realm}", {}) for realm in (MASTER, identity_places.REALM)}
    off = sorted(what for realm, settings in realms.items() for what in _off(realm, settings))
    reached: Json = {"off": off}
    erased: list[str] = []
    more = False
    until = int(now.timestamp() * 1000)
    for realm, kind in STREAMS:
        name = f"{realm}/{kind}"
        path, before = f"/admin/realms/{realm}/{kind}", cursor.get(name, {})
        fresh, reached[name], left, whole = _stream(get, path, before, until=until)
        erased += [] if whole else [name]
        found += [{**one, "realm": realm} if isinstance(one, dict) else one for one in fresh]
        more = more or left
    gaps = [f"{ERASED} ({', '.join(erased)})"] if erased else []
    if off != cursor.get("off", []):
        gaps.append(f"not recorded by the identity service from now on: {', '.join(off) or 'nothing'}")
    gap = "; ".join(gaps)
    if not gap and len(found) < PAGE and all(_is_our_own(one) for one in found):
        # Each question is a log-in itself. Alone they wait for the next event, or every look would be a record.
        return {"events": [], "cursor": cursor, "more": False, "gap": ""}
    names = _Names(get, {str(settings.get("id", realm)): realm for realm, settings in realms.items()})
    return {"events": [names.added(one) for one in found], "cursor": reached, "more": more, "gap": gap}


def _stream(get: Get, path: str, cursor: Json, *, until: int) -> tuple[list[Any], Json, bool, bool]:
    """What is new of one realm and kind, the next cursor, whether there is more, and whether what was told is there."""
    # An event of the future, by a clock that was wrong, must not hide everything until then.
    since, seen = min(int(cursor.get("time", 0)), until), set(cursor.get("seen", ()))
    told: dict[str, Any] = {}
    fresh: dict[str, Any] = {}
    first, complete = 0, False
    while len(fresh) < MOST and not complete:
        query = {"first": str(first), "max": str(PAGE), "dateFrom": str(max(0, since - _OVERLAP)), "direction": "asc"}
        page = get(path, query)
        told |= {lines.identity_key(one): one for one in page}
        fresh |= {key: told[key] for key in map(lines.identity_key, page) if key not in seen}
        first += len(page)
        complete = len(page) < PAGE
    newest = min(max([since, *(_time(one) for one in told.values())]), until)
    recent = {key for key, one in told.items() if _time(one) >= newest - _OVERLAP}
    # Where not all was listed, some of what was seen before was not listed either.
    kept = recent if complete else recent | seen
    # What was told last is always among what is asked for again.
    whole = not seen or not seen.isdisjoint(told)
    return list(fresh.values()), {"time": newest, "seen": sorted(kept)}, not complete, whole


class _Names:
    """Who is behind Keycloak's numbers; who is gone keeps his number."""

    def __init__(self, get: Get, realms: Mapping[str, str]) -> None:
        """`realms`: their numbers -> names."""
        self._get = get
        self._known: dict[tuple[str, str], str] = {}
        self._realms = realms

    def added(self, event: Any) -> Any:
        """An event with names."""
        if not isinstance(event, dict):
            return event
        found = {"person": self._actor(event), "about": self._subject(event)}
        return {**event, **{name: value for name, value in found.items() if value}}

    def _actor(self, event: Json) -> str:
        if "operationType" not in event:
            return self._name(event["realm"], event.get("userId"))
        who = event.get("authDetails") or {}
        number = str(who.get("realmId", ""))
        return self._name(self._realms.get(number, number), who.get("userId"))

    def _subject(self, event: Json) -> str:
        parts = str(event.get("resourcePath", "")).split("/")
        return self._name(event["realm"], parts[1]) if parts[0] == "users" and len(parts) > 1 else ""

    def _name(self, realm: str, number: object) -> str:
        if not isinstance(number, str) or not number or realm not in {MASTER, identity_places.REALM}:
            return ""
        if (realm, number) not in self._known:
            try:
                found = self._get(f"/admin/realms/{realm}/users/{session.quoted(number)}", {})
                self._known[realm, number] = str(found.get("username", ""))
            except failures.NotFoundError:
                self._known[realm, number] = ""
        return self._known[realm, number]


def _off(realm: str, settings: Json) -> list[str]:
    """What of a realm is not recorded that always should be."""
    chosen = settings.get("enabledEventTypes") or ()
    lacking = [name for name in _ALWAYS if chosen and name not in chosen]
    off = [name for name in ("eventsEnabled", "adminEventsEnabled") if settings.get(name) is not True]
    return [f"{realm}/{name}" for name in (*off, *lacking)]


def _is_our_own(event: Any) -> bool:
    return isinstance(event, dict) and (event.get("realm"), event.get("type"), event.get("clientId")) == (
        MASTER,
        "CLIENT_LOGIN",
        identity.ENGINE_CLIENT,
    )


def _time(one: Any) -> int:
    value = one.get("time", 0) if isinstance(one, dict) else 0
    return value if isinstance(value, int) else 0
