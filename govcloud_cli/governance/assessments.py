"""What requests mean before they are merged: cost (用量), budget (预算), change class (变更分级), approval (审批)."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence

from govcloud_cli.governance import budgets, changes, classes, comparisons, demand, jurisdiction, usage
from govcloud_cli.model import inventory, people, platforms, tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Assessment:
    """One tenant: what it costs, who pays, what changes, who decides."""

    tenant: tenants.Tenant
    """As it is now; as it was, if it is gone."""
    cost: demand.Demand
    cost_before: demand.Demand | None
    """None: there is nothing to compare with."""
    account: budgets.Account
    """The budget that it counts in, with the change."""
    remaining_before: demand.Demand | None
    """What was left of that budget; None: unlimited, or nothing to compare with."""
    change: changes.Change | None
    """None: there is nothing to compare with."""
    approvers: tuple[people.Person, ...]
    """Who may decide for that budget; empty where nobody is named."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """Everything there is to say."""

    assessments: tuple[Assessment, ...]
    """Ordered by tenant."""
    accounts: tuple[budgets.Account, ...]
    overruns: tuple[budgets.Overrun, ...]
    refusals: tuple[comparisons.Refusal, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """What is known beside the inventory; whom a mapping does not name is not measured, or was never decided."""

    usages: Mapping[str, usage.Usage]
    """By tenant."""
    decided: Mapping[str, tenants.Tenant]
    """By tenant, as a person last decided it."""
    today: datetime.date
    """UTC."""


def assess(now: inventory.Inventory) -> Report:
    """Every tenant of an inventory, with nothing to compare with."""
    organisations = now.platform.spec.organisations
    claims = budgets.claims(now.tenants)
    accounts = budgets.accounts(organisations, claims)
    paying = _paying(organisations, accounts)
    found = []
    for tenant in now.tenants:
        account = paying[tenant.spec.organisation]
        found.append(
            Assessment(
                tenant=tenant,
                cost=claims[tenant.metadata.id].demand,
                cost_before=None,
                account=account,
                remaining_before=None,
                change=None,
                approvers=jurisdiction.deciders(account.organisation.id, now),
            )
        )
    overruns = budgets.overruns(organisations, before=claims, now=claims)
    return Report(assessments=tuple(found), accounts=accounts, overruns=overruns, refusals=())


def assess_change(compared: comparisons.Comparison, known: Known) -> Report:
    """Every tenant that changed, and whether the change may be merged as it is."""
    organisations = compared.now.platform.spec.organisations
    old, new = budgets.claims(compared.before.tenants), budgets.claims(compared.now.tenants)
    accounts = budgets.accounts(organisations, new)
    earlier = {one.organisation.id: one for one in budgets.accounts(organisations, old)}
    paying = _paying(organisations, accounts)
    found = []
    for name in compared.changed:
        tenant = compared.new.get(name) or compared.old.get(name)
        # The organisation of one that is gone may be gone as well; both at once are refused anyhow.
        account = None if tenant is None else paying.get(tenant.spec.organisation)
        if tenant is None or account is None:
            continue
        found.append(
            Assessment(
                tenant=tenant,
                cost=new[name].demand if name in new else demand.NOTHING,
                cost_before=old[name].demand if name in old else demand.NOTHING,
                account=account,
                remaining_before=earlier[account.organisation.id].remaining,
                change=_change(compared, name, known),
                approvers=jurisdiction.deciders(account.organisation.id, compared.now),
            )
        )
    overruns = budgets.overruns(organisations, before=old, now=new, earlier=compared.before.platform.spec.organisations)
    refused = comparisons.refusals(compared, overruns)
    return Report(assessments=tuple(found), accounts=accounts, overruns=overruns, refusals=refused)


def _paying(
    organisations: Sequence[platforms.Organisation], accounts: tuple[budgets.Account, ...]
) -> dict[str, budgets.Account]:
    """The account of each organisation."""
    by_id = {account.organisation.id: account for account in accounts}
    return {name: by_id[owner] for name, owner in budgets.owners(organisations).items()}


def _change(compared: comparisons.Comparison, name: str, known: Known) -> changes.Change:
    change = changes.classify(
        compared.old.get(name),
        compared.new.get(name),
        usage=known.usages.get(name),
        today=known.today,
        decided=known.decided.get(name),
    )
    if not compared.freeze_changed(name):
        return change
    told = "a freeze is written or changed (冻结)" if compared.is_frozen(name) else "a freeze is ended (解冻)"
    reasons = () if change.automatic else change.reasons
    return changes.Change(automatic=False, reasons=(*reasons, classes.person(told).reason))
