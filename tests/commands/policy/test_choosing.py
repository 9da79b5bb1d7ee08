"""What the words of `govcloud policy` have in common: completion, and lists that `--help` must not load models for."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from govcloud_cli import main
from govcloud_cli.commands.policy import choosing
from govcloud_cli.model import policies
from govcloud_cli.run.policing import reports
from tests.support import policy_folders


def completed(*words: str) -> list[str]:
    found = ShellComplete(main.cli, {}, "govcloud", "_GOVCLOUD_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [one.value for one in found]


def test_what_is_spelled_out_for_the_help_is_what_the_models_say() -> None:
    from govcloud_cli.commands.policy import check

    assert list(policies.Profile) == list(choosing.PROFILES)
    assert list(policies.Severity) == list(choosing.SEVERITIES)
    assert list(policies.Input) == list(choosing.INPUTS)
    assert reports.FORMS == check.FORMS


def test_ids_are_completed(here: Path) -> None:
    policy_folders.policy(here / "policies", "pod-own-rule")
    (here / "policies" / "pods" / "pod-$(id)").mkdir()
    policy_folders.write(here / "policies" / "pods" / "pod-$(id)" / "policy.yaml", "")

    assert completed("policy", "explain", "pod-") == ["pod-own-rule", "pod-privileged"]
    assert completed("policy", "check", "--rule", "ten") == ["tenant-named"]
    assert completed("policy", "test", "pod-p") == ["pod-privileged"]


@pytest.mark.usefixtures("here")
def test_profiles_and_words_are_completed() -> None:
    assert completed("policy", "check", "--profile", "mlps") == ["mlps-l2", "mlps-l3"]
    assert completed("policy", "ch") == ["check"]


def test_an_environment_is_explicit_only_if_somebody_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    command = main.cli.get_command(click.Context(main.cli), "policy")
    assert isinstance(command, click.Group)
    found = command.get_command(click.Context(command), "check")
    assert found is not None

    assert choosing.explicit_environment(found.make_context("check", ["a"])) is None
    assert choosing.explicit_environment(found.make_context("check", ["a", "--env", "lab"])) == "lab"
    monkeypatch.setenv("GOVCLOUD_ENV", "example")
    assert choosing.explicit_environment(found.make_context("check", ["a"])) == "example"
