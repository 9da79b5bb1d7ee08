"""Untrusted words, made fit for every format."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance.reports import texts
from govcloud_cli.inventory import sources
from tests.support import nasty

ANY = st.text(st.characters())


@given(st.one_of(ANY, st.sampled_from(nasty.FRAGMENTS), ANY.map(lambda text: text * 99)))
def test_whatever_comes_in_one_short_line_comes_out_that_every_format_can_hold(text: str) -> None:
    shown = texts.line(text, 80)
    assert 1 <= len(shown) <= 80
    assert shown == shown.strip()
    assert sources.forbidden_in_value(shown) == ""
    element = ET.Element("x", {"a": shown})
    element.text = shown
    back = ET.fromstring(ET.tostring(element, encoding="utf-8"))
    assert (back.text, back.get("a")) == (shown, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web", "web"),
        ("  two\n lines\t", "two lines"),
        ("财政局 · يۈنشى", "财政局 · يۈنشى"),
        ("a\x00b\x1b[31m", "a\ufffdb\ufffd[31m"),
        ("half \ud800 and \udcff", "half \ufffd and \ufffd"),
        ("turned \u202eround", "turned \ufffdround"),
        ("", "?"),
        ("\n", "?"),
        ("x" * 20, "x" * 9 + "…"),
        ("x" * 11, "x" * 9 + "…"),
        ("x" * 10, "x" * 10),
        ("x" + " " * 50 + "y" * 50, "x…"),
    ],
)
def test_a_line_is_as_expected(text: str, shown: str) -> None:
    most = 10 if set(text) & {"x"} else 80
    assert texts.line(text, most) == shown
