"""What people and their programs do to log in to a Keycloak: forms page by page, codes for tokens, tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.parse
from typing import Any

from govcloud_cli.plan import identity_places
from tests.support import keycloak, login_forms

Json = dict[str, Any]


def claims(token: str) -> Json:
    """What a token says; its signature is not looked at."""
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


class Person(login_forms.Browser):
    """A browser, or a program, of somebody, beside one realm."""

    def __init__(self, server: keycloak.Running, realm: str = identity_places.REALM) -> None:
        super().__init__(server.tls())
        self.base = f"{server.url}/realms/{realm}/protocol/openid-connect"

    def token(self, **form: str) -> tuple[int, Json]:
        """Ask the token endpoint; return status and answer."""
        status, text, _ = self.ask(f"{self.base}/token", form)
        return status, json.loads(text)

    def begin(self, client: str, redirect: str, **more: str) -> tuple[int, str, str]:
        """Begin to log in to `client` in a browser, with PKCE unless `more` leaves it out."""
        self.verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": client,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "openid",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return self.ask(f"{self.base}/auth?{urllib.parse.urlencode({k: v for k, v in query.items() if v})}")

    def fill(self, page: str, **fields: str) -> tuple[int, str, str]:
        """Send the form on a page."""
        return self.ask(login_forms.Page(url=self.base, text=page).action(), fields)


def told(page: str) -> str:
    """What a page says, without its markup."""
    return login_forms.Page(url="", text=page).words[:600]
