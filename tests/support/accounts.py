"""Accounts of tests' people as Keycloak's admin API takes them, and the one-time codes that their telephones show."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli.governance import one_time_codes

POLICY: Final[Mapping[str, object]] = {
    "otpPolicyType": "totp",
    "otpPolicyAlgorithm": one_time_codes.ALGORITHM,
    "otpPolicyInitialCounter": 0,
    "otpPolicyDigits": one_time_codes.DIGITS,
    "otpPolicyPeriod": one_time_codes.SECONDS,
    "otpPolicyLookAheadWindow": 1,
    "otpPolicyCodeReusable": False,
}
"""A realm's settings of one-time codes, all of them: of a policy that is named at all, what is not named is nought."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """Who logs in."""

    name: str
    password: str
    otp: str | None
    """The secret of the one-time codes: what Keycloak keeps, not its base32."""

    def code(self, at: float) -> str:
        """The one-time code at a moment (seconds since 1970, UTC)."""
        return one_time_codes.code((self.otp or "").encode(), at)

    def document(self) -> dict[str, Any]:
        """The account with a name alone, as our realm has people."""
        credentials = [{"type": "password", "value": self.password, "temporary": False}, *self.codes()]
        return {"username": self.name, "enabled": True, "credentials": credentials}

    def complete(self) -> dict[str, Any]:
        """The account with all that a realm asks for by itself before it lets anybody in."""
        profile = {"email": f"{self.name}@gov.invalid", "firstName": self.name, "lastName": self.name}
        return {**self.document(), **profile, "emailVerified": True}

    def codes(self) -> list[dict[str, Any]]:
        """The credential of its one-time codes; none without a secret."""
        if self.otp is None:
            return []
        form = {"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"}
        secret = json.dumps({"value": self.otp})
        return [{"type": "otp", "secretData": secret, "credentialData": json.dumps(form)}]


@dataclasses.dataclass(kw_only=True)
class Codes:
    """A person's one-time codes: each is given out once."""

    secret: bytes
    _used: set[int] = dataclasses.field(default_factory=set)

    def at(self, moment: float) -> str:
        """The code of a moment."""
        return one_time_codes.code(self.secret, moment)

    def next(self) -> str:
        """A code that counts now and was not used; waits when there is none."""
        while True:
            step = int(time.time()) // one_time_codes.SECONDS
            # The service takes one step to either side; the edges are left out, in case the step ends meanwhile.
            for candidate in (step, step + 1):
                if candidate not in self._used:
                    self._used.add(candidate)
                    return self.at(candidate * one_time_codes.SECONDS)
            time.sleep(1)
