from __future__ import annotations

import json
import pathlib
import time
from typing import Any

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.run import applied, workspace
from govcloud_cli.run.login import profiles, sessions, tokens, transport
from tests.run.login.test_profiles import AUTHORITY, PROFILE
from tests.support import identity_answers, inventories
from tests.support.command_line import run
from tests.support.identity_answers import ISSUER, Service, granted, id_token, refused

OFFICE = ("--issuer", ISSUER, "--server", "https://k8s.gov.invalid:6443")


@pytest.fixture(autouse=True)
def _home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ca.pem").write_text(AUTHORITY)


def answered_by(monkeypatch: pytest.MonkeyPatch, service: Service) -> Service:
    """Only HTTP is doubled, and waiting takes no time."""
    monkeypatch.setattr(transport.Https, "ask", lambda _self, url, form=None: service.ask(url, form))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(time, "time", lambda: identity_answers.NOW)
    return service


def kept() -> tokens.Tokens:
    profile = profiles.load("default")
    assert profile is not None
    found = sessions.load(profile)
    assert found is not None
    return found


def test_an_office_machine_logs_in_by_three_words_and_then_by_none(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(refused("authorization_pending"), granted(1), granted(2)))
    result = run("login", *OFFICE, "--ca", "ca.pem")
    assert (result.code, result.stdout) == (0, f"{profiles.locate('default').kubeconfig}\n")
    assert f"{ISSUER}/device?user_code=ABCD-EFGH" in result.stderr
    assert "host-resolver-rules" not in result.stderr
    assert "ABCD-EFGH" in result.stderr
    assert "Logged in as wang.fang (登录成功)" in result.stderr
    assert kept().access == "access-1"

    assert run("login").code == 0
    assert kept().access == "access-2"


def test_tokens_are_in_nothing_that_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(granted(1)))
    for words in (("login", *OFFICE, "--ca", "ca.pem"), ("login", "--json"), ("logout", "--json")):
        result = run(*words)
        assert result.code == 0, result.stderr
        assert "access-1" not in result.stdout + result.stderr
        assert "refresh-1" not in result.stdout + result.stderr
        assert "device-code" not in result.stdout + result.stderr


def test_json_tells_who_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(granted(1)))
    document = run("login", *OFFICE, "--ca", "ca.pem", "--profile", "office", "--json").document
    assert (document["person"], document["profile"]) == ("wang.fang", "office")
    assert document["kubeconfig"] == str(profiles.locate("office").kubeconfig)


def test_a_denied_log_in_has_its_own_exit_code_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(refused("access_denied")))
    result = run("login", *OFFICE, "--ca", "ca.pem")
    assert result.code == 3
    assert "登录被拒绝" in result.stderr
    assert not profiles.locate("default").path.exists()


def test_stopping_while_waiting_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(granted(1)))

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", stop)
    result = run("login", *OFFICE, "--ca", "ca.pem")
    assert result.code == 130
    assert not profiles.locate("default").path.exists()


@pytest.mark.parametrize(
    "words",
    [
        OFFICE,
        ("--issuer", ISSUER, "--ca", "ca.pem"),
        ("--ca", "ca.pem"),
        (*OFFICE, "--ca", "missing.pem"),
        (*OFFICE, "--ca", "/dev/null"),
        ("--issuer", "http://identity.gov", "--ca", "ca.pem", "--server", "https://k8s.gov"),
        ("--issuer", ISSUER, "--ca", "ca.pem", "--server", "http://k8s.gov"),
        (*OFFICE, "--ca", "ca.pem", "--profile", "../x"),
        ("--port", "8000"),
        ("--browser", "--port", "80"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_before_anybody_is_asked(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    service = answered_by(monkeypatch, Service(granted(1)))
    assert run("login", *words).code == 2
    assert service.asked == []


def test_kubectl_gets_its_credential_and_nothing_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(granted(1)))
    run("login", *OFFICE, "--ca", "ca.pem")
    result = run("login", "--credential", "--profile", "default")
    assert (result.code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert (document["kind"], document["status"]["token"]) == ("ExecCredential", "access-1")


def test_kubectl_is_told_in_one_line_what_to_do_when_the_session_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Service(granted(1), refused("invalid_grant")))
    run("login", *OFFICE, "--ca", "ca.pem")
    monkeypatch.setattr(time, "time", lambda: identity_answers.NOW + 100)
    for message in ("the session of wang.fang has ended (会话已结束)", "nobody is logged in here (尚未登录)"):
        result = run("login", "--credential", "--profile", "default")
        assert (result.code, result.stdout) == (1, "")
        assert result.stderr == f"error: {message}: run `govcloud login --profile default`\n"


def test_kubectl_without_any_log_in_is_told_so() -> None:
    result = run("login", "--credential", "--profile", "never")
    assert (result.code, result.stderr) == (1, "error: nobody is logged in here (尚未登录): run `govcloud login`\n")


def test_help_does_not_show_what_only_kubectl_says() -> None:
    assert "--credential" not in run("login", "--help").stdout


def test_a_side_without_an_identity_service_is_told_so(tmp_path: pathlib.Path) -> None:
    result = run("login", "--env", str(inventories.copy("lab", tmp_path)), "--side", "internal")
    assert result.code == 2
    assert "no identity service" in result.stderr


def test_before_a_deploy_nobody_knows_where_to_log_in(tmp_path: pathlib.Path) -> None:
    result = run("login", "--env", str(inventories.copy("lab", tmp_path)))
    assert result.code == 2
    assert "services-ca.crt is not there" in result.stderr


def test_an_environment_says_itself_where_to_log_in(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = inventories.copy("lab", tmp_path)
    folder = workspace.locate(lab).side(platforms.Side.EXTERNAL)
    workspace.write(folder.pki / "services-ca.crt", AUTHORITY)
    workspace.write(folder.pki / "kubernetes-ca.crt", AUTHORITY)
    workspace.write(folder.kubeconfig, json.dumps({"clusters": [{"cluster": {"server": "https://127.0.0.1:7777"}}]}))
    outputs = {"network": {"forwards": {"identity": {"address": "127.0.0.1", "port": 8888}}}}
    applied.Applied(folder=folder, outputs=outputs).save()
    issuer = "https://external-identity/realms/govcloud"

    def there(found: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value.replace(ISSUER, issuer) if isinstance(value, str) else value for name, value in found.items()
        }

    service = Service(
        granted(1, id_token=id_token(iss=issuer)),
        metadata=there(identity_answers.METADATA),
        device=there(identity_answers.INVITATION),
    )
    answered_by(monkeypatch, service)

    result = run("login", "--env", str(lab), "--json")
    document = result.document
    # No name leads to it in the lab: a browser is told the way.
    (told,) = (line.strip() for line in result.stderr.splitlines() if line.strip().startswith("chromium"))
    assert told == "chromium '--host-resolver-rules=MAP external-identity:443 127.0.0.1:8888'", "and no code for ps"

    saved = profiles.load(document["profile"])
    assert saved is not None
    assert (saved.issuer, saved.server, saved.connect) == (issuer, "https://127.0.0.1:7777", ("127.0.0.1", 8888))
    assert document["profile"].startswith("lab-")
    assert document["profile"].endswith("-external")
    assert run("logout", "--env", str(lab), "--json").document["person"] == "wang.fang"


def test_a_profile_of_one_platform_is_not_another_platforms() -> None:
    profiles.save(PROFILE)
    assert run("login", "--credential", "--profile", "default").code == 1
