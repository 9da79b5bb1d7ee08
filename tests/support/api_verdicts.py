"""What a real API server says of documents by our policies: every policy's verdict from one dry-run create.

Policies are installed as `compliance.admission` writes them, but for what keeps verdicts apart: bindings only warn,
names are short, and all namespaces are judged. A server cuts warnings after 4096 characters; a document that comes near
is asked again by users that only a part of the policies judges.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import dataclasses
import functools
import itertools
import json
import pathlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import aiohttp

from govcloud_cli.compliance import admission, kinds
from govcloud_cli.model import policies
from govcloud_cli.providers.kubernetes import access as access_
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.kubernetes import failures
from tests.support import object_generator

Json = Any
PARTS = 6
NAMESPACE = "verdicts"
"""Where namespaced documents go that name no namespace."""
_ROOM = 4096 - 256
_WARNING = re.compile(r'^299 \S+ "(?P<text>.*)"$', re.DOTALL)
_TEXT = re.compile(r"^Validation failed for ValidatingAdmissionPolicy 'p(\d+)' with binding '[^']*': (.*)$", re.DOTALL)
_AT_ONCE = 24
_DEBUGGING = "pods/ephemeralcontainers"
_IN_EVERY_KIND = frozenset({"apiVersion", "kind", "metadata"})
_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string"}
_CUT = 240
"""Characters of a message that are sure to arrive."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one policy says of one document."""

    messages: tuple[str, ...] = ()
    """Of the validations that fail, in their order."""
    errors: tuple[str, ...] = ()
    """Of what could not be evaluated."""

    def agrees(self, other: Verdict) -> bool:
        """Whether both found the same; errors are worded by each engine in its own way."""
        if self.errors or other.errors:
            return bool(self.errors) and bool(other.errors)
        return _words(self.messages) == _words(other.messages)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What the API server says of one document."""

    refused: str = ""
    """Why its own validation refuses it, so that no policy saw it; empty if it is accepted."""
    verdicts: Mapping[str, Verdict] = dataclasses.field(default_factory=dict)
    """Policy id -> verdict, of those that have something to say."""
    asked: frozenset[str] | None = None
    """Ids of the policies that were asked; None for all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it went over the wire."""

    status: int
    text: str
    warnings: tuple[str, ...]


class Asker:
    """Asks one API server; use `asking`."""

    def __init__(
        self, client: clients.Client, session: aiohttp.ClientSession, rules: Sequence[policies.Policy]
    ) -> None:
        self.client = client
        self._session = session
        self._ids = [rule.metadata.id for rule in sorted(rules, key=lambda one: one.metadata.id)]
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._of_debugging: frozenset[str] = frozenset()
        self._numbers = itertools.count()

    async def install(self, manifests: Iterable[Json]) -> None:
        """Apply what `admission.manifests` returned for the asker's rules, and wait until the API server goes by it."""
        whole = list(manifests)
        own = [one for one in whole if one["kind"] == "ValidatingAdmissionPolicy" and _DEBUGGING in _resources(one)]
        self._of_debugging = frozenset(one["metadata"]["name"].removesuffix(admission.SUFFIX) for one in own)
        short = list(reshaped(whole))
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
            some = [self.client.apply(one, force=True) for one in short if one["kind"] == kind]
            await asyncio.gather(*some)
        await settle(self.client, self.raw)

    async def define(self, samples: Iterable[Json], *, cluster_wide: Container[str] = ()) -> None:
        """Have the API server serve the kinds of these documents, where it does not by itself.

        What is of one type in all samples must be of it in every document: real definitions have types too.
        """
        found: dict[tuple[str, str], list[Json]] = {}
        for sample in samples:
            try:
                await self.client.place(sample["apiVersion"], sample["kind"])
            except failures.NotFoundError:
                found.setdefault((sample["apiVersion"].rpartition("/")[0], sample["kind"]), []).append(sample)
        for (group, kind), some in sorted(found.items()):
            wide = kind in cluster_wide or kind.startswith("Cluster")
            await self.client.apply(_definition(group, kind, some, wide=wide))
            await self._until_served(some[-1]["apiVersion"], kind)

    async def placed(self, document: Json) -> Json:
        """The document with the namespace that it would get here."""
        metadata = document.get("metadata")
        if not isinstance(metadata, dict) or "namespace" in metadata:
            return document
        place = await self.client.place(document["apiVersion"], document["kind"])
        return document | {"metadata": metadata | {"namespace": NAMESPACE}} if place.namespaced else document

    async def _until_served(self, api_version: str, kind: str) -> None:
        for _ in range(100):
            with contextlib.suppress(failures.NotFoundError):
                await self.client.place(api_version, kind)
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{kind} of {api_version} is not served")

    async def ask(self, document: Json) -> Answer:
        """Create it (dry run) and return what is said."""
        if document["kind"] == "Pod" and object_generator.at(document, ("spec", "ephemeralContainers")):
            return await self._ask_debugged(document)
        return await self._ask(self.raw, document)

    async def _ask_debugged(self, document: Json) -> Answer:
        """A pod cannot be created with debug containers: they are added to one that is there."""
        metadata = document["metadata"] | {"name": f"{document['metadata']['name'][:200]}-{next(self._numbers)}"}
        whole = document | {"metadata": metadata}
        spec = {key: value for key, value in document["spec"].items() if key != "ephemeralContainers"}
        made = await self.raw(whole | {"spec": spec}, dry_run=False)
        if made.status != 201:
            return Answer(refused=made.text)
        put = functools.partial(self.raw, method="PUT", below=f"/{metadata['name']}/ephemeralcontainers")
        return dataclasses.replace(await self._ask(put, whole), asked=self._of_debugging)

    async def _ask(self, send: Callable[..., Awaitable[Asked]], document: Json) -> Answer:
        asked = await send(document)
        if asked.status not in {200, 201, 409}:
            return Answer(refused=asked.text)
        warnings = asked.warnings
        if sum(map(len, warnings)) > _ROOM:
            parts = await asyncio.gather(*(send(document, user=f"part-{part}") for part in range(PARTS)))
            if any(sum(map(len, one.warnings)) > _ROOM for one in parts):
                raise AssertionError(f"more is said than fits: {document}")
            warnings = tuple(warning for one in parts for warning in one.warnings)
        return Answer(verdicts=self._verdicts(warnings))

    async def ask_all(self, documents: Iterable[Json]) -> list[Answer]:
        """As `ask`, side by side, in order."""
        return list(await asyncio.gather(*(self.ask(document) for document in documents)))

    async def raw(
        self, document: Json, *, user: str = "", dry_run: bool = True, method: str = "POST", below: str = ""
    ) -> Asked:
        """Create it, as somebody else (an administrator still) if `user` is given."""
        path = await self.path(document) + below
        headers = {"Impersonate-User": user, "Impersonate-Group": "system:masters"} if user else {}
        query = {"fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        async with (
            self._slots,
            self._session.request(
                method, self.client.access.server + path, params=query, json=document, headers=headers
            ) as answer,
        ):
            found = (_WARNING.match(one) for one in answer.headers.getall("Warning", ()))
            warnings = tuple(re.sub(r"\\(.)", r"\1", one["text"]) for one in found if one)
            return Asked(status=answer.status, text=await answer.text(), warnings=warnings)

    async def patch(self, path: str, change: Json) -> int:
        """Merge a change into what is at `path`; return the status."""
        headers = {"Content-Type": "application/merge-patch+json"}
        url = self.client.access.server + path
        async with self._session.patch(url, data=json.dumps(change), headers=headers) as answer:
            return answer.status

    async def path(self, document: Json) -> str:
        """Where it is created."""
        place = await self.client.place(document["apiVersion"], document["kind"])
        root = "/api" if "/" not in document["apiVersion"] else "/apis"
        within = f"/namespaces/{document['metadata'].get('namespace') or NAMESPACE}" if place.namespaced else ""
        return f"{root}/{document['apiVersion']}{within}/{place.plural}"

    def _verdicts(self, warnings: Iterable[str]) -> dict[str, Verdict]:
        found: dict[str, Verdict] = {}
        for warning in warnings:
            said = _TEXT.match(warning)
            if said is None:
                continue
            rule, message = self._ids[int(said[1])], said[2]
            before = found.get(rule, Verdict())
            error = message.startswith(("expression '", "failed to evaluate match", "failed messageExpression"))
            if error or "resulted in error" in message:
                found[rule] = dataclasses.replace(before, errors=(*before.errors, message))
            else:
                found[rule] = dataclasses.replace(before, messages=(*before.messages, message))
        return found


@contextlib.asynccontextmanager
async def asking(kubeconfig: pathlib.Path, rules: Sequence[policies.Policy]) -> AsyncIterator[Asker]:
    """An asker for these rules at the API server of `kubeconfig`."""
    client = clients.Client.from_kubeconfig(kubeconfig)
    access = access_.load(str(kubeconfig))
    connector = aiohttp.TCPConnector(limit=_AT_ONCE, ssl=access.tls)
    # Warnings are headers, many of them.
    async with aiohttp.ClientSession(connector=connector, max_field_size=65536, max_line_size=65536) as session:
        enforced = [rule for rule in rules if admission.enforceable(rule)]
        try:
            yield Asker(client, session, enforced)
        finally:
            await client.close()


def reshaped(manifests: Iterable[Json]) -> Iterable[Json]:
    """Policies and bindings that keep verdicts apart, in the order of the policies' ids."""
    names: dict[str, int] = {}
    for manifest in manifests:
        one = copy.deepcopy(manifest)
        number = names.setdefault(one["metadata"]["name"], len(names))
        one["metadata"] = {"name": f"p{number}"}
        if one["kind"] == "ValidatingAdmissionPolicy":
            spec = one["spec"]
            spec["matchConstraints"].pop("namespaceSelector")
            user = "request.userInfo.username"
            part = f"!{user}.startsWith('part-') || {user} == 'part-{number % PARTS}'"
            spec["matchConditions"] = [{"name": "part", "expression": part}, *spec["matchConditions"]]
            for written in (*spec["variables"], *spec["validations"], *spec["matchConditions"]):
                written["expression"] = _in_one_line(written["expression"])
        else:
            one["metadata"] = {"name": f"p{number}"}
            one["spec"] = {"policyName": f"p{number}", "validationActions": ["Warn"]}
        yield one


def _in_one_line(expression: str) -> str:
    """An error repeats the expression, and a warning with a line break is never sent."""
    return expression if "//" in expression else " ".join(expression.split("\n"))


async def install_as_they_are(asker: Asker, manifests: Iterable[Json]) -> None:
    """Apply manifests, and wait until the API server goes by them."""
    whole = list(manifests)
    for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        await asyncio.gather(*(asker.client.apply(one, force=True) for one in whole if one["kind"] == kind))
    await settle(asker.client, asker.raw)


async def settle(client: clients.Client, raw: Any) -> None:
    """Wait until the API server goes by every policy and binding that was applied before."""
    name = "last"
    constraints = [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]},
    ]
    # Numbered, because a server that knows an older one would answer too soon.
    kind = "ValidatingAdmissionPolicy"
    old = await client.get(admission.API_VERSION, kind, name)
    turn = int(old["metadata"]["annotations"]["turn"]) + 1 if old else 0
    spec = {
        "matchConstraints": {"resourceRules": constraints},
        "validations": [{"expression": "object.metadata.name != 'last'", "message": f"turn {turn}"}],
    }
    metadata = {"name": name, "annotations": {"turn": str(turn)}}
    binding = {"policyName": name, "validationActions": ["Warn"]}
    await client.apply({"apiVersion": admission.API_VERSION, "kind": kind, "metadata": metadata, "spec": spec})
    await client.apply(
        {"apiVersion": admission.API_VERSION, "kind": f"{kind}Binding", "metadata": metadata, "spec": binding}
    )
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "last", "namespace": "default"}}
    for _ in range(150):
        asked = await raw(probe)
        if any(f"turn {turn}" in warning for warning in asked.warnings):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the API server does not go by its policies")


async def make_room(asker: Asker, documents: Sequence[Json]) -> None:
    """Make what documents refer to and the API server asks for: namespaces, service accounts, priority classes."""
    spaces = {str(one["metadata"].get("namespace") or NAMESPACE) for one in documents}
    accounts, classes = set(), set()
    for value in _values(list(documents)):
        accounts |= {str(value["serviceAccountName"])} if isinstance(value.get("serviceAccountName"), str) else set()
        classes |= {str(value["priorityClassName"])} if isinstance(value.get("priorityClassName"), str) else set()
    made = [_named("v1", "Namespace", name) for name in sorted(spaces)]
    made += [_named("scheduling.k8s.io/v1", "PriorityClass", name, value=1000) for name in sorted(classes)]
    made += [
        _named("v1", "ServiceAccount", name, namespace=space)
        for space in sorted(spaces)
        for name in sorted(accounts | {"default"})
    ]
    for one in made:
        with contextlib.suppress(failures.ApiError):  # not every name is one, and kube-system is there already
            await asker.client.apply(one, force=True)


def _words(messages: Sequence[str]) -> list[list[str]]:
    """What is said, whatever comes first: an API server goes through the keys of a map in any order."""
    return [sorted(re.split(r"[ ,]+", message.strip()[:_CUT])) for message in messages]


def _resources(manifest: Json) -> set[str]:
    rules = manifest["spec"]["matchConstraints"]["resourceRules"]
    return {resource for rule in rules for resource in rule["resources"]}


def _definition(group: str, kind: str, samples: Sequence[Json], *, wide: bool) -> Json:
    """A kind of which these are samples."""
    bodies = [{key: sample[key] for key in sample if key not in _IN_EVERY_KIND} for sample in samples]
    schema = {"openAPIV3Schema": _schema(bodies)}
    versions = sorted({sample["apiVersion"].rpartition("/")[2] for sample in samples})
    plural = kinds.plural(kind)
    spec = {
        "group": group,
        "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
        "scope": "Cluster" if wide else "Namespaced",
        "versions": [
            {"name": version, "served": True, "storage": version == versions[-1], "schema": schema}
            for version in versions
        ],
    }
    found = _named("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", spec=spec)
    found["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved, for tests"}
    return found


def _schema(values: Sequence[Json]) -> Json:
    """What they have in common."""
    kept = {"x-kubernetes-preserve-unknown-fields": True}
    types = {type(value) for value in values}
    if types == {dict}:
        keys = sorted({key for value in values for key in value})
        within = {key: _schema([value[key] for value in values if key in value]) for key in keys}
        return {"type": "object", "properties": within, **kept}
    if types == {list}:
        return {"type": "array", "items": _schema([item for value in values for item in value])}
    if types == {int, str}:
        return {"x-kubernetes-int-or-string": True}
    if len(types) == 1 and types <= _PLAIN.keys():
        return {"type": _PLAIN[types.pop()]}
    return kept


def _named(api_version: str, kind: str, name: str, *, namespace: str = "", **body: Any) -> Json:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def _values(value: Json) -> Iterable[dict[str, Any]]:
    """Every mapping in it."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _values(item)


def text_of(document: Json) -> str:
    """For failures: short enough to be read."""
    return json.dumps(document, ensure_ascii=False)[:2000]
