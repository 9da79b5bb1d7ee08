"""The gateway's own programs as modules, and a gateway's files in a folder."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pathlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.support import vpn_pki

_FILES = pathlib.Path(__file__).parents[3] / "roles" / "sslvpn" / "files"
_NAMES = ("gate", "check", "session", "revocation", "refusals")


@pytest.fixture(scope="package")
def programs() -> Iterator[SimpleNamespace]:
    """`gate`, `check`, `session`, `revocation` and `refusals`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_FILES))
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in _NAMES})
        for name in _NAMES:
            sys.modules.pop(name, None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A gateway's files."""

    folder: pathlib.Path
    settings: Any
    authority: vpn_pki.Authority
    revocation: ModuleType

    def publish(self, content: bytes) -> None:
        """Publish a revocation list."""
        (self.folder / "published.crl").write_bytes(content)

    def accept(self) -> None:
        """Let the gateway take it over."""
        self.revocation.accept(self.settings, vpn_pki.now())

    def audit(self) -> list[dict[str, Any]]:
        """The audit's lines."""
        file = self.folder / "vpn.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def place(tmp_path: pathlib.Path, programs: SimpleNamespace) -> Place:
    """A gateway with one person, `li-na`, and a revocation list that was taken over."""
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "li-na").write_text("# Ansible\nipv4-network = 10.21.0.0/24\nipv6-network = fd21::/112\n")
    (tmp_path / "secret").write_text("the-clients-secret\n")
    authority = vpn_pki.Authority.new("vpn-ca")
    (tmp_path / "authority.crt").write_bytes(vpn_pki.pem(authority.certificate))
    settings = programs.gate.Settings(
        issuer="https://localhost:1/realms/govcloud",
        client="govcloud-vpn",
        ca_file=str(tmp_path / "authority.crt"),
        secret_file=str(tmp_path / "secret"),
        people=str(tmp_path / "people"),
        revocations=str(tmp_path / "published.crl"),
        accepted=str(tmp_path / "accepted.crl"),
        authority=str(tmp_path / "authority.crt"),
        attempts=str(tmp_path / "attempts.db"),
        attempts_allowed=3,
        ban_seconds=900,
        login_seconds=30,
        log=str(tmp_path / "vpn.jsonl"),
    )
    made = Place(folder=tmp_path, settings=settings, authority=authority, revocation=programs.revocation)
    made.publish(vpn_pki.pem(authority.revocations()))
    made.accept()
    return made
