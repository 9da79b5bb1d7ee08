from __future__ import annotations

import dataclasses

import pydantic
import pytest

from govcloud_cli.model import identities, platforms
from govcloud_cli.plan import identity_places
from govcloud_cli.plan.host_variables import identity
from tests.support import inventories


def test_the_service_believes_the_gateway_in_its_own_zone_and_nobody_else() -> None:
    spec = inventories.lab()
    place = identity_places.of(spec, platforms.Side.EXTERNAL)
    assert place is not None
    assert identity.of(spec, place)["identity_trusted_sources"] == ["10.20.0.22/32", "fd20::22/128"]


def test_the_service_is_told_who_issued_the_directorys_certificate() -> None:
    spec = inventories.lab()
    place = identity_places.of(spec, platforms.Side.EXTERNAL)
    assert place is not None
    assert identity.of(spec, place)["identity_directory_authority"] == ""
    pem = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
    told = identities.Directory(
        url="ldaps://directory.example", people="ou=people,dc=example", bind="cn=reader,dc=example", authority=pem
    )
    whole = spec.platform.spec
    platform = spec.platform.model_copy(
        update={"spec": whole.model_copy(update={"identity": whole.identity.model_copy(update={"directory": told})})}
    )
    assert identity.of(dataclasses.replace(spec, platform=platform), place)["identity_directory_authority"] == pem


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "QUJD",
        "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\nand more",
        "-----BEGIN CERTIFICATE-----\n{{ lookup('pipe', 'id') }}\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n" * 5,
    ],
)
def test_an_authority_is_certificates_and_nothing_else(authority: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="authority"):
        identities.Directory(
            url="ldaps://directory.example",
            people="ou=people,dc=example",
            bind="cn=reader,dc=example",
            authority=authority,
        )
