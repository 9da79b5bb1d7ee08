"""Which policies count, and whose waivers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from govcloud_cli import errors
from govcloud_cli.run.policing import books
from tests.support import policy_folders


def ids(book: books.Book) -> list[str]:
    return [one.metadata.id for one in book.policies]


@pytest.mark.usefixtures("here")
def test_govclouds_own_count_everywhere() -> None:
    assert ids(books.of(None)) == ["pod-privileged", "tenant-named"]


def test_those_of_the_current_folder_count_too(here: Path) -> None:
    policy_folders.policy(here / "policies", "own-rule-of-pods")

    assert ids(books.of(None)) == ["own-rule-of-pods", "pod-privileged", "tenant-named"]


def test_of_an_environment_those_beside_its_inventories_count_and_not_the_current_folders(
    here: Path, tmp_path: Path
) -> None:
    policy_folders.policy(here / "policies", "rule-of-here")
    policy_folders.policy(tmp_path / "cloud" / "policies", "rule-of-cloud")

    assert ids(books.of(tmp_path / "cloud" / "inventories" / "town"))[-1:] == ["tenant-named"]
    assert "rule-of-cloud" in ids(books.of(tmp_path / "cloud" / "inventories" / "town"))
    assert "rule-of-here" not in ids(books.of(tmp_path / "cloud" / "inventories" / "town"))


@pytest.mark.parametrize("spelled", ["policies", "link"])
def test_a_checkouts_own_folder_counts_once_and_its_waivers_count(
    spelled: str, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shipped.parent)
    policy_folders.waiver(shipped)
    (shipped.parent / "link").symlink_to("policies")

    book = books.load(Path(spelled))

    assert book.folders == (Path(spelled),)
    assert ids(book) == ["pod-privileged", "tenant-named"]
    assert [one.metadata.id for one in book.rulebook.waivers] == ["W-2026-001"]
    assert book.rulebook.approvers.people == ("zhou.min",)


def test_neither_waivers_nor_approvers_come_with_govcloud(here: Path, shipped: Path) -> None:
    policy_folders.waiver(shipped, "W-2026-001")
    policy_folders.waiver(here / "policies", "W-2026-002")
    (here / "policies" / "approvers.yaml").unlink()

    book = books.of(None)

    assert [one.metadata.id for one in book.rulebook.waivers] == ["W-2026-002"]
    assert book.rulebook.approvers.people == ()


@pytest.mark.parametrize(
    ("inventory", "found"),
    [
        ("inventories/lab", "policies"),
        ("cloud/inventories/lab", "cloud/policies"),
        ("/srv/cloud/inventories/lab", "/srv/cloud/policies"),
    ],
)
def test_policies_lie_beside_the_folder_of_the_inventories(inventory: str, found: str) -> None:
    assert books.beside(Path(inventory)) == Path(found)


@pytest.mark.parametrize("inventory", [".", "../lab", "lab", "x/../../inventories/lab"])
def test_of_a_name_that_tells_no_folder_above_the_real_one_is_taken(
    inventory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inventories" / "lab"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside if inventory in {".", "../lab", "x/../../inventories/lab"} else inside.parent)
    expected = Path(os.path.normpath(Path.cwd() / inventory)).parent.parent / "policies"

    assert books.beside(Path(inventory)) == expected


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("pods/rule/policy.yaml", True),
        ("waivers/w.yaml", True),
        ("approvers.yaml", True),
        ("library/pods.yaml", True),
        ("deny.rego", False),
        ("kyverno/policy.yaml", False),
        ("README.md", False),
    ],
)
def test_a_folder_is_ours_by_what_is_in_it(path: str, ours: bool, tmp_path: Path) -> None:
    policy_folders.write(tmp_path / "policies" / path, "")

    assert books.is_ours(tmp_path / "policies") is ours


def test_no_folder_is_not_ours(tmp_path: Path) -> None:
    assert not books.is_ours(tmp_path / "policies")
    assert not books.is_ours(policy_folders.write(tmp_path / "file", ""))


@pytest.mark.usefixtures("here")
def test_catalogues_of_all_folders_are_read() -> None:
    assert [one.metadata.id for one in books.of(None).catalogues()] == ["mlps-all", "nist-all"]


@pytest.mark.usefixtures("here")
def test_every_policy_that_does_not_compile_is_told_at_once(shipped: Path) -> None:
    for area, name in (("pods", "pod-privileged"), ("tenants", "tenant-named")):
        path = shipped / area / name / "policy.yaml"
        path.write_text(path.read_text("utf-8").replace("expression: object", "expression: objekt"), "utf-8")
    book = books.of(None)

    with pytest.raises(errors.InventoryError) as caught:
        books.compiled(book, book.policies, settings={"registries": []})

    assert [Path(fault.file).parent.name for fault in caught.value.faults] == ["pod-privileged", "tenant-named"]
    assert {fault.field for fault in caught.value.faults} == {"spec.validations[0].expression"}
    assert all(fault.line for fault in caught.value.faults)
