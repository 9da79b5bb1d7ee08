"""Paths as URIs."""

from __future__ import annotations

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance.reports import places


@pytest.mark.parametrize(
    ("file", "root", "uri", "relative"),
    [
        ("deploy/web.yaml", "", "deploy/web.yaml", True),
        ("./deploy//web.yaml", "", "deploy/web.yaml", True),
        ("deploy/web.yaml", "/src/x", "deploy/web.yaml", True),
        ("/src/x/deploy/web.yaml", "/src/x", "deploy/web.yaml", True),
        ("/src/xy/web.yaml", "/src/x", "file:///src/xy/web.yaml", False),
        ("../y/web.yaml", "/src/x", "file:///src/y/web.yaml", False),
        ("../y/web.yaml", "", "../y/web.yaml", True),
        ("/etc/web.yaml", "", "file:///etc/web.yaml", False),
        ("/src/x", "/src/x", ".", True),
        ("a b/ü?.yaml#1", "", "a%20b/%C3%BC%3F.yaml%231", True),
        ("http://evil/x", "", "http%3A/evil/x", True),
        ("bytes\udcff.yaml", "", "bytes%FF.yaml", True),
        ("half\ud800.yaml", "", "half%3F.yaml", True),
        ("x.yaml", "/", "x.yaml", True),
    ],
)
def test_a_path_becomes_a_uri_that_is_relative_where_that_is_true(
    file: str, root: str, uri: str, relative: bool
) -> None:
    expected = {"uri": uri, "uriBaseId": places.BASE} if relative else {"uri": uri}
    assert places.artifact(file, root=root) == expected


@given(st.text(st.characters(), max_size=30))
def test_no_path_names_a_host_or_a_scheme_of_its_own(file: str) -> None:
    uri = places.artifact(file)["uri"]
    parts = urllib.parse.urlsplit(uri)
    assert parts.netloc == ""
    assert parts.scheme in ("", "file")
    assert uri.isascii()
