"""The tree of organisations: one root, no circle, levels that go down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import alias_generators

from govcloud_cli.inventory import findings
from govcloud_cli.model import organisations, platforms


def organisations_are_a_tree(world: findings.World) -> Iterator[findings.Finding]:
    """Exactly one has no parent, and every other one's parents lead to it."""
    entries = world.platform.spec.organisations
    roots = [index for index, entry in enumerate(entries) if entry.parent is None]
    if not roots:
        yield _finding(world, "GC1601", ("spec", "organisations"), "no organisation is the root", found="none")
    for index in roots[1:]:
        message = f"'{entries[index].id}' has no parent, and '{entries[roots[0]].id}' is the root already"
        yield _finding(world, "GC1601", ("spec", "organisations", index, "id"), message, found=entries[index].id)
    parents = {entry.id: entry.parent for entry in reversed(entries)}
    for index, entry in enumerate(entries):
        if _is_above_itself(entry.id, parents):
            message = f"following the parents of '{entry.id}' leads back to it"
            where = ("spec", "organisations", index, "parent")
            yield _finding(world, "GC1602", where, message, found=str(entry.parent))


def levels_descend(world: findings.World) -> Iterator[findings.Finding]:
    """A child is of its parent's level (a department) or of a lower one (a government below)."""
    levels = {entry.id: entry.level for entry in world.platform.spec.organisations}
    for index, entry in enumerate(world.platform.spec.organisations):
        above = levels.get(entry.parent or "")
        if above is not None and organisations.depth(entry.level) < organisations.depth(above):
            allowed = ", ".join(
                level for level in platforms.Level if organisations.depth(level) >= organisations.depth(above)
            )
            yield _finding(
                world,
                "GC1603",
                ("spec", "organisations", index, "level"),
                f"'{entry.id}' is of level {entry.level}, above its parent '{entry.parent}' of level {above}",
                found=entry.level,
                allowed=allowed,
            )


def budgets_are_carved(world: findings.World) -> Iterator[findings.Finding]:
    """What an organisation's nearest descendants with budgets are promised together is within its own budget."""
    entries = world.platform.spec.organisations
    by_id = {entry.id: entry for entry in reversed(entries)}
    promised: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(entries):
        above = _budget_above(entry, by_id)
        if entry.budget is None or above is None or above.budget is None:
            continue
        for field in platforms.Budget.model_fields:
            limit, own = getattr(above.budget, field), getattr(entry.budget, field)
            before = promised.get((above.id, field), 0)
            promised[above.id, field] = before + own
            if own and before + own > limit:
                name = alias_generators.to_camel(field)
                yield _finding(
                    world,
                    "GC1605",
                    ("spec", "organisations", index, "budget", name),
                    f"'{entry.id}' is promised {name} {own}, and of the {limit} of '{above.id}' ({above.level}) "
                    f"{before} are promised to others already",
                    found=str(own),
                    allowed=f"at most {max(limit - before, 0)}",
                )


def _budget_above(
    entry: platforms.Organisation, by_id: Mapping[str, platforms.Organisation]
) -> platforms.Organisation | None:
    """The nearest organisation above that has a budget; None if there is none, or going up leads in a circle."""
    seen = {entry.id}
    above = by_id.get(entry.parent or "")
    while above is not None and above.budget is None and above.id not in seen:
        seen.add(above.id)
        above = by_id.get(above.parent or "")
    return None if above is None or above.id in seen else above


def _is_above_itself(identifier: str, parents: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    parent = parents.get(identifier)
    while parent is not None and parent not in seen:
        if parent == identifier:
            return True
        seen.add(parent)
        parent = parents.get(parent)
    return False


def _finding(
    world: findings.World, code: str, where: findings.Where, message: str, *, found: str, allowed: str = ""
) -> findings.Finding:
    return findings.Finding(
        code=code, document=world.platform, where=where, message=message, found=found, allowed=allowed
    )
