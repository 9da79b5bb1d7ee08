"""Reads a realm, and the realm `master` that it is administered from; what it should be is known elsewhere."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import pathlib
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import identity, identity_places
from govcloud_cli.providers.keycloak import parts, session

_PATIENCE = 40.0
"""Seconds for everything; the session tries again for a while by itself."""


NO_ROLES = "no-roles"
"""Mends a group that got rights and was planned to have none; no stack lists what each group does not have."""


def look(job: Mapping[str, str]) -> dict[str, Any]:
    """Return `parts` and the server's `version`.

    `job`: `url`, and paths of the files `secret`, `ca` and `master`. Raises `errors.GovcloudError`.
    """
    key = bytes.fromhex(_text(job["master"]))

    def seal(secret: str) -> str:
        return hmac.new(key, f"govcloud/realm/{secret}".encode(), hashlib.sha256).hexdigest()

    with _session(job) as api:
        found = parts.administration(api, seal=seal) | parts.read(api, identity_places.REALM, seal=seal)
        return {"parts": found, "version": str(api.get("/admin/serverinfo")["systemInfo"]["version"])}


def mend(job: Mapping[str, str], groups: Collection[str]) -> None:
    """Take every role from the groups named. Raises `errors.GovcloudError`."""
    place = f"/admin/realms/{identity_places.REALM}/groups"
    with _session(job) as api:
        for name in groups:
            query = {"search": name, "exact": "true", "populateHierarchy": "false"}
            for group in api.get(place, query=query):
                mappings = f"{place}/{group['id']}/role-mappings"
                held = api.get(mappings) if group["name"] == name else {}
                if held.get("realmMappings"):
                    api.delete(f"{mappings}/realm", held["realmMappings"])
                for client in held.get("clientMappings", {}).values():
                    api.delete(f"{mappings}/clients/{client['id']}", client["mappings"])


@contextlib.contextmanager
def _session(job: Mapping[str, str]) -> Iterator[session.Session]:
    ended = threading.Event()
    clock = threading.Timer(_PATIENCE, ended.set)
    clock.daemon = True
    clock.start()
    try:
        secret, authority = _text(job["secret"]), _text(job["ca"])
        with session.Session(job["url"], identity.ENGINE_CLIENT, secret, authority, cancelled=ended) as api:
            yield api
    except errors.RunInterrupted:
        raise errors.GovcloudError(f"the identity service did not answer within {_PATIENCE:g} s") from None
    finally:
        clock.cancel()


def _text(path: str) -> str:
    try:
        return pathlib.Path(path).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise errors.GovcloudError("a file is missing that the identity service is asked with", where=path) from None
