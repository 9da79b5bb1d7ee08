"""Secrets that follow from a side's master secret: nothing to store, and the next generation rotates them."""

from __future__ import annotations

import base64
import hashlib
import hmac

MASTER_BYTES = 32
"""Least length of a side's master secret."""


def secret(master: bytes, purpose: str, name: str, generation: int) -> str:
    """43 URL-safe characters. `generation` counts from 1. Raises `ValueError` for a master secret under 32 bytes."""
    if len(master) < MASTER_BYTES:
        raise ValueError(f"a master secret has at least {MASTER_BYTES} bytes, this one {len(master)}")
    if generation < 1:
        raise ValueError(f"generations count from 1, this one is {generation}")
    digest = hmac.new(master, f"govcloud/{purpose}/{generation}/{name}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
