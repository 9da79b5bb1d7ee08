"""An identity service that answers as a test says: for answers that no real one gives. Only HTTP is doubled."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli.run.login import clocks, transport

ISSUER = "https://identity.gov.invalid/realms/govcloud"
BASE = f"{ISSUER}/protocol/openid-connect"
NOW = 1_800_000_000.0
Answers = Mapping[str, Any] | transport.Answer | Exception
METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{BASE}/auth",
    "token_endpoint": f"{BASE}/token",
    "device_authorization_endpoint": f"{BASE}/auth/device",
    "revocation_endpoint": f"{BASE}/revoke",
    "end_session_endpoint": f"{BASE}/logout",
    "authorization_response_iss_parameter_supported": True,
}
INVITATION: dict[str, Any] = {
    "device_code": "device-code",
    "user_code": "ABCD-EFGH",
    "verification_uri": f"{ISSUER}/device",
    "verification_uri_complete": f"{ISSUER}/device?user_code=ABCD-EFGH",
    "expires_in": 600,
    "interval": 5,
}


def id_token(**claims: object) -> str:
    """An ID token of the service, with other claims if wanted."""
    said = {
        "iss": ISSUER,
        "aud": "govcloud-cli",
        "sub": "7d0f",
        "preferred_username": "wang.fang",
        "iat": int(NOW),
        "exp": int(NOW) + 45,
        **claims,
    }
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{payload}.c2lnbmF0dXJl"


def granted(number: int = 1, **fields: object) -> dict[str, Any]:
    """What the token endpoint gives."""
    return {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "id_token": id_token(),
        "token_type": "Bearer",
        "expires_in": 45,
        **fields,
    }


def refused(code: str, status: int = 400) -> transport.Answer:
    """A no, with words that must not be shown."""
    document = {"error": code, "error_description": "\x1b[31m secret words of the server"}
    return transport.Answer(status=status, body=json.dumps(document).encode())


class Service:
    """Answers what is asked for in turn; the last answer stays. `asked` is every form, by endpoint."""

    def __init__(self, *granting: Answers, **others: Answers | list[Answers]) -> None:
        self._answers: dict[str, list[Answers]] = {"token": list(granting)}
        for name, value in {"metadata": METADATA, "device": INVITATION, **others}.items():
            self._answers[name] = value if isinstance(value, list) else [value]
        self.asked: list[tuple[str, dict[str, str]]] = []

    def ask(self, url: str, form: Mapping[str, str] | None = None) -> transport.Answer:
        """As `transport.Transport`."""
        name = "metadata" if form is None else url.rpartition("/")[2]
        self.asked.append((name, dict(form or {})))
        waiting = self._answers.get(name) or [{}]
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, transport.Answer):
            return found
        return transport.Answer(status=200, body=json.dumps(found).encode())

    def forms(self, name: str) -> list[dict[str, str]]:
        """What was sent to one endpoint."""
        return [form for asked, form in self.asked if asked == name]


class Time:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self, *, skew: float = 0.0) -> None:
        self.slept: list[float] = []
        self._skew = skew
        self.on_sleep: Callable[[], None] = lambda: None

    def clock(self) -> clocks.Clock:
        """Return it as it is handed in."""
        return clocks.Clock(
            now=lambda: NOW + self._skew + sum(self.slept), monotonic=lambda: sum(self.slept), sleep=self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()
