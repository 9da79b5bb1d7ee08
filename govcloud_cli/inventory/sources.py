"""The bytes of one inventory file, as text that is safe to parse and to show."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024

# Tab, line feed and carriage return (before a line feed) are all that a text file needs of C0. NEL, LS and PS are
# line breaks to YAML 1.1 alone; the bidirectional controls can make a line look like another one (Trojan Source).
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)"
)
# A command line's bytes that are no text become half characters (PEP 383), which no file can hold.
_VALUE_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


class RefusalError(Exception):
    """A file that cannot be text of ours; `code` says which rule, `line` and `column` are 0 for the whole file."""

    def __init__(self, code: str, *, found: str, line: int = 0, column: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.found = found
        self.line = line
        self.column = column


def read_text(path: Path) -> str:
    """The text of a regular UTF-8 file of at most `MAX_BYTES`, with `\\n` line ends. Raises `RefusalError` only."""
    raw = _read_bytes(path)
    if len(raw) > MAX_BYTES:
        raise RefusalError("GC1002", found=f"more than {MAX_BYTES // 1024 // 1024} MB")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RefusalError("GC1003", found="UTF-16 with a byte order mark", line=1, column=1)
    if raw.startswith(b"\xef\xbb\xbf"):
        raise RefusalError("GC1003", found="a byte order mark at the start", line=1, column=1)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(raw[: error.start].decode("utf-8", "replace"))
        raise RefusalError("GC1003", found=f"byte 0x{raw[error.start]:02x}", line=line, column=column) from error
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        line, column = _place(text[: bad.start()])
        raise RefusalError("GC1004", found=f"U+{ord(bad[0][0]):04X}", line=line, column=column)
    return text.replace("\r\n", "\n")


def forbidden_in_value(value: str) -> str:
    """The first character of a value that no field may hold (an escape can bring one in), as `U+0000`; else empty."""
    bad = _VALUE_FORBIDDEN.search(value)
    return f"U+{ord(bad[0]):04X}" if bad else ""


def excerpt(path: Path, line: int) -> str:
    """Line `line` (1-based) of a file for showing to a person; empty where there is nothing to show."""
    try:
        lines = read_text(path).split("\n")
    except RefusalError:
        return ""
    return lines[line - 1].replace("\t", " ") if 0 < line <= len(lines) else ""


def _read_bytes(path: Path) -> bytes:
    # O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOFOLLOW: a link may lead out of the folder.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RefusalError("GC1001", found="not a regular file")
            return _all_of(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        found = "a symbolic link" if path.is_symlink() else (error.strerror or "unreadable").lower()
        raise RefusalError("GC1001", found=found) from error


def _all_of(descriptor: int) -> bytes:
    """Everything, or one byte more than is allowed."""
    chunks = bytearray()
    while len(chunks) <= MAX_BYTES:
        chunk = os.read(descriptor, MAX_BYTES + 1 - len(chunks))
        if not chunk:
            break
        chunks += chunk
    return bytes(chunks)


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
