"""A real Keycloak inside the gateway's lab: people with password and one-time code, and the gateway's client.

It serves at the identity service's address in the namespace `inside`; its database is in memory.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import hmac
import json
import os
import pathlib
import signal
import ssl
import struct
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from tests.support import vpn_gateway, vpn_pki

VERSION: Final = "26.4.0"
PASSWORD: Final = "Correct-horse-7"
SECRET: Final = "test-secret-of-the-gateway"
_ADMIN: Final = "setting-up"
_URL: Final = f"https://{vpn_gateway.IDENTITY}"
_REALM: Final[Mapping[str, object]] = {
    "realm": "govcloud",
    "enabled": True,
    "bruteForceProtected": True,
    "failureFactor": 30,
    "otpPolicyType": "totp",
    "otpPolicyAlgorithm": "HmacSHA1",
    "otpPolicyInitialCounter": 0,
    "otpPolicyDigits": 6,
    "otpPolicyPeriod": 30,
    "otpPolicyLookAheadWindow": 1,
    "otpPolicyCodeReusable": False,
}


@dataclasses.dataclass(kw_only=True)
class Codes:
    """A person's one-time codes (RFC 6238): each is given out once."""

    secret: bytes
    _used: set[int] = dataclasses.field(default_factory=set)

    def at(self, moment: float) -> str:
        """The code of a moment."""
        return self._code(int(moment) // 30)

    def next(self) -> str:
        """A code that counts now and was not used; waits when there is none."""
        while True:
            step = int(time.time()) // 30
            # The service takes one step to either side; the edges are left out, in case the step ends meanwhile.
            for candidate in (step, step + 1):
                if candidate not in self._used:
                    self._used.add(candidate)
                    return self._code(candidate)
            time.sleep(1)

    def _code(self, step: int) -> str:
        digest = hmac.digest(self.secret, struct.pack(">Q", step), hashlib.sha1)
        place = digest[-1] & 15
        (number,) = struct.unpack(">I", digest[place : place + 4])
        return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


def codes_of(person: str) -> Codes:
    """The codes that `running` gives a person."""
    return Codes(secret=f"secret-of-{person}".encode())


@contextlib.contextmanager
def running(
    one: vpn_gateway.World, people: Sequence[str], *, without_code: Sequence[str] = (), java: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it with accounts for `people`, who all have `PASSWORD`; those `without_code` have nothing else.

    `java` takes the place of its own options for Java. Gives the process that started Java.
    """
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    home = home / "govcloud" / f"keycloak-test-{VERSION}"
    if not home.is_dir():
        pytest.fail(f"Keycloak is not in {home}; tests.support.keycloak provides it", pytrace=False)
    key = vpn_pki.new_key()
    certificate = one.services_authority.server(key, "identity", vpn_gateway.IDENTITY)
    vpn_pki.write(one.folder, "identity.crt", vpn_pki.pem(certificate))
    vpn_pki.write(one.folder, "identity.key", vpn_pki.key_pem(key))
    options = [
        "--optimized",
        "--http-enabled=false",
        f"--http-host={vpn_gateway.IDENTITY}",
        "--https-port=443",
        f"--https-certificate-file={one.folder / 'identity.crt'}",
        f"--https-certificate-key-file={one.folder / 'identity.key'}",
        f"--hostname={_URL}",
        "--cache=local",
        "--http-management-scheme=http",
    ]
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_CLIENT_ID": _ADMIN,
        "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": _ADMIN,
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
    }
    if java:
        environment["JAVA_OPTS"] = " ".join(java)
    command = ["ip", "netns", "exec", one.namespace("inside"), str(home / "bin" / "kc.sh"), "start", *options]
    with (one.folder / "identity.log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", *command],
            stdout=log,
            stderr=log,
            cwd=one.folder,
            env=environment,
            start_new_session=True,
        )
    try:
        _set_up(one, people, without_code)
        yield process
    finally:
        # The script that started Java does not pass signals on.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _set_up(one: vpn_gateway.World, people: Sequence[str], without_code: Sequence[str]) -> None:
    arguments = [str(one.folder / "services-ca.crt"), ",".join(people), ",".join(without_code)]
    program = ["ip", "netns", "exec", one.namespace("inside"), sys.executable, "-m", "tests.support.vpn_identity"]
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run([*program, *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        log = (one.folder / "identity.log").read_text("utf-8", "replace")
        pytest.fail(f"Keycloak could not be set up: {done.stderr[-2000:]}\n{log[-3000:]}", pytrace=False)


class _Administrator:
    """Sets up the realm; runs in the namespace."""

    def __init__(self, ca: str) -> None:
        self._tls = ssl.create_default_context(cafile=ca)
        self._token = ""

    def log_in(self) -> None:
        """Wait for the service, and log in."""
        form = {"grant_type": "client_credentials", "client_id": _ADMIN, "client_secret": _ADMIN}
        until = time.monotonic() + 400
        while True:
            try:
                body = urllib.parse.urlencode(form).encode()
                self._token = self._send("POST", "/realms/master/protocol/openid-connect/token", body)["access_token"]
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def call(self, method: str, path: str, value: object = None) -> Any:
        """Call the administration API below the realm."""
        return self._send(method, f"/admin/realms{path}", None if value is None else json.dumps(value).encode())

    def _send(self, method: str, path: str, body: bytes | None) -> Any:
        request = urllib.request.Request(_URL + path, data=body, method=method)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, context=self._tls, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None


def _make_realm(administrator: _Administrator) -> None:
    administrator.call("POST", "", _REALM)
    # As it comes, an account without a second factor gets a token for its password alone.
    administrator.call("POST", "/govcloud/authentication/flows/direct%20grant/copy", {"newName": "vpn"})
    for execution in administrator.call("GET", "/govcloud/authentication/flows/vpn/executions"):
        wanted = "DISABLED" if execution.get("providerId", "").startswith("conditional") else "REQUIRED"
        execution["requirement"] = wanted
        administrator.call("PUT", "/govcloud/authentication/flows/vpn/executions", execution)
    flows = administrator.call("GET", "/govcloud/authentication/flows")
    client = {
        "clientId": "govcloud-vpn",
        "secret": SECRET,
        "publicClient": False,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "authenticationFlowBindingOverrides": {"direct_grant": next(f["id"] for f in flows if f["alias"] == "vpn")},
    }
    administrator.call("POST", "/govcloud/clients", client)


def _account(person: str, *, code: bool) -> dict[str, object]:
    credentials: list[dict[str, object]] = [{"type": "password", "value": PASSWORD, "temporary": False}]
    if code:
        secret = codes_of(person).secret.decode()
        form = {"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1", "counter": 0}
        credentials.append(
            {"type": "otp", "secretData": json.dumps({"value": secret}), "credentialData": json.dumps(form)}
        )
    return {
        "username": person,
        "enabled": True,
        "email": f"{person}@yunxi.example",
        "emailVerified": True,
        "firstName": person,
        "lastName": person,
        "credentials": credentials,
    }


def otpauth(person: str) -> str:
    """The secret as authenticator programs take it."""
    return base64.b32encode(codes_of(person).secret).decode().rstrip("=")


def main(ca: str, people: str, without_code: str) -> None:
    """Set everything up."""
    administrator = _Administrator(ca)
    administrator.log_in()
    _make_realm(administrator)
    for person in filter(None, people.split(",")):
        administrator.call("POST", "/govcloud/users", _account(person, code=person not in without_code.split(",")))


if __name__ == "__main__":
    main(*sys.argv[1:])
