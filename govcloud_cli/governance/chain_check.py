"""Whether a log is whole: record after record, against the key and against every head that somebody remembers.

A chain alone cannot show that its end was cut off, or that all of it was written anew; a remembered head can. There are
two kinds of `Memory`: the second place, which has a head of every record, and heads that a person kept. A log may be
ahead of the second place by one record, because its writer may be killed between the two; a head that is ahead of the
log means that the log was cut.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator, Sequence

from govcloud_cli.governance import chain, chain_lines, chain_memory, chain_report

CLOCK_TOLERANCE = datetime.timedelta(minutes=5)
"""What a clock may be set back without being reported: more than hosts differ, less than hides anything."""


class Check:
    """Reads a log line by line, in bounded memory; `report` says at the end what it is.

    The first finding ends the judgement of the chain, because what follows has nothing to stand on. Later records are
    still given to whoever shows them; `intact` is then False.
    """

    def __init__(
        self,
        *,
        key: chain.PublicKey,
        memories: Sequence[chain_memory.Memory],
        expected: tuple[str, str] | None = None,
    ) -> None:
        """`expected`: environment and side; those of the memories or of the first record if nobody says."""
        self._key = key
        self._memories = memories
        self._place = expected
        self._last: chain.Record | None = None
        self._since: str | None = None
        self._findings: list[chain_report.Finding] = []
        self._missing: int | None = None
        self._torn = False
        self.intact = True
        """Whether every record so far is right."""
        for memory in memories:
            if memory.first is not None:
                self._meet(memory, memory.first)

    def records(self, lines: Iterable[bytes]) -> Iterator[chain.Record]:
        """The records of `lines` (each with its newline), right or not; lines that are none are left out."""
        for line in lines:
            if not line.endswith(b"\n") and self.intact and chain_lines.is_torn_record(line):
                self._torn = True
                continue
            try:
                record = chain_lines.decode(line)
            except chain_lines.MalformedError as error:
                self._break(
                    chain_report.Problem.MALFORMED,
                    self._next,
                    f"where record {self._next} should be is no record: {error}",
                )
                continue
            if self.intact:
                self._judge(record)
            elif record.entry.number == self._missing:
                self._found_elsewhere(record.entry.number)
            yield record

    def report(self) -> chain_report.Report:
        """What the log is, after its last line."""
        if self.intact:
            self._compare_ends()
        for memory in self._memories:
            if memory.damage:
                self._add(chain_report.Problem.HEADS_DAMAGED, None, f"{memory.name} {memory.damage}")
        if self._torn and self.intact:
            message = "the last record was not written to its end: an interrupted write; the next record mends it"
            self._add(chain_report.Problem.TORN, self._next, message)
        if not any(memory.first for memory in self._memories):
            message = "no head is remembered anywhere, so nobody could see whether the end was cut off"
            self._add(chain_report.Problem.NO_MEMORY, None, message)
        return chain_report.Report(
            records=self._number,
            head=self._last.head(self._key.fingerprint) if self._last else None,
            since=self._since,
            findings=tuple(self._findings),
            notes=tuple(
                f"{memory.name} has no head of the last record yet: its writer was interrupted"
                for memory in self._memories
                if self.intact and memory.complete and memory.first and self._number == memory.newest + 1
            ),
        )

    @property
    def _number(self) -> int:
        return self._last.entry.number if self._last else 0

    @property
    def _next(self) -> int:
        return self._number + 1

    def _meet(self, memory: chain_memory.Memory, head: chain.Head) -> None:
        self._place = self._place or (head.environment, head.side)
        if head.key != self._key.fingerprint:
            ours, theirs = self._key.fingerprint[:16], head.key[:16]
            message = f"the key {ours}… is not the one that {memory.name} remembers, {theirs}…"
            self._break(chain_report.Problem.OTHER_KEY, 1, message)

    def _judge(self, record: chain.Record) -> None:
        number = self._next
        place = self._place or (record.entry.environment, record.entry.side)
        previous = self._last.chain if self._last else chain.start(*place, self._key.fingerprint)
        fault = _fault(record, number=number, place=place, previous=previous, key=self._key)
        if fault:
            self._missing = number if fault[0] is chain_report.Problem.REMOVED else None
            self._break(fault[0], number, fault[1])
        for memory in self._memories:
            self._compare(memory, number=number, value=record.chain)
        if self.intact:
            self._judge_clock(record.entry)
            self._place, self._last, self._since = place, record, self._since or record.entry.time

    def _compare(self, memory: chain_memory.Memory, *, number: int, value: str) -> None:
        """What `memory` has of record `number`, against the log."""
        head = memory.take(number) if self.intact else None
        if head is not None and head.chain != value:
            message = f"record {number} is signed, but is not the one that {memory.name} remembers: rewritten history"
            self._break(chain_report.Problem.REWRITTEN, number, message)

    def _judge_clock(self, entry: chain.Entry) -> None:
        if self._last is None or any(one.problem is chain_report.Problem.CLOCK_BACK for one in self._findings):
            return
        back = chain.moment(self._last.entry.time) - chain.moment(entry.time)
        if back > CLOCK_TOLERANCE:
            message = f"record {entry.number} is {back} older than the record before it: the clock was set back"
            self._add(chain_report.Problem.CLOCK_BACK, entry.number, message)

    def _compare_ends(self) -> None:
        for memory in self._memories:
            head = memory.skip_to_end()
            if head is None or memory.damage or not self.intact:
                continue
            ends = f"the log ends with record {self._number}, and {memory.name} remembers"
            # A head that was begun is of a record that had been written.
            if head.number + memory.begun > self._number:
                another = f"{head.number} of {head.time}" if head.number > self._number else "that another was written"
                message = f"{ends} {another}: its end was cut off, or an older copy was put back"
                self._break(chain_report.Problem.CUT, self._next, message)
            elif memory.complete and self._number > head.number + 1:
                message = f"{ends} none after {head.number}: older heads were put back"
                self._add(chain_report.Problem.HEADS_BEHIND, head.number + 1, message)

    def _found_elsewhere(self, number: int) -> None:
        message = f"record {number} does not stand in its place: records were reordered"
        self._findings = [
            dataclasses.replace(one, problem=chain_report.Problem.MOVED, message=message)
            if one.problem is chain_report.Problem.REMOVED
            else one
            for one in self._findings
        ]
        self._missing = None

    def _break(self, problem: chain_report.Problem, number: int, message: str) -> None:
        if self.intact:
            self.intact = False
            self._add(problem, number, message)

    def _add(self, problem: chain_report.Problem, number: int | None, message: str) -> None:
        self._findings.append(chain_report.Finding(problem=problem, number=number, message=message))


def _fault(
    record: chain.Record, *, number: int, place: tuple[str, str], previous: str, key: chain.PublicKey
) -> tuple[chain_report.Problem, str] | None:
    """What is wrong with the record that should be `number`, from what is written in it and before it."""
    entry = record.entry
    if (entry.environment, entry.side) != place:
        return chain_report.Problem.FOREIGN, f"where record {number} should be is one of another environment or side"
    if chain.link(record.previous, entry) != record.chain:
        return chain_report.Problem.EDITED, f"record {number} does not say what it said when it was written"
    if entry.number > number:
        return chain_report.Problem.REMOVED, f"record {number} is missing: {entry.number} stands where it should be"
    if entry.number < number:
        return chain_report.Problem.REPEATED, f"record {entry.number} stands again where {number} should be"
    if not chain.is_signed(record.head(key.fingerprint), key):
        return chain_report.Problem.FORGED, f"record {number} is not signed by the key {key.fingerprint[:16]}…"
    if record.previous != previous:
        return chain_report.Problem.SPLICED, f"record {number} does not continue the record before it"
    return None
