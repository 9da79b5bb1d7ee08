"""Judges by the policies: an environment's plan at deploy and in CI, anybody's manifests."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import json
import pathlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from govcloud_cli import errors
from govcloud_cli.compliance import assessing, baselines, findings, profiles, subjects
from govcloud_cli.inventory import folders, manifest_files
from govcloud_cli.model import policies, policy_settings
from govcloud_cli.run import enforcing
from govcloud_cli.run.policing import books, files, lines, named, roles

if TYPE_CHECKING:
    # Whoever only judges manifests need not wait for all that a deploy needs.
    from govcloud_cli.plan import plans
    from govcloud_cli.run import sites

Json = Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """What is to be judged, and by what."""

    environment: pathlib.Path | None = None
    """The inventory's folder; its profile, registries and waivers count. None: those of the current folder."""
    paths: tuple[str, ...] = ()
    """Manifests; none: the environment's plan."""
    profile: policies.Profile | None = None
    """Instead of the environment's."""
    rules: tuple[str, ...] = ()
    """Only these, whatever the profile."""
    baseline: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """A report, and what those who write it down want to know besides."""

    report: findings.Report
    book: books.Book
    about: str
    """What was judged, in a word or two."""
    origin: str | None
    """The file that stands for what no single file says."""
    documents: tuple[subjects.Subject, ...]
    compared: bool
    """Whether a baseline was used."""
    environment: str | None = None
    """Whose profile, registries and waivers counted; None: nobody's."""
    registries: tuple[str, ...] = ()
    """Those that it declares."""

    @functools.cached_property
    def digest(self) -> str:
        """Of everything that was judged: `sha256:` and 64 hexadecimal digits."""
        total = hashlib.sha256()
        for one in self.documents:
            text = json.dumps([one.key, one.document], sort_keys=True, separators=(",", ":"), default=str)
            total.update(text.encode() + b"\n")
        return f"sha256:{total.hexdigest()}"


def judge(
    site: sites.Site, plan: plans.Plan, *, today: datetime.date, folder: pathlib.Path | None = None
) -> findings.Report:
    """What the policies of the site's profile say of `plan` on `today` (UTC): the gate of a deploy.

    `folder` is the inventory's, for lines of its files. No baseline counts here.
    Raises `errors.InventoryError` for policies with faults.
    """
    question = Question(environment=folder or enforcing.inventory_folder(site.space))
    return _of_plan(question, site, plan, book=books.of(question.environment), today=today).report


def check(question: Question, *, today: datetime.date) -> Answer:
    """Judge what is asked about, on `today` (UTC).

    Raises `errors.UsageError` for what there is not, `errors.InventoryError` for an inventory or policies with faults.
    """
    book = books.of(question.environment)
    if question.paths:
        return _of_paths(question, book=book, today=today)
    if question.environment is None:
        raise ValueError("nothing to judge")
    from govcloud_cli.compliance import enforcement
    from govcloud_cli.run import sites as run_sites

    site = run_sites.load(question.environment)
    # The plan's own, without reading the policies once more.
    enforced = enforcement.guards(book.rulebook, site.spec.platform.spec.policies, today=today)
    plan = run_sites.plan(site, today=today, guards=enforced)
    return _of_plan(question, site, plan, book=book, today=today)


def with_baseline(
    answer: Answer, path: pathlib.Path, *, until: datetime.date, today: datetime.date
) -> tuple[Answer, int]:
    """Write what fails as a baseline until `until` (UTC); the answer as it is then, and how many findings that lets be.

    Raises `errors.UsageError` for a last day that cannot be one.
    """
    document = baselines.take(answer.report, until=until, today=today)
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    files.write(path, text)
    baseline = baselines.read(text, where=str(path))
    results, _ = baselines.apply(answer.report.results, baseline, today=today)
    report = dataclasses.replace(answer.report, results=findings.ordered(results))
    return dataclasses.replace(answer, report=report, compared=True), len(baseline.entries)


def _of_plan(
    question: Question, site: sites.Site, plan: plans.Plan, *, book: books.Book, today: datetime.date
) -> Answer:
    from govcloud_cli.compliance import inputs

    folder = question.environment or enforcing.inventory_folder(site.space)
    found = lines.planned(
        inputs.of_plan(
            plan,
            defaults=roles.defaults(),
            folder=str(folder),
            waiver_approvers=tuple(book.rulebook.approvers.people),
        )
    )
    by_input: dict[policies.Input, list[subjects.Subject]] = {}
    for one in found:
        by_input.setdefault(one.input, []).append(one)
    answer = _answer(
        question,
        [assessing.Input(name=kind.value, subjects=tuple(some)) for kind, some in by_input.items()],
        book=book,
        declared=site.spec.platform.spec.policies,
        today=today,
        lines=lines.of_files(),
    )
    return dataclasses.replace(
        answer, about=f"environment {site.spec.environment}", origin=str(folder / inputs.PLATFORM_FILE)
    )


def _of_paths(question: Question, *, book: books.Book, today: datetime.date) -> Answer:
    found = named.read(question.paths)
    book, ignored = (book, ()) if question.environment else _without_waivers(book)
    answer = _answer(
        question,
        found.inputs,
        book=book,
        declared=_declared(question.environment),
        today=today,
        lines=lines.of_files(stdin=found.stdin),
        problems=found.problems,
    )
    notices = (*answer.report.notices, *ignored)
    return dataclasses.replace(answer, report=dataclasses.replace(answer.report, notices=notices))


def _without_waivers(book: books.Book) -> tuple[books.Book, tuple[findings.WaiverNotice, ...]]:
    """Whose manifests are judged could have written the current folder's waivers too, in one pull request."""
    ignored = tuple(
        findings.WaiverNotice(
            waiver=one.metadata.id,
            rule=one.spec.rule,
            kind="uncounted",
            detail="waivers count for an environment: name its inventory with --env",
        )
        for one in book.rulebook.waivers
    )
    bare = dataclasses.replace(book.rulebook, waivers=())
    return dataclasses.replace(book, rulebook=bare), ignored


def _answer(
    question: Question,
    asked: Sequence[assessing.Input],
    *,
    book: books.Book,
    declared: policy_settings.PolicySettings,
    today: datetime.date,
    lines: assessing.Lines,
    problems: Sequence[str] = (),
) -> Answer:
    profile = question.profile or declared.profile
    documents = tuple(subject for one in asked for subject in one.subjects)
    baseline = None if question.baseline is None else _baseline(question.baseline)
    report = assessing.assess(
        books.compiled(
            book,
            _chosen(question, profile, book, {one.input for one in documents}),
            settings=settings(declared),
        ),
        asked,
        excuses=assessing.Excuses(
            waivers=book.rulebook.waivers,
            approvers=book.rulebook.approvers,
            known=book.policies,
            baseline=baseline,
        ),
        profile=profile,
        today=today,
        problems=problems,
        lines=lines,
    )
    return Answer(
        report=report,
        book=book,
        about=", ".join(question.paths),
        origin=None,
        documents=documents,
        compared=baseline is not None,
        environment=None if question.environment is None else folders.name(question.environment),
        registries=tuple(declared.registries),
    )


def _chosen(
    question: Question, profile: policies.Profile, book: books.Book, there: Collection[policies.Input]
) -> Sequence[policies.Policy]:
    """What is asked: of the profile, or by name. Manifests hold no tenants, say, so nothing is asked of them."""
    possible = {policies.Input.KUBERNETES, policies.Input.ENVIRONMENT, *there} if question.paths else {*policies.Input}
    asked = [book.entry(one).policy for one in question.rules]
    for one in asked:
        if one.spec.input not in possible:
            raise errors.UsageError(
                f"policy '{one.metadata.id}' has nothing to judge here",
                cause=f"it looks at input {one.spec.input.value}, and there is none in {', '.join(question.paths)}",
                remedy="leave the paths out to judge an environment",
            )
    return asked or [one for one in profiles.choose(profile, book.policies) if one.spec.input in possible]


def _declared(environment: pathlib.Path | None) -> policy_settings.PolicySettings:
    """What an inventory says of policies; the defaults where there is none."""
    if environment is None:
        return policy_settings.PolicySettings()
    from govcloud_cli.inventory import loading

    return loading.load(environment).platform.spec.policies


def _baseline(path: pathlib.Path) -> baselines.Baseline:
    file = manifest_files.one(path)
    try:
        return baselines.read(file.text(), where=str(path))
    except manifest_files.UnreadError as error:
        raise errors.UsageError(
            f"the baseline {path} cannot be read", cause=str(error), remedy="name the file that --write-baseline wrote"
        ) from error


def settings(declared: policy_settings.PolicySettings) -> dict[str, Json]:
    """What policies read as `variables.settings`; `compliance.enforcement`, which knows plans, says it for clusters."""
    return {"registries": list(declared.registries)}
