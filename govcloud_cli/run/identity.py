"""Who acts: the one place where an account of another system becomes a person of `people.yaml`.

It says who *asks*; who *decides* is proved by a key (`signing`). An identity service (OIDC) will be one more source.
"""

from __future__ import annotations

import dataclasses
import os
import pwd
from collections.abc import Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.governance import requests
from govcloud_cli.model import people
from govcloud_cli.run import process

_CI_VARIABLES = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_TOLD = {
    requests.Source.CI: "on the CI system",
    requests.Source.GIT: "to Git (user.email)",
    requests.Source.OS: "on this host",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """A person, and how they were known."""

    person: people.Person
    source: requests.Source


def current(known: Sequence[people.Person], environ: Mapping[str, str]) -> Identity:
    """The person behind this process: by the CI system, else by Git, else by the log-in name.

    The first source that says anything decides; a stranger there is refused, not looked for elsewhere.
    Raises `errors.UsageError` for nobody, and for an account that several people have.
    """
    source, account = _account(environ)
    # Beyond ASCII, other letters have some of ours as their lower case (U+212A, the Kelvin sign: `k`).
    found = [person for person in known if account.isascii() and account.lower() in _accounts(person, source)]
    if len(found) == 1:
        return Identity(person=found[0], source=source)
    if found:
        raise errors.UsageError(
            f"'{account}' is the account of several people: {', '.join(person.id for person in found)}",
            where="people.yaml",
            remedy=f"leave it under accounts.{source.value} of one of them",
        )
    raise errors.UsageError(
        f"nobody is known as '{account}' {_TOLD[source]}",
        where="people.yaml",
        cause="a request names the person who asks",
        remedy=f"add it under accounts.{source.value} of that person" + _other_way(source),
    )


def name(known: Sequence[people.Person], environ: Mapping[str, str]) -> tuple[str, requests.Source]:
    """Who acts, for a record: the person's id, or the log-in name where nobody (or several people) are known."""
    try:
        found = current(known, environ)
    except errors.UsageError:
        return _log_in_name(), requests.Source.OS
    return found.person.id, found.source


def _other_way(source: requests.Source) -> str:
    return ", or set your own: git config user.email NAME@…" if source is requests.Source.GIT else ""


def _account(environ: Mapping[str, str]) -> tuple[requests.Source, str]:
    # Outside CI the same variables are anybody's to set; there they would hide the account that is really used.
    if environ.get("CI") == "true":
        named = {environ[name] for name in _CI_VARIABLES if environ.get(name)}
        if len(named) > 1:
            raise errors.UsageError(
                f"the CI system names several people: {', '.join(sorted(named))}",
                remedy=f"set one of {', '.join(_CI_VARIABLES)}, not both",
            )
        if named:
            return requests.Source.CI, named.pop()
    mail = _git_mail(environ)
    if mail:
        return requests.Source.GIT, mail
    return requests.Source.OS, _log_in_name()


def _git_mail(environ: Mapping[str, str]) -> str:
    try:
        argv = ["git", "config", "--get", "user.email"]
        found = process.run(argv, environment=environ, check=False, timeout=10)
    except errors.ProcessError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _log_in_name() -> str:
    # Of the process, not of $USER, which anybody may set.
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user id {os.geteuid()}"


def _accounts(person: people.Person, source: requests.Source) -> tuple[str, ...]:
    accounts = person.accounts
    named: dict[requests.Source, tuple[str, ...]] = {
        requests.Source.CI: accounts.ci,
        requests.Source.GIT: accounts.git,
        requests.Source.OS: accounts.os,
    }
    return tuple(one.lower() for one in named[source])
