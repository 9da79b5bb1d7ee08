"""What the API server answers when it refuses, as errors for the person who has to mend it.

Bodies of Secrets are never repeated: of a refused Secret only names of fields are told.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli import errors

_MANAGER: Final = re.compile(r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"')
_TELLABLE: Final = frozenset({"NotFound", "AlreadyExists", "Conflict", "Unauthorized", "Forbidden"})
"""Reasons whose messages tell names only, never field values."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cause:
    """One of a refusal's causes."""

    reason: str
    field: str
    message: str = dataclasses.field(repr=False)


class ApiError(errors.GovcloudError):
    """The API server refused a request. `status` is the HTTP status, `reason` Kubernetes' own word for it."""

    def __init__(
        self, message: str, *, status: int, reason: str, causes: tuple[Cause, ...] = (), **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.status = status
        self.reason = reason
        self.causes = causes

    def has_cause(self, reason: str) -> bool:
        """Tell whether `reason` (e.g. `NamespaceTerminating`) is among the causes."""
        return any(cause.reason == reason for cause in self.causes)


class NotFoundError(ApiError):
    """The object, its kind or its namespace does not exist."""


class ConflictError(ApiError):
    """Another field manager owns fields that we want to set. `conflicts`: pairs of manager and field."""

    def __init__(self, *args: Any, conflicts: tuple[tuple[str, str], ...] = (), **details: Any) -> None:
        super().__init__(*args, **details)
        self.conflicts = conflicts


class OverloadedError(ApiError):
    """The server asks to come back later, in `after` seconds if it says so."""

    def __init__(self, *args: Any, after: float | None = None, **details: Any) -> None:
        super().__init__(*args, **details)
        self.after = after


class UnreachableError(errors.GovcloudError):
    """No answer came: connection refused, reset, timed out, or the certificate is not trusted."""


def refusal(*, what: str, kind: str, status: int, body: str, after: str | None = None) -> ApiError:
    """Return the error for an answer of `status` with `body` to a request about `what` (e.g. `Secret a/b`)."""
    document = _document(body)
    reason = str(document.get("reason") or f"HTTP {status}")
    details = document.get("details") or {}
    causes = tuple(
        Cause(
            reason=str(item.get("reason", "")), field=str(item.get("field", "")), message=str(item.get("message", ""))
        )
        for item in details.get("causes") or ()
    )
    common: dict[str, Any] = {"status": status, "reason": reason, "causes": causes, "where": what}
    told = _told(kind, reason=reason, causes=causes, message=str(document.get("message", "")))
    conflicts = tuple(
        (match["manager"], cause.field)
        for cause in causes
        if cause.reason == "FieldManagerConflict" and (match := _MANAGER.search(cause.message))
    )
    if conflicts:
        return _conflict(what, conflicts, common)
    if status in (429, 503):
        return OverloadedError(f"the API server is too busy for {what}", cause=told, after=_seconds(after), **common)
    if status == 404:
        return NotFoundError(f"{what} is not there", cause=told, **common)
    if status == 401:
        return ApiError(
            "the API server does not accept our credentials", cause=told, remedy="renew the kubeconfig", **common
        )
    return ApiError(f"the API server refused {what}: {reason}", cause=told, **common)


def _conflict(what: str, conflicts: tuple[tuple[str, str], ...], common: dict[str, Any]) -> ConflictError:
    by_manager: dict[str, list[str]] = {}
    for manager, field in conflicts:
        by_manager.setdefault(manager, []).append(field)
    owners = "; ".join(f"`{manager}` owns {', '.join(fields)}" for manager, fields in sorted(by_manager.items()))
    return ConflictError(
        f"{what} conflicts with another field manager: {owners}",
        conflicts=conflicts,
        remedy="drop these fields from the program, or take them over: annotation `pulumi.com/patchForce: 'true'`",
        **common,
    )


def _told(kind: str, *, reason: str, causes: tuple[Cause, ...], message: str) -> str | None:
    if kind != "Secret":
        return message or None
    if reason in _TELLABLE and not any(cause.field for cause in causes):
        return message or None
    fields = ", ".join(sorted({cause.field for cause in causes if cause.field}))
    return f"fields: {fields} (values withheld)" if fields else "details withheld, because it is a Secret"


def _document(body: str) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {"message": body[:300]}
    return document if isinstance(document, dict) else {"message": body[:300]}


def _seconds(after: str | None) -> float | None:
    return float(after) if after and after.isdigit() else None
