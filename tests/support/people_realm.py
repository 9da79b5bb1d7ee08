"""A realm as the stack `identity` makes it, as far as accounts need it, on a running Keycloak; and log-ins to it."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from govcloud_cli.governance import one_time_codes
from govcloud_cli.plan import identity_places
from govcloud_cli.providers.keycloak import session
from tests.support import accounts, keycloak, logging_in

ADMIN = f"/admin/realms/{identity_places.REALM}"
CLIENT, SECRET = "test", "test-secret-of-the-client"
ORGANISATIONS = ("org:nation", "org:lanhe", "org:lanhe-tax")
"""Each below the one before."""
GROUPS = (
    "finance:owners",
    "finance:viewers",
    "govcloud:system-administrators",
    "govcloud:security-administrators",
    "govcloud:auditors",
)
_SETTINGS = {
    "realm": identity_places.REALM,
    "enabled": True,
    "passwordPolicy": "length(12) and upperCase(1) and lowerCase(1) and digits(1) and specialChars(1)"
    " and notUsername(undefined)",
    "accessTokenLifespan": 45,
    **accounts.POLICY,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What the token endpoint says."""

    status: int
    content: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether there is a token."""
        return self.status == 200


def make(api: session.Session) -> None:
    """Make the realm anew, with `ORGANISATIONS`, `GROUPS` and one client that takes passwords."""
    api.delete(ADMIN)
    api.post("/admin/realms", _SETTINGS)
    action = f"{ADMIN}/authentication/required-actions/VERIFY_PROFILE"
    api.put(action, {**api.get(action), "enabled": False})
    parent = ""
    for name in ORGANISATIONS:
        made = api.post(f"{ADMIN}/groups/{parent}/children" if parent else f"{ADMIN}/groups", {"name": name})
        parent = made["id"]
    for name in GROUPS:
        api.post(f"{ADMIN}/groups", {"name": name})
    api.post(
        f"{ADMIN}/clients",
        {"clientId": CLIENT, "secret": SECRET, "publicClient": False, "directAccessGrantsEnabled": True},
    )
    api.post(
        f"{ADMIN}/clients",
        {"clientId": "robot", "secret": SECRET, "publicClient": False, "serviceAccountsEnabled": True},
    )


def log_in(running: keycloak.Running, person: str, password: str, code: str = "", *, scope: str = "") -> Answer:
    """Ask for tokens with password and one-time code."""
    fields = {"grant_type": "password", "username": person, "password": password, "totp": code, "scope": scope}
    return token(running, {name: value for name, value in fields.items() if value})


def refresh(running: keycloak.Running, answer: Answer) -> Answer:
    """Ask for a new token with a refresh token."""
    return token(running, {"grant_type": "refresh_token", "refresh_token": answer.content["refresh_token"]})


def token(running: keycloak.Running, fields: dict[str, str]) -> Answer:
    """Ask the token endpoint."""
    status, content = logging_in.Person(running).token(**{"client_id": CLIENT, "client_secret": SECRET, **fields})
    return Answer(status=status, content=content)


def fresh_code(secret: bytes) -> str:
    """A code that was not used and counts already: that of the next half minute (`otpPolicyLookAheadWindow`)."""
    return one_time_codes.code(secret, time.time() + one_time_codes.SECONDS)
