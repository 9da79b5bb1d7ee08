"""What can go wrong, for the person who has to mend it.

Every error a user may meet is a `GovcloudError`: what happened, where, why, and what to do next.
`main` prints it once and turns it into one of the fixed exit codes; nothing else calls `sys.exit`.
"""

from __future__ import annotations

import dataclasses
import enum


class ExitCode(enum.IntEnum):
    """The process exit code of every verb; one meaning per number."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    POLICY_DENIED = 3
    DRIFT_FOUND = 4
    LOCKED = 5
    PARTLY_DONE = 6
    CHANGES_FOUND = 7
    INTERRUPTED = 130
    BUG = 255


class GovcloudError(Exception):
    """An expected failure, told so that its reader can act on it."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        cause: str | None = None,
        remedy: str | None = None,
        log: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """What happened, in one sentence without a full stop."""
        self.where = where
        """The step, machine, resource or file it happened to."""
        self.cause = cause
        """The underlying tool's own words, already free of secrets."""
        self.remedy = remedy
        """What the reader does next."""
        self.log = log
        """Path of the full log, if there is one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with an input file."""

    code: str
    """Stable code, `GC` and four digits; never reused."""
    message: str
    """What is wrong, in one sentence."""
    file: str
    line: int
    """1-based; 0 when the fault is the file as a whole."""
    column: int = 0
    """1-based; 0 when unknown."""
    field: str = ""
    """Dotted path of the field, e.g. `spec.zones[1].cidr`."""
    found: str = ""
    allowed: str = ""
    remedy: str = ""


class InventoryError(GovcloudError, ValueError):
    """The inventory is refused as a whole; carries every fault found, in file order."""

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"the inventory has {len(faults)} {noun}", remedy="mend what is listed and run again")
        self.faults = faults


class UsageError(GovcloudError, ValueError):
    """The command line asks for something that cannot be (unknown environment, missing `--yes`)."""

    exit_code = ExitCode.BAD_INPUT


class PolicyDeniedError(GovcloudError):
    """The platform's rules forbid it: nobody who may has approved it, or nobody could."""

    exit_code = ExitCode.POLICY_DENIED


class UnjudgedError(GovcloudError):
    """The policies could not judge everything that they were asked about; that is never a pass."""

    exit_code = ExitCode.BAD_INPUT


class LockedError(GovcloudError):
    """Another run holds the environment's lock."""

    exit_code = ExitCode.LOCKED


class PartlyDoneError(GovcloudError):
    """Some of what was asked for is done, and some failed; running again does the rest."""

    exit_code = ExitCode.PARTLY_DONE


class RunInterrupted(GovcloudError):  # noqa: N818 - the name says what happened
    """The user pressed Ctrl-C, or the run received SIGTERM."""

    exit_code = ExitCode.INTERRUPTED


class Bug(GovcloudError):  # noqa: N818 - as above
    """What should not be able to happen; only `main` makes one, of an exception that nobody expected."""

    exit_code = ExitCode.BUG


class ProcessError(GovcloudError):
    """A child process failed. `returncode` is negative for a signal, as in `subprocess`."""

    def __init__(self, message: str, *, returncode: int, stdout: str, stderr: str, remedy: str | None = None) -> None:
        super().__init__(message, cause=_tail(stderr or stdout), remedy=remedy)
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr


def _tail(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
