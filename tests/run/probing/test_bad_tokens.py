"""Bad tokens are bad in one way each, and as good as the real one in all others."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography import exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from govcloud_cli.plan import identity_probes
from govcloud_cli.run.probing import bad_tokens

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read(token: str, part: int) -> dict[str, Any]:
    text = token.split(".")[part]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def good() -> str:
    header, claims = {"alg": "RS256", "kid": "k1"}, {"sub": "s", "groups": ["a:owners"], "exp": 1_800_000_000}
    said = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{said}.{encoded(KEY.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def verifies(token: str) -> bool:
    said, _, signature = token.rpartition(".")
    try:
        data = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        KEY.public_key().verify(data, said.encode(), padding.PKCS1v15(), hashes.SHA256())
    except exceptions.InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("act", bad_tokens.FORGERIES)
def test_no_forgery_verifies(act: str) -> None:
    token = good()
    assert verifies(token)
    forged = bad_tokens.FORGERIES[act](token)
    assert forged != token
    assert forged.count(".") == 2
    assert not verifies(forged)


def test_a_forged_signature_is_under_the_very_words_of_the_good_token() -> None:
    token = good()
    assert bad_tokens.forged_signature(token).rpartition(".")[0] == token.rpartition(".")[0]


def test_an_unsigned_token_says_so_and_claims_the_same() -> None:
    forged = bad_tokens.unsigned(good())
    assert forged.endswith(".")
    assert read(forged, 0) == {"alg": "none", "kid": "k1"}
    assert read(forged, 1) == read(good(), 1)


def test_altered_groups_claim_everything_under_the_old_signature() -> None:
    token = good()
    forged = bad_tokens.altered_groups(token)
    assert forged.rpartition(".")[2] == token.rpartition(".")[2]
    assert read(forged, 1)["groups"] == ["a:owners", "system:masters"]


def test_a_token_tells_its_end() -> None:
    assert bad_tokens.expires(good()) == 1_800_000_000


def test_every_bad_token_of_the_plan_can_be_made() -> None:
    served = {"other-audience", "other-client", "expired"}
    assert set(bad_tokens.FORGERIES) | served == set(identity_probes.BAD_TOKENS)
