"""The authority that signs people's certificates: its encrypted keys, and the bundle that the gateway trusts.

- `pki/vpn-ca/<id>.key`, `.crt`: one authority; the key as encrypted PKCS#8
- `pki/vpn-ca.crt`: every authority that still counts, the one that signs first
- `secrets/vpn-ca-passphrase`: what the keys are encrypted with, unless `PASSPHRASE_VARIABLE` names another file

While two overlap, certificates of both are let in and lists of both are published, so nobody is cut off.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import pathlib
import secrets
import stat
from collections.abc import Mapping

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from govcloud_cli import errors
from govcloud_cli.plan import vpn
from govcloud_cli.run import workspace
from govcloud_cli.run.pki import issue, model
from govcloud_cli.run.vpn import certificates

PASSPHRASE_VARIABLE = "GOVCLOUD_VPN_CA_PASSPHRASE_FILE"  # noqa: S105 (a variable's name)
PASSPHRASE_LENGTH = 20
"""Characters, at least: PKCS#8's key derivation is no obstacle to guessing short ones."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authority:
    """One authority, its private key still locked away."""

    id: str
    """Its certificate's subject key identifier, hexadecimal."""
    certificate: x509.Certificate
    key_file: pathlib.Path

    def key(self, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
        """The private key. Raises `errors.GovcloudError` for another passphrase or a damaged file."""
        try:
            found = serialization.load_pem_private_key(self.key_file.read_bytes(), password=passphrase)
        except (OSError, ValueError, TypeError, exceptions.UnsupportedAlgorithm):
            # The parser's own words may hold what it found.
            found = None
        if isinstance(found, ec.EllipticCurvePrivateKey) and found.public_key() == self.certificate.public_key():
            return found
        raise errors.GovcloudError(
            "the key of the VPN's authority cannot be opened",
            where=str(self.key_file),
            cause="it is damaged, or its passphrase is another",
            remedy=f"restore it and secrets/vpn-ca-passphrase (or the file that {PASSPHRASE_VARIABLE} names) from a "
            "backup; with another key every certificate would have to be issued anew",
        )


def bundle(folder: workspace.SideFolder) -> pathlib.Path:
    """The certificates that the gateway trusts."""
    return folder.pki / f"{vpn.AUTHORITY}.crt"


def passphrase(folder: workspace.SideFolder, environ: Mapping[str, str], *, make: bool = False) -> bytes:
    """What the keys are encrypted with; `make` one in `secrets/` if there is none and no file is named.

    Raises `errors.GovcloudError` for a file that is missing, readable for others, or too short.
    """
    named = environ.get(PASSPHRASE_VARIABLE)
    path = pathlib.Path(named) if named else folder.secrets / f"{vpn.AUTHORITY}-passphrase"
    if make and not named:
        workspace.ensure_secret(path)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise _unusable(path, "others than its owner may read it", f"chmod 600 {path}")
        found = path.read_bytes().strip()
    except OSError as error:
        raise _unusable(path, error.strerror or str(error), "restore it from a backup") from None
    if len(found) < PASSPHRASE_LENGTH:
        raise _unusable(path, f"it has fewer than {PASSPHRASE_LENGTH} characters", "choose a longer one at the start")
    return found


def load(folder: workspace.SideFolder, *, now: datetime.datetime) -> tuple[Authority, ...]:
    """The authorities that still count at `now`, the newest, which signs, first."""
    found = []
    for path in sorted(_folder(folder).glob("*.crt")):
        key_file = path.with_suffix(".key")
        with contextlib.suppress(ValueError):
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            if key_file.exists() and certificate.not_valid_after_utc > now:
                found.append(Authority(id=path.stem, certificate=certificate, key_file=key_file))
    return tuple(sorted(found, key=lambda one: one.certificate.not_valid_before_utc, reverse=True))


def ensure(
    folder: workspace.SideFolder, *, environ: Mapping[str, str], now: datetime.datetime, rotate: bool = False
) -> tuple[model.Change, ...]:
    """Have an authority that outlives every certificate it may sign, and the bundle; return what was written.

    A new one is made beside the old when there is none, when the newest ends within a certificate's lifetime and 30
    days, or to `rotate`. The caller holds the register's lock.
    """
    there = load(folder, now=now)
    changes = []
    reason = "rotation was asked for" if rotate and there else _reason(there, now)
    if reason is None:
        # Opened once, so that a lost passphrase is told at a deploy and not when somebody has lost his token.
        there[0].key(passphrase(folder, environ))
    else:
        if there:
            there[0].key(passphrase(folder, environ))
        _make(folder, passphrase(folder, environ, make=not there), now=now)
        changes.append(model.Change(name=vpn.AUTHORITY, reason=reason))
        there = load(folder, now=now)
    text = b"".join(one.certificate.public_bytes(serialization.Encoding.PEM) for one in there)
    path = bundle(folder)
    if not path.exists() or path.read_bytes() != text:
        workspace.write(path, text)
        changes = changes or [model.Change(name=vpn.AUTHORITY, reason="its bundle was not up to date")]
    return tuple(changes)


def _reason(there: tuple[Authority, ...], now: datetime.datetime) -> str | None:
    if not there:
        return "there is none yet"
    end = there[0].certificate.not_valid_after_utc
    return f"it expires on {end:%Y-%m-%d}" if end - now <= certificates.LIFETIME + certificates.WARNING else None


def _make(folder: workspace.SideFolder, phrase: bytes, *, now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, now=now)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(phrase)
    )
    # The certificate last: an authority is there when both are.
    workspace.write(_folder(folder) / f"{identifier}.key", locked)
    workspace.write(_folder(folder) / f"{identifier}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _self_signed(key: ec.EllipticCurvePrivateKey, *, now: datetime.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"govcloud vpn {secrets.token_hex(4)}")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    start = now - model.CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + model.AUTHORITY_LIFETIME)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(issue.key_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _folder(folder: workspace.SideFolder) -> pathlib.Path:
    return folder.pki / vpn.AUTHORITY


def _unusable(path: pathlib.Path, cause: str, remedy: str) -> errors.GovcloudError:
    return errors.GovcloudError(
        "the passphrase of the VPN's authority cannot be used", where=str(path), cause=cause, remedy=remedy
    )
