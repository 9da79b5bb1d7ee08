"""`govcloud policy test`: samples that agree, samples that do not, policies that cannot be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors
from tests.support import command_line, policy_folders


@pytest.mark.usefixtures("here")
def test_all_samples_of_all_policies_are_judged() -> None:
    result = command_line.run("policy", "test")

    assert result.code == errors.ExitCode.DONE
    assert result.stdout == "2 policies, 4 samples: all as they should be\n"


@pytest.mark.parametrize(
    ("sample", "text", "told"),
    [
        ("denied", policy_folders.pod(privileged=False), "pod-privileged finds nothing in it"),
        ("allowed", policy_folders.pod(), "finds something at k8s:core/Pod/a/web"),
        ("allowed", "kind: Service\napiVersion: v1\nmetadata: {name: a}\n", "is not asked about anything in it"),
        ("denied", "apiVersion: v1\nkind: Pod\nspec: {}\n", "error at"),
        ("allowed", "a: [", "this is not YAML"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_sample_that_is_wrong_fails_and_is_named(sample: str, text: str, told: str, shipped: Path) -> None:
    path = policy_folders.write(shipped / "pods" / "pod-privileged" / sample / "pod.yaml", text)

    result = command_line.run("policy", "test")

    assert result.code == errors.ExitCode.FAILED
    assert f"wrong (不符): {path}" in result.stdout
    assert told in result.stdout
    assert result.stdout.endswith("2 policies, 4 samples: 1 wrong\n")


@pytest.mark.parametrize("names", [["pod-privileged"], ["{shipped}/pods"], ["{shipped}/pods/pod-privileged"]])
@pytest.mark.usefixtures("here")
def test_only_named_policies_are_judged(names: list[str], shipped: Path) -> None:
    result = command_line.run("policy", "test", *(name.format(shipped=shipped) for name in names), "--json")

    assert result.document == {"schemaVersion": 1, "ok": True, "policies": 1, "samples": 2, "problems": []}


def test_an_id_is_an_id_also_where_a_folder_is_called_so(here: Path) -> None:
    (here / "pod-privileged").mkdir()

    assert command_line.run("policy", "test", "pod-privileged").code == errors.ExitCode.DONE


@pytest.mark.parametrize(
    ("name", "told"), [("pod-privilged", "did you mean 'pod-privileged'?"), ("./elsewhere", "there is no policy in")]
)
def test_what_names_no_policy_is_refused(name: str, told: str, here: Path) -> None:
    (here / "elsewhere").mkdir()

    result = command_line.run("policy", "test", name)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert told in result.stderr


@pytest.mark.usefixtures("here")
def test_a_policy_that_does_not_compile_is_no_sample_that_failed(shipped: Path) -> None:
    path = shipped / "pods" / "pod-privileged" / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("object.spec", "objekt.spec"), "utf-8")

    assert command_line.run("policy", "test").code == errors.ExitCode.BAD_INPUT
