"""The tree of organisations: one root, no circle, levels that go down."""

from __future__ import annotations

from collections.abc import Iterator

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
