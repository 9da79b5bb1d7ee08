"""Folders of policies: each case changes a good one and is refused by exactly these faults; the shipped one is read."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from govcloud_cli import errors, resources
from govcloud_cli.inventory import explain, rulebook
from govcloud_cli.model import policies

CASES = Path(__file__).resolve().parents[1] / "cases" / "rulebook"
WITH_TESTS = {"GC1901", "GC1902", "GC1903", "GC1904", "GC1905"}
POLICY = Path("pods/no-host-network/policy.yaml")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASES / "good", tmp_path / "policies"))


def build(folder: Path, case: dict[str, Any]) -> None:
    for edit in case.get("edits", ()):
        path = folder / edit["file"]
        before = path.read_text(encoding="utf-8")
        assert before.count(edit["find"]) == 1, f"{edit['find']!r} must stand once in {edit['file']}"
        path.write_text(before.replace(edit["find"], edit["put"]), encoding="utf-8")
    for name in case.get("remove", ()):
        (folder / name).unlink()
    for name, text in case.get("add", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def faults(*folders: Path) -> tuple[errors.Fault, ...]:
    with pytest.raises(errors.InventoryError) as caught:
        rulebook.load(folders)
    return caught.value.faults


def copy(folder: Path, name: str) -> Path:
    """Another folder of policies, with what `good` has beside them."""
    (folder / "pods").mkdir(parents=True)
    shutil.copytree(CASES / "good" / "pods" / "no-host-network", folder / "pods" / name)
    return folder / "pods" / name / "policy.yaml"


def replace(path: Path, find: str, put: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(find, put), encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.name for path in (CASES / "refused").iterdir()))
def test_refused_with_every_fault_in_its_place(name: str, good: Path) -> None:
    case = yaml.safe_load((CASES / "refused" / name / "case.yaml").read_text(encoding="utf-8"))
    build(good, case)

    found = faults(good)

    assert [
        {"code": one.code, "file": str(Path(one.file).relative_to(good)), "line": one.line, "field": one.field}
        for one in found
    ] == case["faults"]
    for one in found:
        assert one.message, "a fault says what is wrong"
        assert one.remedy, "a fault says what to do"
        assert "Input should" not in one.message, "no words of the library's"


def test_every_code_of_policies_has_a_case_or_a_test_of_its_own() -> None:
    assert {code for code in explain.EXPLANATIONS if code.startswith("GC19")} == WITH_TESTS


def test_the_good_folder_is_read_as_a_whole(good: Path) -> None:
    book = rulebook.load([good])

    assert [(one.policy.metadata.id, one.area, one.file) for one in book.entries] == [
        ("no-host-network", "pods", good / POLICY),
        ("zone-named", "zones", good / "zones" / "zone-named" / "policy.yaml"),
    ]
    assert book.policies[0].spec.severity is policies.Severity.HIGH
    assert [path.name for path in (*book.entries[0].allowed, *book.entries[0].denied)] == ["plain.yaml", "host.yaml"]
    assert set(book.libraries) == {"pods"}
    assert [waiver.metadata.id for waiver in book.waivers] == ["W-2026-001"]
    assert book.approvers.people == ("wang.fang",)


def test_the_fast_reader_and_the_slow_one_make_the_same_of_a_folder(good: Path) -> None:
    fast = rulebook.load([good])
    for path in good.rglob("*.yaml"):
        # A comment with an ampersand is all that it takes.
        path.write_text(f"# &slow\n{path.read_text(encoding='utf-8')}", encoding="utf-8")

    assert rulebook.load([good]) == fast


def test_the_shipped_policies_are_read_soon_and_let_nothing_be() -> None:
    began = time.process_time()
    book = rulebook.load([resources.folder("policies")])

    assert len(book.entries) >= 90
    assert book.waivers == ()
    assert time.process_time() - began < 1.5, "a quarter of a second on a quiet machine"


def test_the_waiver_that_is_shown_as_an_example_could_be_one(good: Path) -> None:
    text = (resources.folder("policies") / "waivers" / "README.md").read_text(encoding="utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    (good / "waivers" / "finance-probe.yaml").write_text(example, encoding="utf-8")

    assert [one.metadata.id for one in rulebook.load([good]).waivers] == ["W-2026-001", "W-2026-014"]


def test_own_policies_stand_beside_the_shipped_ones_and_own_waivers_alone_count(good: Path, tmp_path: Path) -> None:
    path = copy(tmp_path / "own", "own-rule")
    replace(path, "id: no-host-network", "id: own-rule")
    (tmp_path / "own" / "approvers.yaml").write_text(
        "apiVersion: govcloud/v1\nkind: WaiverApprovers\npeople: [zhao.min, wang.fang]\n", encoding="utf-8"
    )

    book = rulebook.load([good, tmp_path / "own"])

    assert [one.metadata.id for one in book.policies] == ["no-host-network", "own-rule", "zone-named"]
    assert rulebook.load([good]).waivers
    assert book.waivers == ()
    assert book.approvers.people == ("zhao.min", "wang.fang")


def test_own_policies_cannot_take_the_place_of_a_shipped_one(good: Path, tmp_path: Path) -> None:
    path = copy(tmp_path / "own", "no-host-network")

    [found] = faults(good, tmp_path / "own")

    assert (found.code, found.file, found.field) == ("GC1201", str(path), "metadata.id")
    assert str(good / POLICY) in found.message


def test_own_libraries_cannot_take_the_place_of_a_shipped_one(good: Path, tmp_path: Path) -> None:
    (tmp_path / "own" / "library").mkdir(parents=True)
    shutil.copyfile(good / "library" / "pods.yaml", tmp_path / "own" / "library" / "pods.yaml")

    assert [one.code for one in faults(good, tmp_path / "own")] == ["GC1201"]


def test_a_folder_given_twice_is_read_once(good: Path) -> None:
    assert len(rulebook.load([good, good]).entries) == 2


@pytest.mark.parametrize("name", ["absent", "README.md"])
def test_a_folder_that_is_none_is_refused(name: str, good: Path) -> None:
    [found] = faults(good / name)

    assert found.code == "GC1904"


def test_links_are_not_followed(good: Path, tmp_path: Path) -> None:
    shutil.move(good / "pods", tmp_path / "elsewhere")
    (good / "pods").symlink_to(tmp_path / "elsewhere")
    shutil.move(good / "zones" / "zone-named" / "policy.yaml", tmp_path / "policy.yaml")
    (good / "zones" / "zone-named" / "policy.yaml").symlink_to(tmp_path / "policy.yaml")

    assert [(one.code, Path(one.file).name) for one in faults(good)] == [("GC1903", "pods"), ("GC1001", "policy.yaml")]


def test_what_cannot_be_compiled_is_told_with_its_line(good: Path) -> None:
    [entry, _] = rulebook.load([good]).entries

    [found] = rulebook.unaskable(entry, [("spec.validations[0].expression", "there is no function nothing()")])

    assert (found.code, found.line, found.field) == ("GC1905", 22, "spec.validations[0].expression")
