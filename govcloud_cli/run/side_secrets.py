"""The secrets of a side's identity service and gateway: made once, brought out as files, told by keyed digests only.

- `secrets/identity-engine`, `secrets/vpn-client`, `secrets/portal-client`: 32 random bytes each (base64url), of clients
- `secrets/directory`: what the staff directory knows the identity service by; people put it there
- `secrets/break-glass-generation`: which password the sealed account has; the password is derived from the side's
  master secret and is in no file, but for the file `break-glass` while roles run
- `secrets/break-glass-opened`: somebody was shown that password; the next deploy makes it another one
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Iterator

from govcloud_cli import errors
from govcloud_cli.plan import identity, identity_places, steps
from govcloud_cli.run import workspace

_RANDOM = (identity.ENGINE_SECRET, identity.VPN_SECRET, identity.PORTAL_SECRET)
_GENERATION = "break-glass-generation"
_OPENED = "break-glass-opened"
_BYTES = 32


def ensure(folder: workspace.SideFolder) -> tuple[str, ...]:
    """Make what is missing, and another break-glass password if the last one was shown; return names of what is new."""
    made = []
    for name in _RANDOM:
        path = folder.secrets / name
        if not path.exists():
            workspace.write(path, _text(secrets.token_bytes(_BYTES)))
            made.append(name)
    # What a killed run left.
    (folder.secrets / identity_places.BREAK_GLASS_SECRET).unlink(missing_ok=True)
    opened = folder.secrets / _OPENED
    if opened.exists():
        workspace.write(folder.secrets / _GENERATION, str(generation(folder) + 1))
        opened.unlink()
        made.append(identity_places.BREAK_GLASS_SECRET)
    return tuple(made)


def generation(folder: workspace.SideFolder) -> int:
    """Which break-glass password is in force, counted from 1."""
    path = folder.secrets / _GENERATION
    text = path.read_text(encoding="utf-8").strip() if path.exists() else "1"
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise errors.GovcloudError(
            f"{path} holds no generation",
            cause="it is a number from 1 that counts the break-glass passwords there were",
            remedy="restore it from the backup of the state folder",
        )
    return int(text)


def unseal(folder: workspace.SideFolder) -> str:
    """The break-glass password, to show it to somebody who is on record for asking; the next deploy makes another."""
    workspace.write(folder.secrets / _OPENED, "")
    return _break_glass(folder)


def break_glass(folder: workspace.SideFolder) -> str:
    """The break-glass password in force, for whoever sets it; nobody is shown it."""
    return _break_glass(folder)


@contextlib.contextmanager
def break_glass_file(folder: workspace.SideFolder) -> Iterator[None]:
    """Have the file `break-glass` while roles run, and not afterwards."""
    path = folder.secrets / identity_places.BREAK_GLASS_SECRET
    workspace.write(path, _break_glass(folder))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def digests(folder: workspace.SideFolder) -> dict[str, str]:
    """Of each secret that there is a digest that tells a change, and nothing to who lacks the master secret."""
    if not (folder.secrets / "master").exists():
        return {}
    found = {
        name: _digest(folder, name, (folder.secrets / name).read_text(encoding="utf-8")) for name in _there(folder)
    }
    name = identity_places.BREAK_GLASS_SECRET
    # The key of the digest is what they follow from.
    derived = {name: _digest(folder, name, _break_glass(folder)), steps.DERIVED: _digest(folder, steps.DERIVED, "")}
    return {**found, **derived} if found else {}


def _there(folder: workspace.SideFolder) -> list[str]:
    return [name for name in (*_RANDOM, identity.DIRECTORY_SECRET) if (folder.secrets / name).exists()]


def _digest(folder: workspace.SideFolder, name: str, value: str) -> str:
    return hmac.new(_master(folder), f"govcloud/secret-digest/{name}/{value}".encode(), hashlib.sha256).hexdigest()


def _break_glass(folder: workspace.SideFolder) -> str:
    purpose = f"govcloud/{identity_places.BREAK_GLASS_SECRET}/{generation(folder)}"
    return _text(hmac.new(_master(folder), purpose.encode(), hashlib.sha256).digest())


def _master(folder: workspace.SideFolder) -> bytes:
    return bytes.fromhex(workspace.ensure_secret(folder.secrets / "master"))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
