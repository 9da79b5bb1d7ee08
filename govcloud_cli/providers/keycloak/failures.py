"""What Keycloak answers when it refuses, as errors for the person who has to mend it.

Its own words are told, what was sent never: a body may hold a password or a client's secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from govcloud_cli import errors

_LONGEST: Final = 300
_REMEDIES: Final = {
    400: "correct what Keycloak names",
    401: "let the service account's secret be the one that Keycloak knows; a deploy sets it",
    403: "give the service account the realm-management roles that this takes",
    409: "rename it, or remove the one that exists",
}


class ApiError(errors.GovcloudError):
    """Keycloak refused a request. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int, **details: Any) -> None:
        super().__init__(message, **details)
        self.status = status


class NotFoundError(ApiError):
    """What the path names does not exist."""


class ConflictError(ApiError):
    """Something of that name exists already."""


class BusyError(ApiError):
    """Keycloak starts, or has too much to do."""


class UnreachableError(errors.GovcloudError):
    """No answer came: connection refused, reset, timed out, or the certificate is not trusted."""


def refusal(*, what: str, status: int, body: str, hidden: Iterable[str] = ()) -> ApiError:
    """Return the error for an answer of `status` with `body` about `what`; texts of `hidden` are left out."""
    told = _told(body)
    for text in hidden:
        if text:
            told = told.replace(text, "(withheld)")
    details: dict[str, Any] = {"status": status, "where": what, "cause": told or None}
    if status in (429, 502, 503, 504):
        return BusyError("Keycloak is too busy to answer", remedy="run again when it has started", **details)
    if status == 404:
        return NotFoundError("Keycloak does not know it", **details)
    remedy = _REMEDIES.get(status, "read Keycloak's log on the identity machine")
    if status == 401:
        return ApiError("Keycloak does not accept our credentials", remedy=remedy, **details)
    if status == 409:
        return ConflictError("Keycloak has one of that name already", remedy=remedy, **details)
    return ApiError(f"Keycloak refused (HTTP {status})", remedy=remedy, **details)


def _told(body: str) -> str:
    """Return Keycloak's own words: it has three forms of an error, and each may lack parts."""
    try:
        document = json.loads(body)
    except ValueError:
        return "" if body.lstrip().startswith("<") else body.strip()[:_LONGEST]
    if not isinstance(document, Mapping):
        return ""
    several = document.get("errors")
    parts = [_one(entry) for entry in (several if isinstance(several, list) else [document])]
    return "; ".join(part for part in parts if part)[:_LONGEST]


def _one(document: object) -> str:
    if not isinstance(document, Mapping):
        return ""
    words = [str(document[name]) for name in ("error", "errorMessage", "error_description") if document.get(name)]
    field = document.get("field")
    return ": ".join([str(field), *words] if field else words)
