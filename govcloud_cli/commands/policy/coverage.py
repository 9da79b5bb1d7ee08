"""`govcloud policy coverage`: which requirements are checked automatically, in part, or by people alone."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import counting, errors
from govcloud_cli.commands import options, output, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from govcloud_cli.compliance import coverage as compliance_coverage
    from govcloud_cli.model import controls
    from govcloud_cli.run.policing import books

_FRAMEWORKS = ("mlps", "nist", "cis")


@click.command(short_help="Say which controls are checked automatically, in part, or by people.")
@click.option("--control", metavar="ID", help="Only this one, e.g. L3-CES1-17, AC-6 or 5.2.2.")
@click.option("--framework", type=click.Choice(_FRAMEWORKS), help="Only its controls.")
@click.option(
    "--html", metavar="FILE", type=click.Path(path_type=pathlib.Path), help="Write a page for people to FILE instead."
)
@options.as_json
def coverage(control: str | None, framework: str | None, html: pathlib.Path | None, as_json: bool) -> None:
    """Say for every control (控制点) what checks it: policies, and checks of the running machines. Uncovered first.

    This is no certification and no assessment result (不构成等保测评结论): people assess the running system.

    \b
    Examples:
      govcloud policy coverage
      govcloud policy coverage --framework mlps --html coverage.html
      govcloud policy coverage --control L3-ABS1-05
    """
    from govcloud_cli.compliance import coverage as compliance_coverage
    from govcloud_cli.run.policing import books, files

    if html is not None:
        files.refuse([("--html", html)])
    book = books.of(None)
    catalogues = [one for one in book.catalogues() if framework in {None, one.spec.framework.value}]
    tables = [(one, compliance_coverage.coverage(one, book.policies)) for one in catalogues]
    if control is not None:
        tables = _only(tables, control)
    if html is not None:
        files.write(html, _page(book, catalogues))
    if as_json:
        output.print_json(_document(tables))
    elif html is None:
        _print(tables, whole=control is not None)
    else:
        output.console().print(f"+ {html}", soft_wrap=True)


_Table = tuple["controls.Catalogue", tuple["compliance_coverage.Row", ...]]


def _only(tables: Sequence[_Table], control: str) -> list[_Table]:
    import difflib

    known = [row.control.id for _, rows in tables for row in rows]
    if control not in known:
        near = difflib.get_close_matches(control, known, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "`govcloud policy coverage` lists them all"
        raise errors.UsageError(f"there is no control '{control}'", remedy=remedy)
    chosen = ((catalogue, tuple(row for row in rows if row.control.id == control)) for catalogue, rows in tables)
    return [(catalogue, rows) for catalogue, rows in chosen if rows]


def _page(book: books.Book, catalogues: Sequence[controls.Catalogue]) -> str:
    """The page of a run that judged nothing: what is behind each control, and no verdict."""
    from govcloud_cli import __version__
    from govcloud_cli.compliance import findings
    from govcloud_cli.compliance.reports import html
    from govcloud_cli.model import policies

    nothing = findings.Report(
        profile=policies.Profile.MLPS_L3,
        rules=book.policies,
        results=(),
        evaluations=0,
        passed={},
        inputs=(),
        notices=(),
        problems=(),
        today=runs.now().date(),
    )
    return html.render(
        nothing, environment="nothing was judged", version=__version__, catalogues=catalogues, threshold=None
    )


def _document(tables: Iterable[_Table]) -> dict[str, Any]:
    from govcloud_cli.compliance import coverage as compliance_coverage

    return {
        "disclaimer": compliance_coverage.DISCLAIMER.model_dump(),
        "frameworks": [
            {
                "framework": catalogue.spec.framework.value,
                "title": catalogue.metadata.title.model_dump(),
                "version": catalogue.metadata.version,
                "summary": _summary(rows),
                "controls": [_row(row) for row in _uncovered_first(rows)],
            }
            for catalogue, rows in tables
        ],
    }


def _summary(rows: Sequence[compliance_coverage.Row]) -> dict[str, int]:
    kinds = [row.automation.value for row in rows]
    counted = {kind: kinds.count(kind) for kind in ("automated", "partial", "manual")}
    return {**counted, "uncovered": sum(not row.covered for row in rows), "gaps": sum(row.gap for row in rows)}


def _row(row: compliance_coverage.Row) -> dict[str, Any]:
    return {
        "id": row.control.id,
        "clause": row.control.clause,
        "title": row.control.title.model_dump(),
        "automation": row.automation.value,
        "covered": row.covered,
        "gap": row.gap,
        "policies": [rule.metadata.id for rule in row.rules],
        "checks": list(row.control.checks),
        "why": row.control.why,
    }


def _uncovered_first(rows: Iterable[compliance_coverage.Row]) -> list[compliance_coverage.Row]:
    """Auditors ask for what nothing checks; after that what is checked in part, then the rest."""
    order = ("manual", "partial", "automated")
    return sorted(rows, key=lambda row: (row.covered, order.index(row.automation.value)))


def _print(tables: Iterable[_Table], *, whole: bool) -> None:
    from govcloud_cli.compliance import coverage as compliance_coverage

    console = output.console()
    for catalogue, rows in tables:
        title = catalogue.metadata.title
        console.print(f"{title.en} ({title.zh}), {catalogue.metadata.version}", soft_wrap=True)
        for row in _uncovered_first(rows):
            for line in _lines(row, whole=whole):
                console.print(line, soft_wrap=True)
        counts = ", ".join(f"{number} {kind}" for kind, number in _summary(rows).items())
        console.print(f"{counting.counted(len(rows), 'control')}: {counts}\n", soft_wrap=True)
    console.print(f"{compliance_coverage.DISCLAIMER.en}\n{compliance_coverage.DISCLAIMER.zh}", soft_wrap=True)


_WORDS = {"automated": "自动", "partial": "部分", "manual": "人工"}


def _lines(row: compliance_coverage.Row, *, whole: bool) -> Iterator[str]:
    title, kind = row.control.title, row.automation.value
    clause = f" {row.control.clause}" if row.control.clause else ""
    policies = counting.counted(len(row.rules), "policy", "policies")
    counts = f"{policies}, {counting.counted(len(row.control.checks), 'check')}" if row.covered else "nothing checks it"
    counts += " (a gap: it could be)" if row.gap else ""
    yield f"  {kind:<9} {_WORDS[kind]}  {row.control.id}{clause}  {title.en} ({title.zh}): {counts}"
    if whole:
        yield f"    why: {row.control.why}"
        yield from (f"    policy {rule.metadata.id}: {rule.metadata.title.en}" for rule in row.rules)
        yield from (f"    check {check}" for check in row.control.checks)
