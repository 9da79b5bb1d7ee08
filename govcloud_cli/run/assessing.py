"""What the platform knows of tenants beside their requests: measured use, and what persons last decided."""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Collection, Mapping

from govcloud_cli.governance import approvals, assessments, budgets, comparisons, usage
from govcloud_cli.model import inventory, platforms, tenants
from govcloud_cli.run import decisions, request_files, signing, workspace
from govcloud_cli.run import usage as run_usage


def known(folder: pathlib.Path, compared: comparisons.Comparison, now: datetime.datetime) -> assessments.Known:
    """What is known of the tenants that changed in the inventory `folder`; `now` is UTC.

    In CI there is no state folder: nothing is measured there, and decisions are those that signed requests prove.
    Raises `errors.GovcloudError` for request files or a record of decisions that cannot be read.
    """
    space = workspace.locate(folder)
    usages = {}
    for name, tenant in _old(compared).items():
        side = compared.before.zone(tenant.spec.zone).side
        taken = run_usage.read(space.side(side).path, tenant=name)
        usages[name] = usage.summarise(taken, tenant=name, now=now)
    return assessments.Known(usages=usages, decided=_decided(folder, compared, now), today=now.date())


def _decided(
    folder: pathlib.Path, compared: comparisons.Comparison, now: datetime.datetime
) -> dict[str, tenants.Tenant]:
    """By the rules and people of before the change: it may not vouch for itself."""
    before, old = compared.before, _old(compared)
    if not before.needs_approval:
        # Nobody is named who decides, so what was merged stands for it.
        return old
    space = workspace.locate(folder)
    requests = request_files.load(folder, set(old))
    records = {side: decisions.load(space.side(side)) for side in before.sides}
    found = {}
    with signing.verifier(before.people) as verify:
        rules = approvals.Rules(spec=before, today=now.date(), verify=verify)
        for name, tenant in old.items():
            entry = records[before.zone(tenant.spec.zone).side].tenants.get(name)
            mine = [request for request in requests if request.tenant == name]
            decided = approvals.baseline(mine, None if entry is None else entry.last, rules)
            if decided is not None:
                found[name] = decided
    return found


def _old(compared: comparisons.Comparison) -> dict[str, tenants.Tenant]:
    return {name: compared.old[name] for name in compared.changed if name in compared.old}


def overruns(
    spec: inventory.Inventory, records: Mapping[platforms.Side, decisions.Record], standing: Collection[str]
) -> tuple[budgets.Overrun, ...]:
    """Budgets that are too small for `spec`, against what was last applied; those that grow are to be refused.

    Budgets span both sides of the air gap and `records` only those that are deployed from here: the other side counts
    as the inventory has it. `standing` are tenants that are deployed; one without a record counts as it is now.
    """
    now = budgets.claims(spec.tenants)
    before = {}
    for tenant in spec.tenants:
        name, record = tenant.metadata.id, records.get(spec.zone(tenant.spec.zone).side)
        if record is None or (name in standing and name not in record.tenants):
            before[name] = now[name]
    for record in records.values():
        before |= budgets.claims(entry.applied for entry in record.tenants.values() if entry.applied is not None)
    return budgets.overruns(spec.platform.spec.organisations, before=before, now=now)
