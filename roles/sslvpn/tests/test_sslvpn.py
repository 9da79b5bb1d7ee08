"""The role `sslvpn` on a machine, read from outside the role. One `host.run` collects what all tests judge.

Run by `govcloud verify`. What gets in and what does not is tried by its probes and by `tests/roles/sslvpn`.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

testinfra_hosts = ["ansible://sslvpn"]
pytestmark = pytest.mark.roles

_ROLE = pathlib.Path(__file__).parents[1]
_SCRIPT = """
section() { printf '\\n=== %s\\n' "$1"; }
units='ocserv.service govcloud-vpn-revocation.path govcloud-vpn-log.service'
section active; systemctl is-active $units
section enabled; systemctl is-enabled $units
section listening; ss --listening --tcp --udp --numeric --no-header --processes | grep ocserv | awk '{print $1, $5}'
section modes; stat --format='%a %U %G %n' /etc/ocserv/ocserv.conf /etc/ocserv/gate.json /etc/ocserv/identity-secret \
  /etc/ocserv/tls/server.key /etc/ocserv/people /run/ocserv/control /var/log/govcloud
section conf; cat /etc/ocserv/ocserv.conf
section gate; cat /etc/ocserv/gate.json
section pam; cat /etc/pam.d/ocserv
section people; ls --almost-all /etc/ocserv/people
section unit; systemctl show ocserv.service --property=CapabilityBoundingSet,NoNewPrivileges,ProtectSystem,DevicePolicy
section workers; ps -o user=,etimes= -C ocserv-worker
section list; cmp /etc/ocserv/tls/vpn-ca.crl /run/ocserv/vpn-ca.crl && cat /run/ocserv/vpn-ca.crl.json
section rotation; logrotate --debug /etc/logrotate.d/govcloud-vpn 2>&1
section control; runuser --user=nobody -- occtl --socket-file /run/ocserv/control/occtl.socket show users 2>&1
section end
"""


@pytest.fixture(scope="module")
def variables(host: Any) -> dict[str, Any]:
    """The host's variables over the role's defaults."""
    defaults = yaml.safe_load((_ROLE / "defaults" / "main.yml").read_text())
    given = {name: value for name, value in host.ansible.get_variables().items() if name.startswith("sslvpn_")}
    return {**defaults, **given}


@pytest.fixture(scope="module")
def seen(host: Any) -> dict[str, str]:
    """What the machine says, by section."""
    answer = host.run("sh -c %s", _SCRIPT)
    parts = answer.stdout.split("\n=== ")[1:]
    sections = {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}
    assert "end" in sections, f"the script stopped early: {answer.stderr}"
    return sections


@pytest.fixture(scope="module")
def options(seen: dict[str, str]) -> dict[str, list[str]]:
    """ocserv's options, each with its values in their order."""
    found: dict[str, list[str]] = {}
    for line in seen["conf"].splitlines():
        name, equals, value = line.partition(" = ")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value.strip('"'))
    return found


def test_the_gateway_its_log_reader_and_its_watch_run_and_start_at_boot(seen: dict[str, str]) -> None:
    assert seen["active"].split() == ["active"] * 3
    assert [state.removesuffix("-runtime") for state in seen["enabled"].split()] == ["enabled"] * 3


def test_it_listens_for_tunnels_and_nothing_else(seen: dict[str, str], variables: dict[str, Any]) -> None:
    """With two addresses at all: ocserv takes one or all, and the zone firewall opens the internet zone only."""
    listening = {tuple(line.split()) for line in seen["listening"].splitlines() if line}
    addresses = variables["sslvpn_listen_addresses"]
    if len(addresses) > 1:
        addresses = ["0.0.0.0", "::"]
    shown = [f"[{address}]" if ":" in address else address for address in addresses]
    assert listening == {(kind, f"{one}:{variables['sslvpn_port']}") for one in shown for kind in ("tcp", "udp")}


def test_both_factors_are_needed(options: dict[str, list[str]]) -> None:
    assert options["auth"] == ["certificate", "pam"]
    assert "enable-auth" not in options
    assert options["cert-user-oid"] == ["0.9.2342.19200300.100.1.1"]
    assert options["cisco-client-compat"] == ["false"]


def test_the_second_factor_is_asked_by_our_program_and_nothing_else(seen: dict[str, str]) -> None:
    rules = [line.split() for line in seen["pam"].splitlines() if line and not line.startswith("#")]
    assert [rule[:3] for rule in rules] == [
        ["auth", "required", "pam_exec.so"],
        ["account", "required", "pam_permit.so"],
        ["password", "required", "pam_deny.so"],
        ["session", "required", "pam_deny.so"],
    ]
    assert rules[0][3:] == ["expose_authtok", "quiet", "/usr/local/lib/govcloud-vpn/check.py"]


def test_nothing_lets_somebody_in_who_has_no_file(options: dict[str, list[str]]) -> None:
    assert "default-user-config" not in options
    assert "default-group-config" not in options
    assert options["connect-script"] == ["/usr/local/lib/govcloud-vpn/session.py"]


def test_exactly_those_who_may_come_in_have_a_file(seen: dict[str, str], variables: dict[str, Any]) -> None:
    assert sorted(seen["people"].split()) == sorted(one["person"] for one in variables["sslvpn_people"])


def test_a_cookie_is_bound_and_short(options: dict[str, list[str]], variables: dict[str, Any]) -> None:
    assert options["persistent-cookies"] == ["false"]
    assert options["deny-roaming"] == ["true"]
    assert options["cookie-timeout"] == [str(variables["sslvpn_cookie_seconds"])]


def test_old_protocols_and_compression_are_off(options: dict[str, list[str]]) -> None:
    assert "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+VERS-DTLS1.2" in options["tls-priorities"][0]
    assert options["compression"] == ["false"]
    assert options["dtls-legacy"] == ["false"]


def test_what_is_secret_is_roots_alone(seen: dict[str, str]) -> None:
    modes = {line.split()[3]: tuple(line.split()[:3]) for line in seen["modes"].splitlines() if line}
    for name in ("ocserv.conf", "gate.json", "identity-secret", "tls/server.key"):
        assert modes[f"/etc/ocserv/{name}"] == ("600", "root", "root")
    for name in ("/etc/ocserv/people", "/run/ocserv/control"):
        assert modes[name] == ("700", "root", "root")
    assert modes["/var/log/govcloud"] == ("750", "root", "root")


def test_nobody_but_root_controls_it(seen: dict[str, str]) -> None:
    assert "Username" not in seen["control"]


def test_the_process_that_is_root_can_do_no_more_than_it_must(seen: dict[str, str]) -> None:
    unit = dict(line.split("=", 1) for line in seen["unit"].splitlines() if line)
    assert unit["NoNewPrivileges"] == "yes"
    assert unit["ProtectSystem"] == "strict"
    assert unit["DevicePolicy"] == "closed"
    assert "cap_sys_admin" not in unit["CapabilityBoundingSet"]
    assert "cap_sys_ptrace" not in unit["CapabilityBoundingSet"]
    # Each is root until it has shut itself in, and verify comes in by tunnels at the same time.
    workers = [line.split() for line in seen["workers"].splitlines()]
    assert {user for user, seconds in workers if int(seconds) >= 2} <= {"ocserv"}


def test_the_published_revocation_list_is_the_one_in_use(seen: dict[str, str]) -> None:
    assert set(json.loads(seen["list"])) == {"digest", "authority", "thisUpdate", "nextUpdate"}


def test_the_log_is_kept_for_half_a_year(seen: dict[str, str], variables: dict[str, Any]) -> None:
    assert f"after 1 days ({variables['sslvpn_log_days']} rotations)" in seen["rotation"]
    assert variables["sslvpn_log_days"] >= 180
