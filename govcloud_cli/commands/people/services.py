"""What the words of `people` share: the sides that have an identity service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcloud_cli import errors
from govcloud_cli.commands import runs

if TYPE_CHECKING:
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


def account(api: session.Api, person: str) -> people_changes.Account:
    """A person's account. Raises `errors.UsageError`, naming the nearest, if there is none."""
    import difflib

    from govcloud_cli.run.people import directory

    found = directory.read(api)
    one = found.account(person)
    if one is None:
        near = difflib.get_close_matches(person, [known.person for known in found.accounts], n=1)
        raise errors.UsageError(
            f"'{person}' has no account",
            remedy=f"did you mean '{near[0]}'?" if near else "put the person into people.yaml; `people sync` makes it",
        )
    return one
