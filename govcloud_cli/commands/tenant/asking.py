"""What `tenant new` asks for: questions in both languages, and what is proposed as an answer."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors

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
_PROPOSED_DAYS = 180
"""Until the last day that is proposed outside prod: the most that is decided by rule."""


def complete(
    given: Mapping[str, Any], spec: inventory.Inventory, *, interactive: bool, today: datetime.date
) -> dict[str, Any]:
    """`given` with every answer that was missing.

    Raises `errors.UsageError` that names all missing flags where nobody can be asked, and for an answer that the
    inventory does not know.
    """
    answers = dict(given)
    _check(answers, spec, today)
    missing = _missing(answers)
    if missing and not interactive:
        count = "1 answer is" if len(missing) == 1 else f"{len(missing)} answers are"
        raise errors.UsageError(
            f"{count} missing, and nobody is here to ask",
            remedy=f"add {', '.join(missing)}; or run it on a terminal, where it asks (在终端中运行会逐项询问)",
        )
    if interactive:
        _ask(answers, spec, today)
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


def _check(answers: Mapping[str, Any], spec: inventory.Inventory, today: datetime.date) -> None:
    """Refuse what would only come out in the middle of a conversation, or name a file elsewhere."""
    if answers["id"]:
        _id(answers["id"], spec)
    for question in QUESTIONS:
        known = _known(question, spec)
        if answers[question.name] and known:
            _one_of(answers[question.name], known, question.flag, spec)
    if answers["expires_on"] and _is_day(answers["expires_on"]):
        _day(answers["expires_on"], today)


def _ask(answers: dict[str, Any], spec: inventory.Inventory, today: datetime.date) -> None:
    proposed = f"{today + datetime.timedelta(days=_PROPOSED_DAYS):%Y-%m-%d}"
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
        if question.name == "expires_on":
            answers[question.name] = _prompt(question.text, lambda text: _day(text, today), default=proposed)
            continue
        answers[question.name] = _prompt(
            question.text,
            lambda text, known=known, question=question: _one_of(text, known, question.flag, spec) if known else text,
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
        raise errors.UsageError(
            f"'{text}' cannot be an id",
            remedy="2 to 30 small letters, digits and single dashes, beginning with a letter; Chinese belongs into the"
            " display name (中文写在名称中)",
        )
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


def _one_of(text: str, known: Mapping[str, str], flag: str, spec: inventory.Inventory) -> str:
    if text in known:
        return text
    by_name = [one for one, told in known.items() if told == text]
    # Closer than usual: who writes "secret" must not be told "core".
    near = by_name or difflib.get_close_matches(text, known, n=1, cutoff=0.75)
    remedy = f"did you mean '{near[0]}'?" if near else f"one of {', '.join(known)}"
    if flag == "organisation" and text in {one.id for one in spec.platform.spec.organisations}:
        raise errors.UsageError(
            f"--{flag}: '{text}' is a government as a whole (整级政府), and a tenant is a department's (部门)",
            remedy=f"one of {', '.join(known)}",
        )
    raise errors.UsageError(f"--{flag}: there is no '{text}'", remedy=remedy)


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _day(text: str, today: datetime.date) -> str:
    if not _is_day(text):
        raise errors.UsageError(f"--expires-on: '{text}' is no day", remedy="year, month and day, e.g. 2027-06-30")
    if datetime.date.fromisoformat(text) < today:
        raise errors.UsageError(
            f"--expires-on: {text} is past (已过期), and the tenant would be frozen at once",
            remedy="choose a later day",
        )
    return text
