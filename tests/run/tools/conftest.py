"""A cache of their own for all tests of the toolchain, and small programs to find."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

Program = Callable[[str, str], pathlib.Path]


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty cache; nothing of this machine's is on PATH but the shell's own commands."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path / "cache" / "govcloud"


@pytest.fixture
def program(tmp_path: pathlib.Path) -> Program:
    """Puts a shell script on PATH."""

    def put(name: str, body: str) -> pathlib.Path:
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        path.chmod(0o755)
        return path

    return put


@pytest.fixture
def fake_go(program: Program) -> pathlib.Path:
    """A `go` that says it is new enough and whose builds write a script per package in an instant."""
    return program(
        "go",
        """[ "$1" = env ] && { echo go1.99.0; exit 0; }
echo build >>"$(dirname "$0")/builds"
while [ $# -gt 0 ]; do
    case $1 in
        -o) out=$2; shift ;;
        */cmd/*) printf '#!/bin/sh\\necho v9.9.9\\n' >"$out${1##*/}"; /bin/chmod 755 "$out${1##*/}" ;;
    esac
    shift
done""".replace("$(dirname", "$(/usr/bin/dirname"),
    )
