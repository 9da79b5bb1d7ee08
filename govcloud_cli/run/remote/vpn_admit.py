"""On the gateway: writes the file without which a person is not let in."""

from __future__ import annotations

import os
import pathlib
from typing import Any


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{path, text}` to `{written}`: false if the file was like that before. ocserv reads it at the next log-in."""
    path, text = pathlib.Path(argument["path"]), argument["text"]
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return {"written": False}
    # ocserv looks for a file by the person's id, and no id begins with a dot.
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return {"written": True}
