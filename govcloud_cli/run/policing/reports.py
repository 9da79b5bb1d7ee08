"""An answer as files that other tools read."""

from __future__ import annotations

import datetime
import pathlib

from govcloud_cli import __version__
from govcloud_cli.model import policies
from govcloud_cli.run import policies as run_policies

FORMS = ("sarif", "junit", "oscal", "html")


def render(
    form: str,
    answer: run_policies.Answer,
    *,
    exit_code: int,
    began: datetime.datetime,
    ended: datetime.datetime,
    threshold: policies.Severity = policies.MANDATORY,
) -> str:
    """One of `FORMS`. `began` and `ended` are UTC; `exit_code` is what the run ends with, `threshold` where it denies.

    Raises `errors.InventoryError` for catalogues of controls with faults.
    """
    report, book = answer.report, answer.book
    # Modules of one form are of no use to the others.
    match form:
        case "junit":
            from govcloud_cli.compliance.reports import junit

            return junit.render(report, threshold=threshold)
        case "sarif":
            from govcloud_cli.compliance.reports import sarif

            return sarif.render(
                report,
                version=__version__,
                exit_code=exit_code,
                catalogues=book.catalogues(),
                waived_by=book.rulebook.waivers,
                root=str(pathlib.Path.cwd()),
                origin=answer.origin,
                baseline=answer.compared,
            )
        case "oscal":
            from govcloud_cli.compliance.reports import oscal

            run = oscal.Run(
                environment=answer.about,
                start=began,
                end=ended,
                version=__version__,
                inputs_digest=answer.digest,
            )
            return oscal.render(report, run, catalogues=book.catalogues(), waived_by=book.rulebook.waivers)
        case "html":
            from govcloud_cli.compliance.reports import html

            return html.render(
                report,
                environment=answer.about,
                version=__version__,
                catalogues=book.catalogues(),
                threshold=threshold,
            )
    raise ValueError(f"no form {form}")
