"""Temporary people: accounts that exist while `verify` runs, with a password and one-time codes that nobody is told.

To `people sync` they are no leavers, and no person may be called so (`model.people.PROBE`). A killed run's account goes
with the next probe or sync once it is ten minutes old.
"""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import one_time_codes
from govcloud_cli.model import people
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.people import directory, enrolling

OLD_SECONDS = 600.0
"""No verify runs so long: what is older is of one that was killed."""
_LABEL = "probe"
_FOUR_KINDS = "aA1-"
"""What the realm's password policy wants, whatever chance gives."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person:
    """A temporary account, and all that it takes to be it."""

    name: str
    password: str = dataclasses.field(repr=False)
    secret: bytes = dataclasses.field(repr=False)
    """Of the one-time codes."""

    def one_time_code(self, at: float) -> str:
        """The six digits at a time (seconds since 1970, UTC). The server takes each once."""
        return one_time_codes.code(self.secret, at)


def name() -> str:
    """A new user name."""
    return f"{people.PROBE}{secrets.token_hex(4)}"


@contextlib.contextmanager
def probe_person(
    api: session.Api,
    *,
    groups: tuple[str, ...],
    person: str,
    now: Callable[[], float] = time.time,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Iterator[Person]:
    """Make the account `person` with `groups` (names, as tokens carry them), and remove it in the end.

    Removes what killed runs left too, and an account of the same name whatever its age.
    Raises `errors.UsageError` for a name that is not a probe's, `errors.GovcloudError` where a group is not there.
    """
    if not person.startswith(people.PROBE):
        raise errors.UsageError(f"`{person}` is no name of a probe", remedy=f"begin it with {people.PROBE}")
    sweep(api, now=now(), also=person)
    made = Person(
        name=person, password=secrets.token_urlsafe(24) + _FOUR_KINDS, secret=random(one_time_codes.SECRET_BYTES)
    )
    paths = [_path(api, group) for group in groups]
    account: str | None = None
    try:
        # One request: there is no moment at which it has a password and no code.
        api.post(f"{directory.ADMIN}/users", _user(made, paths))
        account = next(one["id"] for one in _accounts(api) if one["username"] == person)
        yield made
    finally:
        if account is None:
            sweep(api, now=now(), also=person)
        else:
            _remove(api, account)


def sweep(api: session.Api, *, now: float, also: str | None = None) -> int:
    """Remove the accounts of runs that were killed, and the one called `also`; return how many there were."""
    found = 0
    for one in _accounts(api):
        # Also of the future: whoever makes an account may say when that was.
        if one["username"] == also or abs(now - one.get("createdTimestamp", 0) / 1000) > OLD_SECONDS:
            _remove(api, one["id"])
            found += 1
    return found


def _accounts(api: session.Api) -> list[Any]:
    """Accounts whose names begin as probes' do; the search is by prefix, and in more than the name."""
    query = {"username": people.PROBE, "exact": "false", "briefRepresentation": "true", "max": "1000"}
    found = api.get(f"{directory.ADMIN}/users", query=query)
    return [one for one in found if one["username"].startswith(people.PROBE) and not one.get("federationLink")]


def _remove(api: session.Api, account: str) -> None:
    """With it go its sessions: what it got by them is worth nothing afterwards, but for the access token's seconds."""
    api.delete(f"{directory.ADMIN}/users/{session.quoted(account)}")


def _path(api: session.Api, group: str) -> str:
    query = {"search": group, "exact": "true", "populateHierarchy": "false"}
    for one in api.get(f"{directory.ADMIN}/groups", query=query):
        if one["name"] == group:
            return str(one["path"])
    raise errors.GovcloudError(f"the identity service has no group `{group}`", remedy="run `govcloud deploy`")


def _user(made: Person, paths: list[str]) -> dict[str, Any]:
    return {
        "username": made.name,
        "firstName": made.name,
        "enabled": True,
        "groups": paths,
        "credentials": [
            {"type": "password", "value": made.password, "temporary": False},
            enrolling.code_credential(made.secret, label=_LABEL),
        ],
    }
