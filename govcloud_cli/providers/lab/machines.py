"""`lab:index:Machine`: a Debian machine in its own network namespace, booted by systemd-nspawn over an overlay."""

from __future__ import annotations

import contextlib
import ipaddress
import pathlib
import threading
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.plan import network
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.lab import boot, checks, keys, links, namespaces, rootfs

RUNNING: Final = "running"
BOOT_SECONDS: Final = 120.0

_RULES: Final = {
    "prefix": checks.prefix,
    "name": checks.name,
    "data_folder": checks.folder,
    "image": checks.folder,
    "authorized_key": checks.key,
    "nics": checks.nics,
    "gateways": checks.many(checks.address),
    "routes": checks.routes,
    "sysctls": checks.sysctls,
    "hosts": checks.hosts,
}
_IDENTITY: Final = frozenset({"prefix", "name", "data_folder", "image"})


class Machines:
    """Serves `lab:index:Machine`."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """Fill in the defaults and judge the inputs."""
        del old
        inputs = {"name": name, "gateways": [], "routes": [], "sysctls": {}, "hosts": [], **new}
        return resource.Checked(inputs=inputs, failures=tuple(checks.failures(_RULES, inputs)))

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        """Replace on another name, folder or base image; everything else changes in place."""
        changed = resource.changed(old.inputs, new)
        if old.outputs.get("status") != RUNNING:
            changed = (*changed, "status")
        replace = tuple(field for field in changed if field in _IDENTITY)
        return resource.Difference(changed=changed, replace=replace, delete_before_replace=True)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        """Make the machine and wait for its SSH, or adopt what is there of it; its old disk is kept."""
        if preview:
            return _state(new, status=RUNNING, host_key=wire.UNKNOWN)
        folder = machine_folder(new["data_folder"], new["name"])
        try:
            return self._bring_up(folder, new)
        except errors.GovcloudError as error:
            host_key = ""
            with contextlib.suppress(OSError, ValueError):
                host_key = keys.public(folder)
            raise resource.PartlyDone(
                error, _state(new, status=f"damaged: {error.message}", host_key=host_key)
            ) from error

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        """Change NICs, addresses, keys and hosts while it runs; boot it if it does not."""
        if not preview:
            kept = {nic["name"]: nic["switch"] for nic in new["nics"]}
            for nic in old.inputs.get("nics", ()):
                if kept.get(nic["name"]) != nic["switch"]:
                    links.detach(new["prefix"], new["name"], nic)
        return self.create(new, preview=preview)

    def read(self, old: resource.State) -> resource.State | None:
        """Tell whether it runs as recorded; None if nothing is left of it."""
        if not old.inputs:
            return None
        folder = machine_folder(old.inputs["data_folder"], old.inputs["name"])
        if not folder.exists() and not namespaces.exists(old.id):
            return None
        wrong = _fault(folder, old.inputs)
        return resource.State(id=old.id, outputs={**old.outputs, "status": f"damaged: {wrong}" if wrong else RUNNING})

    def delete(self, old: resource.State) -> None:
        """Shut it down and remove everything of it, its disk included."""
        remove(old.id, machine_folder(old.outputs["data_folder"], old.outputs["name"]))
        for nic in old.outputs["nics"]:
            links.detach(old.outputs["prefix"], old.outputs["name"], nic)

    def _bring_up(self, folder: pathlib.Path, inputs: resource.Properties) -> resource.State:
        prefix, name = inputs["prefix"], inputs["name"]
        namespace = network.machine_namespace(prefix, name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        running = boot.is_running(namespace, folder / "root")
        if not running:
            boot.stop(namespace, folder / "root")
        namespaces.ensure(namespace, inputs["sysctls"])
        for nic in inputs["nics"]:
            links.attach(prefix, name, nic, routes=_routes(inputs))
        links.route(namespace, inputs["gateways"], inputs["routes"])
        rootfs.mount(folder, inputs["image"])
        host_key = _furnish(folder, inputs)
        if not running:
            boot.start(namespace, folder)
        self._wait(folder, inputs)
        return _state(inputs, status=RUNNING, host_key=host_key)

    def _wait(self, folder: pathlib.Path, inputs: resource.Properties) -> None:
        nic = _management(inputs)
        boot.wait_for_ssh(
            network.machine_namespace(inputs["prefix"], inputs["name"]),
            folder,
            via=network.switch_namespace(inputs["prefix"], nic["switch"]),
            address=_management_address(inputs),
            seconds=BOOT_SECONDS,
            cancelled=self._cancelled,
        )


def machine_folder(data_folder: str, name: str) -> pathlib.Path:
    """Return where a machine keeps its disk, keys and console log."""
    return pathlib.Path(data_folder) / "machines" / name


def remove(namespace: str, folder: pathlib.Path) -> None:
    """Remove a machine wherever its creation or removal was broken off."""
    boot.stop(namespace, folder / "root")
    namespaces.remove(namespace)
    rootfs.erase(folder)
    with contextlib.suppress(OSError):  # others are still in it
        folder.parent.rmdir()


def _furnish(folder: pathlib.Path, inputs: resource.Properties) -> str:
    """Write the machine's identity onto its disk; return its public host key."""
    root, name = folder / "root", inputs["name"]
    private, public = keys.ensure(folder)
    own = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    if not any(name in host["names"] for host in inputs["hosts"]):
        own.append(f"127.0.1.1 {name}")
    lines = own + [f"{host['address']} {' '.join(host['names'])}" for host in inputs["hosts"]]
    rootfs.write(root, "etc/hostname", f"{name}\n")
    rootfs.write(root, "etc/hosts", "\n".join(lines) + "\n")
    rootfs.write(root, "etc/resolv.conf", "")
    rootfs.write(root, "etc/ssh/ssh_host_ed25519_key", private, mode=0o600)
    rootfs.write(root, "etc/ssh/ssh_host_ed25519_key.pub", f"{public} root@{name}\n")
    rootfs.write(root, "root/.ssh/authorized_keys", f"{inputs['authorized_key']}\n", mode=0o600)
    if not (folder / "upper" / "etc" / "machine-id").exists():
        rootfs.write(root, "etc/machine-id", "")  # each machine draws its own at its first boot
    return public


def _fault(folder: pathlib.Path, inputs: resource.Properties) -> str:
    namespace = network.machine_namespace(inputs["prefix"], inputs["name"])
    if not namespaces.exists(namespace):
        return "its network namespace is missing"
    if not rootfs.is_mounted(folder, inputs["image"]):
        return "its disk is not mounted"
    if not boot.is_running(namespace, folder / "root"):
        return "it does not run"
    found = (links.fault(inputs["prefix"], inputs["name"], nic, routes=_routes(inputs)) for nic in inputs["nics"])
    return next(filter(None, found), "") or links.route_fault(namespace, inputs["routes"])


def _routes(inputs: resource.Properties) -> bool:
    """Tell whether it is a router."""
    return any(inputs["sysctls"].get(key) == "1" for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"))


def _management(inputs: resource.Properties) -> Mapping[str, Any]:
    return next(nic for nic in inputs["nics"] if nic["name"] == network.MANAGEMENT_NIC)


def _management_address(inputs: resource.Properties) -> str:
    return str(ipaddress.ip_interface(_management(inputs)["addresses"][0]).ip)


def _state(inputs: resource.Properties, *, status: str, host_key: Any) -> resource.State:
    namespace = network.machine_namespace(inputs["prefix"], inputs["name"])
    known = not wire.has_unknown(inputs["nics"])
    outputs = {
        **inputs,
        "namespace": namespace,
        "management_address": _management_address(inputs) if known else wire.UNKNOWN,
        "host_key": host_key,
        "status": status,
        "log": str(machine_folder(inputs["data_folder"], inputs["name"]) / boot.LOG),
    }
    return resource.State(id=namespace, outputs=outputs, inputs=inputs)
