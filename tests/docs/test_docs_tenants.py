"""`docs/json.md` on `govcloud tenant`: the fields that its words print, and no other."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from types import SimpleNamespace
from typing import Any

import pytest

from govcloud_cli.commands import runs
from govcloud_cli.commands.tenant import decommission, validate
from govcloud_cli.governance import assessments, comparisons
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import steps
from govcloud_cli.run import decisions, differences, freezes, history, request_files
from govcloud_cli.run.decommission import decide, proceeding
from tests.docs import documented
from tests.support import decisions as decided
from tests.support import inventories, tenant_inventories

NOW = datetime.datetime(2026, 11, 1, 8, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "now", lambda: NOW)


def test_new(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("example", tmp_path)
    known = loading.load(folder).tenants[0].spec
    flags = {
        "organisation": known.organisation,
        "zone": known.zone,
        "display-name": "朔阳市体育局",
        "data-class": "general",
        "mlps": "2",
        "owner": "li.na",
        "technical-lead": "wang.wei",
        "mailbox": "it@sports.example",
        "phone": "0990-5550118",
        "environment": "prod=xs",
        "owner-group": "sports:owners",
    }
    words = [part for name, value in flags.items() for part in (f"--{name}", value)]
    documented.agree("tenant new", documented.printed("tenant", "new", "sports", *words, "--env", str(folder)))


def test_validate(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = platforms.Budget(cpu=4, memory_gi=8, storage_gi=100, database_gi=50)
    small, large = (
        tenant_inventories.tenant("finance", **tenant_inventories.FULL | {"environments": [one]}) for one in ONES
    )
    before, now = with_budget(decided.spec(small), budget), with_budget(decided.spec(large), budget)
    compared = comparisons.Comparison(before=before, now=now)
    known = assessments.Known(usages={}, decided={}, today=NOW.date())
    start = history.Base(commit="0" * 40, reference="origin/main")

    monkeypatch.setattr(validate, "_judge", lambda *_: (assessments.assess_change(compared, known), start))
    changed = documented.printed("tenant", "validate", "--changed-since", "origin/main")
    monkeypatch.setattr(validate, "_judge", lambda *_: (assessments.assess(decided.spec(large)), None))
    unlimited = documented.printed("tenant", "validate")

    # An empty list is its own leaf; the other document fills it.
    told = documented.rows("tenant validate")
    seen = {one for document in (changed, unlimited) for one in documented.fields(document, told)}
    assert seen - {"overruns", "refusals"} == set(told)
    assert not changed["ok"]
    assert unlimited["ok"]


ONES: tuple[dict[str, Any], ...] = ({"name": "prod", "quota": "s"}, {"name": "prod", "quota": "l"})


def with_budget(spec: Any, budget: platforms.Budget) -> Any:
    """The platform with a budget for its root, of whom a person decides."""
    root, *others = spec.platform.spec.organisations
    entries = (root.model_copy(update={"budget": budget}), *others)
    inner = spec.platform.spec.model_copy(update={"organisations": entries})
    return dataclasses.replace(spec, platform=spec.platform.model_copy(update={"spec": inner}))


def test_list() -> None:
    documented.agree("tenant list", documented.printed("tenant", "list", "--env", "example"))


def test_show(monkeypatch: pytest.MonkeyPatch) -> None:
    request = decided.asked(decided.finance(), within=decided.spec(decided.finance()))
    shown = [
        documented.printed("tenant", "show", name, "--env", "example") for name in ("exchange", "archives-shuoyang")
    ]
    monkeypatch.setattr(request_files, "load", lambda *_: (request,))
    monkeypatch.setattr(decisions, "load", lambda _: decisions.Record(required=True, tenants={}))
    asked = documented.printed("tenant", "show", "tax-lanhe", "--env", "example")

    told = documented.rows("tenant show")
    seen = {one for document in (*shown, asked) for one in documented.fields(document, told)}
    assert seen - {"allowances", "environments[].databases"} == set(told)
    assert asked["request"]["name"] == "finance/0001"


def test_render() -> None:
    documented.agree("tenant render", documented.printed("tenant", "render", "tax-lanhe", "--env", "example"))


@pytest.mark.usefixtures("site")
def test_diff(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = "ResourceQuota/finance-prod/tenant"
    field = differences.Field(path="spec.hard.pods", before='"80"', after='"160"')
    found = (
        differences.Difference(action=steps.Action.CHANGE, entry=entry, fields=(field,)),
        differences.Difference(action=steps.Action.ADD, entry="Namespace/finance-dev", fields=None),
    )
    monkeypatch.setattr(differences, "of", lambda *_, **__: found)

    documented.agree("tenant diff", documented.printed("tenant", "diff", "finance"))


def test_freeze_and_thaw(monkeypatch: pytest.MonkeyPatch) -> None:
    path = pathlib.Path("freezes/tax-lanhe.yaml")
    monkeypatch.setattr(freezes, "freeze", lambda *_, **__: path)
    monkeypatch.setattr(freezes, "thaw", lambda *_, **__: (path, ("dev",)))
    words = ("tax-lanhe", "--env", "example")

    documented.agree("tenant freeze", documented.printed("tenant", "freeze", *words, "--reason", "not paid for"))
    documented.agree("tenant thaw", documented.printed("tenant", "thaw", *words))


@pytest.mark.usefixtures("site")
def test_decommission(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    def proceeded(*_: Any, journal: Any, **__: Any) -> pathlib.Path:
        with journal.step("backup"):
            return tmp_path

    task = SimpleNamespace(tenant="finance", folder=tmp_path, file=tmp_path, freeze=tmp_path / "none")
    outlook = proceeding.Outlook(
        approval=None, denied="not approved", obstacles=(), reading=decide.Reading(namespaces=("finance-prod",))
    )
    monkeypatch.setattr(decommission, "_task", lambda *_: task)
    monkeypatch.setattr(proceeding, "proceed", proceeded)
    monkeypatch.setattr(proceeding, "outlook", lambda _: outlook)

    done = documented.printed("tenant", "decommission", "finance", "--yes")
    documented.agree("tenant decommission", done, table=0)
    planned = documented.printed("tenant", "decommission", "finance", "--plan")
    documented.agree("tenant decommission", planned, table=1)
