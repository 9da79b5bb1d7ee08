"""The real CLI on an inventory of the test's own: what every test of this tier drives, always from outside."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shlex
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

from govcloud_cli.plan import build, plans
from govcloud_cli.providers.lab import sweep
from govcloud_cli.run import reach, sites, workspace
from tests.support import inventories

ROOT = pathlib.Path(__file__).parents[2]
_PATIENCE = 900.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cloud:
    """One environment in a folder of its own, so that it meets neither the developer's lab nor another test's."""

    folder: pathlib.Path

    @property
    def inventory(self) -> pathlib.Path:
        return self.folder / "inventories" / "lab"

    @property
    def space(self) -> workspace.Workspace:
        return workspace.locate(self.inventory)

    @property
    def site(self) -> sites.Site:
        return sites.load(self.inventory)

    @property
    def sides(self) -> dict[str, plans.SidePlan]:
        return {side.side.value: side for side in sites.plan(self.site, today=inventories.TODAY).sides}

    def start(self, verb: str, *arguments: str, actor: str = "") -> subprocess.Popen[str]:
        """Begin a verb; it is a process of its own, so killing it kills nothing that it started.

        `verb` may be two words; `actor` is what the CI system calls the person who runs it.
        """
        command = (sys.executable, "-m", "govcloud_cli", *verb.split(), "--env", str(self.inventory), *arguments)
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**_environment(self.folder), **({"CI": "true", "GITHUB_ACTOR": actor} if actor else {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, verb: str, *arguments: str, code: int = 0, actor: str = "") -> subprocess.CompletedProcess[str]:
        """Run a verb to its end; it must exit with `code`."""
        process = self.start(verb, *arguments, actor=actor)
        out, err = process.communicate(timeout=_PATIENCE)
        told = f"govcloud {verb} {' '.join(arguments)} exited {process.returncode}:\n{_shortly(out)}\n{err[-4000:]}"
        assert process.returncode == code, told
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def json(self, verb: str, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a verb with `--json`; its one document."""
        document: dict[str, Any] = json.loads(self.run(verb, "--json", *arguments, code=code).stdout)
        assert document["schemaVersion"] == 1
        return document

    def shell(self, machine: str, script: str) -> str:
        """What a shell script prints on a machine, by `govcloud exec`; it must succeed."""
        return self.run("exec", machine, "--", "bash", "-c", script).stdout

    def python(self, machine: str, script: str, argument: object) -> Any:
        """What a Python script on a machine prints as JSON, given `argument`."""
        return json.loads(
            self.run("exec", machine, "--", "python3", "-c", script, json.dumps(argument)).stdout.splitlines()[-1]
        )

    def beside(self, side: str, script: str, argument: object) -> Any:
        """Likewise on this host, in the network namespace from which a side's machines are reached."""
        command = reach.of(self.sides[side]).command((sys.executable, "-c", script))
        done = subprocess.run(
            command, input=json.dumps(argument), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def api(
        self, side: str, path: str, *, group: str = "", method: str = "GET", body: object = None, file: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Ask a side's API server, as GovCloud's kubeconfig does from this host; `body` is JSON, of a PATCH a merge.

        `file`: the kubeconfig, for who asks often and has it already.
        """
        file = file or self.run("kubeconfig", "--side", side).stdout.strip()
        kubeconfig = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
        context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        headers = {"Impersonate-User": "somebody", "Impersonate-Group": group} if group else {}
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            data = None if body is None else json.dumps(body).encode()
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            sent = {**headers, **({"Content-Type": kind} if data else {})}
            asked = urllib.request.Request(cluster["server"] + path, headers=sent, method=method, data=data)
            with opener.open(asked, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    def sql(self, machine: str, statement: str) -> list[str]:
        """What PostgreSQL on a machine answers its superuser, line by line."""
        return self.shell(machine, f"cd / && runuser -u postgres -- psql -Atc {shlex.quote(statement)}").splitlines()

    def audited(self, side: str) -> list[dict[str, Any]]:
        """A side's audit log, which must verify."""
        assert self.json("audit verify", "--side", side)["ok"]
        found: list[dict[str, Any]] = self.json("audit show", "--side", side)["records"]
        return found

    def applied(self, side: str) -> dict[str, Any]:
        """The record of what was last applied; empty if there is none yet."""
        try:
            found: dict[str, Any] = json.loads((self.space.path / side / "applied.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def forward(self, side: str) -> str:
        """The address on this host's loopback that leads to a side's API server."""
        return f"127.0.0.1:{self.applied(side)['outputs']['network']['forwards'][build.API_FORWARD]['port']}"

    def tenant(self, name: str) -> pathlib.Path:
        """A tenant's file."""
        return self.inventory / "tenants" / f"{name}.yaml"

    def traces(self) -> list[str]:
        """What of this environment is on the host: namespaces, groups, mounts, processes, sockets, files."""
        prefix = self.space.prefix
        found: list[str] = []
        for side in self.site.sides:
            found += sweep.remains(f"{prefix}-{side.value[:3]}", self.space.side(side).machines)
        mounts = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
        found += [line for line in mounts if prefix in line or str(self.folder) in line]
        shown = subprocess.run(("ps", "-eo", "pid,args"), capture_output=True, text=True, check=True).stdout
        found += [line for line in shown.splitlines() if f"{prefix}-" in line or str(self.space.path) in line]
        for place in ("/run/govcloud", "/run/netns", "/run/systemd/nspawn/propagate"):
            found += [str(path) for path in pathlib.Path(place).glob(f"{prefix}*")]
        return found + [str(path) for path in [self.space.path] if path.exists()]


def make(folder: pathlib.Path) -> Cloud:
    """An environment with a copy of the lab's inventory."""
    inventories.copy("lab", folder)
    return Cloud(folder=folder)


def remove(cloud: Cloud) -> None:
    """Destroy the environment and remove its folder, whatever state it is in."""
    if cloud.space.path.exists():
        # A test that failed midway may have left one that is refused.
        shutil.rmtree(cloud.inventory)
        inventories.copy("lab", cloud.folder)
        cloud.run("destroy", "--yes")
    shutil.rmtree(cloud.folder)


def _shortly(out: str) -> str:
    """The end of an output; of probes those that came out otherwise."""
    with contextlib.suppress(ValueError):
        return json.dumps(wrong(json.loads(out)), indent=1)[-4000:] if '"probes"' in out else out[-4000:]
    return out[-4000:]


def wrong(verified: dict[str, Any]) -> dict[str, str]:
    """The probes of a `verify` document that came out otherwise, with what was seen."""
    return {probe["id"]: probe["seen"] for probe in verified["probes"] if not probe["ok"]}


def host_links() -> set[str]:
    """The interfaces of the host's own network."""
    shown = subprocess.run(("ip", "-json", "link"), capture_output=True, text=True, check=True).stdout
    return {link["ifname"] for link in json.loads(shown)}


def listeners() -> set[str]:
    """Addresses on which the host's own network takes TCP connections."""
    shown = subprocess.run(("ss", "-Hltn"), capture_output=True, text=True, check=True).stdout
    return {line.split()[3] for line in shown.splitlines()}


def _environment(folder: pathlib.Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GOVCLOUD_", "PULUMI_"))}
    return {**kept, "XDG_STATE_HOME": str(folder / "state")}
