"""Proves from outside that the platform does what its plan says, and nothing else.

Packets from every client machine, log-ins as tenants, requests as identity groups, and every role's own tests.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import json
import pathlib
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from govcloud_cli import counting, errors, resources
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, database_servers, databases, hosts, plans, probes
from govcloud_cli.run import ansible, machines, preparing, process, reach, sites, workspace
from govcloud_cli.run.probing import identity_checks, tunnel_checks

_PACKET_TIMEOUT = 2.0
"""Seconds; more than one retransmission of a lost SYN (1 s), and nobody here is slower than that."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extent:
    """How much of a side a deploy probes: what would come out as last time is left out."""

    hosts: tuple[str, ...]
    """Machines whose roles' tests run."""
    people: bool
    """Whether temporary people are made, with accounts and certificates, for probes of tokens and tunnels."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """One probe and what came of it."""

    id: str
    expected: str
    seen: str

    @property
    def ok(self) -> bool:
        """Whether it came out as the plan says."""
        return self.seen == self.expected


def verify(
    site: sites.Site,
    plan: plans.Plan,
    *,
    report: Callable[[str], None],
    logs: pathlib.Path,
    extents: Mapping[platforms.Side, Extent] | None = None,
) -> tuple[Checked, ...]:
    """Every probe of `plan`, and the roles' tests on every host; or as much of each side as `extents` has.

    With extents also without the probes that have to wait (`identity_probes.SLOW`).
    """
    jobs: list[Callable[[], list[Checked]]] = []
    for side in plan.sides:
        whole = Extent(hosts=tuple(host.name for host in side.hosts), people=True)
        extent = whole if extents is None else extents[side.side]
        folder, way = site.space.side(side.side), reach.of(side)
        jobs.append(functools.partial(_packets, side, folder, way))
        jobs.append(functools.partial(_tenants, side, folder, way))
        for own, make in identity_checks.jobs(site, side, way, people=extent.people, patient=extents is None):
            jobs.append(functools.partial(_made, own, make))
        for own, make in tunnel_checks.jobs(site, side, way) if extent.people else ():
            jobs.append(functools.partial(_made, own, make))
        if extent.hosts:
            log = logs / f"{side.side.value}-role-tests.log"
            jobs.append(functools.partial(_roles, side, folder, way, extent.hosts, log))
    report(f"{sum(len(side.probes) for side in plan.sides)} probes and the roles' own tests")
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        return tuple(check for found in pool.map(lambda job: job(), jobs) for check in found)


def mismatch(wrong: Sequence[Checked], *, logs: pathlib.Path) -> errors.GovcloudError:
    """The error for probes that came out otherwise; `probes.json` in `logs` has all: they may pass later."""
    log = logs / "probes.json"
    workspace.make_folder(logs)
    workspace.write(
        log, json.dumps([dataclasses.asdict(check) for check in wrong], ensure_ascii=False, indent=1) + "\n"
    )
    shown = "\n".join(f"{check.id}: expected {check.expected}, seen {check.seen}" for check in wrong[:20])
    more = f"\n… and {len(wrong) - 20} more" if len(wrong) > 20 else ""
    return errors.GovcloudError(
        f"{counting.counted(len(wrong), 'probe')} came out otherwise than the plan says",
        where="verify",
        cause=shown + more,
        log=str(log),
        remedy="`govcloud deploy` restores what drifted; `govcloud verify --json` lists every probe",
    )


def _packets(side: plans.SidePlan, folder: workspace.SideFolder, way: reach.Reach) -> list[Checked]:
    own = [probe for probe in side.probes if probe.kind is probes.Kind.PACKET]
    arguments: dict[str, dict[str, Any]] = {}
    for probe in own:
        job = arguments.setdefault(probe.source, {"timeout": _PACKET_TIMEOUT, "probes": []})
        job["probes"].append({"id": probe.id, "address": probe.target, "port": probe.port, "protocol": probe.protocol})
    answers = machines.run_script("packets", arguments, folder=folder, way=way)
    return [_checked(probe, _seen(answers[probe.source], probe)) for probe in own]


def _seen(answer: Any, probe: probes.Probe) -> str:
    if isinstance(answer, errors.GovcloudError):
        return f"{probes.Outcome.ERROR}: {answer.message}"
    return str(answer[probe.id])


def _made(own: Sequence[probes.Probe], make: Callable[[], Mapping[str, str]]) -> list[Checked]:
    seen = make()
    return [_checked(probe, seen[probe.id]) for probe in own]


def _tenants(side: plans.SidePlan, folder: workspace.SideFolder, way: reach.Reach) -> list[Checked]:
    own = [probe for probe in side.probes if probe.kind in (probes.Kind.DATABASE, probes.Kind.NAMESPACE)]
    if not own:
        return []
    job = {
        "databases": [_sign_in(probe, side, folder) for probe in own if probe.kind is probes.Kind.DATABASE],
        "namespaces": [dataclasses.asdict(probe) for probe in own if probe.kind is probes.Kind.NAMESPACE],
        "ca": str(folder.pki / "services-ca.crt"),
        "kubeconfig": str(preparing.engine_kubeconfig(side, folder)),
    }
    argv = way.command([sys.executable, "-m", "govcloud_cli.run.tenant_probes"])
    try:
        seen = json.loads(process.run(argv, stdin=json.dumps(job), timeout=120).stdout)
    except errors.ProcessError as error:
        return [_checked(probe, f"{probes.Outcome.ERROR}: {error.cause}") for probe in own]
    return [_checked(probe, seen[probe.id]) for probe in own]


def _sign_in(probe: probes.Probe, side: plans.SidePlan, folder: workspace.SideFolder) -> dict[str, Any]:
    """A probe of a database, with the role's password and the place where the database is."""
    master = bytes.fromhex((folder.secrets / "master").read_text().strip())
    target = next(plan for shard in side.shards for plan in shard.databases if plan.database == probe.target)
    source = next(
        plan for shard in side.shards for plan in shard.databases if probe.source in {plan.rw, plan.ro, plan.owner}
    )
    server = next(machine for machine in side.databases if machine.id == target.machine)
    return {
        **dataclasses.asdict(probe),
        "password": credentials.password(master, probe.source, source.generation),
        "host": database_servers.management(server),
        "port": databases.PORT,
    }


def _roles(
    side: plans.SidePlan, folder: workspace.SideFolder, way: reach.Reach, on: Sequence[str], log: pathlib.Path
) -> list[Checked]:
    """The roles' testinfra tests, against the machines."""

    def tested(file: hosts.ControllerFile) -> str:
        # Tests look at the machines; of the files that roles copy they need the side's certificates only.
        return sites.controller_file(folder, {}, file) if file.folder == "pki" else ""

    # testinfra reads variables and templates nothing, and does not know tags.
    inventory = ansible.write_inventory(
        side.hosts, folder=folder, only=tuple(on), resolve=tested, name="tested.yml", tagged=False
    )
    report = folder.path / "ansible" / "role-tests.xml"
    report.unlink(missing_ok=True)
    roles = sorted({role for host in side.hosts if host.name in on for role in host.roles})
    tests = [path for role in roles if (path := resources.folder("roles") / role / "tests").is_dir()]
    root = f"--rootdir={resources.folder('roles')}"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:warnings", "-c", "/dev/null", root]
    targets = [f"--ansible-inventory={inventory}", f"--junitxml={report}", *map(str, tests)]
    argv = [sys.executable, "-m", "pytest", *options, *targets]
    done = process.run(way.command(argv), environment=ansible.environment(folder), timeout=300, check=False)
    with log.open("a", encoding="utf-8") as file:
        file.write(done.stdout + done.stderr)
    if not report.exists():
        return [Checked(id=f"roles/{side.side.value}", expected="passed", seen=f"error: pytest exit {done.returncode}")]
    return _parsed(report)


def _parsed(report: pathlib.Path) -> list[Checked]:
    found = []
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our own pytest
        bad = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        seen = "passed" if bad is None else f"{bad.tag}: {((bad.get('message') or '').splitlines() or [''])[0][:200]}"
        module = case.get("classname", "").rpartition(".")[2]
        found.append(Checked(id=f"role/{module}/{case.get('name')}", expected="passed", seen=seen))
    return found


def _checked(probe: probes.Probe, seen: str) -> Checked:
    return Checked(id=probe.id, expected=probe.expected.value, seen=seen)
