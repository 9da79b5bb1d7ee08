"""`govcloud tenant new`: a valid first file, from flags or from answers."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import hypothesis
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.commands import runs
from govcloud_cli.commands.tenant import asking, drafting, mending, new
from govcloud_cli.inventory import loading
from govcloud_cli.model import tenants
from tests.support import command_line, inventories

FLAGS = {
    "--organisation": "yunxi-tourism",
    "--zone": "external",
    "--environment": "test=xs",
    "--display-name": "云溪市体育局",
    "--data-class": "general",
    "--mlps": "2",
    "--owner": "li.na",
    "--technical-lead": "wang.wei",
    "--mailbox": "it@sports.yunxi.example",
    "--phone": "0990-5550123",
    "--expires-on": "2027-03-31",
    "--owner-group": "sports:owners",
}


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The lab with two tenants; today is 2026-11-02."""
    monkeypatch.setattr(runs, "now", lambda: datetime.datetime(2026, 11, 2, 12, tzinfo=datetime.UTC))
    found = inventories.copy("lab", tmp_path)
    inventories.keep(found, "tourism", "transport")
    return found


def run(folder: pathlib.Path, identifier: str = "sports", *more: str, **changed: str | None) -> command_line.Result:
    given = FLAGS | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    words = [word for flag, value in given.items() if value is not None for word in (flag, value)]
    return command_line.run("tenant", "new", identifier, "--env", str(folder), *words, *more)


def written(folder: pathlib.Path) -> tenants.Tenant:
    return next(one for one in loading.load(folder).tenants if one.metadata.id == "sports")


def test_flags_alone_make_a_file_that_the_inventory_takes(folder: pathlib.Path) -> None:
    result = run(
        folder, "sports", "--environment", "prod=m", "--database", "prod/ledger", "--viewer-group", "audit:all"
    )
    assert result.code == 0, result.stderr
    assert "Cost 用量: cpu 5" in result.stdout
    tenant = written(folder)
    assert tenant.metadata.display_name == "云溪市体育局"
    first, second = tenant.spec.environments
    assert (first.name, first.expires_on) == ("test", datetime.date(2027, 3, 31))
    assert (second.name, second.expires_on) == ("prod", None), "prod needs no last day"
    assert [one.id for one in second.databases] == ["ledger"]
    assert [(one.group, one.role) for one in tenant.spec.members] == [
        ("sports:owners", "owner"),
        ("audit:all", "viewer"),
    ]
    text = (folder / "tenants" / "sports.yaml").read_text()
    assert "到期日" in text
    assert "the last day" in text


def test_prod_alone_needs_no_last_day(folder: pathlib.Path) -> None:
    assert run(folder, environment="prod", expires_on=None).code == 0


def test_nobody_is_asked_without_a_terminal_and_every_missing_flag_is_named(folder: pathlib.Path) -> None:
    result = run(folder, zone=None, phone=None, owner_group=None)
    assert result.code == 2
    for flag in ("--zone", "--phone", "--owner-group"):
        assert flag in result.stderr
    assert "3 answers are missing" in result.stderr
    assert "1 answer is missing" in run(folder, zone=None).stderr
    assert not (folder / "tenants" / "sports.yaml").exists()


@pytest.mark.parametrize(
    ("identifier", "changed", "told"),
    [
        ("../../evil", {}, "cannot be an id"),
        ("Sports", {}, "cannot be an id"),
        ("s", {}, "cannot be an id"),
        ("tourism", {}, "there is a tenant 'tourism' already"),
        ("sports", {"organisation": "yunxi-tourizm"}, "did you mean 'yunxi-tourism'?"),
        ("sports", {"organisation": "yunxi"}, "'yunxi' is a government as a whole"),
        ("sports", {"zone": "政务外网"}, "did you mean 'external'?"),
        ("sports", {"data_class": "secret"}, "one of general, important, core"),
        ("体育局", {}, "中文写在名称中"),
        ("sports", {"expires_on": "2026-11-01"}, "frozen at once"),
        ("sports", {"phone": "abc"}, "fix: --phone: "),
        ("sports", {"expires_on": "30.6.2027"}, "fix: --expires-on: "),
        ("sports", {"zone": "externl"}, "did you mean 'external'?"),
        ("sports", {"mlps": "9"}, "there is no '9'"),
        ("sports", {"database": "prod/main"}, "environments that are not asked for: prod"),
        ("sports", {"database": "main"}, "not in the form NAME/ID"),
        ("sports", {"environment": "test=xxl"}, "1 fault"),
        ("sports", {"technical_lead": "li.na"}, "1 fault"),
        ("sports", {"expires_on": "tomorrow"}, "1 fault"),
    ],
)
def test_what_would_be_refused_is_not_written(
    folder: pathlib.Path, identifier: str, changed: dict[str, str], told: str
) -> None:
    before = sorted(folder.rglob("*"))
    result = run(folder, identifier, **changed)
    assert result.code == 2
    assert told in result.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_file_is_never_overwritten(folder: pathlib.Path) -> None:
    (folder / "tenants" / "sports.yaml").symlink_to(folder.parent / "elsewhere.yaml")
    result = run(folder)
    assert result.code == 2
    assert not (folder.parent / "elsewhere.yaml").exists()


def test_json_names_the_file_and_the_cost(folder: pathlib.Path) -> None:
    document = run(folder, "sports", "--json").document
    assert document["file"] == str(folder / "tenants" / "sports.yaml")
    assert document["cost"]["memoryGi"] == 2


TEXTS = strategies.text(strategies.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@hypothesis.given(text=TEXTS)
def test_whatever_is_typed_stays_one_value_of_one_field(text: str) -> None:
    hypothesis.assume(text.isprintable())
    draft = drafting.Draft(
        id=text,
        display_name=text,
        organisation=text,
        zone=text,
        data_class=text,
        mlps=2,
        owner=text,
        technical_lead=text,
        mailbox=text,
        phone=text,
        environments=(drafting.Environment(name=text, quota=text, databases=(text,)),),
        expires_on=text,
        members=((text, text),),
    )
    document: dict[str, Any] = yaml.safe_load(drafting.text(draft))
    assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
    assert document["metadata"] == {"id": text, "displayName": text}
    assert document["spec"]["members"] == [{"group": text, "role": text}]
    assert document["spec"]["environments"][0]["databases"][0]["id"] == text


def answered(folder: pathlib.Path, *lines: str, **given: Any) -> tuple[dict[str, Any], str]:
    nothing = dict.fromkeys((question.name for question in asking.QUESTIONS), None)
    empty: dict[str, Any] = {"id": None, "environments": (), "databases": ()}
    groups: dict[str, Any] = dict.fromkeys(("owner_groups", "maintainer_groups", "viewer_groups"), ())
    spec = loading.load(folder)
    with CliRunner().isolation("".join(f"{line}\n" for line in lines)) as (_, shown, *_rest):
        found = asking.complete(
            nothing | empty | groups | given, spec, interactive=True, today=datetime.date(2026, 11, 2)
        )
        text = shown.getvalue().decode()
    return found, text


def test_on_a_terminal_all_that_is_missing_is_asked_with_what_may_be_answered(folder: pathlib.Path) -> None:
    answers, shown = answered(
        folder,
        "tourism", "sports",
        "prod=m test=xs",
        "体育局",
        "yunxi-tourizm", "yunxi-tourism",
        "external",
        "general",
        "2",
        "li.na",
        "wang.wei",
        "it@sports.example",
        "0990-5550123",
        "",
        "sports:owners",
    )  # fmt: skip
    assert answers["id"] == "sports", "an id that is taken is asked for again"
    assert answers["organisation"] == "yunxi-tourism"
    assert answers["environments"] == ("prod=m", "test=xs")
    assert answers["expires_on"] == "2027-05-01", "the proposal, by an empty answer"
    assert answers["owner_groups"] == ("sports:owners",)
    assert "did you mean 'yunxi-tourism'?" in shown
    assert "云溪市文化体育广播电视和旅游局" in shown


def test_what_a_flag_said_is_not_asked_again(folder: pathlib.Path) -> None:
    given = {question.name: FLAGS[f"--{question.flag}"] for question in asking.QUESTIONS}
    answers, shown = answered(folder, id="sports", environments=("test=xs",), owner_groups=("sports:owners",), **given)
    assert answers["zone"] == "external"
    assert shown == ""


def test_a_wrong_flag_is_told_before_anything_is_asked(folder: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match="there is no 'nowhere'"):
        answered(folder, zone="nowhere")


def test_on_a_terminal_only_what_was_refused_is_asked_again(folder: pathlib.Path) -> None:
    given: dict[str, Any] = {question.name: FLAGS[f"--{question.flag}"] for question in asking.QUESTIONS}
    given |= {"id": "sports", "environments": ("test=xxl",), "databases": (), "phone": "abc"}
    given |= {"owner_groups": ("sports:owners",), "maintainer_groups": (), "viewer_groups": ()}
    spec = loading.load(folder)
    with CliRunner().isolation("test=s\n0990-5550123\n"):
        draft, _ = new._answered(given, folder, spec, interactive=True)
    assert (draft.environments[0].quota, draft.phone) == ("s", "0990-5550123")
    assert draft.display_name == "云溪市体育局", "what was right is kept"
    with pytest.raises(errors.InventoryError):
        new._answered(given | {"phone": "abc"}, folder, spec, interactive=False)


def test_a_fault_that_no_question_mends_is_not_asked_about() -> None:
    def fault(field: str, file: str = "f") -> errors.Fault:
        return errors.Fault(code="GC1105", message="x", file=file, line=1, field=field)

    assert mending.again([fault("spec.contact.phone"), fault("spec.environments[1].name")], "f") == {
        "phone",
        "environments",
    }
    assert mending.again([fault("spec.contact.phone"), fault("spec.contact.phone", "other")], "f") == frozenset()
    assert mending.again([fault("spec.environments[0].databases[0].id")], "f") == frozenset()


def test_on_a_terminal_a_past_day_is_asked_again(folder: pathlib.Path) -> None:
    given: dict[str, Any] = {question.name: FLAGS[f"--{question.flag}"] for question in asking.QUESTIONS}
    given |= {"expires_on": None, "id": "sports", "environments": ("test=xs",), "owner_groups": ("sports:owners",)}
    answers, shown = answered(folder, "2020-01-01", "30/6/2027", "2027-06-30", **given)
    assert answers["expires_on"] == "2027-06-30"
    assert "frozen at once" in shown
    assert "is no day" in shown
