"""On a client machine of the lab: a software token (SoftHSM2) in place of a USB one, and what a client needs beside it.

All of it lies in one folder per person in root's home. The key is made there and never leaves.
"""

from __future__ import annotations

import base64
import os
import pathlib
import secrets
import shutil
import subprocess
from typing import Any

_MODULE = "/usr/lib/softhsm/libsofthsm2.so"
_ID = "01"


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{operation, person, …}` to `{…}`; see the operations."""
    folder = pathlib.Path.home() / argument["person"]
    folder.mkdir(mode=0o700, exist_ok=True)
    if argument["operation"] == "request":
        return request(folder, argument)
    if argument["operation"] == "install":
        return install(folder, argument)
    return write(folder, argument)


def request(folder: pathlib.Path, argument: dict[str, Any]) -> dict[str, Any]:
    """`{person, pin}` to `{request}` (PEM): a new token with a new key. The old token stays until `install`."""
    new = folder / "token.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    label = argument["person"]
    # PINs by environment: every local user reads /proc/*/cmdline.
    environment = {**_configured(folder, new), "PIN": argument["pin"], "SO_PIN": secrets.token_hex(8)}
    _tool(environment, "--init-token", "--slot-index=0", f"--label={label}", "--so-pin=env:SO_PIN")
    officer = ("--login", "--login-type=so", "--so-pin=env:SO_PIN")
    _tool(environment, f"--token-label={label}", "--init-pin", *officer, "--new-pin=env:PIN")
    holder = (f"--token-label={label}", "--login", "--pin=env:PIN", f"--id={_ID}", f"--label=govcloud:{label}")
    _tool(environment, *holder, "--keypairgen", "--key-type=EC:prime256v1", "--sensitive")
    template = new / "request.cfg"
    template.write_text(f'cn = "{label}"\n', encoding="ascii")
    url = f"pkcs11:token={label};id=%{_ID};type="
    keys = (f"--load-privkey={url}private", f"--load-pubkey={url}public")
    command = ("certtool", f"--provider={_MODULE}", "--generate-request", f"--template={template}", *keys)
    done = _run(command, {**environment, "GNUTLS_PIN": argument["pin"]})
    template.unlink()
    return {"request": done[done.index("-----BEGIN") :]}


def install(folder: pathlib.Path, argument: dict[str, Any]) -> dict[str, Any]:
    """`{person, pin, certificate}` (DER, Base64) to `{}`: beside its key, and the new token is the token."""
    new, token, label = folder / "token.new", folder / "token", argument["person"]
    file = new / "certificate.der"
    file.write_bytes(base64.b64decode(argument["certificate"]))
    holder = (f"--token-label={label}", "--login", "--pin=env:PIN", f"--id={_ID}", f"--label=govcloud:{label}")
    environment = {**_configured(folder, new), "PIN": argument["pin"]}
    _tool(environment, *holder, f"--write-object={file}", "--type=cert")
    file.unlink()
    shutil.rmtree(token, ignore_errors=True)
    new.replace(token)
    _configured(folder, token)
    return {}


def write(folder: pathlib.Path, argument: dict[str, Any]) -> dict[str, Any]:
    """`{files: {name: text}}` to `{folder}`: scripts can be run."""
    for name, text in argument["files"].items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o700 if name.endswith(".sh") else 0o600)
    return {"folder": str(folder)}


def _configured(folder: pathlib.Path, token: pathlib.Path) -> dict[str, str]:
    configuration = folder / "softhsm2.conf"
    lines = (f"directories.tokendir = {token}", "objectstore.backend = file", "log.level = ERROR", "")
    configuration.write_text("\n".join(lines), encoding="utf-8")
    return {**os.environ, "SOFTHSM2_CONF": str(configuration)}


def _tool(environment: dict[str, str], *words: str) -> str:
    return _run(("pkcs11-tool", f"--module={_MODULE}", *words), environment)


def _run(command: tuple[str, ...], environment: dict[str, str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout
