"""`govcloud tenant validate` for people and for CI."""

from __future__ import annotations

import datetime
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.commands import runs
from govcloud_cli.governance import usage
from govcloud_cli.run import usage as run_usage
from tests.support import repositories
from tests.support.command_line import Result, run

NOW = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
OWN = "customQuota: {cpu: CPU, memoryGi: 8, storageGi: 50, pods: 20, justification: batch jobs that no tier fits well}"


@pytest.fixture
def town(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The committed good inventory, in a repository of its own; today is 2026-11-01."""
    monkeypatch.setattr(runs, "now", lambda: NOW)
    monkeypatch.setenv("NO_COLOR", "1")
    for name, value in repositories.SETTINGS.items():
        monkeypatch.setenv(name, value)
    return repositories.clone(tmp_path)


def without_approvers(town: pathlib.Path) -> None:
    """As in the lab: nobody is named who decides."""
    (town / "people.yaml").unlink()
    (town / "freezes" / "purse.yaml").unlink()
    repositories.commit(town)


def edit(town: pathlib.Path, find: str, put: str, *, file: str = "tenants/purse.yaml") -> None:
    repositories.edit(town, file, find, put)


def judged(town: pathlib.Path, *words: str) -> Result:
    return run("tenant", "validate", "--env", str(town), "--changed-since", "main", *words)


def test_every_tenant_is_told_with_its_cost_and_what_is_left(town: pathlib.Path) -> None:
    result = run("tenant", "validate", "--env", str(town))

    assert result.code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "Environment 'town' is valid: 3 tenants (租户)."
    start = lines.index("purse 财政局 purse")
    assert lines[start + 1] == (
        "  cost (用量): cpu 6, memory 12 GiB, storage 150 GiB, database 10 GiB, pods 60, connections 30"
    )
    assert lines[start + 2].startswith("  budget (预算): county (县) 财政局 (money): left are cpu ")
    assert "change" not in result.stdout, "there is nothing to compare with"


def test_one_tenant_may_be_named(town: pathlib.Path) -> None:
    result = run("tenant", "validate", "--env", str(town), "purse")

    assert "purse 财政局" in result.stdout
    assert "vault" not in result.stdout


def test_a_tenant_that_is_not_there_is_bad_usage_and_the_nearest_is_named(town: pathlib.Path) -> None:
    result = run("tenant", "validate", "--env", str(town), "purze")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "did you mean 'purse'?" in result.stderr


def test_an_inventory_with_faults_is_refused_as_a_whole(town: pathlib.Path) -> None:
    edit(town, "mlps: 3", "mlps: 9")

    result = run("tenant", "validate", "--env", str(town), "vault")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "purse.yaml:8" in result.stderr


def test_nothing_changed(town: pathlib.Path) -> None:
    result = judged(town)

    assert result.code == 0
    assert result.stdout.strip().endswith("no tenant changed.")


def test_an_automatic_change_says_so(town: pathlib.Path) -> None:
    edit(town, "0990-5550000", "0990-5559999")

    result = judged(town)

    assert result.code == 0
    assert "  change (变更): automatic (自动)\n    - the contact (联系方式) changes.\n" in result.stdout
    assert "approval" not in result.stdout
    assert result.stdout.endswith("Next: merge it; nobody has to decide (无需审批).\n")


def test_growth_says_what_it_costs_what_was_left_and_who_decides(town: pathlib.Path) -> None:
    edit(town, "quota: s", "quota: l")

    result = judged(town)

    assert result.code == 0
    assert "cost (用量): cpu 12 (+6), memory 24 GiB (+12), storage 350 GiB (+200)" in result.stdout
    assert ", 48 before" in result.stdout or " before;" in result.stdout
    assert "change (变更): a person decides (人工审批)" in result.stdout
    assert (
        "    - cpu of test grows from 2 to 8 (配额增加), and no person's decision about it is on record"
        in result.stdout
    )
    assert "approval (审批): county (县) 财政局 (money): 王芳 (wang.fang)" in result.stdout
    assert "陈杰" not in result.stdout, "who approves another budget does not decide"
    assert "govcloud request submit" in result.stdout


def test_where_nobody_is_named_whoever_merges_decides(town: pathlib.Path) -> None:
    without_approvers(town)
    edit(town, "mlps: 3", "mlps: 4")

    assert "nobody is named in people.yaml; whoever merges decides" in judged(town).stdout


def measured(town: pathlib.Path, ratio: float) -> None:
    side = town.parent.parent / ".govcloud" / "town" / "external"
    for day in range(20, -1, -1):
        at = NOW - datetime.timedelta(days=day)
        ratios = dict.fromkeys(usage.RESOURCES, ratio)
        run_usage.record(side, [usage.Sample(tenant="purse", environment="test", at=at, ratios=ratios)], at)


@pytest.mark.parametrize(("ratio", "told"), [(0.9, "automatic (自动)"), (0.1, "a person decides (人工审批)")])
def test_growth_with_measured_use_is_automatic_and_without_it_is_not(
    town: pathlib.Path, ratio: float, told: str
) -> None:
    without_approvers(town)
    edit(town, "quota: s", OWN.replace("CPU", "10"))
    repositories.commit(town)
    edit(town, "cpu: 10", "cpu: 15")
    measured(town, ratio)

    assert f"change (变更): {told}" in judged(town).stdout


def test_where_people_decide_what_was_merged_is_no_decision(town: pathlib.Path) -> None:
    """Else many small merges would add up to anything."""
    edit(town, "quota: s", OWN.replace("CPU", "10"))
    repositories.commit(town)
    edit(town, "cpu: 10", "cpu: 11")
    measured(town, 0.9)

    assert "no person's decision about it is on record" in judged(town).stdout


def test_more_than_one_tenant_is_refused_by_name(town: pathlib.Path) -> None:
    edit(town, "mlps: 3", "mlps: 4")
    edit(town, "displayName: ", "displayName: 新 ", file="tenants/vault.yaml")

    result = judged(town)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "REFUSED (不予通过): 2 tenants changed: 'purse', 'vault'\n  fix: one tenant per change" in result.stdout
    assert "Next:" not in result.stdout


@pytest.mark.parametrize(
    ("file", "find", "put"),
    [
        ("platform.yaml", "displayName: 小村", "displayName: 大村"),
        ("people.yaml", "displayName: 王芳", "displayName: 王方"),
    ],
)
def test_the_platform_or_its_people_beside_a_tenant_are_refused(
    town: pathlib.Path, file: str, find: str, put: str
) -> None:
    edit(town, find, put, file=file)
    assert judged(town).code == 0
    edit(town, "mlps: 3", "mlps: 4")

    result = judged(town)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert f"{file} changed together with 'purse'" in result.stdout


def test_a_file_of_another_name_is_a_changed_id(town: pathlib.Path) -> None:
    tenants = town / "tenants"
    text = (tenants / "vault.yaml").read_text(encoding="utf-8")
    (tenants / "vault.yaml").unlink()
    (tenants / "cellar.yaml").write_text(text.replace("vault", "cellar"), encoding="utf-8")

    result = judged(town)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "REFUSED (不予通过): the id of tenant 'vault' became 'cellar'" in result.stdout
    assert "name the file tenants/vault.yaml and write id: vault again" in result.stdout


def test_an_id_that_is_edited_in_place_has_the_same_remedy(town: pathlib.Path) -> None:
    edit(town, "id: vault", "id: cellar", file="tenants/vault.yaml")

    result = judged(town)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "error[GC1015]" in result.stderr
    assert "ids never change (标识不变): name the file tenants/vault.yaml and write id: vault again" in result.stderr


def test_more_than_the_budget_has_is_refused_with_level_requested_used_and_limit(town: pathlib.Path) -> None:
    edit(town, "quota: s", OWN.replace("CPU", "200"))

    result = judged(town)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "REFUSED (不予通过): the budget (预算) is too small: cpu: requested 198, used " in result.stdout
    assert "limit 60 at county (县) 财政局 (money)" in result.stdout


def test_a_budget_that_is_overrun_already_is_reported_and_shrinking_goes_on(town: pathlib.Path) -> None:
    edit(town, "budget: {cpu: 60,", "budget: {cpu: 5,", file="platform.yaml")
    repositories.commit(town)
    edit(town, "quota: s", "quota: xs")

    result = judged(town)

    assert result.code == 0
    assert "Overrun already (已超预算)" in result.stdout
    assert ", limit 5 at county (县) 财政局 (money)" in result.stdout


def test_a_freeze_is_shown_as_a_change_of_its_tenant(town: pathlib.Path) -> None:
    (town / "freezes" / "purse.yaml").unlink()

    assert "a freeze is ended (解冻): a person decides." in judged(town).stdout


def test_a_tenant_that_did_not_change_cannot_be_picked(town: pathlib.Path) -> None:
    edit(town, "mlps: 3", "mlps: 4")

    assert "tenant 'vault' did not change" in judged(town, "vault").stderr
    assert "purse" in judged(town, "purse").stdout


def test_a_reference_that_is_none_says_what_to_fetch(town: pathlib.Path) -> None:
    result = run("tenant", "validate", "--env", str(town), "--changed-since", "origin/main")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "git fetch origin" in result.stderr


def test_a_machine_gets_the_same_as_one_document(town: pathlib.Path) -> None:
    edit(town, "quota: s", OWN.replace("CPU", "200"))

    result = judged(town, "--json")

    assert result.code == errors.ExitCode.BAD_INPUT
    document = result.document
    assert (document["ok"], document["environment"], document["since"]["reference"]) == (False, "town", "main")
    assert len(document["since"]["commit"]) == 40
    (tenant,) = document["tenants"]
    assert tenant["tenant"] == "purse"
    assert (tenant["costBefore"]["cpu"], tenant["cost"]["cpu"]) == (6, 204)
    assert tenant["budget"]["organisation"] == "money"
    assert tenant["budget"]["level"] == "county"
    assert set(tenant["budget"]["remaining"]) == {"cpu", "memoryGi", "storageGi", "databaseGi"}
    assert tenant["change"]["automatic"] is False
    assert tenant["approvers"] == ["wang.fang"]
    (overrun,) = document["overruns"]
    assert (overrun["resource"], overrun["requested"], overrun["limit"], overrun["grows"]) == ("cpu", 198, 60, True)
    assert "budget" in document["refusals"][0]["message"]


def test_without_a_reference_the_document_has_no_change(town: pathlib.Path) -> None:
    document = run("tenant", "validate", "--env", str(town), "--json").document

    assert (document["ok"], document["since"], document["refusals"]) == (True, None, [])
    assert {one["change"] for one in document["tenants"]} == {None}


def test_faults_are_a_document_too(town: pathlib.Path) -> None:
    edit(town, "id: vault", "id: cellar", file="tenants/vault.yaml")

    document = judged(town, "--json").document

    assert document["ok"] is False
    assert "ids never change" in document["faults"][0]["remedy"]


def test_an_unknown_second_word_names_the_nearest() -> None:
    result = run("tenant", "validat")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "did you mean 'validate'?" in result.stderr


def test_a_renamed_file_goes_back_to_the_id_that_it_had(town: pathlib.Path) -> None:
    (town / "tenants" / "vault.yaml").rename(town / "tenants" / "cellar.yaml")

    known, unknown = judged(town), run("tenant", "validate", "--env", str(town))

    assert "name the file tenants/vault.yaml and write id: vault again" in known.stderr
    assert "whichever it was before" in unknown.stderr, "without a commit to compare with nobody knows"


def test_a_file_named_in_chinese_is_named_after_the_id(town: pathlib.Path) -> None:
    (town / "tenants" / "vault.yaml").rename(town / "tenants" / "体育局.yaml")

    assert "fix: name the file tenants/vault.yaml" in run("tenant", "validate", "--env", str(town)).stderr


def test_an_id_that_others_name_as_their_peer_has_the_same_remedy(town: pathlib.Path) -> None:
    edit(town, "id: purse", "id: wallet")
    (town / "tenants" / "purse.yaml").rename(town / "tenants" / "wallet.yaml")

    result = judged(town)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "name the file tenants/purse.yaml and write id: purse again" in result.stderr


@pytest.mark.parametrize(("day", "told"), [("2026-11-10", "即将到期"), ("2026-10-30", "已到期")])
def test_a_last_day_that_is_near_or_past_is_told_before_it_is_merged(town: pathlib.Path, day: str, told: str) -> None:
    (town / "freezes" / "purse.yaml").unlink()
    edit(town, "2035-12-31", day)

    result = run("tenant", "validate", "--env", str(town), "purse")

    assert result.code == 0
    assert "last day (到期): " in result.stdout
    assert told in result.stdout


def test_the_next_step_names_the_tenant(town: pathlib.Path) -> None:
    edit(town, "quota: s", "quota: m")

    assert "govcloud request submit purse" in judged(town).stdout
