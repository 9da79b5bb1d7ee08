"""Each case folder: what it changes in a good inventory is refused by exactly these faults, or accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors
from govcloud_cli.inventory import explain, loading
from tests.inventory import cases


@pytest.mark.parametrize("name", cases.names("refused"))
def test_refused_with_every_fault_in_its_place(name: str, tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name=name)

    with pytest.raises(errors.InventoryError) as caught:
        loading.load(folder)

    seen = [
        {"code": one.code, "file": str(Path(one.file).relative_to(folder)), "line": one.line, "field": one.field}
        for one in caught.value.faults
    ]
    assert seen == cases.read("refused", name)["faults"]
    for fault in caught.value.faults:
        assert fault.message, "a fault says what is wrong"
        assert fault.remedy, "a fault says what to do"
        assert "Input should" not in fault.message, "no words of the library's"


@pytest.mark.parametrize("name", cases.names("accepted"))
def test_accepted_beside_its_refused_case(name: str, tmp_path: Path) -> None:
    assert loading.load(cases.build(tmp_path, kind="accepted", name=name)).environment == "town"


def test_the_good_inventory_itself_is_accepted() -> None:
    assert len(loading.load(cases.ROOT / "good").tenants) == 3


def test_every_code_has_a_case_or_a_test_of_its_own() -> None:
    in_cases = {fault["code"] for name in cases.names("refused") for fault in cases.read("refused", name)["faults"]}
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert {code for code in explain.EXPLANATIONS if code not in in_cases and f'"{code}"' not in tests} == set()
