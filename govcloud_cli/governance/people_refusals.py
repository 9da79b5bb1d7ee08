"""What nobody may do to people's accounts: enrol who is not to log in, or shut out many whom nobody counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from govcloud_cli import errors
from govcloud_cli.governance import people_changes
from govcloud_cli.model import people, platforms

Leavers = Mapping[platforms.Side, frozenset[str]]
"""Per side, who was counted as leaving."""


def refuse_enrolment(account: people_changes.Account, *, password: bool) -> None:
    """Raise `errors.UsageError` for an account that gets no one-time code, or no password (if one is to be set).

    A directory's account (LDAP) has its password there, and its code here.
    """
    if not account.is_ours or people.is_reserved(account.person):
        raise errors.UsageError(
            f"the account '{account.person}' is not one that people.yaml decides about",
            cause="a program's, the sealed one, a probe's, or a directory's that was never given anything",
            remedy="enrol people; `govcloud people sync` gives a person of the directory what people.yaml says",
        )
    if not account.enabled:
        raise errors.UsageError(
            f"the account of '{account.person}' is disabled",
            remedy="`govcloud people sync` enables it once people.yaml has the person",
        )
    if password and account.origin is people_changes.Origin.DIRECTORY:
        raise errors.UsageError(
            f"'{account.person}' comes from the staff directory, which has the password",
            remedy="use --code-only for a code, and the directory's own way for a password",
        )


def refuse_code_alone(account: people_changes.Account, credentials: Collection[str]) -> None:
    """Raise `errors.UsageError` where a new code would not let the person in, for want of a password.

    `credentials`: kinds of what the account can log in with, as Keycloak names them.
    """
    if account.origin is people_changes.Origin.OWN and "password" not in credentials:
        raise errors.UsageError(
            f"'{account.person}' has no password yet, so a code alone would let nobody in",
            remedy=f"leave out --code-only: `govcloud people enrol {account.person}` sets both",
        )


def refuse_mass_leave(
    found: Mapping[platforms.Side, people_changes.Changes], counted: int | None, *, before: Leavers | None = None
) -> Leavers:
    """Return who leaves: those of `found` and who was counted `before` in the same run.

    Raises `errors.UsageError` where many would leave at once and `counted` (`--leavers`) is not exactly so many, on all
    sides together: who gives a number has seen the plan of each. An empty or half-written `people.yaml` would
    otherwise lock a government out.
    """
    leaving = {side: changes.leaving for side, changes in found.items()}
    known = dict(before or {})
    known |= {side: known.get(side, frozenset()) | those for side, those in leaving.items()}
    total = sum(map(len, known.values()))
    if found and counted not in {None, total}:
        raise errors.UsageError(
            f"--leavers {counted} was given, and {total} people would leave",
            remedy="look at `govcloud people sync --plan`, and name exactly that number if all of them are to leave",
        )
    for side, changes in found.items() if counted is None else ():
        # Who left in this run already has no enabled account any more.
        accounts = changes.accounts + len(known[side] - leaving[side])
        most = people_changes.most_leavers(accounts)
        if len(known[side]) > most:
            raise errors.UsageError(
                f"{len(known[side])} of {accounts} accounts would be disabled at once",
                where="people.yaml",
                cause=f"more than {most} at once are rather a mistake in the file than leavers",
                remedy=f"look at `govcloud people sync --plan`; if all are to leave: --leavers {total}",
            )
    return known
