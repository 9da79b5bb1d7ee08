"""Kubernetes objects of anybody's files: folders, files, standard input. What is not judged is named."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from govcloud_cli.inventory import composing, json_streams, kubernetes_words, manifest_files, streams

Json = Any
Path_ = tuple[str | int, ...]

MAX_DOCUMENTS = 200_000
"""Per file."""
# What has apiVersion and kind but is an instruction to a tool on the developer's side, never an object of a cluster.
_OF_TOOLS = ("kustomize.config.k8s.io/", "govcloud/")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """One document, and where it was written."""

    document: Json
    """Without keys that are null: to the API server they are not there."""
    file: str
    """As the user named it, with the way below a folder."""
    number: int = 0
    """Of the document in its stream, from 0."""
    path: Path_ = ()
    """Where in that document it begins, e.g. `("items", 3)`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """What was found by one name of the command line."""

    name: str
    objects: tuple[Manifest, ...] = ()
    """Kubernetes objects, lists unpacked. What an earlier name found already is only told of in `again`."""
    previews: tuple[Manifest, ...] = ()
    """Documents of `pulumi preview --json` and `pulumi stack export`, as they are."""
    skipped: tuple[str, ...] = ()
    """Files (with the number of documents in them, if they hold objects too) that are not Kubernetes'."""
    again: int = 0
    """Objects and previews that another name found before."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifests:
    """All that was read, and what could not be."""

    sources: tuple[Source, ...]
    problems: tuple[str, ...]
    """`file:line: what`, or `file: what`; with one of these nothing can be called clean."""

    @property
    def objects(self) -> tuple[Manifest, ...]:
        """Every object once."""
        return tuple(itertools.chain.from_iterable(source.objects for source in self.sources))

    @property
    def previews(self) -> tuple[Manifest, ...]:
        """Every preview once."""
        return tuple(itertools.chain.from_iterable(source.previews for source in self.sources))

    @property
    def skipped(self) -> tuple[str, ...]:
        """Files that are not Kubernetes'."""
        return tuple(dict.fromkeys(itertools.chain.from_iterable(source.skipped for source in self.sources)))


@dataclasses.dataclass(kw_only=True)
class _Found:
    """What one file holds."""

    file: str
    objects: list[Manifest] = dataclasses.field(default_factory=list)
    previews: list[Manifest] = dataclasses.field(default_factory=list)
    strangers: int = 0
    problems: list[str] = dataclasses.field(default_factory=list)

    @property
    def held(self) -> int:
        return len(self.objects) + len(self.previews)

    @property
    def skipped(self) -> str:
        """How it is named among what was skipped; empty if nothing of it was."""
        if not self.strangers or not self.held:
            return self.file if self.strangers else ""
        return f"{self.file} ({self.strangers} of its documents)"


def read(paths: Sequence[Path], *, stdin: str | None = None) -> Manifests:
    """Read every manifest below `paths`; `-` is `stdin`, text that the caller has read. Never raises for contents."""
    budget = streams.Budget()
    seen: dict[str, _Found] = {}
    with _without_collector():
        read = [_source(path, stdin, seen, budget) for path in paths]
    problems = itertools.chain.from_iterable(problems for _, problems in read)
    return Manifests(sources=tuple(source for source, _ in read), problems=tuple(dict.fromkeys(problems)))


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    # Millions of values that all live on: looking for garbage among them takes a third of the time.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _source(path: Path, stdin: str | None, seen: dict[str, _Found], budget: streams.Budget) -> tuple[Source, list[str]]:
    name = str(path)
    new: list[_Found] = []
    old: list[_Found] = []
    for file in [manifest_files.given(stdin)] if name == manifest_files.STDIN else manifest_files.below(path):
        if file.identity in seen:
            old.append(seen[file.identity])
        else:
            new.append(_read_file(file, budget))
            seen[file.identity] = new[-1]
    source = Source(
        name=name,
        objects=tuple(itertools.chain.from_iterable(found.objects for found in new)),
        previews=tuple(itertools.chain.from_iterable(found.previews for found in new)),
        skipped=tuple(found.skipped for found in new if found.skipped),
        again=sum(found.held for found in old),
    )
    if any(found.held or found.problems for found in (*new, *old)):
        return source, [problem for found in new for problem in found.problems]
    return source, [f"{name}: {_nothing(name, stdin)}"]


def _nothing(name: str, stdin: str | None) -> str:
    """What is said of a name that holds no manifest."""
    if name != manifest_files.STDIN:
        return "no Kubernetes object in it; name a folder or file that holds manifests"
    if not (stdin or "").strip():
        return "standard input is empty (标准输入为空); did the command before the pipe fail?"
    return "no Kubernetes object in it; pipe manifests into it, e.g. those of `helm template`"


def _read_file(file: manifest_files.File, budget: streams.Budget) -> _Found:
    found = _Found(file=file.name)
    try:
        text = file.text()
    except manifest_files.UnreadError as error:
        found.problems.append(f"{file.name}: {error}")
        return found
    if file.is_template(text):
        found.problems.append(f"{file.name}: a template of a Helm chart; {_RENDER}")
        return found
    hint = f" It looks like a template: {_RENDER}" if "{{" in text else ""
    try:
        for document in _documents(text, budget):
            if document.number >= MAX_DOCUMENTS:
                raise composing.StreamError(f"it holds more than {MAX_DOCUMENTS:,} documents")
            _take(found, document, hint)
    except composing.StreamError as error:
        place = f"{file.name}:{error.line}" if error.line else file.name
        found.problems.append(f"{place}: {error.message}.{hint}")
    split = composing.false_separator(text) if found.objects else 0
    if split:
        found.problems.append(
            f"{file.name}:{split}: a line that begins with --- and goes on; kubectl does not read it as YAML does"
        )
    return found


_RENDER = "render it first (helm template …) and check what comes out"


def _documents(text: str, budget: streams.Budget) -> Iterator[streams.Document]:
    if json_streams.looks_like(text):
        try:
            # All of it before any is taken: text that stops being JSON half-way is YAML from its beginning.
            documents = tuple(itertools.islice(json_streams.read(text, nulls=False), MAX_DOCUMENTS + 1))
        except ValueError:
            pass
        else:
            yield from documents
            return
    yield from streams.read(text, budget, kubernetes_words.OBJECTS)


def _take(found: _Found, document: streams.Document, hint: str) -> None:
    value = document.value
    manifest = Manifest(document=value, file=found.file, number=document.number)
    if _is_object(value):
        told = [f"{found.file}:{fault.line}: {fault.message}.{hint}" for fault in document.faults]
        found.problems.extend(told)
        if not told:
            _unpack(found, manifest)
    elif _is_preview(value):
        found.previews.append(manifest)
    elif isinstance(value, dict) and isinstance(value.get("kind"), str) and isinstance(value.get("items"), list):
        # Without validation kubectl takes the items all the same.
        found.problems.append(f"{found.file}: document {document.number} is a list without apiVersion.{hint}")
    elif value is not None or document.faults:
        found.strangers += 1


def _is_preview(value: Json) -> bool:
    """Whether a document came from `pulumi preview --json` or `pulumi stack export`."""
    if not isinstance(value, dict) or "kind" in value or "apiVersion" in value:
        return False
    # Charts' values have a `deployment`, pipelines have `steps`.
    exported, steps = value.get("deployment"), value.get("steps")
    if isinstance(exported, dict) and isinstance(value.get("version"), int):
        return isinstance(exported.get("resources"), list) or "manifest" in exported
    return isinstance(steps, list) and not {"changeSummary", "config", "duration"}.isdisjoint(value)


def _is_object(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    version, kind = value.get("apiVersion"), value.get("kind")
    is_named = isinstance(version, str) and isinstance(kind, str) and version and kind
    return bool(is_named) and not str(version).startswith(_OF_TOOLS)


def _unpack(found: _Found, manifest: Manifest) -> None:
    """Take an object, or what a list holds: everything with `items`, whatever its kind, as kubectl does."""
    document = manifest.document
    items = document.get("items")
    kind = str(document["kind"])
    if not isinstance(items, list):
        found.objects.append(manifest)
        return
    if not kind.endswith("List"):
        found.objects.append(manifest)
    defaults = {"apiVersion": document["apiVersion"], "kind": kind.removesuffix("List")}
    for index, item in enumerate(items):
        path = (*manifest.path, "items", index)
        whole = {**defaults, **item} if isinstance(item, dict) and defaults["kind"] else item
        if _is_object(whole):
            _unpack(found, dataclasses.replace(manifest, document=whole, path=path))
        else:
            found.problems.append(f"{found.file}: item {index} of {kind} (document {manifest.number}) is no object")
