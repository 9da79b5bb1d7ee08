"""The worker of `run.stacks`: `python -m govcloud_cli.run.stackworker PROVIDER…`, a job on standard input.

Prints JSON lines: `{"event": "doing", "text"}` and `{"event": "stack", "result"}`. Everything else, Pulumi's own
output included, goes to standard error, which is the log.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any

from govcloud_cli.run import process


def main() -> None:
    """Run the job on standard input."""
    os.umask(0o077)
    lines, sys.stdout = sys.stdout, sys.stderr
    one_at_a_time = threading.Lock()

    def say(event: str, **fields: Any) -> None:
        with one_at_a_time:
            print(json.dumps({"event": event, **fields}), file=lines, flush=True)

    with _providers(sys.argv[1:]) as announced:
        # Half a second of imports, while the providers do theirs.
        from govcloud_cli.run import stackrun

        job = pickle.loads(base64.b64decode(sys.stdin.read()))  # noqa: S301 - from our own parent
        stackrun.run(job, ports=json.loads(announced.readline()) if announced else {}, say=say)


@contextlib.contextmanager
def _providers(names: Sequence[str]) -> Iterator[IO[str] | None]:
    """Our providers, one process for the whole job; it ends when its standard input closes, so also when we die.

    Yields where it announces its ports.
    """
    if not names:
        yield None
        return
    with process.talking([sys.executable, "-m", "govcloud_cli.providers", *names]) as (stdout, _):
        yield stdout


if __name__ == "__main__":
    main()
