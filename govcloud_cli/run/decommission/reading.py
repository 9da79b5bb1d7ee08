"""Looks at the real cluster, servers and poolers of a side for what a tenant has there."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import databases, plans
from govcloud_cli.run import database_access, machines, preparing, process, reach, sites
from govcloud_cli.run.decommission import decide, remains

_POOLER = {"user": "pgbouncer", "folder": "/run/pgbouncer", "port": databases.PORT}
"""Account and socket of the pooler, as `roles/database` has them."""
_SECONDS = 600.0


def look(site: sites.Site, side: plans.SidePlan, tenant: str) -> decide.Reading:
    """What the tenant has on its side; what cannot be asked is told, and never taken for empty."""
    return _asked(site, side, tenant, sweep=False) + _clients(site, side, tenant)


def sweep(site: sites.Site, side: plans.SidePlan, tenant: str) -> decide.Reading:
    """Remove whatever of the tenant is still there, and tell what is left, read again."""
    return _asked(site, side, tenant, sweep=True)


def _asked(site: sites.Site, side: plans.SidePlan, tenant: str, *, sweep: bool) -> decide.Reading:
    folder, way = site.space.side(side.side), reach.of(side)
    has_cluster = side.kubernetes is not None or side.kubeconfig is not None
    job = remains.Job(
        tenant=tenant,
        kubeconfig=str(preparing.engine_kubeconfig(side, folder)) if has_cluster else None,
        servers={machine.id: database_access.of(machine, folder) for machine in side.databases},
        sweep=sweep,
    )
    if not way.exists:
        return decide.Reading(unreadable=(f"the {side.side.value} side: its machines do not run",))
    argv = way.command([sys.executable, "-m", "govcloud_cli.run.decommission.remains"])
    try:
        done = process.run(argv, stdin=json.dumps(dataclasses.asdict(job)), timeout=_SECONDS)
        return decide.from_json(json.loads(done.stdout))
    except errors.ProcessError as error:
        return decide.Reading(unreadable=(f"the {side.side.value} side: {error.cause or error.message}",))


def _clients(site: sites.Site, side: plans.SidePlan, tenant: str) -> decide.Reading:
    """The pooler knows who is connected; PostgreSQL sees but the pooler's own sessions, used or not."""
    folder, way = site.space.side(side.side), reach.of(side)
    if not side.databases or not way.exists:
        return decide.Reading()
    answers = machines.run_script("pooler_clients", {one.id: _POOLER for one in side.databases}, folder=folder, way=way)
    return _heard(tenant, list(answers.items()))


def _heard(tenant: str, answers: Sequence[tuple[str, Any]]) -> decide.Reading:
    found = decide.Reading()
    for machine, answer in answers:
        if isinstance(answer, errors.GovcloudError):
            found += decide.Reading(unreadable=(f"the pooler on {machine}: {answer.message}",))
        else:
            found += decide.Reading(clients=decide.clients_of(tenant, answer))
    return found
