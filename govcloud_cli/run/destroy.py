"""Removes an environment and everything that it made."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Mapping

from govcloud_cli import counting, errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans
from govcloud_cli.providers.lab import sweep
from govcloud_cli.run import applied, ledger, lock, process, progress, reach, sites, ssh, stacks, tools, workspace


def destroy(
    site: sites.Site,
    *,
    journal: progress.Journal,
    clock: ledger.Clock,
    environ: Mapping[str, str],
    logs: pathlib.Path,
) -> bool:
    """Remove the lab's machines, segments and files; return whether there was anything. The audit log is kept.

    `site.sides` may name abandoned ones, which the inventory no longer has: what is theirs carries their prefix.
    Raises `errors.UsageError` for an environment on real hosts: what is on them is not ours to wipe.
    """
    if not site.embedded:
        raise errors.UsageError(
            "destroy removes labs only; this environment stands on hosts of your own",
            remedy="remove tenants one by one (`deploy --remove ID`), then decommission the hosts",
        )
    if not site.space.path.exists():
        return False
    now = clock()
    with lock.held(site.space, verb="destroy", now=now):
        process.mark(str(site.space.path))
        process.end_leftovers(str(site.space.path))
        plan = sites.plan(site, today=now.date(), guards=())
        for side in plan.sides:
            with journal.step(f"{side.side.value}/network") as step:
                count = len(_machines(side, site.space.side(side.side)))
                kept = ledger.retire(site, side.side, clock=clock, environ=environ)
                _side(site, side, journal=journal, logs=logs)
                step.changed = True
                step.note = f"{counting.counted(count, 'machine')} and the segments removed"
                if kept is not None:
                    step.note += f"; its audit log is kept in {kept}"
        if not any(site.space.side(side).path.exists() for side in platforms.Side):
            # Under the lock: a deploy that began here must not lose its files.
            shutil.rmtree(site.space.path)
    return True


def _side(site: sites.Site, side: plans.SidePlan, *, journal: progress.Journal, logs: pathlib.Path) -> None:
    folder, way = site.space.side(side.side), reach.of(side)
    ssh.close(folder, way, _machines(side, folder))
    if folder.state.exists():
        pulumi = tools.provide(("pulumi",), install=True, report=lambda text: journal.doing(side.side.value, text))
        engine = site.spec.platform.spec.engine
        job = stacks.Job(
            side=side,
            stacks=("network",),
            operation=stacks.Operation.DESTROY,
            folder=folder,
            pulumi=str(pulumi["pulumi"]),
            plugins=engine.plugins,
            backend=engine.backend or f"file://{folder.state}",
            kubeconfig="",
        )
        results = stacks.run(
            job,
            way=reach.PRIVATE,
            log=logs / f"{side.side.value}-destroy.log",
            report=lambda text: journal.doing(f"{side.side.value}/network", text),
            done=lambda _: None,
        )
        for result in results:
            if result.error:
                raise errors.GovcloudError(
                    "the lab could not be removed",
                    where=side.side.value,
                    cause=result.error,
                    log=str(logs / f"{side.side.value}-destroy.log"),
                    remedy="run `govcloud destroy --yes` again",
                )
    if side.network is not None:
        # What a killed deploy made before Pulumi had heard of it.
        sweep.remove_all(side.network.prefix, folder.machines)
        left = sweep.remains(side.network.prefix, folder.machines)
        if left:
            raise errors.GovcloudError(
                "the lab could not be removed",
                where=side.side.value,
                cause=f"still there: {', '.join(left)}",
                remedy="run `govcloud destroy --yes` again; its keys and state are kept until then",
            )
    if folder.path.exists():
        shutil.rmtree(folder.path)


def _machines(side: plans.SidePlan, folder: workspace.SideFolder) -> list[str]:
    """Of the plan, and those that were deployed before the inventory lost them."""
    deployed = (entry.partition("/")[2] for entry in applied.load(folder).entries.get("roles", {}))
    return sorted({*(host.name for host in side.hosts), *deployed})
