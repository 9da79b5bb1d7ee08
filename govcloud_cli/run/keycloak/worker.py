"""Makes requests to Keycloak where it can be reached: `python -m govcloud_cli.run.keycloak.worker`.

In: a line `{url, secret, ca, patience}`, then lines `{number, method, path, query, body}`. Out, in any order:
`{number, answer}` or `{number, error}`. It ends with its input.
"""

from __future__ import annotations

import concurrent.futures
import json
import logging
import signal
import sys
import threading
from typing import IO, Any

from govcloud_cli import errors
from govcloud_cli.plan import identity
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.keycloak import connection

_AT_ONCE = 16


def main() -> None:
    """Serve standard input to its end."""
    # Ctrl-C is sent to us too; whoever asks has to clean up through us, and then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.disable()
    job = json.loads(sys.stdin.readline())
    writing = threading.Lock()
    with (
        session.Session(job["url"], identity.ENGINE_CLIENT, job["secret"], job["ca"], patience=job["patience"]) as api,
        concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool,
    ):
        for line in sys.stdin:
            pool.submit(_answer, api, json.loads(line), answers, writing)


def _answer(api: session.Session, asked: Any, answers: IO[str], writing: threading.Lock) -> None:
    told: dict[str, Any] = {"number": asked["number"]}
    try:
        told["answer"] = api.request(asked["method"], asked["path"], asked["body"], query=asked["query"])
    except errors.GovcloudError as error:
        told["error"] = connection.told(error)
    with writing:
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
