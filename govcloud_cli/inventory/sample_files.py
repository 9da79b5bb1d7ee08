"""Reads a policy's samples: manifests as users write them, other documents as `compliance/inputs` makes them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from govcloud_cli.inventory import composing, manifest_files, manifests, rulebook, streams
from govcloud_cli.model import policies


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """One file."""

    file: str
    documents: tuple[manifests.Manifest, ...]
    problems: tuple[str, ...]
    """`file:line: what`; it cannot be judged with one of them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples:
    """All samples of one policy."""

    allowed: tuple[Sample, ...]
    denied: tuple[Sample, ...]


def read(entry: rulebook.Entry) -> Samples:
    """Never raises for what the files hold."""
    one = _manifests if entry.policy.spec.input is policies.Input.KUBERNETES else _documents
    return Samples(allowed=tuple(map(one, entry.allowed)), denied=tuple(map(one, entry.denied)))


def _manifests(path: Path) -> Sample:
    found = manifests.read([path])
    problems = found.problems
    if not problems and found.skipped:
        problems = (f"{path}: not everything in it is a Kubernetes object",)
    return Sample(file=str(path), documents=found.objects, problems=problems)


def _documents(path: Path) -> Sample:
    file = str(path)
    found: list[manifests.Manifest] = []
    problems: list[str] = []
    try:
        for one in streams.read(manifest_files.one(path).text(), streams.Budget()):
            problems += [f"{file}:{fault.line}: {fault.message}" for fault in one.faults]
            if one.value is not None:
                found.append(manifests.Manifest(document=one.value, file=file, number=one.number))
    except manifest_files.UnreadError as error:
        problems.append(f"{file}: {error}")
    except composing.StreamError as error:
        problems.append(f"{file}:{error.line}: {error.message}")
    if not found and not problems:
        problems.append(f"{file}: there is no document in it")
    return Sample(file=file, documents=tuple(found), problems=tuple(problems))
