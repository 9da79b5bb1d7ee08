"""The process that talks to the identity service where it can be reached."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys

from tests.run.login import test_transport
from tests.support import control_plane


def test_an_interrupt_leaves_it_to_whoever_cleans_up_through_it() -> None:
    job = {
        "url": "https://127.0.0.1:1",
        "secret": "s",
        "patience": 1.0,
        "ca": test_transport.pem(control_plane._authority()),
    }
    question = {"number": 1, "method": "GET", "path": "/admin/realms/govcloud", "body": None, "query": {}}
    with subprocess.Popen(
        [sys.executable, "-m", "govcloud_cli.run.keycloak.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=pathlib.Path(__file__).parents[3],
        text=True,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None

        def ask() -> int:
            print(json.dumps(question), file=worker.stdin, flush=True)
            return int(json.loads(worker.stdout.readline())["number"])  # type: ignore[union-attr]

        print(json.dumps(job), file=worker.stdin, flush=True)
        assert ask() == 1
        worker.send_signal(signal.SIGINT)
        assert ask() == 1, "it still serves"
        worker.stdin.close()
        assert worker.wait(20) == 0
