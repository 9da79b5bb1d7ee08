from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run.login import profiles, sessions, transport
from tests.run.login.test_profiles import PROFILE
from tests.run.login.test_sessions import TOKENS
from tests.support.command_line import run
from tests.support.identity_answers import Service


@pytest.fixture(autouse=True)
def _home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    profiles.save(PROFILE)
    sessions.save(PROFILE, TOKENS)


def answered_by(monkeypatch: pytest.MonkeyPatch, service: Service) -> Service:
    monkeypatch.setattr(transport.Https, "ask", lambda _self, url, form=None: service.ask(url, form))
    return service


def test_the_session_ends_there_and_its_tokens_go_here(monkeypatch: pytest.MonkeyPatch) -> None:
    service = answered_by(monkeypatch, Service())
    result = run("logout", "--profile", "test")
    assert (result.code, result.stdout) == (0, "")
    assert result.stderr == "The session of wang.fang has ended (已退出登录)\n"
    assert [name for name, _ in service.asked] == ["metadata", "logout", "revoke"]
    assert not profiles.locate("test").session.exists()
    assert run("logout", "--profile", "test").stderr == "Nobody was logged in (未登录)\n"


def test_json_tells_whether_there_was_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service())
    for ended in (True, False):
        assert run("logout", "--profile", "test", "--json").document["ended"] is ended


def test_where_nobody_answers_it_is_done_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(metadata=transport.UnreachableError("nobody answers")))
    result = run("logout", "--profile", "test")
    assert result.code == 6
    assert "the session may still be open" in result.stderr
    assert not profiles.locate("test").session.exists()


@pytest.mark.parametrize("broken", ["session", "profile"])
def test_tokens_that_others_could_read_go_too(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    answered_by(monkeypatch, Service())
    folder = profiles.locate("test")
    {"session": folder.session, "profile": folder.profile}[broken].chmod(0o644)
    assert run("logout", "--profile", "test").code != 0
    assert not folder.session.exists()


def test_who_never_logged_in_has_nothing_to_end() -> None:
    assert run("logout", "--profile", "never").code == 0
