from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.governance.requests import Source
from govcloud_cli.run import identity
from tests.support import decisions

KNOWN = decisions.persons()


@pytest.fixture(autouse=True)
def _nobodys_git(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setattr(identity, "_log_in_name", lambda: "suntao")


def with_mail(folder: pathlib.Path, mail: str) -> None:
    (folder / "gitconfig").write_text(f"[user]\n    email = {mail}\n")


def test_the_ci_system_is_asked_first(tmp_path: pathlib.Path) -> None:
    with_mail(tmp_path, "zhao.min@qinghe.example")
    found = identity.current(KNOWN, {"CI": "true", "GITHUB_ACTOR": "chenjing"})
    assert (found.person.id, found.source) == ("chen.jing", Source.CI)
    assert identity.current(KNOWN, {"CI": "true", "GITLAB_USER_LOGIN": "chenjing"}).person.id == "chen.jing"


@pytest.mark.parametrize("ci", [{}, {"CI": "false"}, {"CI": ""}])
def test_variables_of_a_ci_system_count_only_there(ci: dict[str, str], tmp_path: pathlib.Path) -> None:
    with_mail(tmp_path, "Zhao.Min@qinghe.example")
    found = identity.current(KNOWN, {**ci, "GITHUB_ACTOR": "chenjing"})
    assert (found.person.id, found.source) == ("zhao.min", Source.GIT)


def test_without_git_it_is_the_log_in_name_whatever_the_environment_says() -> None:
    found = identity.current(KNOWN, {"USER": "zhaomin", "LOGNAME": "zhaomin"})
    assert (found.person.id, found.source) == ("sun.tao", Source.OS)


def test_a_stranger_is_refused_and_not_looked_for_elsewhere(tmp_path: pathlib.Path) -> None:
    with_mail(tmp_path, "somebody@else.example")
    with pytest.raises(errors.UsageError, match=r"nobody is known as .somebody@else\.example. to Git") as refusal:
        identity.current(KNOWN, {})
    assert "accounts.git" in str(refusal.value.remedy)


def test_an_account_of_two_people_is_refused() -> None:
    entries = [{**entry, "accounts": {"os": ["suntao"]}} for entry in decisions.PEOPLE[:2]]
    with pytest.raises(errors.UsageError, match=r"several people: chen\.jing, li\.na"):
        identity.current(decisions.persons(entries), {})


def test_a_ci_system_that_names_two_people_is_refused() -> None:
    environ = {"CI": "true", "GITHUB_ACTOR": "chenjing", "GITLAB_USER_LOGIN": "suntao"}
    with pytest.raises(errors.UsageError, match="names several people: chenjing, suntao"):
        identity.current(KNOWN, environ)


def test_a_look_alike_of_another_script_is_nobody(tmp_path: pathlib.Path) -> None:
    with_mail(tmp_path, "zhаo.min@qinghe.example")  # the point: a Cyrillic а
    with pytest.raises(errors.UsageError, match="nobody is known"):
        identity.current(KNOWN, {})


def test_a_letter_whose_lower_case_is_one_of_ours_is_another_letter() -> None:
    known = decisions.persons([{"id": "ke.xin", "displayName": "柯欣", "accounts": {"ci": ["kexin"]}}])
    assert identity.current(known, {"CI": "true", "GITHUB_ACTOR": "KeXin"}).person.id == "ke.xin"
    with pytest.raises(errors.UsageError, match="nobody is known"):
        identity.current(known, {"CI": "true", "GITHUB_ACTOR": "\u212aexin"})


def test_a_record_names_the_person_else_the_account_of_the_process(tmp_path: pathlib.Path) -> None:
    assert identity.name(KNOWN, {}) == ("sun.tao", Source.OS)
    with_mail(tmp_path, "somebody@else.example")
    assert identity.name(KNOWN, {"USER": "zhaomin", "LOGNAME": "zhaomin"}) == ("suntao", Source.OS)
