"""`govcloud policy check`: does the environment, or do these manifests, hold what the policies demand?"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import counting, errors
from govcloud_cli.commands import options, output, runs, steering
from govcloud_cli.commands.policy import choosing

if TYPE_CHECKING:
    import datetime

    from govcloud_cli.compliance import findings
    from govcloud_cli.model import policies
    from govcloud_cli.run import policies as run_policies

FORMS = ("sarif", "junit", "oscal", "html")
_FILE = click.Path(path_type=pathlib.Path)


def _report_options(function: Any) -> Any:
    told = {
        "sarif": "Also write SARIF 2.1.0, for code scanning.",
        "junit": "Also write JUnit XML, for GitLab and Jenkins.",
        "oscal": "Also write OSCAL assessment results, for auditors.",
        "html": "Also write a page of findings and of the controls behind them.",
    }
    for name in reversed(FORMS):
        function = click.option(f"--{name}", metavar="FILE", type=_FILE, help=told[name])(function)
    return function


@click.command(short_help="Judge the environment, or any manifests; changes nothing.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path())
@options.environment
@choosing.profile
@click.option(
    "--fail-on",
    type=click.Choice(choosing.SEVERITIES),
    default="high",
    show_default=True,
    help="From which severity on a finding denies; high is what stops a deploy.",
)
@click.option("--rule", "rules", metavar="ID", multiple=True, shell_complete=choosing.complete_rule, help="Only these.")
@_report_options
@click.option(
    "--baseline", metavar="FILE", type=_FILE, help="What was found before denies nothing, until its last day."
)
@click.option("--write-baseline", "taken", metavar="FILE", type=_FILE, help="Write what is found as a baseline.")
@click.option("--until", metavar="DATE", help="Last day (UTC) of --write-baseline, e.g. 2027-03-31.")
@click.option("--all", "everything", is_flag=True, help="List every finding, not only the first of each policy.")
@options.as_json
@click.pass_context
def check(context: click.Context, /, **given: Any) -> None:
    """Judge an environment's plan (合规检查); with PATHs those manifests alone: folders, files, or - for stdin.

    PATHs may be Kubernetes manifests (YAML, JSON) and `pulumi preview --json`; no inventory is needed for them. With
    --env its profile, registries and waivers count, else the policies/ folder of the current folder. Works offline.

    \b
    Examples:
      govcloud policy check
      govcloud policy check deploy/ --sarif govcloud.sarif
      helm template . | govcloud policy check -
      govcloud policy check . --write-baseline baseline.json --until 2027-03-31
      govcloud policy check . --baseline baseline.json --fail-on medium

    Exit code: 0 clean, 3 findings at or above --fail-on, 2 not everything could be judged.
    """
    _refuse(given)
    try:
        code = _check(context, given)
    except KeyboardInterrupt as stop:
        raise errors.RunInterrupted(
            "interrupted before there was a verdict (已中断，未得出结论)",
            remedy="run the same command again; it begins anew, and a check changes nothing",
        ) from stop
    context.exit(code)


def _check(context: click.Context, given: dict[str, Any]) -> int:
    """Judge, write, tell; what the run ends with."""
    from govcloud_cli.model import policies

    began = time.monotonic()
    moment = runs.now()
    answer = _answered(context, given, moment.date())
    threshold = policies.Severity(given["fail_on"])
    notes: list[str] = []
    if given["taken"] is not None:
        answer = _with_baseline(answer, given, moment.date(), notes)
    answer = dataclasses.replace(answer, report=dataclasses.replace(answer.report, seconds=time.monotonic() - began))
    code = exit_code(answer.report, threshold)
    for form in FORMS:
        if given[form] is not None:
            _write(form, answer, given[form], code=code, began=moment, threshold=threshold)
            notes.append(f"+ {given[form]}")
    with output.whoever_reads(sys.stdout):
        _tell(answer, given, threshold, code)
    with output.whoever_reads(sys.stderr):
        for note in notes:
            click.echo(steering.plain(note), err=True)
    return code


def exit_code(report: findings.Report, threshold: policies.Severity) -> int:
    """What a run comes to; where not everything was judged, nothing else can be said of it."""
    if report.unjudged:
        return int(errors.ExitCode.BAD_INPUT)
    return int(errors.ExitCode.POLICY_DENIED if report.stopping(threshold) else errors.ExitCode.DONE)


def _refuse(given: dict[str, Any]) -> None:
    """What cannot be done is told before anything is judged."""
    from govcloud_cli.run.policing import files

    targets = {f"--{form}": given[form] for form in FORMS} | {"--write-baseline": given["taken"]}
    files.refuse((option, path) for option, path in targets.items() if path is not None)
    for path in given["paths"]:
        _refuse_path(path)
    for rule in given["rules"]:
        _refuse_rule(rule)
    if given["taken"] is not None and given["until"] is None:
        raise errors.UsageError(
            "--write-baseline needs --until",
            cause="a baseline lets findings be, and nothing is let be for ever",
            remedy="say its last day, e.g. --until 2027-03-31",
        )
    if given["taken"] is None and given["until"] is not None:
        raise errors.UsageError("--until is of --write-baseline", remedy="give both, or neither")
    if given["until"] is not None:
        _day(given["until"])
    if given["taken"] is not None and given["baseline"] is not None:
        raise errors.UsageError(
            "--write-baseline and --baseline do not go together",
            cause="what the old one lets be would go on without anybody having looked",
            remedy="write a new one without --baseline, and compare the two",
        )


def _refuse_rule(rule: str) -> None:
    named = [one for one in rule.replace(",", " ").split() if one]
    if len(named) > 1:
        again = " ".join(f"--rule {one}" for one in named)
        raise errors.UsageError(f"--rule takes one ID, and '{rule}' is several", remedy=f"say it for each: {again}")


def _refuse_path(path: str) -> None:
    import difflib

    if path == "-" or (path and os.path.lexists(path)):
        return
    given = pathlib.Path(path)
    beside = [one.name for one in given.parent.iterdir()] if path and given.parent.is_dir() else []
    near = difflib.get_close_matches(given.name, beside, n=1)
    remedy = f"did you mean '{given.with_name(near[0])}'?" if near else "name folders or files, or - for standard input"
    raise errors.UsageError(f"there is no file or folder '{path}'", remedy=remedy)


def _answered(context: click.Context, given: dict[str, Any], today: datetime.date) -> run_policies.Answer:
    from govcloud_cli.model import policies
    from govcloud_cli.run import policies as run_policies

    explicit = choosing.explicit_environment(context)
    environment = explicit if given["paths"] else given["environment"]
    question = run_policies.Question(
        environment=None if environment is None else options.find_inventory(environment),
        paths=given["paths"],
        profile=None if given["profile"] is None else policies.Profile(given["profile"]),
        rules=tuple(dict.fromkeys(given["rules"])),
        baseline=given["baseline"],
    )
    return run_policies.check(question, today=today)


def _with_baseline(
    answer: run_policies.Answer, given: dict[str, Any], today: datetime.date, notes: list[str]
) -> run_policies.Answer:
    from govcloud_cli.run import policies as run_policies

    until = _day(given["until"])
    answer, count = run_policies.with_baseline(answer, given["taken"], until=until, today=today)
    notes.append(f"+ {given['taken']}: {counting.counted(count, 'finding')} until {until}; critical ones still count")
    return answer


def _day(text: str) -> datetime.date:
    import datetime

    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.UTC).date()
    except ValueError as error:
        raise errors.UsageError(f"--until {text}: not a day", remedy="write it as 2027-03-31") from error


def _write(
    form: str,
    answer: run_policies.Answer,
    path: pathlib.Path,
    *,
    code: int,
    began: datetime.datetime,
    threshold: policies.Severity,
) -> None:
    from govcloud_cli.run.policing import files, reports

    told = reports.render(form, answer, exit_code=code, began=began, ended=runs.now(), threshold=threshold)
    files.write(path, told)


def _tell(answer: run_policies.Answer, given: dict[str, Any], threshold: policies.Severity, code: int) -> None:
    if given["as_json"]:
        from govcloud_cli.compliance.reports import documents

        output.print_json(documents.document(answer.report, exit_code=code, inputs_digest=answer.digest))
        return
    from govcloud_cli.commands.policy import rendering

    found = rendering.lines(
        answer.report,
        threshold=threshold,
        everything=given["everything"],
        environment=answer.environment,
        registries=answer.registries,
    )
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        from rich import text

        console = output.console()
        for parts in found:
            console.print(text.Text.assemble(*parts), soft_wrap=True)
    else:
        # In CI, where every pull request waits for it, nobody waits for what paints.
        for parts in found:
            sys.stdout.write(steering.plain("".join(words for words, _ in parts)) + "\n")
