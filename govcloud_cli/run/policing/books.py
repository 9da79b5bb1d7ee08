"""Which policies count: GovCloud's own, and those beside an environment's `inventories/` or in the current folder.

Waivers and their approvers only ever come from the latter: what lets a finding be belongs to who runs the platform.
"""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from govcloud_cli import errors
from govcloud_cli.inventory import policy_folders
from govcloud_cli.inventory import rulebook as rulebooks
from govcloud_cli.model import policies

if TYPE_CHECKING:
    from govcloud_cli.compliance import rules
    from govcloud_cli.model import controls


Json = Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Book:
    """Everything that counts."""

    folders: tuple[pathlib.Path, ...]
    """Where it was read, GovCloud's own first."""
    rulebook: rulebooks.Rulebook
    """With those waivers alone that may count; which are in force is for `compliance.waivers` to say."""

    @property
    def policies(self) -> tuple[policies.Policy, ...]:
        """By id."""
        return self.rulebook.policies

    def entry(self, identifier: str) -> rulebooks.Entry:
        """A policy with its samples. Raises `errors.UsageError`, naming the nearest, if there is none of that id."""
        by_id = {entry.policy.metadata.id: entry for entry in self.rulebook.entries}
        if identifier in by_id:
            return by_id[identifier]
        near = difflib.get_close_matches(identifier, by_id, n=1)
        raise errors.UsageError(
            f"there is no policy '{identifier}'",
            remedy=f"did you mean '{near[0]}'?" if near else "`govcloud policy list` names them all",
        )

    def catalogues(self) -> tuple[controls.Catalogue, ...]:
        """Of requirements. Raises `errors.InventoryError` with every fault in them."""
        from govcloud_cli.inventory import catalogues

        return tuple(itertools.chain.from_iterable(catalogues.load(folder) for folder in self.folders))


def beside(inventory: pathlib.Path) -> pathlib.Path:
    """Where the policies of the environment in the folder `inventory` lie: beside the folder that holds it."""
    real = inventory.resolve().parent.parent / rulebooks.NAME
    # As it was named where that is the same place, so that messages name files as the user would.
    named = inventory.parent.parent / rulebooks.NAME
    return (
        named
        if ".." not in inventory.parts and len(inventory.parts) > 1 and named.resolve() == real.resolve()
        else real
    )


def load(own: pathlib.Path | None) -> Book:
    """GovCloud's policies and those of `own`, if there is such a folder. `own` alone has waivers that count.

    A folder that is GovCloud's by another name (in its checkout) counts once.
    Raises `errors.InventoryError` with every fault in them.
    """
    return Book(folders=rulebooks.folders(own), rulebook=rulebooks.of(own))


def of(environment: pathlib.Path | None) -> Book:
    """The policies of an environment, by its inventory's folder, or else of the current folder. Raises as `load`."""
    if environment is not None:
        return load(beside(environment))
    own = pathlib.Path(rulebooks.NAME)
    return load(own if is_ours(own) else None)


def is_ours(folder: pathlib.Path) -> bool:
    """Whether a folder `policies` holds anything of GovCloud's form: many repositories have one for other tools."""
    if not folder.is_dir():
        return False
    signs = (
        policy_folders.policies(folder),
        policy_folders.libraries(folder),
        policy_folders.waivers(folder),
        policy_folders.approvers(folder),
    )
    return any(next(iter(sign), None) is not None for sign in signs)


def compiled(book: Book, chosen: Sequence[policies.Policy], *, settings: Mapping[str, Json]) -> tuple[rules.Rule, ...]:
    """Policies of `book` ready to be asked; `settings` is what they read as `variables.settings`.

    Raises `errors.InventoryError` for those that do not compile, with file, line, field and the engine's own words.
    """
    # Here, because who only reads about policies need not wait for the engine.
    from govcloud_cli.compliance import rules
    from govcloud_cli.compliance.cel import engine

    asked = engine.Engine(settings)
    found: list[rules.Rule] = []
    faults: list[errors.Fault] = []
    for one in chosen:
        try:
            found.append(rules.compile(one, libraries=book.rulebook.libraries, engine=asked))
        except rules.RuleError as error:
            entry = book.entry(one.metadata.id)
            faults += rulebooks.unaskable(entry, [(problem.field, problem.message) for problem in error.problems])
    if faults:
        raise errors.InventoryError(tuple(faults))
    return tuple(found)
