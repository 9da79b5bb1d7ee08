from __future__ import annotations

import json
import pathlib

import pytest

from govcloud_cli.run import identity
from tests.support import decisions, inventories
from tests.support.command_line import Result, run

PEOPLE = """apiVersion: govcloud/v1
kind: People
spec:
  people:
    - id: chen.jing
      displayName: 陈静
      accounts: {os: [chenjing]}
    - id: zhao.min
      displayName: 赵敏
      accounts: {os: [zhaomin]}
      keys: ["KEY"]
      approves: [yunxi]
"""


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The lab's inventory with people, of which chen.jing is logged in, and an unlimited root."""
    found = inventories.copy("lab", tmp_path)
    (found / "people.yaml").write_text(PEOPLE.replace("KEY", decisions.public("zhao.min")), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CI", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(identity, "_log_in_name", lambda: "chenjing")
    return found


def call(folder: pathlib.Path, word: str, *rest: str) -> Result:
    return run("request", word, "--env", str(folder), *rest)


def key() -> tuple[str, str]:
    return ("--key", str(decisions.key("zhao.min")))


def test_submit_tells_cost_budget_class_and_whom_to_ask(folder: pathlib.Path) -> None:
    result = call(folder, "submit", "archives", "--comment", "档案馆")
    assert result.code == 0, result.stderr
    for told in ("archives/0001", "新增", "待审批", "用量", "预算", "剩余", "a person", "赵敏 (zhao.min)", "(县)"):
        assert told in result.stdout, told
    assert (folder / "requests" / "archives" / "0001.json").exists()
    assert "commit" in result.stdout


def test_from_submit_to_approved(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    waiting = call(folder, "status", "archives", "--check", "--json")
    assert (waiting.code, waiting.document["ok"]) == (3, False)
    made = call(folder, "approve", "archives", *key())
    assert made.code == 0, made.stderr
    assert "archives/0001 is APPROVED (已批准) by zhao.min" in made.stdout
    found = call(folder, "status", "archives", "--check", "--json")
    assert (found.code, found.document["requests"][0]["approved"]) == (0, True)
    assert "approved (可部署)" in call(folder, "status", "archives").stdout


def test_reject_needs_a_reason_and_says_so_as_json(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    assert call(folder, "reject", "archives", *key()).code == 2
    made = call(folder, "reject", "archives", "--reason", "ask again after the audit", *key(), "--json").document
    assert made["request"]["state"] == "REJECTED"
    assert made["request"]["history"][-1]["reason"] == "ask again after the audit"


def test_cancel_withdraws(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    assert "已撤回" in call(folder, "cancel", "archives").stdout
    assert call(folder, "cancel", "archives", "--json").code == 2


def test_who_may_not_decide_ends_with_policy_denied(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_log_in_name", lambda: "zhaomin")
    call(folder, "submit", "archives")
    result = call(folder, "approve", "archives", *key())
    assert result.code == 3
    assert "who asks never decides" in result.stderr


def test_a_second_submit_names_the_first(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    result = call(folder, "submit", "archives", "--json")
    assert result.code == 2
    assert "archives/0001 of chen.jing waits already" in result.document["error"]["message"]


def test_where_nobody_approves_submit_says_that_nothing_is_needed(folder: pathlib.Path) -> None:
    (folder / "people.yaml").unlink()
    result = call(folder, "submit", "archives")
    assert (result.code, "无需审批" in result.stdout) == (0, True)
    assert call(folder, "submit", "archives", "--json").document["required"] is False
    assert not (folder / "requests").exists()


def test_status_lists_the_newest_of_every_tenant_and_all_on_request(folder: pathlib.Path) -> None:
    assert "No requests" in call(folder, "status").stdout
    call(folder, "submit", "archives")
    call(folder, "cancel", "archives")
    call(folder, "submit", "archives")
    call(folder, "submit", "civil-affairs")
    listed = call(folder, "status", "--json").document["requests"]
    assert [one["request"] for one in listed] == ["archives/0002", "civil-affairs/0001"]
    assert len(call(folder, "status", "--all", "--json").document["requests"]) == 3
    assert "zhao.min" in call(folder, "status").stdout


def test_status_of_what_was_never_submitted_fails_the_check(folder: pathlib.Path) -> None:
    assert call(folder, "status", "archives").code == 0
    assert call(folder, "status", "archives", "--check").code == 3


def test_a_broken_request_is_named_and_not_believed(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    path = folder / "requests" / "archives" / "0001.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    for word in ("status", "approve", "submit"):
        rest = key() if word == "approve" else ()
        result = call(folder, word, "archives", *rest)
        assert result.code == 2
        assert "0001.json: it is not written as govcloud writes it" in result.stderr


def test_an_unknown_word_names_the_nearest(folder: pathlib.Path) -> None:
    result = call(folder, "aprove", "archives")
    assert (result.code, "did you mean 'approve'?" in result.stderr) == (2, True)


@pytest.mark.parametrize("word", ["submit", "approve", "reject", "cancel", "status"])
def test_every_word_has_examples(word: str) -> None:
    assert f"govcloud request {word}" in run("request", word, "--help").stdout


def test_the_check_of_everybody_refuses_who_never_asked(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    call(folder, "approve", "archives", *key())

    assert call(folder, "status", "archives", "--check").code == 0
    everybody = call(folder, "status", "--check")
    assert everybody.code == 3
    assert "govcloud request submit finance" in everybody.stderr
    assert "submit archives" not in everybody.stderr


def test_where_nobody_approves_nothing_can_be_decided_and_the_check_passes(folder: pathlib.Path) -> None:
    (folder / "people.yaml").unlink()
    decided = call(folder, "approve", "archives", *key())
    assert (decided.code, "无需审批" in decided.stderr) == (2, True)
    assert call(folder, "status", "--check").code == 0


def test_a_mistyped_tenant_is_told_before_anything_about_keys(folder: pathlib.Path) -> None:
    result = call(folder, "approve", "archivs")
    assert result.code == 2
    assert "did you mean 'archives'?" in result.stderr
    assert "no request of archives waits" in call(folder, "approve", "archives").stderr


def test_what_is_decided_already_is_not_to_be_submitted_again(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    call(folder, "approve", "archives", *key())
    assert "nothing is to be decided" in call(folder, "approve", "archives", *key()).stderr


def test_without_a_key_of_anybody_the_message_is_no_riddle(folder: pathlib.Path) -> None:
    call(folder, "submit", "archives")
    assert "no key in ~/.ssh or in the agent belongs to anybody" in call(folder, "approve", "archives").stderr
