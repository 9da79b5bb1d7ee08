from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.run.login import endpoints, transport
from tests.support.identity_answers import ISSUER, METADATA, Service


@pytest.mark.parametrize(
    "issuer",
    [f"{ISSUER}/", ISSUER.replace("govcloud", "other"), "https://attacker.invalid/realms/govcloud", None, [ISSUER]],
)
def test_a_service_that_calls_itself_otherwise_is_not_the_one_that_was_asked_for(issuer: object) -> None:
    with pytest.raises(errors.GovcloudError, match="not the one that was asked for"):
        endpoints.discover(ISSUER, Service(metadata={**METADATA, "issuer": issuer}))


@pytest.mark.parametrize("name", [name for name in METADATA if name.endswith("_endpoint")])
@pytest.mark.parametrize(
    "url",
    [
        "https://attacker.invalid/token",
        "http://identity.gov.invalid/token",
        "https://identity.gov.invalid:444/token",
        "https://user@identity.gov.invalid/token",
        "//identity.gov.invalid/token",
        None,
        7,
    ],
)
def test_an_endpoint_of_another_host_is_refused(name: str, url: object) -> None:
    with pytest.raises(errors.GovcloudError) as caught:
        endpoints.discover(ISSUER, Service(metadata={**METADATA, name: url}))
    assert caught.value.cause == f"{name} is missing, or not of the issuer's own host"


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, b'"text"'])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        endpoints.discover(ISSUER, Service(metadata=transport.Answer(status=200, body=body)))


def test_a_redirect_or_an_error_is_no_answer() -> None:
    for status in (301, 302, 404, 500):
        with pytest.raises(errors.GovcloudError, match="cannot be used"):
            endpoints.discover(ISSUER, Service(metadata=transport.Answer(status=status, body=b"{}")))


def test_a_slash_at_an_issuers_end_is_nothing() -> None:
    assert endpoints.check_issuer(f"{ISSUER}/") == ISSUER


@pytest.mark.parametrize(
    "issuer",
    [
        "http://identity.gov/realms/govcloud",
        "identity.gov",
        "",
        "https://",
        "https://user:password@identity.gov/",
        "https://identity.gov/?a=b",
        "https://identity.gov/#a",
        "https://identity.gov\n/realms",
        "https://identity.gov:0/realms",
        "https://identity.gov:99999/realms",
        "https://[::1/realms",
        "https://身份.gov/realms",
    ],
)
def test_an_issuer_that_is_no_https_address_is_refused(issuer: str) -> None:
    with pytest.raises(errors.UsageError):
        endpoints.check_issuer(issuer)


@hypothesis.given(strategies.text(max_size=60))
def test_no_text_is_an_address_by_accident(text: str) -> None:
    assert not endpoints.is_of(text, ISSUER) or text.lower().startswith("https://identity.gov.invalid")
