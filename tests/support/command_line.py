"""Runs the command line as `main` does: exit code, standard output and error."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import sys
from typing import Any
from unittest import mock

from govcloud_cli import main


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one call."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found


def run(*words: str) -> Result:
    """Run `govcloud WORDS` in this process, where nobody is at a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["govcloud", *words]),
        mock.patch.object(sys, "stdin", io.StringIO()),
    ):
        code = main._run()
    return Result(code=int(code), stdout=out.getvalue(), stderr=err.getvalue())
