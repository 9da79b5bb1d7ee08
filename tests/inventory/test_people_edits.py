"""`people.yaml` changed as a person would: only what differs, and everything else to the letter."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies as st

from govcloud_cli import errors
from govcloud_cli.inventory import people_edits

FILE = """\
# Who decides.
apiVersion: govcloud/v1
kind: People
spec:
  people:
    - id: li.wei  # since 2020
      displayName: 李伟
      organisation: lanhe-tax
      groups:
        - finance:owners  # the ledger
        - finance:viewers
      # Works nights.
      accounts: {os: [liw], git: [li.wei@lanhe.example]}
      approves: [lanhe]
    - {id: wang.fang, displayName: 王芳, duty: audit, leavesOn: 2027-06-30}
    # The last one.
    - displayName: "陈 · 杰"
      id: chen.jie
# The end.
"""


def edited(*rows: dict[str, Any]) -> str:
    return people_edits.edited(FILE, rows)


def read(text: str) -> dict[str, Any]:
    return {one["id"]: one for one in yaml.load(text, Loader=yaml.BaseLoader)["spec"]["people"]}


def test_what_is_said_already_changes_not_a_letter() -> None:
    assert edited({"id": "li.wei", "displayName": "李伟", "groups": ["finance:owners", "finance:viewers"]}) == FILE
    assert edited({"id": "wang.fang", "leavesOn": "2027-06-30", "organisation": None}) == FILE


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        ({"id": "li.wei", "displayName": "李卫"}, "displayName: 李伟", "displayName: 李卫"),
        ({"id": "li.wei", "duty": "system"}, "displayName: 李伟\n", "displayName: 李伟\n      duty: system\n"),
        ({"id": "li.wei", "organisation": None}, "      organisation: lanhe-tax\n", ""),
        ({"id": "wang.fang", "duty": "system"}, "duty: audit", "duty: system"),
        ({"id": "wang.fang", "duty": None}, ", duty: audit", ""),
        ({"id": "wang.fang", "leavesOn": None}, ", leavesOn: 2027-06-30", ""),
        ({"id": "wang.fang", "organisation": "lanhe"}, "王芳,", "王芳, organisation: lanhe,"),
        ({"id": "wang.fang", "displayName": "no"}, "displayName: 王芳", 'displayName: "no"'),
        ({"id": "chen.jie", "displayName": "a: #b"}, '"陈 · 杰"', '"a: #b"'),
        (
            {"id": "li.wei", "groups": ["office:owners"]},
            "\n        - finance:owners  # the ledger\n        - finance:viewers\n",
            '\n        ["office:owners"]\n',
        ),
    ],
)
def test_a_change_is_made_where_it_belongs(row: dict[str, Any], old: str, new: str) -> None:
    assert old in FILE
    assert edited(row) == FILE.replace(old, new, 1)


def test_a_new_person_is_added_at_the_end_of_the_list() -> None:
    row = {"id": "new.one", "displayName": "新人", "groups": ["finance:owners"], "organisation": "lanhe", "duty": None}
    added = (
        "    - id: new.one\n      displayName: 新人\n      organisation: lanhe\n" + '      groups: ["finance:owners"]\n'
    )
    assert edited(row) == FILE.replace("      id: chen.jie\n", "      id: chen.jie\n" + added)


def test_many_changes_at_once_are_all_made() -> None:
    text = edited(
        {"id": "li.wei", "displayName": "李卫", "organisation": None, "groups": []},
        {"id": "wang.fang", "organisation": "lanhe", "duty": None, "leavesOn": "2028-01-01"},
        {"id": "chen.jie", "organisation": "lanhe"},
        {"id": "new.one", "displayName": "X"},
    )
    found = read(text)
    assert list(found) == ["li.wei", "wang.fang", "chen.jie", "new.one"]
    assert found["li.wei"] == {
        "id": "li.wei",
        "displayName": "李卫",
        "accounts": {"os": ["liw"], "git": ["li.wei@lanhe.example"]},
        "approves": ["lanhe"],
    }
    assert found["wang.fang"] == {
        "id": "wang.fang",
        "displayName": "王芳",
        "organisation": "lanhe",
        "leavesOn": "2028-01-01",
    }
    assert found["chen.jie"] == {"displayName": "陈 · 杰", "id": "chen.jie", "organisation": "lanhe"}
    for comment in ("# Who decides.", "# since 2020", "# Works nights.", "# The last one.", "# The end."):
        assert comment in text


def test_a_list_in_brackets_is_left_to_people() -> None:
    with pytest.raises(errors.UsageError, match="not a list of one entry below the other"):
        people_edits.edited("spec: {people: [{id: li.wei, displayName: L}]}\n", [{"id": "li.wei", "displayName": "X"}])


NAME = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20)
GROUPS = st.lists(
    st.sampled_from(["finance:owners", "finance:viewers", "no", "office:owners"]), max_size=3, unique=True
)


@hypothesis.given(
    st.dictionaries(
        st.sampled_from(["li.wei", "wang.fang", "chen.jie", "new.one", "other.one"]),
        st.fixed_dictionaries(
            {"displayName": NAME},
            optional={
                "organisation": st.none() | st.sampled_from(["lanhe", "on", "lanhe-tax"]),
                "groups": GROUPS,
                "duty": st.none() | st.sampled_from(["audit", "system"]),
                "leavesOn": st.none() | st.sampled_from(["2027-06-30", "2028-01-01"]),
            },
        ),
    )
)
def test_whatever_is_asked_for_is_what_is_read_afterwards(rows: dict[str, dict[str, Any]]) -> None:
    text = people_edits.edited(FILE, [{"id": name, **row} for name, row in rows.items()])
    expected = read(FILE)
    for name, row in rows.items():
        person = expected.setdefault(name, {"id": name})
        for field, value in row.items():
            person.pop(field, None)
            if value:
                person[field] = value
    assert read(text) == expected
    again = people_edits.edited(text, [{"id": name, **row} for name, row in rows.items()])
    assert again == text
