"""SSH host keys of machines."""

from __future__ import annotations

import os
import pathlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

_NAME = "ssh_host_ed25519_key"


def ensure(folder: pathlib.Path) -> tuple[str, str]:
    """Return the machine's private and public host key, OpenSSH text; made at first, then kept in `folder` (0600)."""
    file = folder / _NAME
    if not file.exists():
        private = ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        temporary = folder / f".{_NAME}.{os.getpid()}"
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(private)
        temporary.rename(file)
    text = file.read_bytes()
    public = serialization.load_ssh_private_key(text, None).public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return text.decode(), line.decode()


def public(folder: pathlib.Path) -> str:
    """Return the public host key, empty if there is none yet."""
    return ensure(folder)[1] if (folder / _NAME).exists() else ""
