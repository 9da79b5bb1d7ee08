"""Ids: their form, the reserved ones, the look-alikes, and that no derived name is ever cut."""

from __future__ import annotations

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.model import names

IDS = pydantic.TypeAdapter(names.Id)


def is_id(text: str) -> bool:
    try:
        IDS.validate_python(text, strict=True)
    except pydantic.ValidationError:
        return False
    return True


@given(st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True))
def test_an_id_is_any_label_of_2_to_30_characters(text: str) -> None:
    assert is_id(text) == (2 <= len(text) <= 30)


@given(st.text(min_size=1))
def test_an_id_is_safe_in_paths_sql_and_interface_names(text: str) -> None:
    if is_id(text):
        assert text.isascii()
        assert not set(text) & set("/.\\ \n\"'_")
        assert not text.startswith("-")
        assert "--" not in text


@pytest.mark.parametrize(
    "text", ["a\n", "ab\n", "../ab", "ab/cd", "a.b", "Ab", "a_b", "ab-", "a--b", "1ab", "财政", "аb", ""]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    assert not is_id(text)


@given(st.from_regex(r"[a-z0-9-]{1,30}", fullmatch=True))
def test_a_skeleton_is_its_own_skeleton(text: str) -> None:
    assert names.skeleton(names.skeleton(text)) == names.skeleton(text)


@pytest.mark.parametrize(
    ("one", "other"), [("tax1", "taxl"), ("finance", "flnance"), ("modern", "modem"), ("go0d", "good")]
)
def test_look_alikes_share_a_skeleton(one: str, other: str) -> None:
    assert names.skeleton(one) == names.skeleton(other)


@pytest.mark.parametrize("text", ["finance-prod", "x-dev", "kube-x", "pg-x", "postgres", "public", "internal"])
def test_reserved_ids(text: str) -> None:
    assert names.is_reserved(text)


@pytest.mark.parametrize("text", ["finance", "products", "prod-x", "kubes", "devices", "internals"])
def test_ids_that_only_resemble_reserved_ones_are_free(text: str) -> None:
    assert not names.is_reserved(text)


def test_the_longest_ids_fit_where_they_end_up() -> None:
    tenant, environment, database = "a" * 30, "staging", "d" * 16
    assert is_id(tenant)
    assert environment in names.ENVIRONMENTS
    assert len(f"{tenant}-{environment}") <= 63, "a Kubernetes namespace"
    assert len(f"{tenant}_{environment}_{database}_owner") <= 63, "a PostgreSQL role"
