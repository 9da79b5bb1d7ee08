"""`lab:index:Forward`: a listener on the host's 127.0.0.1 that leads into a management network.

We bind the socket on the host; systemd-socket-proxyd accepts on it from within the network's namespace.
"""

from __future__ import annotations

import contextlib
import errno
import pathlib
import socket
import time
from typing import Final

from govcloud_cli import errors
from govcloud_cli.plan import network
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.lab import cgroups, checks, namespaces
from govcloud_cli.run import process

WHOLE: Final = "whole"
_PROXY: Final = ("/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd")
_HAND_OVER: Final = 'n=$1; shift; exec 3<&"$n" && LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
"""bash, since dash knows descriptors below 10 only."""

_RULES: Final = {
    "prefix": checks.prefix,
    "name": checks.name,
    "data_folder": checks.folder,
    "switch": checks.name,
    "address": checks.address,
    "port": checks.port,
    "listen_port": checks.port,
}


class Forwards:
    """Serves `lab:index:Forward`."""

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """Fill in the defaults and judge the inputs."""
        del old
        inputs = {"name": name, "listen_port": 0, **new}
        return resource.Checked(inputs=inputs, failures=tuple(checks.failures(_RULES, inputs)))

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        """Replace on another name; restart on another target."""
        changed = resource.changed(old.inputs, new)
        if old.outputs.get("status") != WHOLE:
            changed = (*changed, "status")
        replace = tuple(field for field in changed if field in {"prefix", "name", "data_folder"})
        return resource.Difference(changed=changed, replace=replace, delete_before_replace=True)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        """Start the forward anew, on the port it had before if it can be had."""
        group = network.forward_group(new["prefix"], new["name"])
        if preview:
            return _state(new, port=new["listen_port"] or wire.UNKNOWN)
        switch = network.switch_namespace(new["prefix"], new["switch"])
        if not namespaces.exists(switch):
            raise namespaces.missing(switch)
        cgroups.end(group)
        folder = pathlib.Path(new["data_folder"]) / "forwards"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        note = folder / f"{new['name']}.port"
        with _listener(new["listen_port"], note) as listener:
            port: int = listener.getsockname()[1]
            note.write_text(f"{port}\n", encoding="ascii")
            _start(group, listener, switch, new, folder / f"{new['name']}.log")
        return _state(new, port=port)

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        """Start it anew, with the new target."""
        if preview and not new["listen_port"]:
            return _state(new, port=old.outputs.get("host_port", wire.UNKNOWN))
        return self.create(new, preview=preview)

    def read(self, old: resource.State) -> resource.State | None:
        """Tell whether it listens and leads into the namespace that has the switch's name now."""
        if not old.inputs:
            return None
        pids = cgroups.processes(old.id)
        expected = namespaces.inode(network.switch_namespace(old.inputs["prefix"], old.inputs["switch"]))
        whole = bool(pids) and expected != 0 and all(namespaces.inode_of_process(pid) == expected for pid in pids)
        status = WHOLE if whole else "damaged: its process is missing or belongs to an earlier switch"
        return resource.State(id=old.id, outputs={**old.outputs, "status": status})

    def delete(self, old: resource.State) -> None:
        """Stop it and forget its port."""
        remove(old.id, pathlib.Path(old.outputs["data_folder"]), old.outputs["name"])


def remove(group: str, data_folder: pathlib.Path, name: str) -> None:
    """Stop a forward and remove its files."""
    cgroups.end(group)
    for suffix in ("port", "log"):
        (data_folder / "forwards" / f"{name}.{suffix}").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others are still in it
        (data_folder / "forwards").rmdir()


def _listener(wanted: int, note: pathlib.Path) -> socket.socket:
    """Return the listening socket: on `wanted`, else on the noted port, else on any."""
    noted = 0
    with contextlib.suppress(OSError, ValueError):
        noted = int(note.read_text(encoding="ascii"))
    for port in (wanted,) if wanted else (noted, 0):
        try:
            return namespaces.listening("127.0.0.1", port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise errors.GovcloudError(
        f"port {wanted} of 127.0.0.1 is taken", remedy="choose another, or leave it out and one is chosen"
    )


def _start(group: str, listener: socket.socket, switch: str, inputs: resource.Properties, log: pathlib.Path) -> None:
    proxy = next((path for path in _PROXY if pathlib.Path(path).exists()), _PROXY[0])
    target = f"[{inputs['address']}]" if ":" in inputs["address"] else inputs["address"]
    groups = [str(folder) for folder in cgroups.make(group)]
    process.detached(
        (
            *("sh", "-c", cgroups.ENTER, "sh", *groups, "--"),
            *("bash", "-c", _HAND_OVER, "bash", str(listener.fileno())),
            *("nsenter", f"--net={namespaces.path(switch)}", proxy, f"{target}:{inputs['port']}"),
        ),
        log=log,
        inherit=(listener.fileno(),),
    )
    expected, limit = namespaces.inode(switch), time.monotonic() + 10
    while not any(namespaces.inode_of_process(pid) == expected for pid in cgroups.processes(group)):
        if time.monotonic() > limit:
            raise errors.GovcloudError(f"forward {group} did not start", remedy="look into the log", log=str(log))
        time.sleep(0.02)


def _state(inputs: resource.Properties, *, port: object) -> resource.State:
    group = network.forward_group(inputs["prefix"], inputs["name"])
    outputs = {**inputs, "host_address": "127.0.0.1", "host_port": port, "status": WHOLE}
    return resource.State(id=group, outputs=outputs, inputs=inputs)
