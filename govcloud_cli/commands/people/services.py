"""What the words of `people` share: the sides that have an identity service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcloud_cli import errors
from govcloud_cli.commands import runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcloud_cli.governance import people_changes
    from govcloud_cli.providers.keycloak import session
    from govcloud_cli.run.people import places


def find(environment: str, side: str | None) -> tuple[places.Place, ...]:
    """The services of an environment. Raises `errors.UsageError` if it has none."""
    from govcloud_cli.run import sites as run_sites
    from govcloud_cli.run.people import places as run_places

    site = runs.site(environment, side)
    return run_places.of(site, run_sites.plan(site, today=runs.now().date(), guards=()))


def only(environment: str, side: str | None) -> places.Place:
    """The one service. Raises `errors.UsageError` where `--side` has to choose."""
    found = find(environment, side)
    if len(found) > 1:
        raise errors.UsageError(
            "both sides have an identity service, each with accounts of its own",
            remedy="choose one with --side internal or --side external",
        )
    return found[0]


def account(place: places.Place, api: session.Api, person: str) -> people_changes.Account:
    """A person's account. Raises `errors.UsageError`, saying what is missing or who may be meant, if there is none."""
    from govcloud_cli.run.people import directory

    found = directory.read(api)
    one = found.account(person)
    if one is None:
        raise errors.UsageError(
            f"'{person}' has no account", remedy=_way_to_one(place, person, [known.person for known in found.accounts])
        )
    return one


def _way_to_one(place: places.Place, person: str, accounts: Iterable[str]) -> str:
    """What makes the account; or, for a name that people.yaml does not have, who may be meant."""
    import difflib

    entries = {one.id: one for one in place.site.spec.people}
    entry = entries.get(person)
    if entry is None:
        near = difflib.get_close_matches(person, sorted({*entries, *accounts}), n=1)
        return f"did you mean '{near[0]}'?" if near else "put the person into people.yaml, then `govcloud people sync`"
    if entry.organisation is None:
        return "name the person's `organisation` in people.yaml, then `govcloud people sync`"
    if entry.leaves_on is not None and entry.leaves_on < runs.now().date():
        return f"the last day was {entry.leaves_on} (leavesOn of people.yaml); change it, then `govcloud people sync`"
    return "people.yaml has the person, and no sync ran since: `govcloud people sync`, then enrol"
