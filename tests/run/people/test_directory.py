"""Whom the realm's accounts are taken for; `test_people_engine` reads a real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from govcloud_cli.governance import people_changes
from govcloud_cli.run.people import directory
from tests.support import people_service

GROUP = "govcloud:system-administrators"


class Hiding(people_service.Service):
    """Lists clients' own accounts nowhere but in groups, as Keycloak does."""

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        found = super().get(path, query=query)
        return [one for one in found if one["username"] != "hidden"] if path.endswith("/users") else found


@pytest.mark.parametrize("name", ["service-account-mallory", "break-glass"])
def test_an_account_that_was_made_by_hand_is_ours_whatever_it_is_called(name: str) -> None:
    service = people_service.Service([GROUP])
    service.add(name, GROUP)
    account = directory.read(service).account(name)
    assert account is not None
    assert (account.origin, account.is_ours) == (people_changes.Origin.OWN, True)


def test_a_clients_account_is_found_by_the_group_that_somebody_gave_it() -> None:
    service = Hiding([GROUP])
    service.add("hidden", GROUP)
    service.add("li.wei", GROUP)
    found = {one.person: one for one in directory.read(service).accounts}
    assert found["hidden"].groups == {GROUP}
    assert (found["hidden"].origin, found["hidden"].is_ours) == (people_changes.Origin.SERVICE, True)
    assert found["li.wei"].origin is people_changes.Origin.OWN
