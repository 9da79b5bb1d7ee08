"""Keycloak's admin API from where we are, although in the lab it answers inside a network namespace only.

There a worker (`run.people.worker`) makes the requests: one JSON document a line, many at a time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import queue
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any, Protocol

from govcloud_cli import errors
from govcloud_cli.plan import identity
from govcloud_cli.providers.keycloak import failures, session, transport
from govcloud_cli.run import process, reach

Json = Any
_WORKER = (sys.executable, "-m", "govcloud_cli.run.people.worker")
_PATIENCE = 300.0


class Api(Protocol):
    """What `providers.keycloak.session.Session` offers, as far as it is used here; any number of threads may."""

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Json:
        """What is at `path`."""

    def find(self, path: str, *, query: Mapping[str, str] | None = None) -> Json:
        """What is at `path`, None if nothing is."""

    def post(self, path: str, body: Json = None) -> Json:
        """Make something."""

    def put(self, path: str, body: Json = None) -> Json:
        """Change what is at `path`."""

    def request(self, method: str, path: str, json: Json = None, *, query: Mapping[str, str] | None = None) -> Json:
        """Send one request."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A Keycloak, and what the engine proves itself with."""

    url: str
    secret: str = dataclasses.field(repr=False)
    ca: str = dataclasses.field(repr=False)
    patience: float = transport.PATIENCE
    """Seconds for which a server that does not answer is asked again."""


@contextlib.contextmanager
def opened(server: Server, way: reach.Reach) -> Iterator[Api]:
    """A session with `server`, made where `way` leads. Raises `errors.GovcloudError` where there is no way."""
    if not way.exists:
        raise errors.GovcloudError(
            "the identity service cannot be reached: the side's network is not there",
            where=server.url,
            remedy="run `govcloud deploy`",
        )
    if not way.prefix:
        with session.Session(
            server.url, identity.ENGINE_CLIENT, server.secret, server.ca, patience=server.patience
        ) as direct:
            yield direct
        return
    with process.talking(way.command(_WORKER)) as (answers, questions):
        remote = _Remote(answers, questions)
        remote.begin({"url": server.url, "secret": server.secret, "ca": server.ca, "patience": server.patience})
        yield remote


class _Remote:
    """The worker's end of the pipe that we hold."""

    def __init__(self, answers: IO[str], questions: IO[str]) -> None:
        self._answers = answers
        self._questions = questions
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Json]] = {}
        self._ended = False

    def begin(self, job: Json) -> None:
        """Tell the worker whom to talk to."""
        self._write(job)
        threading.Thread(target=self._listen, daemon=True).start()

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Json:
        return self.request("GET", path, query=query)

    def find(self, path: str, *, query: Mapping[str, str] | None = None) -> Json:
        try:
            return self.request("GET", path, query=query)
        except failures.NotFoundError:
            return None

    def post(self, path: str, body: Json = None) -> Json:
        return self.request("POST", path, body)

    def put(self, path: str, body: Json = None) -> Json:
        return self.request("PUT", path, body)

    def request(self, method: str, path: str, json: Json = None, *, query: Mapping[str, str] | None = None) -> Json:
        mine: queue.SimpleQueue[Json] = queue.SimpleQueue()
        number = next(self._numbers)
        self._waiting[number] = mine
        if self._ended:
            raise _dead()
        self._write({"number": number, "method": method, "path": path, "body": json, "query": dict(query or {})})
        try:
            answer = mine.get(timeout=_PATIENCE)
        except queue.Empty:
            raise _dead() from None
        if answer is None:
            raise _dead()
        if "error" in answer:
            raise _error(answer["error"])
        return answer["answer"]

    def _write(self, document: Json) -> None:
        try:
            with self._writing:
                self._questions.write(json.dumps(document) + "\n")
                self._questions.flush()
        except (BrokenPipeError, ValueError):
            raise _dead() from None

    def _listen(self) -> None:
        for line in self._answers:
            document = json.loads(line)
            self._waiting.pop(document["number"]).put(document)
        self._ended = True
        for mine in list(self._waiting.values()):
            mine.put(None)


def told(error: errors.GovcloudError) -> dict[str, Any]:
    """An error as the worker tells it."""
    return {
        "kind": type(error).__name__,
        "status": getattr(error, "status", 0),
        "message": error.message,
        "where": error.where,
        "cause": error.cause,
        "remedy": error.remedy,
    }


def _error(document: Mapping[str, Any]) -> errors.GovcloudError:
    details = {name: document[name] for name in ("where", "cause", "remedy")}
    kinds = (failures.ApiError, failures.NotFoundError, failures.ConflictError, failures.BusyError)
    kind = next((one for one in kinds if one.__name__ == document["kind"]), None)
    if kind is not None:
        return kind(document["message"], status=document["status"], **details)
    return errors.GovcloudError(document["message"], **details)


def _dead() -> errors.GovcloudError:
    return errors.GovcloudError(
        "the process that talks to the identity service ended early", remedy="its own words are above; run again"
    )
