"""A real Keycloak inside the gateway's lab: people with password and one-time code, and the gateway's client.

It serves at the identity service's address in the namespace `inside`; its database is in memory.
"""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from govcloud_cli.providers.keycloak import session
from tests.support import accounts, keycloak, vpn_gateway, vpn_pki

PASSWORD: Final = "Correct-horse-7"
SECRET: Final = "test-secret-of-the-gateway"
_URL: Final = f"https://{vpn_gateway.IDENTITY}"
_ADMIN: Final = "/admin/realms/govcloud"
_PATIENCE: Final = 60.0


def codes_of(person: str) -> accounts.Codes:
    """The codes that `running` gives a person."""
    return accounts.Codes(secret=_otp(person).encode())


def _otp(person: str) -> str:
    return f"secret-of-{person}"


@contextlib.contextmanager
def running(
    one: vpn_gateway.World,
    people: Sequence[str],
    *,
    without_code: Sequence[str] = (),
    java: Sequence[str] = keycloak.JAVA,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it with accounts for `people`, who all have `PASSWORD`; those `without_code` have nothing else.

    `java` are Java's options. Gives the process of Java.
    """
    folder = one.folder / "identity"
    folder.mkdir()
    key = vpn_pki.new_key()
    certificate = one.services_authority.server(key, "identity", vpn_gateway.IDENTITY)
    vpn_pki.write(folder, "server.crt", vpn_pki.pem(certificate))
    vpn_pki.write(folder, "server.key", vpn_pki.key_pem(key))
    vpn_pki.write(folder, "ca.crt", vpn_pki.pem(one.services_authority.certificate))
    within = ("ip", "netns", "exec", one.namespace("inside"))
    with keycloak.started(folder, _URL, host=vpn_gateway.IDENTITY, port=443, within=within, java=java) as process:
        program = [*within, sys.executable, "-m", "tests.support.vpn_identity"]
        done = subprocess.run(
            [*program, str(folder / "ca.crt"), ",".join(people), ",".join(without_code)],
            cwd=pathlib.Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            log = (folder / "log").read_text("utf-8", "replace")
            pytest.fail(f"Keycloak could not be set up: {done.stderr[-2000:]}\n{log[-3000:]}", pytrace=False)
        yield process


def _make_realm(api: session.Session) -> None:
    settings = {"realm": "govcloud", "enabled": True, "bruteForceProtected": True, "failureFactor": 30}
    api.post("/admin/realms", {**settings, **accounts.POLICY})
    # As it comes, an account without a second factor gets a token for its password alone.
    flows = f"{_ADMIN}/authentication/flows"
    api.post(f"{flows}/direct%20grant/copy", {"newName": "vpn"})
    for execution in api.get(f"{flows}/vpn/executions"):
        wanted = "DISABLED" if execution.get("providerId", "").startswith("conditional") else "REQUIRED"
        api.put(f"{flows}/vpn/executions", {**execution, "requirement": wanted})
    client = {
        "clientId": "govcloud-vpn",
        "secret": SECRET,
        "publicClient": False,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "authenticationFlowBindingOverrides": {
            "direct_grant": next(flow["id"] for flow in api.get(flows) if flow["alias"] == "vpn")
        },
    }
    api.post(f"{_ADMIN}/clients", client)


def main(ca: str, people: str, without_code: str) -> None:
    """Set everything up, in the namespace."""
    authority = pathlib.Path(ca).read_text("ascii")
    with session.Session(_URL, keycloak.CLIENT, keycloak.SECRET, authority, patience=_PATIENCE) as api:
        _make_realm(api)
        for person in filter(None, people.split(",")):
            otp = None if person in without_code.split(",") else _otp(person)
            account = accounts.Account(name=person, password=PASSWORD, otp=otp)
            api.post(f"{_ADMIN}/users", account.complete())


if __name__ == "__main__":
    main(*sys.argv[1:])
