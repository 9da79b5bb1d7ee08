"""`docs/vpn.md` and what `docs/json.md` says of the verbs that it is about."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from govcloud_cli.commands import runs
from govcloud_cli.commands.vpn import WORDS
from govcloud_cli.run.access import collecting, lines, routine
from tests.docs import documented
from tests.support import gateways, vpn

DOCUMENT = Path(__file__).parents[2] / "docs" / "vpn.md"


class Told:
    """A source with one event, and one that does not answer."""

    name = "gateway"

    def take(self, cursor: collecting.Json, *, now: object) -> collecting.Taken:
        told = {"time": "2026-11-22T07:00:00Z", "event": "ended", "person": "li.wei", "bytesIn": 1, "bytesOut": 2}
        line = lines.of_gateway(json.dumps(told).encode(), collected=vpn.START)
        assert now == vpn.START
        return collecting.Taken(lines=() if cursor else (line,), cursor={"at": 1}, gap="" if cursor else "begun anew")


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = vpn.place(tmp_path, monkeypatch)
    (place.folder.ssh / "config").write_text("")
    (place.folder.pki).mkdir()
    (place.folder.pki / "services-ca.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    gateways.Machine(tmp_path / "gateway", monkeypatch).connect([gateways.LI_CONNECTED])
    monkeypatch.setattr(runs, "site", lambda *_, **__: place.site)
    monkeypatch.setattr(routine, "sources", lambda *_: (Told(),))


def test_every_verb_prints_what_is_documented(tmp_path: Path) -> None:
    request = tmp_path / "li.csr"
    request.write_bytes(vpn.request())
    words = ("vpn", "issue", "--person", "li.wei", "--csr", str(request), "--replace")
    documented.printed(*words)
    request.write_bytes(vpn.request())
    documented.agree("vpn issue", documented.printed(*words))
    vpn_list = documented.printed("vpn", "list")
    documented.agree("vpn list", {**vpn_list, "warnings": ["x"]})
    documented.agree("vpn profile", documented.printed("vpn", "profile", "--person", "li.wei"))
    documented.agree("vpn sessions", documented.printed("vpn", "sessions"))
    documented.agree("vpn crl", {**documented.printed("vpn", "crl"), "warnings": ["x"]})
    documented.agree("vpn rotate", documented.printed("vpn", "rotate"))
    documented.agree("vpn revoke", documented.printed("vpn", "revoke", "--person", "li.wei", "--reason", "lost"))


def test_the_collector_prints_what_is_documented(tmp_path: Path) -> None:
    collected = documented.printed("audit", "collect")
    collected["sides"][0]["failures"] = ["x"]
    documented.agree("audit collect", collected)
    (file,) = tmp_path.rglob("access/*.jsonl")
    file.write_bytes(file.read_bytes().replace(b"li.wei", b"li.wow"))
    documented.agree("audit access", documented.printed("audit", "access"))


def test_the_page_tells_of_every_verb_and_of_no_other() -> None:
    told = set(re.findall(r"govcloud vpn ([a-z]+)", DOCUMENT.read_text("utf-8")))
    assert told == set(WORDS)
