"""One-time codes, beside the RFCs' own numbers and another implementation."""

from __future__ import annotations

import urllib.parse

import pytest

from govcloud_cli.governance import one_time_codes

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    # RFC 6238, appendix B, SHA1.
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, eight_digits: str) -> None:
    assert one_time_codes.code(SECRET, seconds) == eight_digits[-6:]
    assert one_time_codes.code(SECRET, seconds // 30 * 30 + 29.9) == eight_digits[-6:]


def test_what_the_telephone_takes_says_everything() -> None:
    uri = one_time_codes.uri(SECRET, issuer="岚河 政务云", account="li.wei")
    parts = urllib.parse.urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert urllib.parse.unquote(parts.path) == "/岚河 政务云:li.wei"
    assert " " not in uri
    assert "+" not in uri
    assert urllib.parse.parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["岚河 政务云"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
