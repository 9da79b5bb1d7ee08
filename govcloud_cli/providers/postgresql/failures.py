"""PostgreSQL's errors, for the person who has to mend them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from govcloud_cli import errors


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """Turn any psycopg error inside the block into an `errors.GovcloudError` about `where`.

    Only the server's message and detail are told, never the statement: it may hold a verifier.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _explained(error, where) from None


def _explained(error: psycopg.Error, where: str) -> errors.GovcloudError:
    diagnosis = error.diag
    message = diagnosis.message_primary or str(error).strip().splitlines()[0]
    cause = "; ".join(part for part in (diagnosis.message_detail, diagnosis.message_hint) if part) or None
    return errors.GovcloudError(
        f"PostgreSQL refused: {message}" if error.sqlstate else f"PostgreSQL cannot be reached: {message}",
        where=where,
        cause=cause,
        remedy=_remedy(error),
    )


def _remedy(error: psycopg.Error) -> str | None:
    match error:
        case psycopg.errors.InsufficientPrivilege():
            return "let the provider sign in as the administrator, or as a role with CREATEDB and CREATEROLE"
        case psycopg.errors.DependentObjectsStillExist():
            return "remove what depends on it first, or set `dropCascade` where the type has it"
        case psycopg.errors.ObjectInUse():
            return "end the sessions, or deploy once with `allowConnections` false, which ends them when it is deleted"
        case psycopg.errors.UndefinedObject() | psycopg.errors.InvalidCatalogName():
            return "make what it names first, e.g. by `depends_on`"
        case psycopg.errors.QueryCanceled() | psycopg.errors.LockNotAvailable():
            return "another session holds a lock, or the run was cancelled; run again"
        case psycopg.OperationalError() if "permission denied for database" in str(error):
            return "let the administrator connect: GRANT CONNECT ON DATABASE … TO the provider's user"
        case psycopg.OperationalError():
            return "check the address, the certificates and that the database's machine is up"
    return None
