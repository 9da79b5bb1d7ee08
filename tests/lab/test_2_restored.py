"""What somebody breaks by hand is found, named, and put right by the next deploy."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from govcloud_cli import resources
from govcloud_cli.plan import network
from govcloud_cli.providers.lab import cgroups
from govcloud_cli.run import ansible, reach, side_secrets, sites, tools, workspace
from tests.lab import conftest, driver

pytestmark = pytest.mark.lab

FLOW = "packet/external-client/external-db/external/tcp-6432"
EDITED = "/etc/sysctl.d/60-govcloud.conf"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mended:
    """The lab after it was damaged in four ways and deployed again."""

    seen: dict[str, str]
    """What `verify` found wrong after the firewall alone was damaged."""
    blocked: subprocess.CompletedProcess[str]
    """A second deploy beside the first."""
    blocked_seconds: float
    """Of processor time: it starts beside a deploy that has a small machine to itself."""
    deployed: dict[str, Any]
    """The document of the deploy that mended it."""
    firewalls: tuple[str, str]
    """The firewall before and after."""
    file: tuple[str, str]
    """The edited file before and after."""


@pytest.fixture(scope="module")
def mended(lab: conftest.Lab) -> Mended:
    cloud = lab.cloud
    rules, content = (cloud.shell("external-db", "nft -s list ruleset"), cloud.shell("border", f"cat {EDITED}"))
    maps = cloud.shell("external-db", "nft -j list maps | grep -o 'input_external_to[a-z0-9_]*' | sort -u").split()
    assert maps, rules
    cloud.shell("external-db", " && ".join(f"nft flush map inet govcloud {name}" for name in maps))
    seen = driver.wrong(cloud.json("verify", code=1))
    cloud.shell("border", f"echo 'net.ipv4.ip_forward = 0' >> {EDITED}")
    cloud.shell("internal-db", "systemctl stop pgbouncer")
    cloud.shell("internal-client", "echo precious > /root/data && sync")
    cgroups.send(network.machine_namespace(f"{cloud.space.prefix}-int", "internal-client"), signal.SIGKILL)
    first = cloud.start("deploy", "--json")
    _wait_for_holder(cloud, first.pid)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    blocked = cloud.run("deploy", code=5)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert first.poll() is None, "the second deploy waited for the first"
    out, err = first.communicate(timeout=600)
    assert first.returncode == 0, out + err
    return Mended(
        seen=seen,
        blocked=blocked,
        blocked_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        deployed=json.loads(out),
        firewalls=(rules, cloud.shell("external-db", "nft -s list ruleset")),
        file=(content, cloud.shell("border", f"cat {EDITED}")),
    )


def _wait_for_holder(cloud: driver.Cloud, pid: int) -> None:
    until = time.monotonic() + 10
    while json.loads((cloud.space.path / "holder.json").read_text())["pid"] != pid:
        assert time.monotonic() < until, "the deploy did not take the lock"
        time.sleep(0.05)


def notes(mended: Mended) -> dict[str, str]:
    return {step["name"]: step["note"] for step in mended.deployed["steps"] if step["changed"]}


def test_verify_names_each_probe_that_a_lost_firewall_rule_costs(mended: Mended) -> None:
    for family in ("v4", "v6"):
        assert mended.seen[f"{FLOW}/{family}"] == "blocked"


def test_the_next_deploy_restores_the_firewall_and_names_the_drift(mended: Mended) -> None:
    assert mended.deployed["changed"]
    assert "external-db: drift: firewall" in notes(mended)["external/roles"]
    assert mended.firewalls[1] == mended.firewalls[0]


def test_an_edited_file_is_found_and_restored(mended: Mended) -> None:
    assert f"border: drift: file {EDITED}" in notes(mended)["external/roles"]
    assert mended.file[1] == mended.file[0]


def test_a_stopped_service_is_found_and_started(mended: Mended, cloud: driver.Cloud) -> None:
    assert "internal-db: drift: unit pgbouncer.service" in notes(mended)["internal/roles"]
    assert cloud.shell("internal-db", "systemctl is-active pgbouncer") == "active\n"


def test_a_killed_machine_is_started_again_with_its_disk(mended: Mended, cloud: driver.Cloud) -> None:
    assert "internal-client" in notes(mended)["internal/network"]
    assert cloud.shell("internal-client", "cat /root/data") == "precious\n"


def test_a_second_deploy_is_refused_at_once_and_told_who_deploys(mended: Mended) -> None:
    assert mended.blocked_seconds <= 2
    assert "is locked: " in mended.blocked.stderr
    assert "deploy since" in mended.blocked.stderr


def test_afterwards_there_is_nothing_more_to_do(mended: Mended, cloud: driver.Cloud) -> None:
    cloud.json("deploy", "--expect-no-changes")
    assert driver.wrong(cloud.json("verify")) == {}


def test_roles_that_run_again_change_nothing(cloud: driver.Cloud) -> None:
    for side in cloud.sides:
        record = cloud.applied(side)
        record["snapshots"] = {}
        workspace.write(cloud.space.path / side / "applied.json", json.dumps(record))
    steps = {step["name"]: step for step in cloud.json("deploy")["steps"]}
    for side in cloud.sides:
        step = steps[f"{side}/roles"]
        assert step["seconds"] > 5, "the roles did not run"
        assert not step["changed"], step


def test_check_mode_tells_the_truth_about_machines_that_are_done(cloud: driver.Cloud, tmp_path: pathlib.Path) -> None:
    side = cloud.sides["external"]
    folder = cloud.space.side(side.side)
    provided = tools.provide(
        ("pulumi", "keycloak", "kube-apiserver", "kube-controller-manager"), install=False, report=lambda _: None
    )
    inventory = ansible.write_inventory(
        side.hosts,
        folder=folder,
        only=(),
        resolve=lambda file: sites.controller_file(folder, provided, file),
        name="check.yml",
    )
    playbook = resources.folder("roles") / "site.yml"
    command = reach.of(side).command(
        [sys.executable, "-m", "ansible.cli.playbook", "--check", "-i", str(inventory), str(playbook)]
    )
    environment = {**os.environ, **ansible.environment(folder, "mitogen_linear")}
    with (tmp_path / "log").open("w+") as log, side_secrets.break_glass_file(folder):
        # Ansible insists on files or blocking pipes.
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        log.seek(0)
        told = log.read()
    assert done.returncode == 0, told[-4000:]
    recap = [line for line in told.splitlines() if "changed=" in line]
    assert len(recap) == len(side.hosts), told[-2000:]
    assert all("changed=0 " in line for line in recap), told[-6000:]


def test_a_tenant_goes_only_when_it_is_named(cloud: driver.Cloud) -> None:
    file = cloud.tenant("tourism")
    away = file.rename(cloud.folder / file.name)
    try:
        refused = cloud.run("deploy", code=2)
        assert "--remove tourism" in refused.stderr
        assert cloud.api("external", "/api/v1/namespaces/tourism-prod")[0] == 200
        assert cloud.json("deploy", "--remove", "tourism")["changed"]
        _, document = cloud.api("external", "/api/v1/namespaces")
        assert not [item for item in document["items"] if item["metadata"]["name"].startswith("tourism")]
        catalogue = "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles"
        left = cloud.shell("external-db", f"runuser -u postgres -- psql -Atc '{catalogue}'").split()
        assert any(name.startswith("finance") for name in left)
        assert not [name for name in left if name.startswith("tourism")]
    finally:
        away.rename(file)


def test_of_ten_deploys_at_once_one_runs_and_nine_are_told_who_does(cloud: driver.Cloud) -> None:
    started = [cloud.start("deploy") for _ in range(10)]
    ended = [(process, process.communicate(timeout=300)[1]) for process in started]
    (winner,) = [process for process, _ in ended if process.returncode == 0]
    others = [(process.returncode, told) for process, told in ended if process is not winner]
    assert [code for code, _ in others] == [5] * 9
    for _, told in others:
        assert f"pid {winner.pid}, deploy since" in told
