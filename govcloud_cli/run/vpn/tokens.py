"""PKCS#11 tokens as we see them: asked through `token_worker`, refused in words that a token office can act on."""

from __future__ import annotations

import base64
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run import process

MODULE = "opensc-pkcs11.so"
"""What is taken if nobody names another: OpenSC's, which knows the common national tokens."""

_TIMEOUT = 120.0
"""Seconds; a token makes a key in ten to twenty, one that takes longer hangs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """A token that is plugged in."""

    label: str
    serial: str
    maker: str
    model: str
    pin_set: bool
    low: bool
    """A wrong PIN was given since the last right one."""
    last: bool
    """The next wrong PIN locks it."""
    locked: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A key pair that was made on a token."""

    object_id: str
    """CKA_ID, hexadecimal."""
    request: bytes
    """Certificate request (PEM), signed on the token."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reader:
    """Tokens behind one PKCS#11 module."""

    module: str = MODULE
    timeout: float = _TIMEOUT

    def choose(self, label: str | None) -> Token:
        """The token called `label`, or the only one. Raises `errors.UsageError` naming those that are there."""
        answer = self._ask({"operation": "look"})
        there = tuple(_token(one) for one in answer["tokens"])
        found = [one for one in there if label in {None, one.label}]
        if len(found) == 1:
            return self._usable(found[0])
        named = ", ".join(f"'{one.label}' (serial {one.serial})" for one in there) or "none"
        if not found:
            told = f"there is no token '{label}'" if label is not None else "there is no token"
            raise errors.UsageError(
                told, where=self.module, cause=f"tokens there: {named}", remedy="plug it in, or name another --token"
            )
        raise errors.UsageError(
            "several tokens could be meant",
            where=self.module,
            cause=f"tokens there: {named}",
            remedy="name one with --token; of two with one name unplug the other",
        )

    def generate(self, token: Token, *, person: str, pin: str) -> KeyPair:
        """Make a key pair on the token. Raises `errors.GovcloudError` for whatever the token refuses."""
        answer = self._ask({"operation": "generate", "person": person, **_named(token, pin)}, token=token)
        return KeyPair(object_id=answer["id"], request=answer["request"].encode("ascii"))

    def install(self, token: Token, *, person: str, pin: str, object_id: str, certificate: bytes) -> None:
        """Write a certificate (DER) beside its key. Raises as `generate`."""
        encoded = base64.b64encode(certificate).decode("ascii")
        ask = {"operation": "install", "person": person, "id": object_id, "certificate": encoded}
        self._ask({**ask, **_named(token, pin)}, token=token)

    def remove(self, token: Token, *, pin: str, object_ids: Sequence[str]) -> None:
        """Remove keys and certificates of ours. Raises as `generate`."""
        self._ask({"operation": "remove", "ids": list(object_ids), **_named(token, pin)}, token=token)

    def _usable(self, token: Token) -> Token:
        if token.locked:
            raise refusal("pin-locked", module=self.module, token=token)
        if not token.pin_set:
            raise refusal("pin-not-set", module=self.module, token=token)
        return token

    def _ask(self, ask: Mapping[str, Any], *, token: Token | None = None) -> dict[str, Any]:
        argv = [sys.executable, "-m", "govcloud_cli.run.vpn.token_worker"]
        try:
            done = process.run(
                argv, stdin=json.dumps({**ask, "module": self.module}), timeout=self.timeout, check=False
            )
        except errors.ProcessError:
            raise refusal("hangs", module=self.module, token=token) from None
        try:
            answer = json.loads(done.stdout) if done.returncode == 0 else {}
        except ValueError:
            answer = {}
        if "ok" in answer:
            found: dict[str, Any] = answer["ok"]
            return found
        if "refused" not in answer:
            raise refusal("crashed", module=self.module, token=token, told=f"exit code {done.returncode}")
        flags = answer.get("flags", {})
        raise refusal(answer["refused"], module=self.module, token=token, told=answer.get("told", ""), flags=flags)


_REFUSALS: Mapping[str, tuple[str, str]] = {
    "pin-incorrect": ("the PIN is wrong", "ask the holder; several wrong ones lock the token"),
    "pin-locked": ("the token's PIN is locked", "unlock it with the security officer's PIN (PUK), then try again"),
    "pin-expired": ("the token's PIN has to be changed first", "change it with the maker's program"),
    "pin-not-set": ("the token has no PIN yet", "initialise it first: pkcs11-tool --init-token, then --init-pin"),
    "full": ("the token is full", "remove what is no longer needed from it, or take another"),
    "gone": ("the token is no longer there", "plug it in and try again"),
    "broken": ("the token reports a fault of its own", "try again; if it stays so, take another token"),
    "read-only": ("nothing can be written to the token", "lift its write protection, or take another"),
    "no-ecdsa": ("the token cannot make ECDSA keys on P-256", "take another, or make its key there and use --csr"),
    "no-module": ("the PKCS#11 module cannot be loaded", "name the module of the token's maker with --module"),
    "no-key": ("the key is not on the token", "do not change tokens meanwhile; run the same command again"),
    "not-written": ("the token did not keep the certificate", "take another token"),
    "extractable": ("the token would let the key out", "take another: only keys that never leave count as a factor"),
    "crashed": ("the PKCS#11 module crashed", "try again; if it stays so, ask the token's maker for another module"),
    "hangs": ("the PKCS#11 module does not answer", "unplug the token and plug it in again; look for another program"),
    "module": ("the token refuses", "look up the refusal's name in PKCS #11, or take another token"),
}


def refusal(
    word: str, *, module: str, token: Token | None, told: str = "", flags: Mapping[str, bool] | None = None
) -> errors.GovcloudError:
    """What a token refuses, as somebody at a token office needs it."""
    message, remedy = _REFUSALS.get(word, _REFUSALS["module"])
    cause = told or None
    if word == "pin-incorrect":
        cause = _tries(flags or {})
    where = module if token is None else f"token '{token.label}' (serial {token.serial}), {module}"
    return errors.GovcloudError(message, where=where, cause=cause, remedy=remedy)


def _tries(flags: Mapping[str, bool]) -> str:
    # PKCS#11 has no counter: it says "some left", "one left" and "none left", and nothing finer.
    if flags.get("locked"):
        return "it is locked now: no try is left"
    if flags.get("last"):
        return "one try is left: another wrong PIN locks it"
    return "more than one try is left" if flags else "the token does not say how many tries are left"


def _named(token: Token, pin: str) -> dict[str, str]:
    return {"token": token.label, "serial": token.serial, "pin": pin}


def _token(one: Mapping[str, Any]) -> Token:
    return Token(
        label=one["label"],
        serial=one["serial"],
        maker=one["maker"],
        model=one["model"],
        pin_set=one["pinSet"],
        low=one["low"],
        last=one["last"],
        locked=one["locked"],
    )
