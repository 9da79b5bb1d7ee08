"""Enrols a person who is there in person: a password, and the secret of one-time codes, told once and kept nowhere."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import one_time_codes, people_changes
from govcloud_cli.providers.keycloak import failures, session
from govcloud_cli.run.people import directory, passwords

_LABEL = "govcloud"
"""How the account page names a code of ours; Keycloak wants no two alike, so chance follows."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Enrolled:
    """What the person takes along."""

    uri: str = dataclasses.field(repr=False)
    """For the authenticator app; whoever has it makes the person's codes."""


def enrol(
    api: session.Api,
    account: people_changes.Account,
    *,
    password: str | None,
    issuer: str,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Enrolled:
    """Set a password (None: it stays) and a new code; end every session. The code that was there works no more.

    Raises `errors.UsageError` with the policy's words for a password that it refuses.
    """
    path = f"{directory.ADMIN}/users/{session.quoted(account.id)}"
    secret = random(one_time_codes.SECRET_BYTES)
    before = _codes(api, account.id)
    # The code first: at no moment is there an account that a password alone opens.
    label = f"{_LABEL}-{secrets.token_hex(3)}"
    api.put(path, {"credentials": [code_credential(secret, label=label)]})
    if password is not None:
        try:
            _set_password(api, path, password)
        except errors.GovcloudError:
            _remove(api, path, _codes(api, account.id) - before)
            raise
    # Only now: killed before this, the person still has the code of before.
    _remove(api, path, before)
    api.post(f"{path}/logout")
    return Enrolled(uri=one_time_codes.uri(secret, issuer=issuer, account=account.person))


def lacking(api: session.Api, person: str) -> tuple[str, ...]:
    """What a person still needs to log in: `account`, or `password` and `one-time code`; ordered, empty if nothing."""
    found = api.get(f"{directory.ADMIN}/users", query={"username": person, "exact": "true"})
    if not found:
        return ("account",)
    has = {one["type"] for one in directory.credentials(api, found[0]["id"])}
    # The staff directory keeps the passwords of its own people.
    has |= {"password"} if found[0].get("federationLink") else set()
    return tuple(name for kind, name in (("password", "password"), ("otp", "one-time code")) if kind not in has)


def code_credential(secret: bytes, *, label: str) -> dict[str, Any]:
    """The secret of one-time codes as the admin API takes it for an account."""
    about = {
        "subType": "totp",
        "digits": one_time_codes.DIGITS,
        "period": one_time_codes.SECONDS,
        "counter": 0,
        "algorithm": one_time_codes.ALGORITHM,
        "secretEncoding": "BASE32",
    }
    return {
        "type": "otp",
        "userLabel": label,
        "secretData": json.dumps({"value": one_time_codes.text(secret)}),
        "credentialData": json.dumps(about),
    }


def _codes(api: session.Api, account: str) -> set[str]:
    return {one["id"] for one in directory.credentials(api, account) if one["type"] == "otp"}


def _remove(api: session.Api, path: str, those: set[str]) -> None:
    for one in sorted(those):
        api.delete(f"{path}/credentials/{session.quoted(one)}")


def _set_password(api: session.Api, path: str, password: str) -> None:
    try:
        api.put(f"{path}/reset-password", {"type": "password", "value": password, "temporary": False})
    except failures.ApiError as error:
        if error.status != 400:
            raise
        raise errors.UsageError(
            "the password is not good enough",
            cause=None if error.cause is None else passwords.told(error.cause, password),
            remedy="let the person choose another one; nothing was changed",
        ) from None
