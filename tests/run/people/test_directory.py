"""Whom the realm's accounts are taken for; `test_people_engine` reads a real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from govcloud_cli.governance import people_changes
from govcloud_cli.run.people import directory
from tests.support import people_service

GROUP = "govcloud:system-administrators"
HIDDEN = ("service-account-hidden", "zhang.shifted")


class Hiding(people_service.Service):
    """Lists clients' own accounts nowhere but in groups, as Keycloak does."""

    gone = False

    def find(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        del query
        return None if self.gone else self._told(self._user(path))

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        found = super().get(path, query=query)
        return [one for one in found if one["username"] not in HIDDEN] if path.endswith("/users") else found


@pytest.mark.parametrize("name", ["service-account-mallory", "break-glass"])
def test_an_account_that_was_made_by_hand_is_ours_whatever_it_is_called(name: str) -> None:
    service = people_service.Service([GROUP])
    service.add(name, GROUP)
    account = directory.read(service).account(name)
    assert account is not None
    assert (account.origin, account.is_ours) == (people_changes.Origin.OWN, True)


def test_a_clients_account_is_found_by_the_group_that_somebody_gave_it() -> None:
    service = Hiding([GROUP])
    for name in (*HIDDEN, "li.wei"):
        service.add(name, GROUP)
    found = {one.person: one for one in directory.read(service).accounts}
    clients, shifted = (found[name] for name in HIDDEN)
    assert (clients.origin, clients.groups, clients.is_ours) == (
        people_changes.Origin.SERVICE,
        frozenset({GROUP}),
        True,
    )
    assert shifted.origin is people_changes.Origin.OWN, "a shift of the pages makes no person a client's"
    assert found["li.wei"].origin is people_changes.Origin.OWN


def test_who_was_removed_between_the_two_questions_is_nobody() -> None:
    service = Hiding([GROUP])
    service.add("service-account-hidden", GROUP)
    service.gone = True
    assert directory.read(service).accounts == ()
