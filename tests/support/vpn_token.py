"""A PKCS#11 token for tests: SoftHSM2 in a folder, as OpenSC's are in people's hands. The key never leaves it."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import soft_tokens, vpn_client, vpn_pki

PIN = "135790"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """One person's token."""

    folder: pathlib.Path
    label: str

    @classmethod
    def new(cls, folder: pathlib.Path, label: str) -> Token:
        """Make an empty one with a key pair on it."""
        one = cls(folder=folder, label=label)
        soft_tokens.add(soft_tokens.configure(folder), label, PIN)
        one._run(*one._tool("--keypairgen", "--key-type=EC:prime256v1"))
        return one

    @property
    def environment(self) -> dict[str, str]:
        """Where SoftHSM2 finds it."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    @property
    def public_key(self) -> vpn_pki.PublicKey:
        """The public half of the key."""
        file = self.folder / "public.der"
        self._run(*self._tool("--read-object", "--type=pubkey", f"--output-file={file}"))
        key = serialization.load_der_public_key(file.read_bytes())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError(f"{key} is on no curve")
        return key

    def store(self, certificate: x509.Certificate) -> vpn_client.Credentials:
        """Put a certificate beside the key; how openconnect is told of both."""
        file = self.folder / "certificate.der"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        self._run(*self._tool("--write-object", str(file), "--type=cert"))
        url = f"pkcs11:token={self.label};id=%01;type={{}}?pin-value={PIN}"
        return vpn_client.Credentials(certificate=url.format("cert"), key=url.format("private"))

    def _tool(self, *arguments: str) -> list[str]:
        fixed = [f"--module={soft_tokens.module()}", f"--token-label={self.label}", "--login", f"--pin={PIN}"]
        return ["pkcs11-tool", *fixed, "--id=01", f"--label={self.label}", *arguments]

    def _run(self, *command: str) -> None:
        environment = {**os.environ, **self.environment}
        subprocess.run(command, check=True, capture_output=True, env=environment)
