"""Takes back what no stack manages: memberships, grants and roles that somebody added, and powers of a superuser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.run import database_access, machines
from govcloud_cli.run.drift import findings, looking, realms, subjects
from govcloud_cli.run.inspection import keycloak, postgresql

Task = Mapping[str, str]


def mend(subject: subjects.Subject, found: Sequence[findings.Finding]) -> None:
    """Do it for every finding that has a `mend`. Raises `errors.GovcloudError` with the server's own words."""
    wanted = [finding.mend for finding in found if finding.mend is not None]
    # First the superusers: as long as a role is one, nobody else may change it.
    groups = sorted({task["group"] for task in wanted if task["kind"] == keycloak.NO_ROLES})
    wanted = [task for task in wanted if task["kind"] != keycloak.NO_ROLES]
    told = [_free(subject, groups)] if groups else []
    failed = _demote(subject, [task for task in wanted if task["kind"] == postgresql.DEMOTE])
    told.append(failed or _ask(subject, [task for task in wanted if task["kind"] != postgresql.DEMOTE]))
    if failed := "\n".join(filter(None, told)):
        raise errors.GovcloudError(
            "what somebody added in a database server or in the realm cannot be taken back",
            where=subject.side,
            cause=failed,
            remedy="mend the cause and run again",
        )


def _free(subject: subjects.Subject, groups: Sequence[str]) -> str:
    """Take from groups the roles that nobody planned."""
    return str(looking.ask_worker(subject, {"mend": [], "realm": realms.job(subject), "groups": groups})["error"])


def _demote(subject: subjects.Subject, wanted: Sequence[Task]) -> str:
    roles: dict[str, set[str]] = {}
    for task in wanted:
        roles.setdefault(task["machine"], set()).add(task["role"])
    arguments = {machine: {"roles": sorted(names)} for machine, names in roles.items()}
    answers = machines.run_script("demote", arguments, folder=subject.folder, way=subject.way) if arguments else {}
    told = []
    for machine, answer in answers.items():
        if isinstance(answer, errors.GovcloudError):
            told.append(f"{machine}: {answer.cause or answer.message}")
        else:
            told += [f"{machine}, role {role}: {cause}" for role, cause in answer.items() if cause]
    return "\n".join(told)


def _ask(subject: subjects.Subject, wanted: Sequence[Task]) -> str:
    by_machine: dict[str, list[Task]] = {}
    for task in wanted:
        by_machine.setdefault(task["machine"], []).append(task)
    servers = {machine.id: database_access.of(machine, subject.folder) for machine in subject.plan.databases}
    jobs = [{"machine": name, "access": servers[name], "tasks": mends} for name, mends in by_machine.items()]
    return str(looking.ask_worker(subject, {"mend": jobs})["error"]) if jobs else ""
