"""Keycloak's admin API from where we are, although in the lab it answers inside a network namespace only.

There a worker (`run.keycloak.worker`) makes the requests: one JSON document a line, many at a time.
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
from typing import IO, Any, Self

from govcloud_cli import errors
from govcloud_cli.plan import identity
from govcloud_cli.providers.keycloak import failures, session, transport
from govcloud_cli.run import process, reach, workspace

Json = Any
_WORKER = (sys.executable, "-m", "govcloud_cli.run.keycloak.worker")
_PATIENCE = 300.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A Keycloak, and what the engine proves itself with."""

    url: str
    secret: str = dataclasses.field(repr=False)
    ca: str = dataclasses.field(repr=False)
    patience: float = transport.PATIENCE
    """Seconds for which a server that does not answer is asked again."""

    @classmethod
    def of(cls, folder: workspace.SideFolder, url: str, *, patience: float = transport.PATIENCE) -> Self:
        """The one of a side. Raises `errors.GovcloudError` if it was never deployed."""
        try:
            secret = (folder.secrets / identity.ENGINE_SECRET).read_text(encoding="ascii").strip()
            authority = (folder.pki / "services-ca.crt").read_text(encoding="ascii")
        except FileNotFoundError as error:
            raise errors.GovcloudError(
                f"the identity service of the {folder.side.value} side was never deployed",
                where=str(error.filename),
                remedy="run `govcloud deploy` first",
            ) from None
        if not authority.strip():
            # Without one, whoever the system trusts would do.
            raise errors.GovcloudError(
                "the authority of the identity service's certificate is empty",
                where=str(folder.pki / "services-ca.crt"),
                remedy="restore it from the backup of the state folder",
            )
        return cls(url=url, secret=secret, ca=authority, patience=patience)


@contextlib.contextmanager
def opened(server: Server, way: reach.Reach) -> Iterator[session.Api]:
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


class _Remote(session.Api):
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
