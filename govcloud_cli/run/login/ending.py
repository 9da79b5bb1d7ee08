"""Logging out: the session ends at the identity service, and nothing of it stays here."""

from __future__ import annotations

import dataclasses

from govcloud_cli import errors
from govcloud_cli.run.login import endpoints, profiles, sessions, tokens, transport


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ended:
    """What a log-out came to."""

    person: str | None
    """Who was logged in; None if nobody was."""
    unreached: errors.GovcloudError | None = None
    """Why the session may still be open at the identity service; None if it has ended there."""


def log_out(profile: profiles.Profile, asked: transport.Transport) -> Ended:
    """End the session of `profile`. What is kept here goes in any case, also if it cannot be read."""
    try:
        found = sessions.load(profile)
        if found is None:
            return Ended(person=None)
    except errors.GovcloudError as error:
        return Ended(person=None, unreached=error)
    finally:
        sessions.remove(profile.name)
    try:
        _end(endpoints.discover(profile.issuer, asked), found, asked)
    except errors.GovcloudError as error:
        return Ended(person=found.person, unreached=error)
    return Ended(person=found.person)


def _end(place: endpoints.Endpoints, found: tokens.Tokens, asked: transport.Transport) -> None:
    """Revoke the refresh token (RFC 7009); then have the session end, with what else was opened in it."""
    for url, name in ((place.end_session, "refresh_token"), (place.revocation, "token")):
        answer = asked.ask(url, {"client_id": tokens.CLIENT, name: found.refresh})
        if answer.status >= 500:
            raise transport.UnreachableError(
                "the identity service could not end the session (无法结束会话)",
                cause=f"HTTP status {answer.status}",
                remedy="it ends by itself after 30 minutes without use",
            )
