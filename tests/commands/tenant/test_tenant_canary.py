"""A side's master secret and what derives from it: in no output, no file, and no argument of any process."""

from __future__ import annotations

import base64
import itertools
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from govcloud_cli.plan import credentials
from tests.support import inventories
from tests.support.command_line import run

CANARY = "c0ffee5eed" * 6 + "cafe"
KEPT = {"transport", "approval-hall", "market-regulation"}
VERBS = (
    ("validate",),
    ("plan",),
    ("plan", "--json"),
    ("status", "--json"),
    ("tenant", "list", "--json"),
    ("tenant", "show", "transport", "--json"),
    ("tenant", "render", "transport"),
    ("tenant", "render", "transport", "--json"),
    ("tenant", "diff", "transport"),
    ("tenant", "diff", "transport", "--json"),
    ("tenant", "validate", "--json"),
    ("tenant", "freeze", "transport", "--reason", "a test of secrets"),
    ("tenant", "thaw", "transport"),
    ("tenant", "decommission", "transport", "--plan", "--json"),
    ("tenant", "decommission", "transport"),
    ("request", "submit", "transport"),
    ("request", "status", "--json"),
    ("audit", "show", "--json"),
    ("drift", "--json"),
)


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it is, and as somebody might write it."""
    raw = secret.encode()
    yield from (raw, raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw))
    yield "".join(f"%{byte:02X}" for byte in raw).encode()


def test_no_verb_shows_a_secret(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = inventories.copy("lab", tmp_path)
    inventories.keep(folder, *KEPT)
    for side in ("internal", "external"):
        place = tmp_path / ".govcloud" / "lab" / side / "secrets"
        place.mkdir(parents=True)
        (place / "master").write_text(CANARY)
    started: list[str] = []
    begin = subprocess.Popen.__init__

    def watched(self: Any, argv: Any, *words: Any, **named: Any) -> None:
        started.append(f"{argv} {named.get('env')}")
        begin(self, argv, *words, **named)

    monkeypatch.setattr(subprocess.Popen, "__init__", watched)
    results = [run(*words, "--env", str(folder)) for words in VERBS]
    assert {one.code for one in results} <= {0, 1, 2, 3, 4, 6, 7}
    assert sum(one.code == 0 for one in results) >= 11, "a verb that refuses shows nothing of course"

    master = bytes.fromhex(CANARY)
    role = "transport_prod_roads_rw"
    assert role in results[VERBS.index(("tenant", "render", "transport"))].stdout, "it is a role of this tenant"
    secrets = [CANARY, credentials.password(master, role, 1)]
    searched = [*forms(CANARY), *forms(secrets[1]), master, base64.b64encode(master), base64.urlsafe_b64encode(master)]
    files = (path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "secrets")
    printed = (f"{one.stdout}{one.stderr}".encode() for one in results)
    for text, form in itertools.product(itertools.chain(printed, files, (one.encode() for one in started)), searched):
        assert form.rstrip(b"=") not in text


def test_the_search_would_find_it() -> None:
    """A canary that is looked for in the wrong way is never found."""
    secret = f"prefix{base64.b64encode(CANARY.encode()).decode()}suffix".encode()
    assert any(form.rstrip(b"=") in secret for form in forms(CANARY))
