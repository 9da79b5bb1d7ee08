"""Proof Key for Code Exchange (RFC 7636): who began a log-in is who ends it."""

from __future__ import annotations

import base64
import hashlib
import secrets


def verifier() -> str:
    """A new secret: 43 characters, 256 bits."""
    return secrets.token_urlsafe(32)


def challenge(secret: str) -> dict[str, str]:
    """What is said of `secret` at the beginning."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(secret.encode("ascii")).digest()).rstrip(b"=")
    return {"code_challenge": digest.decode("ascii"), "code_challenge_method": "S256"}
