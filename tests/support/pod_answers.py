"""What a real API server says of pods at the levels of the Pod Security Standards, check by check.

A Pod is created by dry run where `baseline` is enforced and `restricted` warns; what is refused there is asked again
where nothing is enforced, so that both levels' reasons are known. Templates of workloads are warned of, never refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import aiohttp

from govcloud_cli.providers.kubernetes import access as access_
from tests.support import control_plane, pod_generator

Json = dict[str, Any]
CONNECTIONS: Final = 32
_LABELS: Final = "pod-security.kubernetes.io/"
_ENFORCED, _WARNED, _WARNED_BASELINE = "enforced", "warned", "warned-baseline"
_NAMESPACES: Final[Mapping[str, Mapping[str, str]]] = {
    _ENFORCED: {"enforce": "baseline", "warn": "restricted"},
    _WARNED: {"enforce": "privileged", "warn": "restricted"},
    _WARNED_BASELINE: {"enforce": "privileged", "warn": "baseline"},
}
_COLLECTIONS: Final = {
    "Pod": "api/v1/{}/pods",
    "PodTemplate": "api/v1/{}/podtemplates",
    "ReplicationController": "api/v1/{}/replicationcontrollers",
    "Deployment": "apis/apps/v1/{}/deployments",
    "StatefulSet": "apis/apps/v1/{}/statefulsets",
    "DaemonSet": "apis/apps/v1/{}/daemonsets",
    "ReplicaSet": "apis/apps/v1/{}/replicasets",
    "Job": "apis/batch/v1/{}/jobs",
    "CronJob": "apis/batch/v1/{}/cronjobs",
}
_REFUSED: Final = re.compile(r'violates PodSecurity "baseline:v1\.36": (.*)\Z', re.DOTALL)
_WARNING: Final = re.compile(r'299 - "would violate PodSecurity \\"[a-z]+:v1\.36\\": (.*)"\Z', re.DOTALL)
_DETAIL: Final = re.compile(r' \((?:[^()"]|"(?:\\.|[^"\\])*")*\)')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What Kubernetes says of one document."""

    document: Json
    baseline: frozenset[str]
    """The reasons, in Kubernetes' words, why the level refuses it; none if it does not."""
    restricted: frozenset[str]


@dataclasses.dataclass(kw_only=True)
class Answers:
    """Of all documents, in the order of asking; what the API server refuses for other reasons is counted alone."""

    given: list[Answer] = dataclasses.field(default_factory=list)
    invalid: int = 0


class Server:
    """An API server with namespaces for asking."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def workloads(self, documents: Iterable[Json]) -> Answers:
        """Ask about Pods and workloads."""
        return await self._all((self._pod if one["kind"] == "Pod" else self._template)(one) for one in documents)

    async def debugged(self, seed: int, *, pods: int, each: int) -> Answers:
        """Create pods, and ask about debug containers in them."""
        found: list[tuple[Json, Json]] = []
        templates = pod_generator.templates(seed)
        while len(found) < pods:
            template = next(templates)
            # One third of them for Windows, where levels ask for less.
            if (template.spec.get("os") == {"name": "windows"}) == (len(found) % 3 == 0):
                document = template.pod(f"base-{len(found)}")
                first = await self._send("POST", _ENFORCED, document, dry_run=False)
                if first[0] == 201:
                    second = await self._send("POST", _WARNED, document, dry_run=False)
                    found.append((first[1], second[1]))
        numbered = enumerate(found * each, start=seed)
        return await self._all(self._debug(*pair, seed=number) for number, pair in numbered)

    async def _all(self, questions: Iterable[Any]) -> Answers:
        answers = Answers()
        waiting: Iterator[Any] = iter(questions)

        async def work() -> None:
            for question in waiting:
                answer = await question
                if answer is None:
                    answers.invalid += 1
                else:
                    answers.given.append(answer)

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
        return answers

    async def _pod(self, document: Json) -> Answer | None:
        return _answer(document, await self._asked("POST", document, document))

    async def _debug(self, enforced: Json, warned: Json, *, seed: int) -> Answer | None:
        windows = enforced["spec"].get("os") == {"name": "windows"}
        debuggers = next(pod_generator.ephemeral_containers(seed, windows=windows))
        bodies = [one | {"spec": one["spec"] | {"ephemeralContainers": debuggers}} for one in (enforced, warned)]
        return _answer(bodies[0], await self._asked("PUT", *bodies))

    async def _asked(self, method: str, document: Json, again: Json) -> tuple[set[str], set[str]] | None:
        """Reasons of both levels; None for what is refused for others."""
        status, body, warnings = await self._send(method, _ENFORCED, document)
        reasons: set[str] = set()
        if status == 403:
            refusal = _REFUSED.search(body["message"])
            if refusal is None:
                raise AssertionError(f"refused, but not by Pod Security: {body['message']}")
            reasons = _reasons(refusal[1])
            status, body, warnings = await self._send(method, _WARNED, again)
        return (reasons, _warned(warnings)) if _accepted(status, body) else None

    async def _template(self, document: Json) -> Answer | None:
        answers = []
        for namespace in (_WARNED_BASELINE, _WARNED):
            status, body, warnings = await self._send("POST", namespace, document)
            if not _accepted(status, body):
                return None
            answers.append(_warned(warnings))
        return _answer(document, (answers[0], answers[1]))

    async def _send(
        self, method: str, namespace: str, document: Json, *, dry_run: bool = True
    ) -> tuple[int, Json, Sequence[str]]:
        path = _COLLECTIONS[document["kind"]].format(f"namespaces/{namespace}")
        if method == "PUT":
            path += f"/{document['metadata']['name']}/ephemeralcontainers"
        query = {"dryRun": "All"} if dry_run else {}
        async with self._session.request(method, f"{self._address}/{path}", params=query, json=document) as answer:
            return answer.status, await answer.json(), answer.headers.getall("Warning", [])

    async def _prepare(self) -> None:
        for name, levels in _NAMESPACES.items():
            labels = {_LABELS + mode: level for mode, level in levels.items()}
            labels |= {f"{_LABELS}{mode}-version": "v1.36" for mode in levels}
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
            async with self._session.post(f"{self._address}/api/v1/namespaces", json=namespace) as answer:
                assert answer.status == 201, await answer.text()
        for name in _NAMESPACES:
            # Pods are refused until there is one; a controller would make it, some time.
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            accounts = f"{self._address}/api/v1/namespaces/{name}/serviceaccounts"
            async with self._session.post(accounts, json=account) as answer:
                assert answer.status in {201, 409}, await answer.text()


@contextlib.asynccontextmanager
async def connected(plane: control_plane.ControlPlane) -> AsyncIterator[Server]:
    """Make the namespaces, and end the connections afterwards."""
    access = access_.load(str(plane.kubeconfig))
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=access.tls)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        server = Server(session, access.server)
        await server._prepare()
        yield server


def _answer(document: Json, levels: tuple[set[str], set[str]] | None) -> Answer | None:
    if levels is None:
        return None
    baseline, restricted = levels
    return Answer(document=document, baseline=frozenset(baseline), restricted=frozenset(restricted))


def _accepted(status: int, body: Json) -> bool:
    """Whether it is valid. What else could go wrong is no answer."""
    if status not in {200, 201, 400, 422}:
        raise AssertionError(f"{status}: {body}")
    return status < 400


def _warned(warnings: Sequence[str]) -> set[str]:
    for warning in warnings:
        found = _WARNING.match(warning)
        if found:
            return _reasons(found[1].replace('\\"', '"').replace("\\\\", "\\"))
    return set()


def _reasons(text: str) -> set[str]:
    """`privileged (container "web" must not …), hostPort (…)` without the details."""
    return set(_DETAIL.sub("", text).split(", "))
