"""A process of its own that talks to a PKCS#11 token: `python -m govcloud_cli.run.vpn.token_worker`.

A vendor's module is somebody else's code that may crash or hang, so it never runs in our process. One JSON document on
standard input, PIN included, one on standard output: `{"ok": …}` or `{"refused": <word>, "told": <the module's own>}`.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import exceptions
from pkcs11.util import ec as pkcs11_ec

from govcloud_cli.run.vpn import token_keys

OURS = "govcloud:"
"""What the labels of our objects begin with; nobody else's are touched."""

Document = dict[str, Any]

_WORDS: Mapping[type[Exception], str] = {
    exceptions.PinIncorrect: "pin-incorrect",
    exceptions.PinInvalid: "pin-incorrect",
    exceptions.PinLenRange: "pin-incorrect",
    exceptions.PinLocked: "pin-locked",
    exceptions.PinExpired: "pin-expired",
    exceptions.UserPinNotInitialized: "pin-not-set",
    exceptions.DeviceMemory: "full",
    exceptions.TokenNotPresent: "gone",
    exceptions.TokenNotRecognised: "gone",
    exceptions.DeviceRemoved: "gone",
    exceptions.DeviceError: "broken",
    exceptions.TokenWriteProtected: "read-only",
    exceptions.SessionReadOnly: "read-only",
    exceptions.MechanismInvalid: "no-ecdsa",
    exceptions.DomainParamsInvalid: "no-ecdsa",
    exceptions.FunctionNotSupported: "no-ecdsa",
}


class _RefusedError(Exception):
    """What we refuse ourselves; its text is the word."""


def look(library: Any, _ask: Document) -> Document:
    """Every token that is there."""
    return {"tokens": [_described(token) for token in _tokens(library)]}


def generate(library: Any, ask: Document) -> Document:
    """Make a key pair on the token and a request signed by it; keys of ours without a certificate are removed first."""
    token = _token(library, ask)
    with _opened(token, ask) as session:
        _sweep(session)
        identifier = secrets.token_bytes(16)
        label = OURS + ask["person"]
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC,
            {pkcs11.Attribute.EC_PARAMS: pkcs11_ec.encode_named_curve_parameters("secp256r1")},
            local=True,
        )
        public, private = parameters.generate_keypair(
            id=identifier,
            label=label,
            store=True,
            mechanism=pkcs11.Mechanism.EC_KEY_PAIR_GEN,
            private_template={
                pkcs11.Attribute.PRIVATE: True,
                pkcs11.Attribute.SENSITIVE: True,
                pkcs11.Attribute.EXTRACTABLE: False,
                pkcs11.Attribute.SIGN: True,
                pkcs11.Attribute.DERIVE: False,
            },
        )
        # A template is a wish: a module that does not grant it is no place for a key.
        if private[pkcs11.Attribute.EXTRACTABLE] or not private[pkcs11.Attribute.SENSITIVE]:
            public.destroy()
            private.destroy()
            raise _RefusedError("extractable")
        key = serialization.load_der_public_key(pkcs11_ec.encode_ec_public_key(public))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise _RefusedError("no-ecdsa")
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        signed = request.sign(token_keys.TokenKey(private, key), hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM).decode("ascii")
    return {"id": identifier.hex(), "request": pem, "token": _described(token)}


def install(library: Any, ask: Document) -> Document:
    """Write a certificate beside its key, and read it back."""
    der = base64.b64decode(ask["certificate"])
    certificate = x509.load_der_x509_certificate(der)
    identifier = bytes.fromhex(ask["id"])
    with _opened(_token(library, ask), ask) as session:
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.Attribute.ID: identifier}
        if not list(session.get_objects(wanted)):
            raise _RefusedError("no-key")
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.PRIVATE: False,
                pkcs11.Attribute.ID: identifier,
                pkcs11.Attribute.LABEL: OURS + ask["person"],
                pkcs11.Attribute.SUBJECT: certificate.subject.public_bytes(),
                pkcs11.Attribute.ISSUER: certificate.issuer.public_bytes(),
                pkcs11.Attribute.SERIAL_NUMBER: _integer(certificate.serial_number),
                pkcs11.Attribute.VALUE: der,
            }
        )
        wanted[pkcs11.Attribute.CLASS] = pkcs11.ObjectClass.CERTIFICATE
        if [one[pkcs11.Attribute.VALUE] for one in session.get_objects(wanted)] != [der]:
            raise _RefusedError("not-written")
    return {}


def remove(library: Any, ask: Document) -> Document:
    """Remove what is on the token under some ids: keys and certificates of ours."""
    count = 0
    with _opened(_token(library, ask), ask) as session:
        for identifier in ask["ids"]:
            for one in list(session.get_objects({pkcs11.Attribute.ID: bytes.fromhex(identifier)})):
                if str(one[pkcs11.Attribute.LABEL]).startswith(OURS):
                    one.destroy()
                    count += 1
    return {"removed": count}


OPERATIONS: Mapping[str, Callable[[Any, Document], Document]] = {
    "look": look,
    "generate": generate,
    "install": install,
    "remove": remove,
}


def main() -> int:
    """Do what standard input asks for."""
    ask: Document = json.load(sys.stdin)
    # What a module prints must not mix with our answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    library = None
    try:
        library = pkcs11.lib(ask["module"])
        answer: Document = {"ok": OPERATIONS[ask["operation"]](library, ask)}
    except _RefusedError as error:
        answer = {"refused": str(error), "told": ""}
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        word = next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), "module")
        word = "no-module" if library is None else word
        # Of a module's error its name; a text could hold what was given.
        told = str(error)[:200] if library is None else type(error).__name__
        answer = {"refused": word, "told": told, "flags": _flags_after(library, ask)}
    os.write(answers, json.dumps(answer).encode())
    return 0


def _opened(token: Any, ask: Document) -> Any:
    if token.flags & pkcs11.TokenFlag.USER_PIN_LOCKED:
        raise _RefusedError("pin-locked")
    return token.open(rw=True, user_pin=ask["pin"])


def _sweep(session: Any) -> None:
    """Remove keys that a killed run left: ours, without a certificate."""
    found = {one[pkcs11.Attribute.ID] for one in session.get_objects({_CLASS: pkcs11.ObjectClass.CERTIFICATE})}
    for kind in (pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.ObjectClass.PUBLIC_KEY):
        for one in list(session.get_objects({_CLASS: kind})):
            if str(one[pkcs11.Attribute.LABEL]).startswith(OURS) and one[pkcs11.Attribute.ID] not in found:
                one.destroy()


def _tokens(library: Any) -> Iterator[Any]:
    for slot in library.get_slots(token_present=True):
        try:
            token = slot.get_token()
        except (exceptions.TokenNotPresent, exceptions.TokenNotRecognised):
            continue
        if token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED:
            yield token


def _token(library: Any, ask: Document) -> Any:
    found = [one for one in _tokens(library) if _text(one.serial) == ask["serial"] and _text(one.label) == ask["token"]]
    if len(found) != 1:
        raise _RefusedError("gone")
    return found[0]


def _described(token: Any) -> Document:
    flags = token.flags
    return {
        "label": _text(token.label),
        "serial": _text(token.serial),
        "maker": _text(token.manufacturer_id),
        "model": _text(token.model),
        "pinSet": bool(flags & pkcs11.TokenFlag.USER_PIN_INITIALIZED),
        **_pin(flags),
    }


def _pin(flags: Any) -> Document:
    return {
        "low": bool(flags & pkcs11.TokenFlag.USER_PIN_COUNT_LOW),
        "last": bool(flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY),
        "locked": bool(flags & pkcs11.TokenFlag.USER_PIN_LOCKED),
    }


def _flags_after(library: Any, ask: Document) -> Document:
    """What the token says of its PIN after a refusal."""
    if library is None or "serial" not in ask:
        return {}
    try:
        return _pin(_token(library, ask).flags)
    except (pkcs11.PKCS11Error, _RefusedError):
        return {}


def _text(value: Any) -> str:
    raw = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return raw.rstrip(" \0")


def _integer(number: int) -> bytes:
    """DER of an INTEGER, as CKA_SERIAL_NUMBER is (PKCS#11 v2.40, 4.6.3)."""
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(content)]) + content


_CLASS = pkcs11.Attribute.CLASS

if __name__ == "__main__":
    sys.exit(main())
