"""`docs/json.md` on `govcloud request`: the fields that its words print, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govcloud_cli.commands.request import reports
from govcloud_cli.governance import requests
from govcloud_cli.run import identity, request_desk, request_standing, signing
from tests.docs import documented
from tests.support import decisions, tenant_inventories

SPEC = decisions.spec(decisions.finance())
ASKED = decisions.asked(decisions.finance(), within=SPEC)
GOES = decisions.asked(decisions.finance(), within=SPEC, number=2, original=decisions.finance(), decommission=True)
DECIDED = decisions.decided(ASKED)


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform where people decide, and nothing is written or signed."""
    found = request_desk.Desk(site=decisions.site(SPEC, tmp_path), folder=tmp_path, now=decisions.NOW)
    who = identity.Identity(person=SPEC.people[0], source=requests.Source.GIT)
    monkeypatch.setattr(reports, "desk", lambda _: found)
    monkeypatch.setattr(identity, "current", lambda *_: who)
    monkeypatch.setattr(signing, "find_key", lambda *_: None)


def test_submit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(request_desk, "submit", lambda *_, **__: ASKED)
    asked = documented.printed("request", "submit", "finance")
    nobody = request_desk.Desk(
        site=decisions.site(tenant_inventories.inventory_of(decisions.finance()), tmp_path),
        folder=tmp_path,
        now=decisions.NOW,
    )
    monkeypatch.setattr(reports, "desk", lambda _: nobody)

    documented.agree("request submit", asked, documented.printed("request", "submit", "finance"))
    whole(asked["request"])


@pytest.mark.parametrize("words", [("approve",), ("reject", "--reason", "no")])
def test_approve_and_reject(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_desk, "decide", lambda *_, **__: DECIDED)
    document = documented.printed("request", words[0], "finance", *words[1:])

    documented.agree("request approve", document)
    documented.agree("request reject", document)
    whole(document["request"])


def test_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_desk, "cancel", lambda *_, **__: ASKED)
    document = documented.printed("request", "cancel", "finance")

    documented.agree("request cancel", document)
    whole(document["request"])


def test_status(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        request_standing.Standing(request=request, state=request.state, newest=True, refusal=None)
        for request in (ASKED, GOES, DECIDED)
    ]
    monkeypatch.setattr(request_standing, "standing", lambda *_: rows)

    documented.agree("request status", documented.printed("request", "status"))


def whole(request: dict[str, Any]) -> None:
    """Hold a request to the table that `request status` has of it."""
    told = {name.removeprefix("requests[]."): kind for name, kind in documented.rows("request status").items()}
    assert set(documented.fields(request, told)) <= set(told)
    assert {name.partition(".")[0].removesuffix("[]") for name in told} - request.keys() == {"ok", "approved", "why"}
