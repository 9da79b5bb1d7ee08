"""What a realm holds, part by part and field by field, so that a change by hand can be named.

    parts.read(session, "govcloud", seal=seal)["Client/govcloud-vpn"]["redirectUris"]   # []

People are no part of it: who is in which group is the people sync's. Who got a right over the realm for himself is.
"""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from govcloud_cli.providers.keycloak.session import quoted

Fields = dict[str, Any]
"""Place within a representation (`attributes.x`, `clientScopes[basic].protocol`) to text, number, flag or list."""
SEALED: Final = "sealed:"
"""Begins the digest that stands for a secret."""

_MANAGEMENT: Final = "realm-management"
_APART: Final = frozenset(("clients", "groups", "users", "identityProviders", "keycloakVersion"))
_PASSING: Final = frozenset(
    # Ids differ once a thing was made anew; the others come with log-ins, synchronisations and `people break-glass`.
    (
        *("id", "_id", "internalId", "containerId", "parentId", "subGroups", "subGroupCount"),
        *("lastSync", "client.secret.creation.time", "govcloud.break-glass"),
    )
)
_SECRETS: Final = frozenset(("secret", "registrationAccessToken", "client.secret.rotated"))
_NAMES: Final = ("alias", "clientId", "flowAlias", "authenticator", "name", "clientScope", "client", "providerId")
"""What tells the items of a list apart, the first that there is."""
_ALL: Final = "1000000"
_SIDE_BY_SIDE: Final = 8


class Api(Protocol):
    """What `session.Session` offers, as far as it is used here."""

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        """What is at `path`."""

    def find(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        """What is at `path`, None if nothing is."""

    def request(self, method: str, path: str, json: Any = None, *, query: Mapping[str, str] | None = None) -> Any:
        """Send one request."""


def read(api: Api, realm: str, *, seal: Callable[[str], str]) -> dict[str, Fields]:
    """Return `Realm/<name>`, `Client/<id>`, `Group/<name>`, `IdentityProvider/<alias>` and `User/<name>`.

    Users are those with a right over the realm of their own. `seal` makes of a secret what tells a change of it.
    Empty if there is no such realm. Raises `errors.GovcloudError` if Keycloak does not answer.
    """
    place = f"/admin/realms/{quoted(realm)}"
    if api.find(place) is None:
        return {}
    # An export shows secrets as asterisks, so the clients are asked for themselves.
    whole = api.request(
        "POST", f"{place}/partial-export", query={"exportGroupsAndRoles": "true", "exportClients": "false"}
    )
    clients = {client["clientId"]: client for client in api.get(f"{place}/clients")}
    for client, roles in (whole.get("roles", {}).pop("client", None) or {}).items():
        if client in clients:
            clients[client]["roles"] = roles
    found: dict[str, Mapping[str, Any]] = {
        f"Realm/{realm}": {name: value for name, value in whole.items() if name not in _APART}
    }
    found |= {f"Client/{name}": client for name, client in clients.items()}
    found |= _groups(whole.get("groups") or ())
    found |= {f"IdentityProvider/{one['alias']}": one for one in whole.get("identityProviders") or ()}
    if _MANAGEMENT in clients:
        found |= _holders(api, f"{place}/clients/{quoted(clients[_MANAGEMENT]['id'])}/roles")
    return {_shown(part): dict(_fields(document, "", seal)) for part, document in sorted(found.items())}


def administration(api: Api, *, seal: Callable[[str], str]) -> dict[str, Fields]:
    """Return the same of the realm `master`, named `Client/master/<id>` and so on; there every account is a part.

    Other realms are told as `Realm/<name>`, without fields.
    """
    found: dict[str, Fields] = {}
    for part, fields in read(api, "master", seal=seal).items():
        kind, _, name = part.partition("/")
        found[part if kind == "Realm" else f"{kind}/master/{name}"] = fields
    for user in api.get("/admin/realms/master/users", query={"max": _ALL, "briefRepresentation": "true"}):
        found[_shown(f"User/master/{user['username']}")] = {}
    realms = api.get("/admin/realms", query={"briefRepresentation": "true"})
    return {**{_shown(f"Realm/{realm['realm']}"): {} for realm in realms}, **found}


def _groups(tree: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Every group of a tree by its name; one that has the name of another by its path, the deeper of the two."""
    found: dict[str, Mapping[str, Any]] = {}
    for group in sorted(_flat(tree), key=lambda one: (one["path"].count("/"), one["path"])):
        name = f"Group/{group['name']}"
        # Tokens tell names without paths, so a second one of a name is as good as the first.
        found[f"Group/{group['path']}" if name in found else name] = group
    return found


def _flat(tree: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for group in tree:
        yield group
        yield from _flat(group.get("subGroups") or ())


def _holders(api: Api, roles: str) -> dict[str, dict[str, Any]]:
    """Accounts that have a role over the realm themselves, not by a group."""

    def users(role: str) -> Any:
        return api.get(f"{roles}/{quoted(role)}/users", query={"max": _ALL})

    names = [str(role["name"]) for role in api.get(roles)]
    found: dict[str, dict[str, Any]] = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        for name, holders in zip(names, pool.map(users, names), strict=True):
            for user in holders:
                found.setdefault(f"User/{user['username']}", {})[f"{_MANAGEMENT}/{name}"] = True
    return found


def _fields(value: Any, place: str, seal: Callable[[str], str]) -> Iterator[tuple[str, Any]]:
    """The leaves of a representation."""
    if isinstance(value, Mapping):
        for name, inner in sorted(value.items()):
            if name in _SECRETS and isinstance(inner, str):
                yield _below(place, name), SEALED + seal(inner)
            elif name not in _PASSING:
                yield from _fields(inner, _below(place, name), seal)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for name, item in _named(value):
            yield from _fields(item, f"{place}[{name}]", seal)
    elif isinstance(value, list):
        # Keycloak gives most lists in no order.
        yield place, sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
    else:
        yield place, value


def _below(place: str, name: str) -> str:
    return f"{place}.{_shown(name)}" if place else _shown(name)


def _shown(name: str) -> str:
    """A name as a terminal may have it: whoever changed the realm chose it."""
    return "".join(character if character.isprintable() else "?" for character in name)


def _named(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Items with a name of each, in an order that does not depend on that of the list."""
    seen: dict[str, int] = {}
    for item in sorted(items, key=lambda one: json.dumps(_lasting(one), sort_keys=True)):
        name = next((str(item[key]) for key in _NAMES if item.get(key)), "")
        seen[name] = seen.get(name, 0) + 1
        yield _shown(name if seen[name] == 1 else f"{name}#{seen[name]}"), item


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _lasting(inner) for name, inner in value.items() if name not in _PASSING}
    return [_lasting(item) for item in value] if isinstance(value, list) else value
