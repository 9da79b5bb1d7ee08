"""The revocation list that the gateway asks: `pki/vpn-ca.crl`, one PEM block per authority."""

from __future__ import annotations

import datetime
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from govcloud_cli.plan import vpn
from govcloud_cli.run import workspace
from govcloud_cli.run.vpn import authority, certificates, register

RENEWAL = datetime.timedelta(days=1)
"""A list older than this is made anew by whoever passes: it lives for seven days."""

_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----\n?", re.DOTALL)


def path_of(folder: workspace.SideFolder) -> pathlib.Path:
    """Where the lists lie."""
    return folder.pki / f"{vpn.AUTHORITY}.crl"


def read(path: pathlib.Path) -> tuple[x509.CertificateRevocationList, ...]:
    """The lists in a file; none if it is missing or damaged."""
    try:
        return tuple(x509.load_pem_x509_crl(block) for block in _BLOCK.findall(path.read_bytes()))
    except (OSError, ValueError):
        return ()


def ensure(
    folder: workspace.SideFolder,
    issued: Sequence[register.Issued],
    *,
    environ: Mapping[str, str],
    now: datetime.datetime,
    anew: bool = False,
) -> bool:
    """Have a list of every authority that says what the register says, and of certificates that it lost what the last
    list said; return whether it was written.

    It is when one is missing, older than a day, differs from the register, or (`anew`) always. The register is locked.
    """
    there = authority.load(folder, now=now)
    old = {_issuer(one): one for one in read(path_of(folder))}
    if not anew and _current(there, old, issued, now):
        return False
    phrase = authority.passphrase(folder, environ)
    blocks = []
    for one in there:
        made = certificates.revocation_list(
            [*_entries(issued, one.id), *_unregistered(old.get(one.id), issued)],
            issuer=one.certificate,
            issuer_key=one.key(phrase),
            # Greater than the last, and where that is lost greater than what can have been (RFC 5280, 5.2.3).
            number=max(int(now.timestamp()), _number(old.get(one.id)) + 1),
            now=now,
        )
        blocks.append(made.public_bytes(serialization.Encoding.PEM))
    workspace.write(path_of(folder), b"".join(blocks))
    return True


def _current(
    there: Sequence[authority.Authority],
    old: Mapping[str, x509.CertificateRevocationList],
    issued: Sequence[register.Issued],
    now: datetime.datetime,
) -> bool:
    if {one.id for one in there} != set(old):
        return False
    for one in there:
        crl = old[one.id]
        fresh = crl.last_update_utc <= now < crl.last_update_utc + RENEWAL and crl.is_signature_valid(
            one.certificate.public_key()  # type: ignore[arg-type] # ours is always ECDSA
        )
        wanted = {entry.serial for entry in certificates.remembered(_entries(issued, one.id), now=now)}
        if not fresh or not wanted <= {entry.serial_number for entry in crl}:
            return False
    return True


def _entries(issued: Sequence[register.Issued], issuer: str) -> list[certificates.Entry]:
    return [
        certificates.Entry(
            serial=int(one.serial, 16),
            revoked_at=one.revoked_at,
            reason=x509.ReasonFlags[register.REASONS.get(one.reason, "unspecified")],
            not_after=one.not_after,
        )
        for one in issued
        if one.revoked_at is not None and one.issuer == issuer
    ]


def _unregistered(
    last: x509.CertificateRevocationList | None, issued: Sequence[register.Issued]
) -> Iterator[certificates.Entry]:
    """Entries of the last list whose certificates the register does not know: a lost register forgives nobody."""
    known = {int(one.serial, 16) for one in issued}
    for entry in last or ():
        if entry.serial_number in known:
            continue
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        except x509.ExtensionNotFound:
            reason = x509.ReasonFlags.unspecified
        revoked_at = entry.revocation_date_utc
        yield certificates.Entry(
            serial=entry.serial_number,
            revoked_at=revoked_at,
            reason=reason,
            # Its own end is not known, and was not later.
            not_after=revoked_at + certificates.LIFETIME,
        )


def _issuer(crl: x509.CertificateRevocationList) -> str:
    found = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    return found.hex() if found else ""


def _number(crl: x509.CertificateRevocationList | None) -> int:
    return 0 if crl is None else crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
