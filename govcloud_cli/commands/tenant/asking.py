"""What `tenant new` asks for: questions in both languages, and what is proposed as an answer."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands.tenant import choosing

if TYPE_CHECKING:
    from govcloud_cli.model import inventory


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """One field."""

    name: str
    """The argument of the verb, and the field of `drafting.Draft`."""
    flag: str
    metavar: str
    text: str
    choices: tuple[str, ...] = ()
    """All that may be answered; empty where the inventory or nothing says."""


QUESTIONS = (
    Question(name="display_name", flag="display-name", metavar="TEXT", text="Display name, any script 名称"),
    Question(name="organisation", flag="organisation", metavar="ID", text="Organisation in platform.yaml 所属单位"),
    Question(name="zone", flag="zone", metavar="ID", text="Zone 网络"),
    Question(
        name="data_class",
        flag="data-class",
        metavar="CLASS",
        text="Data class 数据级别: general 一般, important 重要, core 核心",
        choices=("general", "important", "core"),
    ),
    Question(name="mlps", flag="mlps", metavar="LEVEL", text="MLPS level 等保级别", choices=("2", "3", "4")),
    Question(name="owner", flag="owner", metavar="PERSON", text="Owner, who answers for it 负责人 (account)"),
    Question(
        name="technical_lead",
        flag="technical-lead",
        metavar="PERSON",
        text="Technical lead, somebody else 技术负责人 (account)",
    ),
    Question(name="mailbox", flag="mailbox", metavar="ADDRESS", text="Mailbox of a role, not of a person 岗位邮箱"),
    Question(name="phone", flag="phone", metavar="NUMBER", text="Phone that is answered 电话"),
    Question(
        name="expires_on", flag="expires-on", metavar="DATE", text="Last day outside prod 到期日, e.g. 2027-06-30"
    ),
)
_ID = Question(name="id", flag="ID", metavar="ID", text="Id: small letters, digits, dashes; never changes 编号")
_ENVIRONMENTS = "Environments and quotas 环境, e.g. test=xs prod=m"
_GROUP = "Identity group of its owners 负责人组, e.g. sports:owners"
_FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


def complete(
    given: Mapping[str, Any], spec: inventory.Inventory, *, interactive: bool, proposed: str
) -> dict[str, Any]:
    """`given` with every answer that was missing. `proposed`: the last day that is proposed.

    Raises `errors.UsageError` that names all missing flags where nobody can be asked, and for an answer that the
    inventory does not know.
    """
    answers = dict(given)
    _check(answers, spec)
    missing = _missing(answers)
    if missing and not interactive:
        flags = ", ".join(missing)
        raise errors.UsageError(
            f"{len(missing)} answers are missing, and nobody is here to ask", cause=flags, remedy=f"add {flags}"
        )
    if interactive:
        _ask(answers, spec, proposed)
    return answers


def level(text: str) -> int:
    """The MLPS level in an answer."""
    if text not in {"2", "3", "4"}:
        raise errors.UsageError(f"--mlps {text}: not a level", remedy="2, 3 or 4")
    return int(text)


def _missing(answers: Mapping[str, Any]) -> list[str]:
    found = [] if answers["id"] else ["ID"]
    found += [f"--{one.flag}" for one in QUESTIONS if not answers[one.name] and _is_needed(one.name, answers)]
    found += [] if answers["environments"] else ["--environment"]
    groups = any(answers[f"{role}_groups"] for role in ("owner", "maintainer", "viewer"))
    return found + ([] if groups else ["--owner-group"])


def _is_needed(name: str, answers: Mapping[str, Any]) -> bool:
    if name != "expires_on":
        return True
    return any(one.partition("=")[0] != "prod" for one in answers["environments"])


def _check(answers: Mapping[str, Any], spec: inventory.Inventory) -> None:
    """Refuse what would only come out in the middle of a conversation, or name a file elsewhere."""
    if answers["id"]:
        _id(answers["id"], spec)
    for question in QUESTIONS:
        known = _known(question, spec)
        if answers[question.name] and known:
            _one_of(answers[question.name], known, question.flag)


def _ask(answers: dict[str, Any], spec: inventory.Inventory, proposed: str) -> None:
    if not answers["id"]:
        answers["id"] = _prompt(_ID.text, lambda text: _id(text, spec))
    if not answers["environments"]:
        answers["environments"] = tuple(_prompt(_ENVIRONMENTS, str, default="test=xs").split())
    for question in QUESTIONS:
        if answers[question.name] or not _is_needed(question.name, answers):
            continue
        known = _known(question, spec)
        if known:
            click.echo("  " + ", ".join(f"{one} ({told})" if told else one for one, told in known.items()), err=True)
        answers[question.name] = _prompt(
            question.text,
            lambda text, known=known, question=question: _one_of(text, known, question.flag) if known else text,
            default=proposed if question.name == "expires_on" else None,
        )
    if not any(answers[f"{role}_groups"] for role in ("owner", "maintainer", "viewer")):
        answers["owner_groups"] = (_prompt(_GROUP, str),)


def _prompt(text: str, accept: Any, default: str | None = None) -> str:
    """Ask until the answer is accepted."""

    def checked(answer: str) -> str:
        try:
            return str(accept(answer.strip()))
        except errors.UsageError as error:
            raise click.UsageError(" - ".join(filter(None, [error.message, error.remedy]))) from error

    return str(click.prompt(text, value_proc=checked, default=default, err=True))


def _id(text: str, spec: inventory.Inventory) -> str:
    if not _FORM.match(text) or not 2 <= len(text) <= 30:
        raise errors.UsageError(f"'{text}' cannot be an id", remedy="2 to 30 small letters, digits and single dashes")
    if text in {tenant.metadata.id for tenant in spec.tenants}:
        raise errors.UsageError(f"there is a tenant '{text}' already", remedy=f"`govcloud tenant show {text}`")
    return text


def _known(question: Question, spec: inventory.Inventory) -> dict[str, str]:
    """What may be answered, each with what it means."""
    entries: Iterable[Any] = ()
    if question.name == "organisation":
        from govcloud_cli.model import organisations

        # A government as a whole is no tenant.
        everything = spec.platform.spec.organisations
        departments = organisations.departments(everything)
        entries = [one for one in everything if one.id in departments]
    elif question.name == "zone":
        entries = spec.platform.spec.zones
    return {one.id: one.display_name for one in entries} or dict.fromkeys(question.choices, "")


def _one_of(text: str, known: Mapping[str, str], flag: str) -> str:
    if text in known:
        return text
    raise errors.UsageError(
        f"--{flag}: there is no '{text}'", remedy=choosing.nearest(text, known) or f"one of {', '.join(known)}"
    )
