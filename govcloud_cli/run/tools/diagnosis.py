"""Everything `doctor` tells, in the order in which `deploy` needs it. Changes nothing that lasts."""

from __future__ import annotations

import datetime
import os
import pathlib
from collections.abc import Collection

from govcloud_cli import errors
from govcloud_cli.run import image
from govcloud_cli.run.tools import cache, catalog, finding, findings, golang, host, packages


def diagnose(
    *, embedded: bool, now: datetime.datetime, names: Collection[str] = tuple(catalog.TOOLS)
) -> tuple[findings.Check, ...]:
    """All checks. `embedded`: this host is to carry the lab's machines, so it needs root, packages and an image.

    `names` are the tools that the environment needs.
    """
    checks = [host.python(), host.environment()]
    if embedded:
        checks += [host.root(), _packages(_needed(names))]
    checks += [_tool(name) for name in names]
    if embedded:
        checks += [_image(now)]
    warm = all(check.status is not findings.Status.WOULD_BE_DONE for check in checks)
    checks += [_go(checks)]
    if embedded:
        checks += [*host.kernel(), host.inotify(), host.control_groups(), _memory()]
    return (*checks, host.disk(warm=warm))


def can_deploy(checks: tuple[findings.Check, ...]) -> bool:
    """Whether nothing stands in the way that `deploy` does not see to itself."""
    return all(check.status is not findings.Status.BLOCKED for check in checks)


def _needed(names: Collection[str]) -> tuple[str, ...]:
    """The Debian packages of this host, those included that only what is to be made needs."""
    missing = [name for name in names if isinstance(finding.find(name), finding.Missing)]
    return (*packages.NEEDED, *packages.to_make(missing))


def _packages(needed: Collection[str]) -> findings.Check:
    name = "Debian packages"
    try:
        missing = packages.missing_packages(needed)
    except errors.GovcloudError as error:
        return findings.blocked(name, error.message, error.remedy or "")
    if not missing:
        return findings.ready(name, f"all {len(needed)} installed")
    lacking = f"missing: {', '.join(missing)}"
    by_hand = " ".join(packages.command(missing))
    if os.geteuid() != 0:
        return findings.blocked(name, lacking, f"sudo {by_hand}")
    return findings.would(name, lacking, by_hand)


def _tool(name: str) -> findings.Check:
    result = finding.find(name, thorough=True)
    if isinstance(result, finding.Found):
        verified = ", SHA-256 verified" if result.source == "cache" else ""
        return findings.ready(name, f"{result.version} ({result.path}{verified})")
    refused = f"; refused: {', '.join(result.unsuitable)}" if result.unsuitable else ""
    found = f"no {name} {result.wanted}{refused}"
    return findings.would(name, found, result.would)


def _go(checks: list[findings.Check]) -> findings.Check:
    minimum = max(
        catalog.required_go((cache.sources(module) / "go.mod").read_text("utf-8"))
        for module in (catalog.PULUMI, catalog.KUBERNETES)
    )
    found = golang.find(minimum)
    if found is not None:
        return findings.ready("go", f"{found.version} ({found.path})")
    lacking = f"no go >= {catalog.shown(minimum)}"
    needed = any(
        isinstance(catalog.TOOLS[check.name].build, catalog.Module) and check.status is findings.Status.WOULD_BE_DONE
        for check in checks
        if check.name in catalog.TOOLS
    )
    if not needed:
        return findings.note("go", f"{lacking}, and nothing to build")
    return findings.would("go", lacking, f"install {golang.pinned()} into the cache")


def _image(now: datetime.datetime) -> findings.Check:
    found = image.find()
    if found is None:
        action = f"build Debian {image.SUITE} with mmdebstrap, about a minute"
        return findings.would("base image", "none", action)
    age = found.age(now)
    told = f"{'built today' if age == 0 else f'{age} days old'} ({found.root})"
    if age > image.OLD_DAYS:
        return findings.note("base image", told, "it lacks newer security updates: `govcloud deploy --refresh-image`")
    return findings.ready("base image", told)


def _memory() -> findings.Check:
    return host.memory(pathlib.Path("/proc/meminfo").read_text("ascii"))
