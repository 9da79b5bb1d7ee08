"""Which privileges there are, on what, and how to write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from psycopg import sql

from govcloud_cli.providers import resource, wire

PUBLIC: Final = "public"
"""The grantee that means everyone."""
ALL: Final = ("ALL", "ALL PRIVILEGES")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A type of object that carries privileges."""

    word: str
    """As in `GRANT … ON <word>`."""
    plural: str
    """As in `ON ALL <plural> IN SCHEMA` and `ALTER DEFAULT PRIVILEGES … ON <plural>`."""
    letter: str
    """Of `acldefault` and `pg_default_acl.defaclobjtype`."""
    privileges: tuple[str, ...]


_TABLE: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_EXECUTE: Final = ("EXECUTE",)
KINDS: Final = {
    "database": Kind(word="DATABASE", plural="", letter="d", privileges=("CREATE", "CONNECT", "TEMPORARY")),
    "schema": Kind(word="SCHEMA", plural="SCHEMAS", letter="n", privileges=("CREATE", "USAGE")),
    "table": Kind(word="TABLE", plural="TABLES", letter="r", privileges=_TABLE),
    "sequence": Kind(word="SEQUENCE", plural="SEQUENCES", letter="S", privileges=("SELECT", "UPDATE", "USAGE")),
    "function": Kind(word="FUNCTION", plural="FUNCTIONS", letter="f", privileges=_EXECUTE),
    "procedure": Kind(word="PROCEDURE", plural="PROCEDURES", letter="f", privileges=_EXECUTE),
    "routine": Kind(word="ROUTINE", plural="ROUTINES", letter="f", privileges=_EXECUTE),
    "type": Kind(word="TYPE", plural="TYPES", letter="T", privileges=("USAGE",)),
}
GRANTED: Final = ("database", "schema", "table", "sequence", "function", "procedure", "routine")
PRESET: Final = ("table", "sequence", "function", "routine", "type", "schema")
WORDS: Final = tuple(sorted({word for kind in KINDS.values() for word in kind.privileges} | {*ALL, "TEMP"}))


def expanded(kind: Kind, words: Iterable[str]) -> list[str]:
    """Return `words` sorted, each once, with `ALL` spelled out."""
    found: set[str] = set()
    for word in words:
        found |= set(kind.privileges) if word in ALL else {"TEMPORARY" if word == "TEMP" else word}
    return sorted(found)


def fault(new: resource.Properties) -> resource.Failure | None:
    """Tell of a privilege that the object type does not have."""
    kind, words = KINDS.get(new["objectType"]), new["privileges"]
    if kind is None or wire.has_unknown(words):
        return None
    odd = [word for word in expanded(kind, words) if word not in kind.privileges]
    if not odd:
        return None
    reason = f"a {new['objectType']} has {', '.join(kind.privileges)}; found {', '.join(odd)}"
    return resource.Failure(property="privileges", reason=reason)


def listed(words: Iterable[str]) -> sql.Composable:
    """Return known privilege words as SQL."""
    return sql.SQL(", ").join(sql.SQL(word) for word in words if word in WORDS)


def grantee(name: str) -> sql.Composable:
    """Return the role as SQL; `public` means everyone, as no role can have that name."""
    return sql.SQL("PUBLIC") if name.lower() == PUBLIC else sql.Identifier(name)


def option(new: resource.Properties) -> sql.Composable:
    """Return the grant option as SQL."""
    return sql.SQL(" WITH GRANT OPTION" if new["withGrantOption"] else "")
