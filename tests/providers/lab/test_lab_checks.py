"""What the lab refuses before it touches anything."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from govcloud_cli.providers import lab, resource, wire
from govcloud_cli.providers.lab import links, rootfs

SWITCH = {"prefix": "gc1-e", "name": "mgmt"}
MACHINE = {
    "prefix": "gc1-e",
    "name": "one",
    "data_folder": "/var/lib/lab",
    "image": "/var/lib/base",
    "authorized_key": "ssh-ed25519 AAAA me",
    "routes": [{"prefix": "10.21.0.0/24", "gateway": "10.0.0.9"}, {"prefix": "fd21::/112", "gateway": "fd00::9"}],
    "nics": [{"name": "mgmt0", "switch": "mgmt", "addresses": ["10.0.0.2/24", "fd00::2/64"]}],
}
HANDLERS = lab.package().configure({}, threading.Event())


def reasons(kind: str, inputs: dict[str, Any]) -> dict[str, str]:
    checked = HANDLERS[f"lab:index:{kind}"].check(inputs, old={}, name="x")
    return {failure.property: failure.reason for failure in checked.failures}


def test_right_inputs_pass_and_get_their_defaults() -> None:
    assert reasons("Switch", SWITCH) == {}
    assert reasons("Machine", MACHINE) == {}
    assert HANDLERS["lab:index:Switch"].check(SWITCH, old={}, name="x").inputs["isolated"] is False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prefix", "gc1-m"),
        ("prefix", "../x"),
        ("name", "a/b"),
        ("name", ""),
        ("data_folder", "relative"),
        ("data_folder", "/a:b"),
        ("data_folder", "/a/../b"),
        ("image", "/with,comma"),
        ("authorized_key", "ssh-ed25519 AAAA\nssh-ed25519 BBBB"),
        ("nics", []),
        ("nics", [{"name": "mgmt0", "switch": "../other", "addresses": ["10.0.0.1/24"]}]),
        ("nics", [{"name": "mgmt0", "switch": "mgmt", "addresses": ["10.0.0.1"]}]),
        ("nics", [{"name": "mgmt0", "switch": "mgmt", "addresses": []}]),
        ("nics", [{"name": "mgmt0 up", "switch": "mgmt", "addresses": ["10.0.0.1/24"]}]),
        ("gateways", ["10.0.0.1/24"]),
        ("routes", [{"prefix": "10.21.0.0/24", "gateway": "10.0.0.1/24"}]),
        ("routes", [{"prefix": "10.21.0.1/24", "gateway": "10.0.0.1"}]),
        ("routes", [{"prefix": "fd21::/112", "gateway": "10.0.0.1"}]),
        ("routes", [{"prefix": "0.0.0.0/0", "gateway": "10.0.0.1"}]),
        ("routes", [{"prefix": "10.21.0.0/24"}]),
        ("routes", "10.21.0.0/24"),
        ("sysctls", {"kernel.core_pattern": "|/x"}),
        ("hosts", [{"address": "10.0.0.1", "names": ["a b"]}]),
        ("colour", "red"),
    ],
)
def test_a_wrong_input_is_refused_by_name(field: str, value: Any) -> None:
    assert set(reasons("Machine", {**MACHINE, field: value})) == {field}


def test_an_unknown_value_of_a_preview_is_not_judged() -> None:
    assert reasons("Machine", {**MACHINE, "authorized_key": wire.UNKNOWN}) == {}


def test_another_image_replaces_a_machine_and_another_address_does_not() -> None:
    handler = HANDLERS["lab:index:Machine"]
    old = resource.State(id="x", inputs=MACHINE, outputs={"status": "running"})
    assert handler.diff(old, MACHINE).changed == ()
    assert handler.diff(old, {**MACHINE, "image": "/other"}).replace == ("image",)
    moved = copy.deepcopy(MACHINE)
    moved["nics"][0]["addresses"][0] = "10.0.0.9/24"  # type: ignore[index]
    assert handler.diff(old, moved) == resource.Difference(changed=("nics",), delete_before_replace=True)


def test_a_machine_that_does_not_run_is_updated() -> None:
    old = resource.State(id="x", inputs=MACHINE, outputs={"status": "damaged: it does not run"})
    difference = HANDLERS["lab:index:Machine"].diff(old, MACHINE)
    assert (difference.changed, difference.replace) == (("status",), ())


def test_port_names_fit_into_an_interface_name_and_differ() -> None:
    names = {links.port_name(machine, nic) for machine in ("a", "b") for nic in ("mgmt0", "zone")}
    assert len(names) == 4
    assert max(map(len, names)) <= 15


def test_writing_to_a_disk_follows_no_link_out_of_it(tmp_path: Any) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "etc").symlink_to(outside)
    with pytest.raises(Exception, match="cannot write /etc/hosts"):
        rootfs.write(root, "etc/hosts", "x")
    (root / "var").mkdir()
    (outside / "victim").write_text("precious")
    (root / "var" / "file").symlink_to(outside / "victim")
    rootfs.write(root, "var/file", "x", mode=0o600)
    assert (outside / "victim").read_text() == "precious"
    assert (root / "var" / "file").read_text() == "x"
    assert (root / "var" / "file").stat().st_mode & 0o777 == 0o600
