"""How `govcloud audit` prints: everything that stands in a log is somebody's text, and is never read as markup."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from govcloud_cli.commands import output

if TYPE_CHECKING:
    from govcloud_cli.governance import chain, chain_report
    from govcloud_cli.run.audit import reading


def log_document(one: reading.Reading, report: chain_report.Report) -> dict[str, Any]:
    """What came of verifying a log, for `--json`."""
    head = report.head
    return {
        "log": str(one.log),
        "key": one.key.fingerprint,
        "verdict": report.verdict.value,
        "records": report.records,
        "since": report.since,
        "head": vars(head) if head else None,
        "findings": [
            {"problem": one.problem.value, "number": one.number, "message": one.message} for one in report.findings
        ],
        "notes": list(report.notes),
    }


def record_document(record: chain.Record, *, right: bool) -> dict[str, Any]:
    """A record, for `--json`; `right`: whether all is right up to and with it."""
    entry = record.entry
    return {
        "number": entry.number,
        "time": entry.time,
        "person": entry.actor.person,
        "source": entry.actor.source,
        "action": entry.action,
        "tenant": entry.tenant,
        "environment": entry.environment,
        "side": entry.side,
        "details": dict(entry.details),
        "chain": record.chain,
        "verified": right,
    }


def print_report(one: reading.Reading, report: chain_report.Report, *, stderr: bool = False) -> None:
    """What came of verifying a log, for people."""
    console = output.console(stderr=stderr)
    told = {
        "verified": "VERIFIED 完整: every record and the end are as they were signed",
        "unproven": "NOT PROVEN 无法证明完整: the records are right, but their end cannot be checked",
        "torn": "TORN 末条写入中断: a write was interrupted; no tampering",
        "tampered": "TAMPERED 已被改动或可疑: the log, its heads or its clock are not as they should be",
    }[report.verdict.value]
    console.print(f"{one.log}: {told}", soft_wrap=True)
    console.print(f"  {report.records} right records, key {one.key.fingerprint}", soft_wrap=True)
    if report.head:
        console.print(f"  head {report.head.number} of {report.head.time}: {report.head.chain}", soft_wrap=True)
    for finding in report.findings:
        console.print(f"  {finding.problem.value}: {finding.message}", soft_wrap=True)
    for note in report.notes:
        console.print(f"  note: {note}", soft_wrap=True)


def print_records(records: list[tuple[chain.Record, bool]]) -> None:
    """Records as a table; the number of one that is not verified carries a question mark."""
    from rich import table

    shown = table.Table(
        "time (UTC) 时间",
        "side",
        "no.",
        "person 人员",
        "action 操作",
        "tenant 租户",
        "details",
        box=None,
        pad_edge=False,
    )
    for record, right in records:
        entry = record.entry
        details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
        number = f"{entry.number}" if right else f"{entry.number}?"
        person = f"{entry.actor.person} ({entry.actor.source})"
        cells = (
            entry.time[:19].replace("T", " "),
            entry.side,
            number,
            person,
            entry.action,
            entry.tenant or "",
            details,
        )
        shown.add_row(*(_printable(cell) for cell in cells))
    output.console().print(shown)


def _printable(text: str) -> str:
    """`text` without what would steer a terminal: control characters, other line ends, changes of direction."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
