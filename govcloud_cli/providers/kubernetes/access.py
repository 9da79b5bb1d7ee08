"""Kubeconfig to what a connection needs: address, trust, credentials."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import os
import pathlib
import ssl
from collections.abc import Mapping
from typing import Any, Final

import yaml

from govcloud_cli import errors

_NOT_SERVED: Final = {
    "cluster": ("insecure-skip-tls-verify", "proxy-url"),
    "user": ("exec", "auth-provider", "username", "password", "as", "as-groups", "as-uid", "as-user-extra"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach one API server, and as whom."""

    server: str
    """`https://host:port`, without a slash at the end."""
    namespace: str
    """Default namespace of the context."""
    server_name: str | None
    """Name to verify the server's certificate against, if it is not the host of `server`."""
    tls: ssl.SSLContext = dataclasses.field(repr=False)
    token: str | None = dataclasses.field(repr=False)


def load(kubeconfig: str, *, context: str | None = None, cluster: str | None = None) -> Access:
    """Read `kubeconfig`, which is the contents or the path of a kubeconfig file.

    Raises `errors.UsageError` for one that cannot be read, is incomplete, or wants what we do not serve (exec
    plugins, unverified TLS, passwords, impersonation).
    """
    document, folder = _document(kubeconfig)
    name = context or document.get("current-context")
    if not name:
        raise _refusal("it has no `current-context`", remedy="name the `context` to use")
    chosen = _named(document, "context", str(name))
    cluster_entry = _named(document, "cluster", cluster or str(chosen.get("cluster", "")))
    user_entry = _named(document, "user", str(chosen["user"])) if chosen.get("user") else {}
    for section, entry in (("cluster", cluster_entry), ("user", user_entry)):
        for key in _NOT_SERVED[section]:
            if entry.get(key):
                raise _refusal(f"`{key}` of the {section} is not served", remedy="use a client certificate or a token")
    server = str(cluster_entry.get("server", "")).rstrip("/")
    if not server.startswith("https://"):
        raise _refusal(f"the cluster's server is `{server or 'missing'}`", remedy="name an https:// address")
    return Access(
        server=server,
        namespace=str(chosen.get("namespace") or "default"),
        server_name=cluster_entry.get("tls-server-name"),
        tls=_tls(cluster_entry, user_entry, folder),
        token=_token(user_entry, folder),
    )


def _document(kubeconfig: str) -> tuple[Mapping[str, Any], pathlib.Path]:
    folder = pathlib.Path.cwd()
    text = kubeconfig
    if "\n" not in kubeconfig and not kubeconfig.lstrip().startswith("{"):
        path = pathlib.Path(kubeconfig).expanduser()
        folder = path.parent
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _refusal(f"`{path}` cannot be read ({type(error).__name__})") from error
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        raise _refusal("it is not YAML") from None  # the parser quotes lines, which may be keys
    if not isinstance(document, dict) or not document:
        raise _refusal("it is not a mapping")
    return document, folder


def _named(document: Mapping[str, Any], section: str, name: str) -> Mapping[str, Any]:
    entries = document.get(f"{section}s") or []
    for entry in entries:
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(section), dict):
            return dict(entry[section])
    known = ", ".join(str(entry.get("name")) for entry in entries if isinstance(entry, dict)) or "none"
    raise _refusal(f"it has no {section} named `{name}` (it has: {known})")


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: pathlib.Path) -> ssl.SSLContext:
    authority = _material(cluster, "certificate-authority", folder)
    certificate = _material(user, "client-certificate", folder)
    key = _material(user, "client-key", folder)
    try:
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate and key:
            _load_chain(context, certificate, key)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise _refusal(f"its certificates or key cannot be used ({type(error).__name__})") from None
    return context


def _load_chain(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """`load_cert_chain` takes only paths; an anonymous file in memory keeps the key off the disk."""
    descriptor = os.memfd_create("client", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, certificate + b"\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _material(entry: Mapping[str, Any], name: str, folder: pathlib.Path) -> bytes | None:
    if inline := entry.get(f"{name}-data"):
        try:
            return base64.b64decode(str(inline), validate=True)
        except binascii.Error:
            raise _refusal(f"`{name}-data` is not base64") from None
    return _file(entry, name, folder)


def _token(user: Mapping[str, Any], folder: pathlib.Path) -> str | None:
    if token := user.get("token"):
        return str(token)
    content = _file(user, "tokenFile", folder)
    return content.decode(errors="replace").strip() if content else None


def _file(entry: Mapping[str, Any], name: str, folder: pathlib.Path) -> bytes | None:
    if not entry.get(name):
        return None
    path = folder / str(entry[name])
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refusal(f"`{name}` names `{path}`, which cannot be read ({error.strerror})") from error


def _refusal(reason: str, *, remedy: str = "mend the kubeconfig") -> errors.UsageError:
    return errors.UsageError(f"the kubeconfig cannot be used: {reason}", remedy=remedy)
