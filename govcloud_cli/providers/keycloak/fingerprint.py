"""Whether anybody changed a realm by hand: a digest of each of its parts, by two requests.

    before = fingerprint.of(session, "govcloud")      # after a deploy
    fingerprint.changed(before, fingerprint.of(session, "govcloud"))   # ("Client/govcloud-vpn", "Realm/govcloud")

People are no part of it: who is in which group is the people sync's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.providers.keycloak import session as session_
from govcloud_cli.providers.keycloak.session import quoted

_APART = ("clients", "groups")
_WRITTEN_BY_LOGGING_IN = "client.secret.creation.time"


def of(session: session_.Session, realm: str) -> dict[str, str]:
    """Return `Realm/<name>`, `Client/<id>` and `Group/<name>`, each with its digest; empty if there is no such realm.

    Raises `errors.GovcloudError` if Keycloak does not answer.
    """
    place = f"/admin/realms/{quoted(realm)}"
    if session.find(place) is None:
        return {}
    # An export shows secrets as asterisks, so the clients are asked for themselves.
    whole = session.request(
        "POST", f"{place}/partial-export", query={"exportGroupsAndRoles": "true", "exportClients": "false"}
    )
    clients = session.get(f"{place}/clients")
    found = {f"Realm/{realm}": {name: value for name, value in whole.items() if name not in _APART}}
    for client in clients:
        # Keycloak adds it, the first time that a client shows its secret.
        client.get("attributes", {}).pop(_WRITTEN_BY_LOGGING_IN, None)
    found |= {f"Client/{client['clientId']}": client for client in clients}
    found |= {f"Group/{group['name']}": group for group in _groups(whole.get("groups") or ())}
    return {name: _digest(part) for name, part in sorted(found.items())}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the parts that came, went or are not as they were, ordered."""
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def _groups(groups: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every group of a tree, each without those below it; its path says where it is."""
    for group in groups:
        yield {name: value for name, value in group.items() if name != "subGroups"}
        yield from _groups(group.get("subGroups") or ())


def _digest(part: object) -> str:
    text = json.dumps(_ordered(part), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _ordered(value: Any) -> Any:
    """Put lists in an order of their own: Keycloak gives most of them in none."""
    if isinstance(value, Mapping):
        return {name: _ordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted((_ordered(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
