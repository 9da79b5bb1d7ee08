"""A person's session on this machine: the tokens, kept for as long as the identity service lets it last."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
from collections.abc import Iterator
from typing import Any

import filelock

from govcloud_cli import errors
from govcloud_cli.run import workspace
from govcloud_cli.run.login import clocks, endpoints, private, profiles, tokens, transport

_FORM = 1
MARGIN_SECONDS = 10.0
"""A token is renewed this long before its end, so that it does not end on its way."""
LOCK_SECONDS = 60.0


class EndedError(errors.GovcloudError):
    """There is no session, or no longer."""

    def __init__(self, profile: str, message: str) -> None:
        super().__init__(message, remedy=f"run `govcloud login --profile {profile}`")


def save(profile: profiles.Profile, found: tokens.Tokens) -> None:
    """Keep the tokens of a new log-in."""
    with _locked(profile):
        _write(profile, found)


def load(profile: profiles.Profile) -> tokens.Tokens | None:
    """The tokens that are kept; None without a session. Raises `errors.GovcloudError` if they cannot be trusted."""
    content = private.read(profiles.locate(profile.name).session)
    if content is None:
        return None
    try:
        found = json.loads(content)
        if found.pop("version") != _FORM or found.pop("issuer") != profile.issuer:
            raise ValueError
        read = tokens.Tokens(**found)
        texts = (read.access, read.refresh, read.subject, read.person)
        numbers = (read.obtained_at, read.expires_at)
        if not all(isinstance(one, str) for one in texts) or not all(isinstance(one, float) for one in numbers):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise errors.GovcloudError(
            "the session of this machine cannot be read (会话文件损坏)",
            remedy="run `govcloud logout`, which removes it, then `govcloud login`",
        ) from None
    return read


def remove(profile: str) -> None:
    """Forget the tokens."""
    profiles.locate(profile).session.unlink(missing_ok=True)


def current(profile: profiles.Profile, asked: transport.Transport, *, clock: clocks.Clock) -> tokens.Tokens:
    """Tokens that are good for a while, refreshed if need be, by one at a time.

    A refresh token works once: who used it while another does too would end the session (RFC 9700, 4.14.2). Raises
    `EndedError` if there is no session; without an answer the session is kept.
    """
    found = load(profile)
    if found is not None and _is_fresh(found, clock.now()):
        return found
    with _locked(profile):
        found = load(profile)
        if found is None:
            raise EndedError(profile.name, "nobody is logged in here (尚未登录)")
        if _is_fresh(found, clock.now()):
            return found
        renewed = _refreshed(profile, found, asked, clock)
        _write(profile, renewed)
        return renewed


def credential(found: tokens.Tokens) -> dict[str, Any]:
    """What `kubectl` reads (client.authentication.k8s.io/v1)."""
    ends = datetime.datetime.fromtimestamp(found.expires_at - MARGIN_SECONDS, datetime.UTC)
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": found.access, "expirationTimestamp": f"{ends:%Y-%m-%dT%H:%M:%SZ}"},
    }


def _refreshed(
    profile: profiles.Profile, old: tokens.Tokens, asked: transport.Transport, clock: clocks.Clock
) -> tokens.Tokens:
    place = endpoints.discover(profile.issuer, asked)
    form = {"grant_type": "refresh_token", "refresh_token": old.refresh}
    try:
        found = tokens.ask(asked, place, form, now=clock.now())
    except tokens.RefusedError as refusal:
        if refusal.code != "invalid_grant":
            raise
        remove(profile.name)
        raise EndedError(profile.name, f"the session of {old.person} has ended (会话已结束)") from None
    if found.subject != old.subject:
        remove(profile.name)
        raise transport.malformed("the new tokens are of another account")
    return found


def _is_fresh(found: tokens.Tokens, now: float) -> bool:
    """Also false where the clock was set back: nobody knows then how old they are."""
    return found.obtained_at - 1 <= now < found.expires_at - MARGIN_SECONDS


def _write(profile: profiles.Profile, found: tokens.Tokens) -> None:
    document = {"version": _FORM, "issuer": profile.issuer, **dataclasses.asdict(found)}
    workspace.write(profiles.locate(profile.name).session, json.dumps(document) + "\n")


@contextlib.contextmanager
def _locked(profile: profiles.Profile) -> Iterator[None]:
    folder = profiles.locate(profile.name)
    workspace.make_folder(folder.path)
    lock = filelock.FileLock(folder.lock, mode=0o600)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except filelock.Timeout:
        raise errors.LockedError(
            "another govcloud is renewing this session (会话正在更新)", remedy="run the same command again"
        ) from None
    try:
        yield
    finally:
        lock.release()
