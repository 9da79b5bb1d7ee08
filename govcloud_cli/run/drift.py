"""Whether machines still look as they did after their roles had run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.plan import hosts, services
from govcloud_cli.run import machines, reach, workspace

_FOLDERS = ["/etc"]

Snapshot = dict[str, str]
"""`file /etc/x`, `unit y` or `firewall` to a digest or state."""


def look(
    chosen: Sequence[hosts.Host], *, folder: workspace.SideFolder, way: reach.Reach
) -> tuple[dict[str, Snapshot], dict[str, errors.GovcloudError]]:
    """What each machine looks like now, and why those that cannot be asked cannot."""
    arguments = {host.name: {"folders": _FOLDERS, "units": list(services.units_of(host.roles))} for host in chosen}
    answers = machines.run_script("snapshot", arguments, folder=folder, way=way)
    dead = {name: answer for name, answer in answers.items() if isinstance(answer, errors.GovcloudError)}
    return {name: answer for name, answer in answers.items() if name not in dead}, dead


def differences(recorded: Mapping[str, str], seen: Mapping[str, str]) -> tuple[str, ...]:
    """What differs, ordered: the names of things that changed, came or went. Pure."""
    return tuple(sorted(name for name in {*recorded, *seen} if recorded.get(name) != seen.get(name)))
