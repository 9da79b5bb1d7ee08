"""What a log-in needs to know of a platform, kept per profile in the user's own folder for state.

`$XDG_STATE_HOME/govcloud/login/<profile>/`: `profile.json`, `session.json`, `lock`, `kubeconfig`.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import re
import sys
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run import workspace
from govcloud_cli.run.login import endpoints, private, transport

_FORM = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}\Z")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Profile:
    """One platform's identity service and cluster."""

    name: str
    issuer: str
    """`https://<host>/realms/govcloud`."""
    authority: str
    """Who the identity service's certificate is of, PEM."""
    server: str
    """`https://host:port` of the API server."""
    server_authority: str
    """Who its certificate is of, PEM."""
    connect: tuple[str, int] | None = None
    """Where the identity service is reached, if not where its name leads."""

    def transport(self) -> transport.Https:
        """The way to the identity service."""
        return transport.Https(authority=self.authority, connect=self.connect)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Folder:
    """Where a profile's files are."""

    path: pathlib.Path

    @property
    def profile(self) -> pathlib.Path:
        """What `Profile` says."""
        return self.path / "profile.json"

    @property
    def session(self) -> pathlib.Path:
        """The tokens."""
        return self.path / "session.json"

    @property
    def lock(self) -> pathlib.Path:
        """Held by whoever refreshes them."""
        return self.path / "lock"

    @property
    def kubeconfig(self) -> pathlib.Path:
        """For `kubectl`; without a secret."""
        return self.path / "kubeconfig"


def locate(name: str) -> Folder:
    """The folder of a profile. Raises `errors.UsageError` for a name that could lead elsewhere."""
    if not _NAME.match(name):
        raise errors.UsageError(
            f"{name!r} is no profile's name", remedy="use small letters, digits, dots and hyphens, at most 80"
        )
    return Folder(path=workspace.state_home() / "govcloud" / "login" / name)


def check(profile: Profile) -> Profile:
    """`profile`, its addresses as they are compared. Raises `errors.UsageError` for what cannot be."""
    server = profile.server.rstrip("/")
    if not endpoints.is_of(server, server) or not server.isprintable() or "?" in server:
        raise errors.UsageError(f"the API server {profile.server!r} is no https address", remedy="name it by --server")
    for authority in (profile.authority, profile.server_authority):
        transport.context(authority)
    return dataclasses.replace(profile, issuer=endpoints.check_issuer(profile.issuer), server=server)


def load(name: str) -> Profile | None:
    """The profile as it was saved; None if there is none. Raises `errors.GovcloudError` if it cannot be trusted."""
    content = private.read(locate(name).profile)
    if content is None:
        return None
    try:
        found = json.loads(content)
        if found.pop("version") != _FORM:
            raise ValueError
        connect = found.pop("connect")
        place = None if connect is None else (str(connect[0]), int(connect[1]))
        texts = {key: value for key, value in found.items() if isinstance(value, str)}
        return check(Profile(name=name, connect=place, **texts))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise errors.GovcloudError(
            f"profile {name} cannot be read (配置损坏)", remedy="run `govcloud login` with its options again"
        ) from None


def save(profile: Profile) -> Folder:
    """Keep `profile`, and write the kubeconfig that goes with it."""
    folder = locate(profile.name)
    document = {key: value for key, value in dataclasses.asdict(profile).items() if key != "name"}
    _write(folder.profile, {"version": _FORM, **document})
    _write(folder.kubeconfig, kubeconfig(profile))
    return folder


def kubeconfig(profile: Profile) -> dict[str, Any]:
    """For `kubectl`: whenever it needs a token it asks us (client.authentication.k8s.io/v1)."""
    authority = base64.b64encode(profile.server_authority.encode()).decode("ascii")
    # -P: what lies in the folder that kubectl is called in is never imported.
    arguments = ["-P", "-m", "govcloud_cli", "login", "--credential", "--profile", profile.name]
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": arguments,
        "env": None,
        "installHint": "govcloud is no longer where it was; run `govcloud login` again",
        "interactiveMode": "Never",
        "provideClusterInfo": False,
    }
    cluster = {"server": profile.server, "certificate-authority-data": authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": profile.name, "cluster": cluster}],
        "users": [{"name": profile.name, "user": {"exec": plugin}}],
        "contexts": [{"name": profile.name, "context": {"cluster": profile.name, "user": profile.name}}],
        "current-context": profile.name,
    }


def _write(path: pathlib.Path, document: dict[str, Any]) -> None:
    workspace.write(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
