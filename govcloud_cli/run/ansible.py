"""Runs the roles: `ansible-playbook` as a child process, told by our callback plugin what happens.

Everything in the generated inventory is tagged `!unsafe`: a tenant's text is never evaluated as a template.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import pathlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from govcloud_cli import errors, resources
from govcloud_cli.plan import hosts as hosts_plan
from govcloud_cli.run import process, reach, ssh, workspace

_CALLBACK = pathlib.Path(__file__).parent / "ansible_callback.py"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one run of the roles came to."""

    changed: Mapping[str, tuple[str, ...]]
    """Per host the tasks that changed something (`role: task`)."""
    failed: Mapping[str, str]
    """Per host the first failure, in the task's own words."""
    reached: Mapping[str, frozenset[str]]
    """Per host the roles that it got to. Ansible gives up the rest when a play's only machine fails."""


class _Unsafe(str):
    """Text that Ansible must not template."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's signature
        return True


_Dumper.add_representer(_Unsafe, lambda dumper, data: dumper.represent_scalar("!unsafe", str(data), style='"'))


def inventory_text(
    hosts: Sequence[hosts_plan.Host],
    *,
    ssh_config: pathlib.Path,
    resolve: Callable[[hosts_plan.ControllerFile], str],
    only: Sequence[str] = (),
    tagged: bool = True,
) -> str:
    """The Ansible inventory as YAML: a group per role.

    `tagged` marks all text `!unsafe`, as anything that Ansible may template has to be.
    `resolve` turns the plan's references to files into paths; `only` limits the hosts.
    """
    chosen = [host for host in hosts if not only or host.name in only]
    roles = sorted({role for host in chosen for role in host.roles})
    common = {
        "ansible_ssh_common_args": f"-F '{ssh_config}'",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_connection": "ssh",
        # The control plane's binaries are 200 MB, and the network between is faster than gzip.
        "mitogen_ssh_compression": False,
    }
    document = {
        "all": {
            "vars": common,
            "hosts": {
                host.name: {
                    "ansible_host": host.address,
                    "ansible_user": host.user,
                    **{key: _plain(value, resolve, tagged) for key, value in host.variables.items()},
                }
                for host in chosen
            },
            "children": {role: {"hosts": {host.name: {} for host in chosen if role in host.roles}} for role in roles},
        }
    }
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1 << 20)


def run_roles(
    hosts: Sequence[hosts_plan.Host],
    *,
    folder: workspace.SideFolder,
    way: reach.Reach,
    resolve: Callable[[hosts_plan.ControllerFile], str],
    only: Sequence[str],
    log: pathlib.Path,
    report: Callable[[str], None],
    strategy: str = "mitogen_linear",
) -> Outcome:
    """Run every host's roles on the hosts of `only`; raises nothing for a failed task (see `Outcome.failed`)."""
    inventory = write_inventory(hosts, folder=folder, resolve=resolve, only=only, name="inventory.yml")
    argv = [
        sys.executable,
        "-m",
        "ansible.cli.playbook",
        "--inventory",
        str(inventory),
        str(resources.folder("roles") / "site.yml"),
    ]
    return _play(way.command(argv), environment=environment(folder, strategy), log=log, report=report)


def write_inventory(
    hosts: Sequence[hosts_plan.Host],
    *,
    folder: workspace.SideFolder,
    only: Sequence[str],
    resolve: Callable[[hosts_plan.ControllerFile], str],
    name: str,
    tagged: bool = True,
) -> pathlib.Path:
    """Write the inventory of the hosts in `only`; return its path."""
    path = folder.path / "ansible" / name
    text = inventory_text(hosts, ssh_config=ssh.config_path(folder), resolve=resolve, only=only, tagged=tagged)
    workspace.write(path, text)
    return path


def _play(
    argv: Sequence[str], *, environment: Mapping[str, str], log: pathlib.Path, report: Callable[[str], None]
) -> Outcome:
    changed: dict[str, list[str]] = {}
    failed: dict[str, str] = {}
    reached: dict[str, set[str]] = {}
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as events, log.with_suffix(".jsonl").open("a", encoding="utf-8") as told:
        try:
            running = process.streaming(
                argv,
                environment={**environment, "GOVCLOUD_ANSIBLE_EVENTS": f"fd:{writing}"},
                stderr=log,
                stdout=log,
                inherit=[writing],
            )
            with running as playbook:
                os.close(writing)
                writing = -1
                for line in events:
                    told.write(line)
                    _take(json.loads(line), changed=changed, failed=failed, reached=reached, report=report)
                code = playbook.wait()
        finally:
            if writing >= 0:
                os.close(writing)
    if code != 0 and not failed:
        raise errors.GovcloudError(
            "ansible-playbook could not run the roles",
            cause=f"exit code {code}",
            log=str(log),
            remedy="read the log; `govcloud doctor` checks what Ansible needs",
        )
    return Outcome(
        changed={host: tuple(tasks) for host, tasks in changed.items()},
        failed=failed,
        reached={host: frozenset(roles) for host, roles in reached.items()},
    )


def _take(
    event: Mapping[str, Any],
    *,
    changed: dict[str, list[str]],
    failed: dict[str, str],
    reached: dict[str, set[str]],
    report: Callable[[str], None],
) -> None:
    kind, host = event["event"], event.get("host", "")
    if host and event.get("role"):
        reached.setdefault(host, set()).add(event["role"])
    label = f"{event.get('role') or 'play'}: {event.get('task', '')}"
    if kind == "task":
        report(label)
    elif kind == "changed":
        changed.setdefault(host, []).append(label)
    elif kind in ("failed", "unreachable"):
        failed.setdefault(host, f"{label}: {event.get('message', '')}")


def environment(folder: workspace.SideFolder, strategy: str = "linear") -> dict[str, str]:
    """Ansible's settings: nothing of the user's own configuration has a say."""
    scratch = workspace.make_folder(folder.path / "ansible")
    configuration = scratch / "ansible.cfg"
    configuration.touch(mode=0o600)
    # Ansible imports every file of a callback folder, so ours is linked into one of its own.
    callbacks = workspace.make_folder(scratch / "callbacks")
    link = callbacks / _CALLBACK.name
    if not link.is_symlink():
        link.symlink_to(_CALLBACK)
    mitogen = importlib.util.find_spec("ansible_mitogen")
    plugins = pathlib.Path(mitogen.origin).parent / "plugins" / "strategy" if mitogen and mitogen.origin else scratch
    return {
        "ANSIBLE_CONFIG": str(configuration),
        "ANSIBLE_HOME": str(scratch),
        "ANSIBLE_LOCAL_TEMP": str(scratch / "tmp"),
        "ANSIBLE_ROLES_PATH": str(resources.folder("roles")),
        "ANSIBLE_CALLBACK_PLUGINS": str(callbacks),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible_callback",
        "ANSIBLE_STRATEGY": strategy,
        "ANSIBLE_STRATEGY_PLUGINS": str(plugins),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORKS": "10",
        # A small machine that does everything at once may take its time to answer.
        "ANSIBLE_TIMEOUT": "60",
        # testinfra calls `ansible-inventory` by name.
        "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOLOR": "True",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }


def _plain(value: Any, resolve: Callable[[hosts_plan.ControllerFile], str], tagged: bool) -> Any:
    if isinstance(value, hosts_plan.ControllerFile):
        value = resolve(value)
    if isinstance(value, str):
        return _Unsafe(value) if tagged else value
    if isinstance(value, Mapping):
        return {key: _plain(item, resolve, tagged) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, resolve, tagged) for item in value]
    return value
