"""One-time codes: TOTP (RFC 6238) as authenticator apps and Keycloak agree on it.

SHA-1 as in RFC 4226 is what every app has; its weaknesses are not HMAC's. A secret has 160 bits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import urllib.parse

DIGITS = 6
SECONDS = 30
SECRET_BYTES = 20
"""As RFC 4226, section 4, R6, recommends."""
ALGORITHM = "HmacSHA1"
"""Keycloak's word for it."""


def text(secret: bytes) -> str:
    """The secret as apps take it: Base32 without padding."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def uri(secret: bytes, *, issuer: str, account: str) -> str:
    """What a QR code holds for an authenticator app (`otpauth://totp/…`, Key Uri Format)."""
    label = urllib.parse.quote(f"{issuer}:{account}", safe=":")
    told = {"secret": text(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": SECONDS}
    return f"otpauth://totp/{label}?{urllib.parse.urlencode(told, quote_via=urllib.parse.quote)}"


def code(secret: bytes, seconds: float) -> str:
    """The code at a time (seconds since 1970, UTC)."""
    digest = hmac.new(secret, struct.pack(">Q", int(seconds) // SECONDS), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"
