"""The break-glass account: an administrator of the realm `master` whose password follows from the master secret."""

from __future__ import annotations

import dataclasses

from govcloud_cli import errors
from govcloud_cli.model import people
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run import side_secrets
from govcloud_cli.run.people import places

_REALM = "/admin/realms/master"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Opened:
    """What somebody who is on record for it gets."""

    account: str
    password: str = dataclasses.field(repr=False)
    url: str


def unseal(place: places.Place) -> Opened:
    """The account and its password; to be called after the audit record is durable."""
    return Opened(
        account=people.BREAK_GLASS,
        password=side_secrets.unseal(place.folder),
        url=f"{place.identity.admin_url}/admin/master/console/",
    )


def seal(place: places.Place) -> int:
    """Give the account the next password, end its sessions, and return its generation.

    The generation is written first: killed after that, the next deploy sets the same password.
    """
    with place.opened() as api:
        account = _find(api)
        side_secrets.unseal(place.folder)
        side_secrets.ensure(place.folder)
        set_password(api, account, side_secrets.break_glass(place.folder))
    return side_secrets.generation(place.folder)


def set_password(api: session.Api, account: str, password: str) -> None:
    """Set it and end what the former one opened."""
    path = f"{_REALM}/users/{session.quoted(account)}"
    api.put(f"{path}/reset-password", {"type": "password", "value": password, "temporary": False})
    api.post(f"{path}/logout")


def _find(api: session.Api) -> str:
    name = people.BREAK_GLASS
    found = api.get(f"{_REALM}/users", query={"username": name, "exact": "true"})
    if not found:
        raise errors.GovcloudError(f"the realm master has no account `{name}`", remedy="deploy: its role makes it")
    return str(found[0]["id"])
