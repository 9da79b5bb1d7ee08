"""The lab provider on the real Pulumi engine, with real machines (root; `-m lab`).

`GOVCLOUD_TEST_IMAGE` names the base image's folder, `GOVCLOUD_TEST_PULUMI` the Pulumi CLI (else PATH is searched).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from govcloud_cli.plan import network
from govcloud_cli.providers.lab import cgroups, namespaces, rootfs, sweep

pytestmark = pytest.mark.lab

PREFIX = f"gct-lab{os.getpid() % 100000:05d}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lab:
    """One lab in a folder of its own."""

    folder: pathlib.Path
    plan: network.NetworkPlan

    @property
    def data(self) -> pathlib.Path:
        return pathlib.Path(self.plan.data_folder)

    def start(self, verb: str) -> subprocess.Popen[str]:
        """Begin a run of the stack in a process group of its own."""
        (self.folder / "plan.json").write_text(network.to_json(self.plan), encoding="utf-8")
        return subprocess.Popen(
            (sys.executable, "-W", "ignore", "-m", "tests.providers.lab.deploy", str(self.folder), verb),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "GOVCLOUD_TEST_PULUMI_ROOT": str(pulumi_root())},
        )

    def run(self, verb: str) -> dict[str, Any]:
        """Run the stack to its end."""
        process = self.start(verb)
        out, err = process.communicate(timeout=400)
        assert process.returncode == 0, err[-3000:]
        result: dict[str, Any] = json.loads(out.splitlines()[-1])
        return result

    def shell(self, machine: str, command: str) -> subprocess.CompletedProcess[str]:
        """Run `command` on a machine by SSH from the management network, its host key checked."""
        address = next(one for one in self.plan.machines if one.name == machine).nics[0].addresses[0].split("/")[0]
        known = self.folder / f"known_{machine}"
        host_key = (self.data / "machines" / machine / "upper/etc/ssh/ssh_host_ed25519_key.pub").read_text()
        known.write_text(f"{address} {host_key}", encoding="utf-8")
        return subprocess.run(
            (
                *("ip", "netns", "exec", network.switch_namespace(self.plan.prefix, "mgmt")),
                *("ssh", "-i", str(self.folder / "id"), "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"),
                *("-o", "ConnectTimeout=10", f"root@{address}", command),
            ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def pulumi_root() -> pathlib.Path:
    found = os.environ.get("GOVCLOUD_TEST_PULUMI") or shutil.which("pulumi")
    if not found or not pathlib.Path(found).exists():
        pytest.fail("the lab tests need the Pulumi CLI: put it on PATH or name it in GOVCLOUD_TEST_PULUMI")
    return pathlib.Path(found).resolve().parent.parent


def image() -> str:
    found = os.environ.get("GOVCLOUD_TEST_IMAGE", "")
    if not pathlib.Path(found, "usr/lib/systemd/systemd").exists() or os.getuid() != 0:
        pytest.fail("the lab tests run as root and need GOVCLOUD_TEST_IMAGE, the folder of a machine's base image")
    return found


def make_lab(folder: pathlib.Path, side: str, machines: tuple[str, ...]) -> Lab:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "id")), check=True)

    def machine(place: int, name: str) -> network.Machine:
        nics = (
            network.Nic(name="mgmt0", switch="mgmt", addresses=(f"10.99.0.{place}/24", f"fd99::{place}/64")),
            network.Nic(name="zone", switch="zone", addresses=(f"10.98.0.{place}/24", f"fd98::{place}/64")),
        )
        return network.Machine(name=name, nics=nics, gateways=("10.98.0.1", "fd98::1"))

    plan = network.NetworkPlan(
        side="external",
        prefix=f"{PREFIX}-{side}",
        data_folder=str(folder / "data"),
        image=image(),
        authorized_key=(folder / "id.pub").read_text(encoding="utf-8").strip(),
        switches=(
            network.Switch(name="mgmt", addresses=("10.99.0.1/24", "fd99::1/64"), isolated=True),
            network.Switch(name="zone"),
        ),
        machines=tuple(machine(place, name) for place, name in enumerate(machines, start=10)),
        forwards=(network.Forward(name="ssh", switch="mgmt", address="10.99.0.10", port=22),),
    )
    return Lab(folder=folder, plan=plan)


def host_links() -> set[str]:
    shown = subprocess.run(("ip", "-json", "link"), capture_output=True, text=True, check=True).stdout
    return {link["ifname"] for link in json.loads(shown)}


def traces(lab: Lab) -> list[str]:
    """What of the lab is on the host: namespaces, groups, mounts, processes, nspawn's folders."""
    found = list(sweep.remains(lab.plan.prefix, lab.data))
    text = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    found += [line for line in text.splitlines() if lab.plan.prefix in line or str(lab.data) in line]
    shown = subprocess.run(("ps", "-eo", "args"), capture_output=True, text=True, check=True).stdout
    found += [line for line in shown.splitlines() if lab.plan.prefix in line]
    found += [str(path) for path in pathlib.Path("/run/systemd/nspawn/propagate").glob(f"{lab.plan.prefix}*")]
    return found


@contextlib.contextmanager
def swept(lab: Lab) -> Iterator[Lab]:
    try:
        yield lab
    finally:
        sweep.remove_all(lab.plan.prefix, lab.data)


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, Lab]]:
    """Two labs with the same names and addresses, side by side, deployed at the same time."""
    folder = tmp_path_factory.mktemp("labs")
    one, other = make_lab(folder / "a", "a", ("one", "two")), make_lab(folder / "b", "b", ("one",))
    before = host_links()
    with swept(one), swept(other):
        running = [lab.start("up") for lab in (one, other)]
        for process in running:
            _, err = process.communicate(timeout=400)
            assert process.returncode == 0, err[-3000:]
        assert host_links() == before, "the host's own network gained or lost an interface"
        yield one, other
        for lab in (one, other):
            lab.run("destroy")
            assert traces(lab) == []
        assert host_links() == before


def test_machines_boot_whole_and_know_their_names(labs: tuple[Lab, Lab]) -> None:
    for lab, machine in ((labs[0], "one"), (labs[0], "two"), (labs[1], "one")):
        seen = lab.shell(machine, "hostname; systemctl is-system-running --wait; wc -c < /etc/resolv.conf")
        assert seen.stdout.split() == [machine, "running", "0"], seen.stderr


def test_each_machine_has_an_identity_of_its_own(labs: tuple[Lab, Lab]) -> None:
    seen = {labs[0].shell(name, "cat /etc/machine-id /etc/ssh/*.pub").stdout for name in ("one", "two")}
    assert len(seen) == 2
    own_services = cgroups.processes(network.machine_namespace(labs[0].plan.prefix, "one"), "payload")
    assert len(own_services) > 3


def test_neighbours_reach_each_other_over_the_zone_but_not_over_management(labs: tuple[Lab, Lab]) -> None:
    lab = labs[0]
    link_local = "$(ip -6 -o address show dev mgmt0 scope link | awk '{print $4}' | cut -d/ -f1)"
    target = lab.shell("two", f"echo {link_local}").stdout.strip()
    assert target.startswith("fe80::")
    for address in ("10.98.0.11", "fd98::11"):
        assert lab.shell("one", f"ping -c1 -W2 {address}").returncode == 0, address
    for address in ("10.99.0.11", "fd99::11", f"{target}%mgmt0"):
        attempt = f"timeout 3 bash -c '</dev/tcp/{address}/22' && echo OPEN; ping -c1 -W1 {address}"
        refused = lab.shell("one", attempt)
        assert "OPEN" not in refused.stdout, f"{address} takes connections over the management network"
        assert refused.returncode != 0, f"{address} answers over the management network"
        assert "100% packet loss" in refused.stdout, refused
    for address in ("10.99.0.1", "fd99::1"):
        assert lab.shell("one", f"ping -c1 -W1 {address}").returncode != 0, "the engineer's side answers a machine"


def test_root_in_a_machine_cannot_take_anothers_place_on_the_management_network(labs: tuple[Lab, Lab]) -> None:
    lab = labs[0]
    victim = lab.shell("two", "cat /sys/class/net/mgmt0/address").stdout.strip().replace(":", "")
    own = lab.shell("one", "cat /sys/class/net/mgmt0/address").stdout.strip().replace(":", "")
    claims = "".join(f"out.send(bytes.fromhex('{forged_arp(mac, '10.99.0.11')}'));" for mac in (own, victim))
    script = f"import socket; out = socket.socket(17, 3); out.bind(('mgmt0', 0)); {claims}"
    assert lab.shell("one", f'for i in 1 2 3; do python3 -c "{script}"; done').returncode == 0
    assert lab.shell("two", "hostname").stdout == "two\n"
    switch = network.switch_namespace(lab.plan.prefix, "mgmt")
    shown = subprocess.run(("ip", "-n", switch, "-json", "neigh"), capture_output=True, text=True, check=True).stdout
    known = {item["dst"]: item.get("lladdr", "").replace(":", "") for item in json.loads(shown)}
    assert known["10.99.0.11"] == known["fd99::11"] == victim


def forged_arp(mac: str, address: str) -> str:
    """Return, in hexadecimal digits, the frame that tells everyone that `address` is at `mac`."""
    packed = bytes(map(int, address.split("."))).hex()
    return f"{'f' * 12}{mac}08060001080006040002{mac}{packed}{'f' * 12}{packed}{'0' * 36}"


def test_a_forward_leads_from_the_hosts_loopback_to_a_machine(labs: tuple[Lab, Lab]) -> None:
    outputs = labs[0].run("up")["outputs"]["forwards"]["ssh"]
    assert outputs["address"] == "127.0.0.1"
    scanned = subprocess.run(
        ("ssh-keyscan", "-t", "ed25519", "-p", str(outputs["port"]), "127.0.0.1"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    key = (labs[0].data / "machines/one/upper/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[1]
    assert key in scanned


def test_a_second_run_changes_nothing(labs: tuple[Lab, Lab]) -> None:
    assert set(labs[0].run("refreshed-up")["changes"]) == {"same"}


def test_what_was_broken_is_mended_and_disks_are_kept(labs: tuple[Lab, Lab]) -> None:
    lab = labs[0]
    lab.shell("one", "echo precious > /root/data; sync")
    cgroups.send(network.machine_namespace(lab.plan.prefix, "one"), signal.SIGKILL)
    namespaces.batch(network.machine_namespace(lab.plan.prefix, "two"), ("link delete zone",))
    cgroups.send(network.forward_group(lab.plan.prefix, "ssh"), signal.SIGKILL)
    time.sleep(0.5)
    changes = lab.run("refreshed-up")["changes"]
    assert (changes.get("update"), changes.get("same")) == (3, 3), changes
    assert lab.shell("one", "cat /root/data").stdout == "precious\n"
    assert lab.shell("two", "ping -c1 -W2 10.98.0.10").returncode == 0


def test_a_lost_switch_is_made_again_with_all_that_hangs_on_it(labs: tuple[Lab, Lab]) -> None:
    lab = labs[0]
    namespaces.remove(network.switch_namespace(lab.plan.prefix, "mgmt"))
    lab.run("refreshed-up")
    assert lab.shell("two", "true").returncode == 0


def test_another_address_is_set_without_a_reboot(labs: tuple[Lab, Lab]) -> None:
    lab = labs[1]
    (machine,) = lab.plan.machines
    nic = dataclasses.replace(machine.nics[1], addresses=("10.98.0.77/24", "fd98::77/64"))
    moved = dataclasses.replace(
        lab, plan=dataclasses.replace(lab.plan, machines=(dataclasses.replace(machine, nics=(machine.nics[0], nic)),))
    )
    booted = lab.shell("one", "stat -c %Y /proc/1").stdout
    assert moved.run("up")["changes"].get("update") == 1
    seen = moved.shell("one", "stat -c %Y /proc/1; ip -o address show dev zone scope global")
    assert seen.stdout.startswith(booted)
    assert "10.98.0.77/24" in seen.stdout
    assert "10.98.0.10/24" not in seen.stdout


def _has_a_namespace(lab: Lab) -> bool:
    return bool(namespaces.names(lab.plan.prefix))


def _has_a_disk(lab: Lab) -> bool:
    return bool(rootfs.mounts_below(lab.data))


def _has_a_process(lab: Lab) -> bool:
    return any(cgroups.processes(network.machine_namespace(lab.plan.prefix, name)) for name in ("one", "two"))


def _has_systemd(lab: Lab) -> bool:
    return bool(cgroups.processes(network.machine_namespace(lab.plan.prefix, "one"), "payload"))


@pytest.mark.parametrize("moment", [_has_a_namespace, _has_a_disk, _has_a_process, _has_systemd])
def test_a_deploy_killed_midway_converges_afterwards(tmp_path: pathlib.Path, moment: Callable[[Lab], bool]) -> None:
    with swept(make_lab(tmp_path, "k", ("one", "two"))) as lab:
        _kill_at(lab, moment)
        lab.run("refreshed-up")
        for machine in ("one", "two"):
            assert lab.shell(machine, "hostname").stdout == f"{machine}\n"
        lab.run("destroy")
        assert traces(lab) == []


def _kill_at(lab: Lab, moment: Callable[[Lab], bool]) -> None:
    process = lab.start("up")
    limit = time.monotonic() + 120
    while not moment(lab):
        assert time.monotonic() < limit, "the deploy never came so far"
        assert process.poll() is None, "the deploy ended before it was killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_what_a_killed_deploy_left_is_swept_without_a_state(tmp_path: pathlib.Path) -> None:
    lab = make_lab(tmp_path, "w", ("one",))
    _kill_at(lab, _has_a_process)
    time.sleep(1)
    assert traces(lab) != []
    sweep.remove_all(lab.plan.prefix, lab.data)
    assert traces(lab) == []
