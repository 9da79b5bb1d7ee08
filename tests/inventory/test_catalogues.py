"""Reading the catalogues of requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.inventory import catalogues
from govcloud_cli.model import controls

GOOD = """\
apiVersion: govcloud/v1
kind: ControlCatalogue
metadata:
  id: nist-x
  title: {en: Some controls, zh: 若干控制项}
  version: Revision 5
  publisher: NIST
spec:
  framework: nist
  controls:
    - id: AC-6
      title: {en: Least privilege, zh: 最小权限}
      automation: partial
      checks: ["verify:namespace"]
      why: What the checks see, and what they do not.
"""


def folder(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "controls").mkdir()
    for name, text in files.items():
        (tmp_path / "controls" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_our_own_catalogues_load_in_a_fixed_order() -> None:
    found = catalogues.load(resources.folder("policies"))
    assert [one.spec.framework for one in found] == list(controls.Framework)


def test_a_catalogue_is_read(tmp_path: Path) -> None:
    [found] = catalogues.load(folder(tmp_path, a=GOOD))
    [control] = found.spec.controls
    assert (control.id, control.automation, control.clause) == ("AC-6", controls.Automation.PARTIAL, None)


def test_no_folder_is_no_catalogue(tmp_path: Path) -> None:
    assert catalogues.load(tmp_path) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("partial", "sometimes", ("GC1104", 13, "spec.controls[0].automation")),
        ("framework: nist", "framework: iso", ("GC1104", 9, "spec.framework")),
        ("verify:namespace", "verify:everything", ("GC1105", 14, "spec.controls[0].checks[0]")),
        ("verify:namespace", "roles/x/tests/test_x.py", ("GC1105", 14, "spec.controls[0].checks[0]")),
        ("verify:namespace", "roles/../x/tests/test_x.py::test_a", ("GC1105", 14, "spec.controls[0].checks[0]")),
        ("id: AC-6", "id: AC 6", ("GC1105", 11, "spec.controls[0].id")),
        ("      why: What", "      reason: What", ("GC1101", 11, "spec.controls[0].why")),
        ("kind: ControlCatalogue", "kind: Policy", ("GC1104", 2, "kind")),
        ("  controls:", "  controls: [", ("GC1005", 11, "spec.controls[0]")),
        ("{en: Least privilege, zh: 最小权限}", "*a", ("GC1008", 12, "spec.controls[0].title")),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, expected: tuple[str, int, str]) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(errors.InventoryError) as caught:
        catalogues.load(folder(tmp_path, a=GOOD.replace(old, new)))
    told = {(fault.code, fault.line, fault.field) for fault in caught.value.faults}
    assert expected in told


def test_a_requirement_is_listed_once_and_a_framework_has_one_catalogue(tmp_path: Path) -> None:
    twice = GOOD + GOOD.partition("  controls:\n")[2]
    with pytest.raises(errors.InventoryError) as caught:
        catalogues.load(folder(tmp_path, a=GOOD, b=twice))
    told = [(Path(fault.file).name, fault.code, fault.line, fault.found) for fault in caught.value.faults]
    assert told == [("b.yaml", "GC1201", 9, "nist"), ("b.yaml", "GC1201", 16, "AC-6")]


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    bad = GOOD.replace("partial", "never").replace("Least privilege", "x")
    with pytest.raises(errors.InventoryError) as caught:
        catalogues.load(folder(tmp_path, a=bad, b=bad))
    assert [(Path(one.file).name, one.line) for one in caught.value.faults] == [
        ("a.yaml", 12), ("a.yaml", 13), ("b.yaml", 12), ("b.yaml", 13),
    ]  # fmt: skip
