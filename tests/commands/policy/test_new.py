"""`govcloud policy new`: of every area a policy that passes its test at once, and never over another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.commands.policy import drafting
from tests.support import command_line, policy_folders

LIBRARY = Path(__file__).parents[3] / "policies" / "library"


@pytest.mark.parametrize("area", drafting.AREAS)
def test_it_passes_its_test_at_once(area: str, here: Path, shipped: Path) -> None:
    shutil.copytree(LIBRARY, shipped / "library")

    written = command_line.run("policy", "new", "my-own-rule", "--area", area)
    result = command_line.run("policy", "test", "my-own-rule")

    assert written.code == errors.ExitCode.DONE
    assert written.stdout.endswith("Next: govcloud policy test my-own-rule\n")
    assert result.stdout == "1 policy, 2 samples: all as they should be\n", result.stderr
    assert (here / "policies" / area / "my-own-rule" / "policy.yaml").read_text("utf-8").count("#") >= 10


def test_each_sample_is_about_the_policy_and_not_about_its_absence(here: Path, shipped: Path) -> None:
    shutil.copytree(LIBRARY, shipped / "library")
    command_line.run("policy", "new", "my-own-rule", "--area", "pods")
    folder = here / "policies" / "pods" / "my-own-rule"
    shutil.copy(folder / "allowed" / "sample.yaml", folder / "denied" / "sample.yaml")

    assert command_line.run("policy", "test", "my-own-rule").code == errors.ExitCode.FAILED


@pytest.mark.parametrize("identifier", ["X", "abc", "My-Rule", "my rule", "../rule", "a" * 51, "my--rule", "my-rule-"])
def test_what_cannot_be_an_id_is_refused(identifier: str, here: Path) -> None:
    result = command_line.run("policy", "new", identifier, "--area", "pods")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "cannot be the id of a policy" in result.stderr
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("area", ["pods", "access"])
def test_nothing_is_overwritten_and_no_id_given_twice(area: str, here: Path) -> None:
    own = policy_folders.policy(here / "policies", "my-own-rule")
    before = own.read_text("utf-8")

    for identifier in ("my-own-rule", "pod-privileged"):
        result = command_line.run("policy", "new", identifier, "--area", area)
        assert result.code == errors.ExitCode.BAD_INPUT
        assert f"there is a policy '{identifier}' already" in result.stderr
    assert own.read_text("utf-8") == before


@pytest.mark.usefixtures("here")
def test_an_area_that_takes_python_is_not_offered() -> None:
    result = command_line.run("policy", "new", "my-own-rule", "--area", "estate")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "'estate' is not one of" in result.stderr


def test_every_area_with_policies_of_ours_can_be_begun() -> None:
    shared = {"library", "controls", "waivers", "estate"}
    folder = Path(__file__).parents[3] / "policies"

    assert {path.name for path in folder.iterdir() if path.is_dir()} - shared <= set(drafting.AREAS)
    assert resources.folder("policies") == folder
