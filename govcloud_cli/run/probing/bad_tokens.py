"""Makes of a good token what an attacker would: tokens that no API server may take (RFC 7519, RFC 8725)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_MASTERS = "system:masters"
"""The group that Kubernetes lets do everything, whatever its roles say."""


def forged_signature(token: str) -> str:
    """The same header and claims, the key's own name in it, signed with a key of ours."""
    said = token.rpartition(".")[0]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return f"{said}.{_encoded(key.sign(said.encode('ascii'), padding.PKCS1v15(), hashes.SHA256()))}"


def unsigned(token: str) -> str:
    """The same claims, and a header that says that no signature is needed (`alg: none`)."""
    header, claims, _ = token.split(".")
    return f"{_part({**_read(header), 'alg': 'none'})}.{claims}."


def altered_groups(token: str) -> str:
    """The same header and signature, and one more group among the claims."""
    header, claims, signature = token.split(".")
    said = _read(claims)
    return f"{header}.{_part({**said, 'groups': [*said.get('groups', ()), _MASTERS]})}.{signature}"


FORGERIES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "forged-signature": forged_signature,
        "unsigned": unsigned,
        "altered-groups": altered_groups,
    }
)
"""By the probes' acts: what makes them of a good token."""


def expires(token: str) -> int:
    """When a token ends (`exp`, seconds since 1970)."""
    return int(_read(token.split(".")[1])["exp"])


def _read(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _part(document: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(document, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
