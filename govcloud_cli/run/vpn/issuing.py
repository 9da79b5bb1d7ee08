"""Issues certificates: the key is made on the token and stays there; nothing works that is not registered.

Order: key pair on the token, request signed by it, then audit record, register, token, and the register again. A kill
before the register leaves a key without certificate, which the next use of that token removes; a kill after it leaves
an unfinished certificate, which is revoked. The register is not held while a token is waited for: a revocation must not
wait for one.
"""

from __future__ import annotations

import contextlib
import dataclasses

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.run.vpn import authority, certificates, desk, register, tokens

MOST = 2
"""Certificates that one person may have at a time: the one in use, and the next."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What came of issuing."""

    issued: register.Issued
    certificate: bytes
    """PEM."""
    revoked: tuple[register.Issued, ...]
    """What it replaced."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the private key is."""

    label: str
    serial: str
    object_id: str = ""


def on_token(
    office: desk.Desk,
    holder: certificates.Holder,
    *,
    reader: tokens.Reader,
    token: tokens.Token,
    pin: str,
    replace: bool = False,
) -> Result:
    """Issue a certificate for a key that is made on `token`; `replace` ends every other of the person.

    Raises `errors.UsageError` where it may not be, `errors.GovcloudError` for whatever the token refuses.
    """
    with register.opened(office.folder) as book:
        _begin(office, book, holder, serial=token.serial, replace=replace)
    pair = reader.generate(token, person=holder.person, pin=pin)
    place = _Place(label=token.label, serial=token.serial, object_id=pair.object_id)
    key = certificates.key_of_request(pair.request)
    issued, certificate = _register(office, holder, key, place=place, replace=replace)
    try:
        der = certificate.public_bytes(serialization.Encoding.DER)
        reader.install(token, person=holder.person, pin=pin, object_id=pair.object_id, certificate=der)
    except errors.GovcloudError:
        _withdraw(office, issued)
        with contextlib.suppress(errors.GovcloudError):
            reader.remove(token, pin=pin, object_ids=(pair.object_id,))
        raise
    result = _finish(office, issued, certificate, replace=replace)
    gone = [one.object_id for one in result.revoked if one.token_serial == token.serial and one.object_id]
    if gone:
        # The old ones no longer work anyway; a token that will not let them go only stays fuller.
        with contextlib.suppress(errors.GovcloudError):
            reader.remove(token, pin=pin, object_ids=gone)
    return result


def by_request(
    office: desk.Desk,
    holder: certificates.Holder,
    request: bytes,
    *,
    label: str = "",
    object_id: str = "",
    replace: bool = False,
) -> Result:
    """Issue a certificate for the key of a request (PEM) that a token office made; its subject is not looked at.

    `label` and `object_id` (CKA_ID, hexadecimal) are where the key is said to be, for the client's configuration.
    Raises as `on_token`, and for a request that does not prove possession of its key.
    """
    key = certificates.key_of_request(request)
    with register.opened(office.folder) as book:
        _begin(office, book, holder, serial="", replace=replace)
    place = _Place(label=label, serial="", object_id=object_id)
    issued, certificate = _register(office, holder, key, place=place, replace=replace)
    return _finish(office, issued, certificate, replace=replace)


def _begin(
    office: desk.Desk, book: register.Register, holder: certificates.Holder, *, serial: str, replace: bool
) -> None:
    office.settle(book, person=holder.person)
    office.refresh(book)
    _refuse(office, book, holder, serial=serial, replace=replace)


def _refuse(
    office: desk.Desk, book: register.Register, holder: certificates.Holder, *, serial: str, replace: bool
) -> None:
    """Raise `errors.UsageError` where the person may not have another, or not on this token."""
    active = [one for one in book.read() if one.counts(office.clock())]
    others = sorted({one.person for one in active if serial and one.token_serial == serial} - {holder.person})
    if others:
        raise errors.UsageError(
            f"the token is {others[0]}'s",
            where=f"token serial {serial}",
            cause="a certificate on it is still valid, and a token is one person's",
            remedy=f"take another token, or first: govcloud vpn revoke --person {others[0]} --reason other",
        )
    theirs = [one for one in active if one.person == holder.person]
    elsewhere = [one for one in theirs if serial and one.token_serial and one.token_serial != serial]
    if elsewhere and not replace:
        raise errors.UsageError(
            f"{holder.person} has a valid certificate on another token ('{elsewhere[0].token}')",
            remedy="revoke it if that token is lost, or say --replace",
        )
    if len(theirs) >= MOST and not replace:
        raise errors.UsageError(
            f"{holder.person} has {len(theirs)} valid certificates already",
            cause="one is in use, and one is its renewal; more cannot be told apart",
            remedy="say --replace: the new one ends the others",
        )


def _register(
    office: desk.Desk,
    holder: certificates.Holder,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    *,
    place: _Place,
    replace: bool,
) -> tuple[register.Issued, x509.Certificate]:
    """Sign, tell the audit log and register; only then does the certificate leave our hands."""
    with register.opened(office.folder) as book:
        _refuse(office, book, holder, serial=place.serial, replace=replace)
        _refuse_key(book, holder, certificates.key_digest(key))
        now = office.clock()
        issuer = authority.load(office.folder, now=now)[0]
        phrase = authority.passphrase(office.folder, office.environ)
        made = certificates.leaf(holder, key, issuer=issuer.certificate, issuer_key=issuer.key(phrase), now=now)
        issued = register.Issued(
            serial=f"{made.serial_number:x}",
            person=holder.person,
            name=holder.display_name,
            organisation=holder.organisation,
            not_before=made.not_valid_before_utc,
            not_after=made.not_valid_after_utc,
            fingerprint=certificates.fingerprint(made),
            key=certificates.key_digest(key),
            issuer=issuer.id,
            object_id=place.object_id,
            token=place.label,
            token_serial=place.serial,
        )
        told = ("serial", "person", "organisation", "fingerprint", "key", "issuer", "token", "token_serial")
        details = {name: getattr(issued, name) for name in told}
        office.note(chain.Action.VPN_ISSUED, {**details, "until": chain.timestamp(issued.not_after)})
        book.issue(issued, now=now)
    return issued, made


def _refuse_key(book: register.Register, holder: certificates.Holder, digest: str) -> None:
    for one in book.read():
        if one.key == digest and (one.person != holder.person or one.reason in {"lost", "stolen"}):
            told = "is somebody else's" if one.person != holder.person else "was reported lost or stolen"
            raise errors.UsageError(f"the key {told}", remedy="make a new key on the token")


def _finish(office: desk.Desk, issued: register.Issued, certificate: x509.Certificate, *, replace: bool) -> Result:
    with register.opened(office.folder) as book:
        now = office.clock()
        there = {one.serial: one for one in book.read()}
        if there[issued.serial].revoked_at is not None:
            raise errors.GovcloudError(
                f"{issued.person}'s access was ended meanwhile, so the new certificate is revoked too",
                remedy="look at govcloud vpn list, and begin again if the person may come in",
            )
        book.deliver(issued.serial, now=now)
        older = tuple(
            one
            for one in there.values()
            if replace and one.person == issued.person and one.serial != issued.serial and one.counts(now)
        )
        office.revoke(book, older, reason="replaced", note=f"by {issued.serial}")
        office.refresh(book)
        final = next(one for one in book.read() if one.serial == issued.serial)
    return Result(issued=final, certificate=certificate.public_bytes(serialization.Encoding.PEM), revoked=older)


def _withdraw(office: desk.Desk, issued: register.Issued) -> None:
    """Revoke what did not reach its token: it may have, and only the answer been lost."""
    with register.opened(office.folder) as book:
        office.revoke(book, (issued,), reason="unfinished", note="the token did not take it")
        office.refresh(book)
