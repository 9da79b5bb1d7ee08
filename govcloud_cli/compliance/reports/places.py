"""Where a finding is, as a URI: relative wherever that is true."""

from __future__ import annotations

import posixpath
import urllib.parse

BASE = "SRCROOT"
"""The folder that relative places are relative to; who reads a report knows where it is."""


def artifact(file: str, *, root: str = "") -> dict[str, str]:
    """An artifact location (SARIF 2.1.0, 3.4) of a path as the user named it.

    `root`: absolute folder that relative paths are relative to, and that absolute ones are made relative to; empty
    where nobody knows it. What lies outside becomes an absolute `file:` URI.
    """
    path = posixpath.normpath(posixpath.join(root, file) if root else file)
    if root and (path == root or path.startswith(root.rstrip("/") + "/")):
        path = posixpath.relpath(path, root)
    if path.startswith("/"):
        return {"uri": "file:///" + _quoted(path.lstrip("/"))}
    return {"uri": _quoted(path), "uriBaseId": BASE}


def _quoted(path: str) -> str:
    # Bytes that are no text come as half characters (PEP 383): back to bytes, then %-escapes. A colon in the first
    # part would read as a scheme; it is escaped everywhere.
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return urllib.parse.quote(raw, safe="/")
