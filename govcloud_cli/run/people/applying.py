"""Changes accounts: each function may be killed anywhere and called again.

The order within each is what makes that safe: who leaves is disabled before anything else and loses his groups last,
because they say which passwords he knew; who returns is enabled last, when nothing of old works any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import people_changes
from govcloud_cli.plan import identity_places
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.people import directory

BATCH = 100
"""Joiners of one import: all of them or none."""
_DEFAULT_ROLE = f"default-roles-{identity_places.REALM}"


class Accounts:
    """The accounts of a realm, to be changed."""

    def __init__(self, api: session.Api, groups: Mapping[str, tuple[directory.Group, ...]]) -> None:
        """`groups` of `directory.read`."""
        self._api = api
        self._groups = groups

    def join(self, people: Sequence[people_changes.Join]) -> None:
        """Make accounts, in one step; those that are there already stay as they are. They cannot log in yet."""
        users = [self._user(person) for person in people]
        self._api.post(f"{directory.ADMIN}/partialImport", {"ifResourceExists": "SKIP", "users": users})

    def move(self, move: people_changes.Move) -> None:
        """Give and take groups. Where something is taken, sessions end, so that none goes on with it."""
        if move.adopted:
            self._strip(move.account)
        self._regroup(move.account, added=(), removed=move.removed)
        if move.name is not None:
            self._put(move.account, {"firstName": move.name, "lastName": ""})
        if move.removed or move.adopted:
            self._log_out(move.account)
        self._regroup(move.account, added=move.added, removed=())

    def shut(self, leave: people_changes.Leave) -> None:
        """End everything that the account can do here: no log-in, no session, no token that is renewed."""
        self._put(leave.account, {"enabled": False})
        # Not before: what was issued until now is refused, should the account ever be enabled again.
        self._log_out(leave.account)
        for client in self._api.get(f"{directory.ADMIN}/client-session-stats"):
            if int(client.get("offline", 0)):
                self._end_offline(leave.account, client["id"])

    def settle(self, leave: people_changes.Leave) -> None:
        """Take the groups, when all that follows from them is done."""
        self._regroup(leave.account, added=(), removed=leave.groups)

    def readmit(self, person: people_changes.Return) -> None:
        """Enable an account that has nothing of old: not its groups, and nothing to log in with."""
        self._strip(person.account)
        self._log_out(person.account)
        self._regroup(person.account, added=person.added, removed=person.removed)
        self._put(person.account, {"firstName": person.name, "lastName": "", "enabled": True})

    def _user(self, join: people_changes.Join) -> dict[str, Any]:
        return {
            "username": join.person,
            "firstName": join.name,
            "enabled": True,
            "realmRoles": [_DEFAULT_ROLE],
            "groups": [self._groups[name][0].path for name in join.groups],
        }

    def _put(self, account: str, fields: Mapping[str, Any]) -> None:
        self._api.put(_path(account), fields)

    def _log_out(self, account: str) -> None:
        self._api.post(_path(account, "logout"))

    def _end_offline(self, account: str, client: str) -> None:
        for one in self._api.get(_path(account, "offline-sessions", client)):
            path = f"{directory.ADMIN}/sessions/{session.quoted(one['id'])}"
            self._api.delete(path, query={"isOffline": "true"})

    def _strip(self, account: str) -> None:
        """Take what the account can log in with."""
        for one in directory.credentials(self._api, account):
            self._api.delete(_path(account, "credentials", one["id"]))

    def _regroup(self, account: str, *, added: Sequence[str], removed: Sequence[str]) -> None:
        for name in removed:
            for group in self._groups[name]:
                self._api.delete(_path(account, "groups", group.id))
        for name in added:
            if name not in self._groups:
                raise errors.GovcloudError(f"there is no group `{name}`", remedy="deploy, then run again")
            self._api.put(_path(account, "groups", self._groups[name][0].id))


def _path(account: str, *rest: str) -> str:
    return "/".join((f"{directory.ADMIN}/users", *(session.quoted(part) for part in (account, *rest))))
