"""What a tenant asks for, in numbers: its cost (用量), and what budgets count."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Iterable

from govcloud_cli.model import platforms, quotas, tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Demand:
    """Amounts of everything that is shared; of one environment, of a tenant, or of many."""

    cpu: int = 0
    """Cores requested."""
    memory_gi: int = 0
    """GiB requested."""
    storage_gi: int = 0
    """GiB of volumes."""
    database_gi: int = 0
    """GiB of databases."""
    pods: int = 0
    connections: int = 0
    """Database connections at once."""

    def __add__(self, other: Demand) -> Demand:
        return Demand(**{name: getattr(self, name) + getattr(other, name) for name in FIELDS})

    def __sub__(self, other: Demand) -> Demand:
        """The difference, field by field; negative where `other` is larger."""
        return Demand(**{name: getattr(self, name) - getattr(other, name) for name in FIELDS})

    def amount(self, field: str) -> int:
        """One of `FIELDS` by its name."""
        return int(getattr(self, field))

    def larger(self, other: Demand) -> tuple[str, ...]:
        """The fields in which this is more than `other`."""
        return tuple(name for name in FIELDS if self.amount(name) > other.amount(name))


FIELDS = tuple(field.name for field in dataclasses.fields(Demand))
NOTHING = Demand()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource that budgets count."""

    field: str
    """Of `Demand` and of `platforms.Budget`."""
    label: str
    unit: str
    """Empty for cores."""

    def tell(self, amount: int) -> str:
        """An amount with its unit, e.g. `8 GiB`."""
        return f"{amount} {self.unit}" if self.unit else str(amount)


BUDGETED = (
    Resource(field="cpu", label="cpu", unit=""),
    Resource(field="memory_gi", label="memory", unit="GiB"),
    Resource(field="storage_gi", label="storage", unit="GiB"),
    Resource(field="database_gi", label="database", unit="GiB"),
)


def of(tenant: tenants.Tenant) -> Demand:
    """What all environments of a tenant ask for together; a frozen one counts, because its data is kept."""
    return total(of_environment(environment) for environment in tenant.spec.environments)


def of_environment(environment: tenants.Environment) -> Demand:
    """What one environment and its databases ask for."""
    worth = quotas.worth(environment)
    return Demand(
        cpu=worth.cpu,
        memory_gi=worth.memory,
        storage_gi=worth.storage,
        database_gi=sum(database.size_gi for database in environment.databases),
        pods=worth.pods,
        connections=sum(database.connections for database in environment.databases),
    )


def of_budget(budget: platforms.Budget) -> Demand:
    """A budget in the same form; it says nothing of pods and connections, which are 0."""
    return Demand(**{resource.field: getattr(budget, resource.field) for resource in BUDGETED})


def total(demands: Iterable[Demand]) -> Demand:
    """All of them together; nothing for none."""
    return functools.reduce(operator.add, demands, NOTHING)
