"""SCRAM-SHA-256 verifiers: what the server stores instead of a password (RFC 5802, RFC 7677)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

import psycopg

_VERIFIER = re.compile(r"SCRAM-SHA-256\$(?P<iterations>\d+):(?P<salt>[^$]+)\$(?P<stored>[^:]+):(?P<server>.+)")


def verifier(connection: psycopg.Connection[tuple[object, ...]], *, password: str, role: str) -> str:
    """Return what the server is to store for `password`; what is a verifier already stays as it is.

    libpq computes it here, so the password itself does not go over the connection or into a log.
    """
    if _VERIFIER.fullmatch(password):
        return password
    return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def matches(password: str, stored: str | None) -> bool:
    """Tell whether `stored` was made from `password` (of ASCII, which SASLprep leaves as it is)."""
    parts = _VERIFIER.fullmatch(stored or "")
    if parts is None or stored is None:
        return False
    if password == stored:
        return True
    try:
        salt, key = (base64.b64decode(parts[name], validate=True) for name in ("salt", "stored"))
    except binascii.Error:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, int(parts["iterations"]))
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client).digest(), key)
