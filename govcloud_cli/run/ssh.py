"""SSH to the machines: one key, one configuration, host keys always checked.

Ansible, testinfra, `exec` and our own checks all use the file written here, and share its connections.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
from collections.abc import Mapping, Sequence

from govcloud_cli.plan import hosts as hosts_plan
from govcloud_cli.run import process, reach, workspace

_AS_ROOT = ("sh", "-c", 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n "$@"; fi', "sh")
# Unix socket paths end at 108 bytes, so the sockets cannot live in a checkout of unknown depth.
_SOCKETS = pathlib.Path("/run/govcloud") if os.geteuid() == 0 else pathlib.Path(f"/run/user/{os.geteuid()}/govcloud")


def public_key(folder: workspace.SideFolder) -> str:
    """The side's public key line; makes the pair if there is none yet."""
    private = folder.ssh / "id_ed25519"
    public = folder.ssh / "id_ed25519.pub"
    if not public.exists():
        workspace.make_folder(folder.ssh)
        private.unlink(missing_ok=True)
        process.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "govcloud", "-f", str(private)])
    return public.read_text().strip()


def configure(folder: workspace.SideFolder, hosts: Sequence[hosts_plan.Host], *, host_keys: Mapping[str, str]) -> None:
    """Write the client configuration and, for machines whose key we know, `known_hosts`.

    `host_keys` maps host names to `type base64` keys. Real hosts that are not in it must be in the user's own file.
    """
    known = folder.ssh / "known_hosts"
    if host_keys:
        lines = [f"{_known_name(host)} {host_keys[host.name]}" for host in hosts if host.name in host_keys]
        workspace.write(known, "\n".join(lines) + "\n")
    workspace.write(config_path(folder), "".join(_entry(folder, host, known if host_keys else None) for host in hosts))
    sockets(folder).mkdir(mode=0o700, parents=True, exist_ok=True)


def config_path(folder: workspace.SideFolder) -> pathlib.Path:
    """The `ssh -F` file of a side."""
    return folder.ssh / "config"


def sockets(folder: workspace.SideFolder) -> pathlib.Path:
    """Where shared connections have their sockets."""
    return _SOCKETS / f"{workspace.Workspace(path=folder.path.parent).prefix}-{folder.side.value[:3]}"


def command(
    folder: workspace.SideFolder, host: str, remote: Sequence[str] = (), *, terminal: bool = False
) -> list[str]:
    """The `ssh` command line for `host`; `remote` is quoted for the shell at the other end."""
    quoted = [shlex.quote(word) for word in remote]
    return ["ssh", "-F", str(config_path(folder)), *(["-tt"] if terminal else []), "--", host, *quoted]


def as_root(folder: workspace.SideFolder, host: str, remote: Sequence[str]) -> list[str]:
    """As `command`, and as root at the other end: by sudo where the account is another, as the roles do."""
    return command(folder, host, (*_AS_ROOT, *remote))


def disconnect(folder: workspace.SideFolder, way: reach.Reach, hosts: Sequence[str]) -> None:
    """End the shared connections: what PAM gave a log-in, it keeps, so new limits need a new one."""
    if any(sockets(folder).iterdir()):
        for host in hosts:
            argv = ["ssh", "-F", str(config_path(folder)), "-O", "exit", host]
            process.run(way.command(argv) if way.exists else argv, check=False, timeout=10)


def close(folder: workspace.SideFolder, way: reach.Reach, hosts: Sequence[str]) -> None:
    """End the shared connections for good, so that no client process outlives the machines."""
    if not sockets(folder).exists():
        return
    disconnect(folder, way, hosts)
    for socket in sockets(folder).iterdir():
        socket.unlink(missing_ok=True)
    sockets(folder).rmdir()
    with contextlib.suppress(OSError):
        _SOCKETS.rmdir()


def _entry(folder: workspace.SideFolder, host: hosts_plan.Host, known: pathlib.Path | None) -> str:
    options = {
        "HostName": host.address,
        "User": host.user,
        "Port": str(host.port),
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": "5",
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "3",
        "ControlMaster": "auto",
        "ControlPath": f"{sockets(folder)}/%C",
        "ControlPersist": "60",
        "LogLevel": "ERROR",
    }
    if known is not None:
        options |= {
            "IdentityFile": f'"{folder.ssh / "id_ed25519"}"',
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": f'"{known}"',
            "GlobalKnownHostsFile": "/dev/null",
        }
    return f"Host {host.name} {host.address}\n" + "".join(f"    {key} {value}\n" for key, value in options.items())


def _known_name(host: hosts_plan.Host) -> str:
    return host.address if host.port == 22 else f"[{host.address}]:{host.port}"
