from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans, steps
from govcloud_cli.run import applied, workspace

PLACE = plans.TenantPlace(id="finance", zone="external", namespaces=("finance-prod",), databases=())


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> workspace.SideFolder:
    return workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)


def step(**entries: str) -> steps.Step:
    return steps.Step(
        side=platforms.Side.EXTERNAL, name="tenants-00", kind=steps.StepKind.TENANTS, code="c", entries=entries
    )


def test_a_side_without_a_record_has_had_nothing(folder: workspace.SideFolder) -> None:
    record = applied.load(folder)
    assert not record.is_done(step(a="1"))
    assert record.tenants == []


def test_a_finished_step_is_remembered_by_the_next_run(folder: workspace.SideFolder) -> None:
    record = applied.load(folder)
    record.begin(step(a="1"), {"finance": PLACE})
    record.finish(step(a="1"), {"port": 1})
    again = applied.load(folder)
    assert again.is_done(step(a="1"))
    assert not again.is_done(step(a="2"))
    assert (again.entries, again.outputs, again.tenants) == (
        {"tenants-00": {"a": "1"}},
        {"tenants-00": {"port": 1}},
        ["finance"],
    )


def test_a_step_that_was_killed_is_not_done_and_its_tenants_may_be_there(folder: workspace.SideFolder) -> None:
    record = applied.load(folder)
    record.begin(step(a="1"), {})
    record.finish(step(a="1"))
    record.begin(step(a="2"), {"finance": PLACE})
    again = applied.load(folder)
    assert not again.is_done(step(a="1"))
    assert not again.is_done(step(a="2"))
    assert again.entries["tenants-00"] == {"a": "1"}
    assert again.tenants == ["finance"], "its removal has to be asked for from now on"


def test_a_record_of_before_there_was_a_field_is_read_without_it(folder: workspace.SideFolder) -> None:
    workspace.write(folder.applied, '{"schemaVersion": 1, "tenants": ["finance"]}')
    assert applied.load(folder).tenants == ["finance"]
    assert applied.load(folder).untested == []


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "1", "{}", '{"schemaVersion": 2}'])
def test_a_record_that_is_none_is_refused_with_what_to_do(folder: workspace.SideFolder, text: str) -> None:
    workspace.write(folder.applied, text)
    with pytest.raises(errors.GovcloudError, match="cannot be read") as caught:
        applied.load(folder)
    assert caught.value.where == str(folder.applied)
    assert caught.value.remedy
