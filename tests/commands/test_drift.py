from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest

from govcloud_cli.run import drift, lock, restoring, sites
from tests.support import inventories
from tests.support.command_line import run

CHANGED = drift.Finding(
    side="external",
    part=drift.Part.CLUSTER,
    subject="RoleBinding/finance-prod/tenant-owner",
    what=drift.What.CHANGED,
    field="subjects[1].name",
    expected="finance:owners",
    found="\x1b[31mguests",
    tenant="finance",
    step="tenants-00",
)
SECRET = drift.Finding(
    side="external",
    part=drift.Part.DATABASE,
    subject="Role/finance_prod_ledger_rw",
    what=drift.What.CHANGED,
    field="password",
    withheld=True,
    tenant="finance",
    step="tenants-00",
)
ORPHAN = drift.Finding(
    side="external", part=drift.Part.CLUSTER, subject="NetworkPolicy/finance-prod/open", what=drift.What.ORPHAN
)
AWAY = drift.Unread(side="external", part=drift.Part.CLUSTER, subject="cluster", reason="no answer")


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> str:
    return str(inventories.copy("lab", tmp_path))


def seen(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    outcome = restoring.Outcome(**{"found": (), **fields})
    monkeypatch.setattr(restoring, "look", lambda *_, **__: outcome)
    monkeypatch.setattr(restoring, "repair", lambda *_, **__: outcome)


def test_what_was_never_deployed_is_not_said_to_be_as_it_was(lab: str) -> None:
    result = run("drift", "--env", lab)
    assert result.code == 1
    assert "was never deployed" in result.stderr


def test_no_drift_is_0(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch)
    result = run("drift", "--env", lab)
    assert result.code == 0
    assert "no drift" in result.stdout


def test_drift_is_4_and_tells_field_expected_and_found_but_no_control_characters(
    lab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(monkeypatch, found=(CHANGED, SECRET))
    result = run("drift", "--env", lab)
    assert result.code == 4
    assert "RoleBinding/finance-prod/tenant-owner  subjects[1].name: changed  (tenant 租户 finance)" in result.stdout
    assert 'expected "finance:owners", found "\\u001b[31mguests"' in result.stdout
    assert "\x1b" not in result.stdout
    assert "differs; it is a secret" in result.stdout
    assert "govcloud drift --repair" in result.stdout


def test_what_could_not_be_looked_at_is_6_and_never_no_drift(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, unread=(AWAY,))
    result = run("drift", "--env", lab)
    assert result.code == 6
    assert "no drift" not in result.stdout
    assert "cluster: no answer" in result.stdout


def test_what_nobody_restores_is_left_to_people(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, found=(ORPHAN,))
    result = run("drift", "--env", lab)
    assert result.code == 4
    assert "delete them by hand" in result.stdout
    assert "--repair" not in result.stdout


def test_json_has_what_is_left_what_was_restored_and_what_was_not_seen(
    lab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(monkeypatch, found=(ORPHAN,), repaired=(CHANGED,), unread=(AWAY,), pending=("external: Namespace/a",))
    result = run("drift", "--env", lab, "--repair", "--json")
    assert result.code == 6
    document = result.document
    assert (document["drifted"], document["complete"]) == (True, False)
    assert document["repaired"] == [CHANGED.to_json()]
    assert document["findings"][0]["what"] == "orphan"
    assert document["unread"][0]["reason"] == "no answer"
    assert document["pending"] == ["external: Namespace/a"]


def test_a_repair_waits_for_nobody(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch)
    now = datetime.datetime.now(datetime.UTC)
    with lock.held(sites.load(pathlib.Path(lab)).space, verb="deploy", now=now):
        assert run("drift", "--env", lab, "--repair").code == 5
        assert run("drift", "--env", lab).code == 0, "who only looks needs no lock"


def test_help_says_what_the_exit_codes_mean() -> None:
    told = run("drift", "--help").stdout
    assert "4 drift found" in told
