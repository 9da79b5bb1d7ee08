"""Whether machines still look as they did after their roles had run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.plan import hosts, services
from govcloud_cli.run import machines, reach, workspace
from govcloud_cli.run.drift import findings

ROLES = "roles"
"""The step that restores a machine."""

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


def compare(side: str, recorded: Mapping[str, Snapshot], seen: Mapping[str, Snapshot]) -> tuple[findings.Finding, ...]:
    """What differs on the machines in both, by machine, then by name of the thing. Pure."""
    return tuple(
        findings.Finding(
            side=side,
            part=findings.Part.MACHINE,
            subject=machine,
            what=_what(before, after),
            field=name,
            expected=before,
            found=after,
            step=ROLES,
        )
        for machine in sorted(recorded.keys() & seen.keys())
        for name in differences(recorded[machine], seen[machine])
        for before, after in [(recorded[machine].get(name), seen[machine].get(name))]
    )


def differences(recorded: Mapping[str, str], seen: Mapping[str, str]) -> tuple[str, ...]:
    """What differs, ordered: the names of things that changed, came or went. Pure."""
    return tuple(sorted(name for name in {*recorded, *seen} if recorded.get(name) != seen.get(name)))


def _what(before: str | None, after: str | None) -> findings.What:
    if before is None:
        return findings.What.EXTRA
    return findings.What.MISSING if after is None else findings.What.CHANGED
