"""The key that signs a log's heads: made once, never replaced by itself."""

from __future__ import annotations

import pathlib

from cryptography import exceptions
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.run import workspace


def ensure(private: pathlib.Path, public: pathlib.Path, *, fresh: bool) -> ed25519.Ed25519PrivateKey:
    """The key in `private`, whose public half is then in `public`; made if there is none and the log is `fresh`.

    Raises `errors.GovcloudError` where it is gone or is no key: a new one would not continue the log.
    """
    if not private.exists():
        if not fresh:
            raise errors.GovcloudError(
                "the key of the audit log is gone",
                where=str(private),
                remedy="restore it from a backup: with another key the log cannot be continued",
            )
        made = ed25519.Ed25519PrivateKey.generate()
        plain = serialization.NoEncryption()
        workspace.write(
            private, made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
    key = _private(private)
    text = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if not public.exists() or public.read_bytes() != text:
        if not fresh and public.exists():
            raise errors.GovcloudError(
                "the audit log's key and its public half do not belong together",
                where=str(public),
                remedy="find out who replaced one of them, restore both from a backup, then: govcloud audit verify",
            )
        workspace.write(public, text)
    return key


def load_public(path: pathlib.Path) -> chain.PublicKey:
    """The public key in `path` (PEM). Raises `errors.UsageError` if there is none."""
    try:
        found = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, exceptions.UnsupportedAlgorithm) as error:
        raise _no_key(path, str(error)) from error
    if not isinstance(found, ed25519.Ed25519PublicKey):
        raise _no_key(path, "it is another kind of key")
    return chain.public(found)


def _no_key(path: pathlib.Path, cause: str) -> errors.UsageError:
    return errors.UsageError(
        "there is no public key to verify the audit log with",
        where=str(path),
        cause=cause,
        remedy="name the log's public key (audit/key.pub beside it) with --key",
    )


def _private(path: pathlib.Path) -> ed25519.Ed25519PrivateKey:
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        # The parser's own words may hold what it found.
        found = None
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise errors.GovcloudError(
            "the key of the audit log is no Ed25519 key", where=str(path), remedy="restore it from a backup"
        )
    return found
