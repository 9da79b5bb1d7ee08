"""Whether a machine is what the role `baseline` promises, read from the machine itself.

Run by `govcloud verify` with `pytest --ansible-inventory=…`; one look at the machine serves all tests.
"""

from __future__ import annotations

import shlex
from typing import Any

import pytest

pytestmark = pytest.mark.roles
testinfra_hosts = ["ansible://baseline"]

_SETTINGS = {
    "net/ipv4/conf/*/accept_redirects": "0",
    "net/ipv4/conf/*/send_redirects": "0",
    "net/ipv4/conf/*/accept_source_route": "0",
    "net/ipv4/conf/*/rp_filter": "1",
    "net/ipv6/conf/*/accept_redirects": "0",
    "net/ipv6/conf/*/accept_source_route": "0",
    "net/ipv6/conf/*/accept_ra": "0",
    "net/ipv4/tcp_syncookies": "1",
}
_LOOK = r"""
part() { echo "@@ $1"; }
part sshd;     sshd -T -C user=root,host=localhost,addr=127.0.0.1
part journald; systemd-analyze cat-config systemd/journald.conf; [ -d /var/log/journal ] && echo persistent
part units;    systemctl is-active ssh.service systemd-journald.service chrony.service
part chrony;   chronyc -n tracking; chronyc -n sources
part auditctl; auditctl -s 2>&1
part auditd;   systemctl is-active auditd.service
part sockets;  ss -Htlnp
part modes;    stat -c '%n %a %U:%G' /etc/crontab /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly \
               /etc/cron.monthly /etc/cron.allow /etc/ssh/sshd_config /etc/ssh/sshd_config.d/10-govcloud.conf \
               /etc/shadow /etc/gshadow /etc/passwd /etc/sudoers /etc/sudoers.d/50-govcloud
part pam;      cat /etc/pam.d/common-auth /etc/pam.d/common-account /etc/pam.d/common-password
part rules;    cat /etc/login.defs /etc/security/faillock.conf /etc/security/pwquality.conf
part accounts; awk -F: 'FNR==NR {s[$1]=substr($2,1,1); next} {print $1, $3, $7, s[$1] == "" ? "EMPTY" : s[$1]}' \
               /etc/shadow /etc/passwd
part shell;    bash -lc 'umask; echo "$TMOUT"; ulimit -Hc'
part banner;   cat /etc/issue
part hosts;    cat /etc/hosts
"""


@pytest.fixture(scope="module")
def wanted(host: Any) -> dict[str, Any]:
    return dict(host.ansible.get_variables())


@pytest.fixture(scope="module")
def seen(host: Any, wanted: dict[str, Any]) -> dict[str, list[str]]:
    settings = "part sysctl\n" + "\n".join(
        f'for f in /proc/sys/{path}; do [ ! -w "$f" ] || echo "$f $(cat "$f") {value}"; done'
        for path, value in _SETTINGS.items()
    )
    units = shlex.join(wanted.get("baseline_masked_units", ["debug-shell.service"]))
    masked = f'part masked\nfor u in {units}; do echo "$u $(readlink /etc/systemd/system/$u)"; done'
    forward = "part forward\ncat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding\n"
    output = host.check_output("sh -c %s", f"{_LOOK}\n{settings}\n{masked}\n{forward}\ntrue")
    parts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in output.splitlines():
        if line.startswith("@@ "):
            parts[line[3:].strip()] = current = []
        elif line.strip():
            current.append(line.strip())
    return parts


def test_sshd_lets_in_keys_only(seen: dict[str, list[str]]) -> None:
    required = {
        "authenticationmethods publickey",
        "banner /etc/issue",
        "hostbasedauthentication no",
        "kbdinteractiveauthentication no",
        "passwordauthentication no",
        "permitemptypasswords no",
        "permituserenvironment no",
        "x11forwarding no",
    }
    assert required - set(seen["sshd"]) == set(), "sshd's effective settings lack these"
    root = [line.partition(" ")[2] for line in seen["sshd"] if line.startswith("permitrootlogin ")]
    assert root in (["without-password"], ["prohibit-password"], ["no"])


def test_sshd_cuts_what_is_idle_and_limits_attempts(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    effective = dict(line.partition(" ")[::2] for line in seen["sshd"])
    idle = int(effective["clientaliveinterval"]) * int(effective["clientalivecountmax"])
    assert 0 < idle <= wanted.get("baseline_idle_seconds", 900)
    assert int(effective["maxauthtries"]) <= 6
    assert 0 < int(effective["logingracetime"]) <= 60


_WEAK = ("3des", "arcfour", "cbc", "md5", "sha1")


def test_sshd_offers_strong_algorithms_only(seen: dict[str, list[str]]) -> None:
    effective = dict(line.partition(" ")[::2] for line in seen["sshd"])
    for kind in ("ciphers", "macs", "kexalgorithms"):
        weak = [name for name in effective[kind].split(",") if any(word in name for word in _WEAK)]
        assert weak == [], f"weak {kind}"


def test_sshd_listens_on_the_management_addresses_only(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    addresses = wanted.get("baseline_ssh_listen_addresses")
    if not addresses:
        addresses = ["0.0.0.0", "::"]
    listening = {line.split()[3].rpartition(":")[0].strip("[]") for line in seen["sockets"] if '"sshd"' in line}
    assert listening == set(addresses)


def test_sshd_admits_only_the_named_accounts(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    allowed = {line.partition(" ")[2] for line in seen["sshd"] if line.startswith("allowusers ")}
    assert allowed == set(wanted.get("baseline_ssh_allow_users", ["root"]))


def test_the_audit_trail_is_carried_by_auditd_or_a_journal_kept_long_enough(seen: dict[str, list[str]]) -> None:
    assert "persistent" in seen["journald"], "the journal must survive a reboot"
    kept = [line.removeprefix("MaxRetentionSec=") for line in seen["journald"] if line.startswith("MaxRetentionSec=")][
        -1
    ]
    assert int(kept.removesuffix("day")) >= 180, "MLPS level 3 asks for at least six months"
    if any(line.startswith("enabled") for line in seen["auditctl"]):
        assert seen["auditd"] == ["active"], "this kernel serves auditd, so it must carry the audit trail"


def test_the_services_run(seen: dict[str, list[str]]) -> None:
    assert seen["units"] == ["active"] * 3, "ssh, journald and chrony"


def test_the_time_comes_from_the_declared_servers(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    servers = {line.split()[1] for line in seen["chrony"] if line[:1] == "^"}
    assert servers == set(wanted.get("baseline_time_servers", []))
    if not servers:
        assert any(line.split() == ["Stratum", ":", "10"] for line in seen["chrony"]), "its own clock is the reference"


def test_kernel_settings_are_in_force(seen: dict[str, list[str]]) -> None:
    wrong = [line for line in seen["sysctl"] if line.split()[1] != line.split()[2]]
    assert wrong == [], "path, value, wanted"
    assert len(seen["sysctl"]) >= len(_SETTINGS)


def test_only_a_border_forwards_packets(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    assert seen["forward"] == (["1", "1"] if wanted.get("baseline_ip_forward") else ["0", "0"])


def test_files_have_their_modes(seen: dict[str, list[str]]) -> None:
    modes = {line.split()[0]: line.split()[1:] for line in seen["modes"]}
    for path, (mode, owner) in modes.items():
        written_by_root_only = owner.startswith("root:") and int(mode, 8) & 0o022 == 0
        assert written_by_root_only, f"{path} is {mode} {owner}"
    assert [path for path in modes if "/cron" in path and int(modes[path][0], 8) & 0o007] == []
    assert modes["/etc/shadow"] == ["640", "root:shadow"]


def test_an_account_is_locked_after_failed_log_ins(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    assert sum("pam_faillock.so" in line for line in seen["pam"] if not line.startswith("#")) == 3
    assert f"deny = {wanted.get('baseline_lockout_attempts', 5)}" in seen["rules"]


def test_passwords_age_and_are_complex(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    assert any("pam_pwquality.so" in line for line in seen["pam"] if not line.startswith("#"))
    assert f"PASS_MAX_DAYS {wanted.get('baseline_password_max_days', 90)}" in seen["rules"]
    assert "minclass = 4" in seen["rules"]
    assert "UMASK 027" in seen["rules"]


def test_no_account_is_open_or_unused_with_a_shell(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    kept = wanted.get("baseline_login_accounts", ["root", "sync", "postgres"])
    for line in seen["accounts"]:
        name, number, shell, secret = line.split()
        assert secret != "EMPTY", f"{name} has no password"
        if 0 < int(number) < 1000:
            assert secret in "!*", f"{name} is not locked"
            assert name in kept or shell.endswith(("nologin", "/false")), f"{name} has the shell {shell}"


def test_a_shell_is_cut_when_idle_and_leaves_no_core(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    assert seen["shell"][:2] == ["0027", str(wanted.get("baseline_idle_seconds", 900))]
    assert seen["shell"][2] == "0"


def test_the_banner_warns_in_both_languages(seen: dict[str, list[str]]) -> None:
    text = " ".join(seen["banner"])
    assert "Debian" not in text, "the banner must not tell the operating system"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text), "no Chinese"
    assert any(letter.isascii() and letter.isalpha() for letter in text), "no English"


def test_units_that_nobody_needs_are_masked(seen: dict[str, list[str]]) -> None:
    assert [line for line in seen["masked"] if not line.endswith("/dev/null")] == []


def test_the_platforms_machines_are_known_by_name(seen: dict[str, list[str]], wanted: dict[str, Any]) -> None:
    known = {tuple(line.split()) for line in seen["hosts"] if not line.startswith("#")}
    for machine in wanted.get("baseline_hosts", []):
        for address in machine["addresses"]:
            assert (address, machine["name"]) in known
