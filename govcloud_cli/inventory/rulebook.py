"""Reads folders of policies, as `policies/`: policies, what they share, waivers and who may approve these."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from govcloud_cli import errors, resources
from govcloud_cli.inventory import policy_folders, reader, typed, wording
from govcloud_cli.model import controls, policies
from govcloud_cli.model import waivers as waivers_

NAME = "policies"
"""The folder's name, wherever it lies."""
_STEP = re.compile(r"[^.\[\]]+")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A policy, and where it was read."""

    policy: policies.Policy
    area: str
    """The folder above its own, e.g. `pods`."""
    folder: Path
    """Its own, with `policy.yaml`."""
    allowed: tuple[Path, ...]
    """Samples that it must let pass."""
    denied: tuple[Path, ...]
    """Samples that it must find something in."""

    @property
    def file(self) -> Path:
        """`policy.yaml`."""
        return self.folder / policy_folders.POLICY


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rulebook:
    """All that folders of policies say."""

    entries: tuple[Entry, ...]
    """By id."""
    libraries: Mapping[str, policies.Library]
    """By name."""
    waivers: tuple[waivers_.Waiver, ...]
    """By id; whether they are in force is for `compliance.waivers` to say."""
    approvers: waivers_.Approvers
    """Who may approve waivers."""

    @property
    def policies(self) -> tuple[policies.Policy, ...]:
        """By id."""
        return tuple(entry.policy for entry in self.entries)


def folders(own: Path | None) -> tuple[Path, ...]:
    """GovCloud's own folder of policies, then `own`, if there is one and it is not that by another name."""
    shipped = resources.folder(NAME)
    if own is None or not own.is_dir():
        return (shipped,)
    return (own,) if own.resolve() == shipped.resolve() else (shipped, own)


def of(own: Path | None) -> Rulebook:
    """GovCloud's policies and those of `own`, which alone has waivers that count; raises as `load`."""
    found = folders(own)
    book = load(found)
    return book if own in found else dataclasses.replace(book, waivers=(), approvers=_approvers(()))


def load(folders: Sequence[Path]) -> Rulebook:
    """Read folders of policies: GovCloud's own first. Later ones add to earlier ones and replace nothing.

    Waivers and approvers of the last one alone count: what lets a finding be belongs to who runs the platform.

    Raises `errors.InventoryError` with every fault, in the order of files and lines. Changes nothing.
    """
    found = [_Folder(folder) for folder in dict.fromkeys(folders)]
    faults = [fault for one in found for fault in one.faults]
    known = _Known.of(found)
    faults += known.faults
    for one in found:
        for entry in one.entries:
            faults += _crosscheck(entry, known)
    if faults:
        raise errors.InventoryError(tuple(sorted(set(faults), key=_order)))
    own = found[-1] if found else None
    return Rulebook(
        entries=tuple(
            sorted((entry for one in found for entry in one.entries), key=lambda one: one.policy.metadata.id)
        ),
        libraries=known.libraries,
        waivers=tuple(sorted((waiver for _, waiver in own.waivers), key=lambda one: one.metadata.id)) if own else (),
        approvers=_approvers(own.approvers if own else ()),
    )


def _approvers(people: Iterable[str]) -> waivers_.Approvers:
    return waivers_.Approvers(api_version="govcloud/v1", kind="WaiverApprovers", people=tuple(dict.fromkeys(people)))


def unaskable(entry: Entry, problems: Iterable[tuple[str, str]]) -> tuple[errors.Fault, ...]:
    """Faults, with their lines, of a policy that cannot be compiled: pairs of field and message.

    `field` as in `spec.validations[0].expression`.
    """
    document = reader.read(entry.file)
    return tuple(typed.fault(document, "GC1905", _path(field), message=message) for field, message in problems)


def _path(field: str) -> reader.Path_:
    return tuple(int(step) if step.isdigit() else step for step in _STEP.findall(field))


class _Folder:
    """One folder of policies, as far as its files are right by themselves."""

    def __init__(self, folder: Path) -> None:
        listing = policy_folders.Listing(folder)
        self.faults: list[errors.Fault] = list(listing.faults())
        self.entries = tuple(self._entries(listing))
        self.libraries = tuple(self._all(listing.libraries(), policies.Library))
        self.waivers = tuple(self._all(listing.waivers(), waivers_.Waiver))
        found = self._all(listing.approvers(), waivers_.Approvers)
        self.approvers = tuple(person for _, approvers in found for person in approvers.people)
        catalogues = [catalogue.spec for _, catalogue in self._all(listing.catalogues(), controls.Catalogue)]
        self.controls = frozenset((spec.framework.value, one.id) for spec in catalogues for one in spec.controls)

    def _all(self, paths: Iterable[Path], model: type[typed.Model]) -> Iterator[tuple[Path, typed.Model]]:
        for path in paths:
            made = self._load(path, model)
            if made is not None:
                yield path, made

    def _load(self, path: Path, model: type[typed.Model]) -> typed.Model | None:
        loaded = typed.load(path, model)
        self.faults += loaded.faults
        return loaded.model

    def _entries(self, listing: policy_folders.Listing) -> Iterator[Entry]:
        for found in listing.policies():
            policy = self._load(found.file, policies.Policy)
            if policy is not None:
                yield Entry(
                    policy=policy, area=found.area, folder=found.folder, allowed=found.allowed, denied=found.denied
                )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Known:
    """What policies may refer to, and what stands in each other's way."""

    libraries: Mapping[str, policies.Library]
    unread: bool
    """Whether a library or catalogue has faults of its own: then nothing is said to be missing."""
    controls: frozenset[tuple[str, str]]
    faults: tuple[errors.Fault, ...]

    @classmethod
    def of(cls, found: Sequence[_Folder]) -> _Known:
        libraries = [(path.stem, path, made) for one in found for path, made in one.libraries]
        rules = [(entry.policy.metadata.id, entry.file) for one in found for entry in one.entries]
        excuses = [(waiver.metadata.id, path) for one in found for path, waiver in one.waivers]
        shared = {policy_folders.LIBRARY, policy_folders.CONTROLS}
        return cls(
            libraries={name: made for name, _, made in reversed(libraries)},
            unread=any(Path(fault.file).parent.name in shared for one in found for fault in one.faults),
            controls=frozenset().union(*(one.controls for one in found)),
            faults=(
                *_taken("policy", rules, ("metadata", "id")),
                *_taken("waiver", excuses, ("metadata", "id")),
                *_taken("library", [(name, path) for name, path, _ in libraries], ("kind",)),
            ),
        )


def _taken(what: str, named: Iterable[tuple[str, Path]], where: reader.Path_) -> Iterator[errors.Fault]:
    first: dict[str, Path] = {}
    for name, path in named:
        if name in first:
            message = f"{what} '{name}' is in {first[name]} already; nothing can take its place"
            yield typed.fault(reader.read(path), "GC1201", where, message=message, found=name)
        first.setdefault(name, path)


def _crosscheck(entry: Entry, known: _Known) -> Iterator[errors.Fault]:
    """What is wrong between a policy and what surrounds it; its file is read again only if something is."""
    told = list(_strangers(entry, known))
    if entry.policy.metadata.id != entry.folder.name:
        message = f"policy '{entry.policy.metadata.id}' is in the folder '{entry.folder.name}'"
        told.append(("GC1901", ("metadata", "id"), message, entry.policy.metadata.id, ""))
    document = reader.read(entry.file) if told else None
    for code, path, message, found, remedy in told:
        if document is not None:
            yield typed.fault(document, code, path, message=message, found=found, remedy=remedy)


_Told = tuple[str, reader.Path_, str, str, str]
"""Code, path, message, what was found, remedy."""


def _strangers(entry: Entry, known: _Known) -> Iterator[_Told]:
    spec = entry.policy.spec
    if known.unread:
        return
    if spec.library is not None and spec.library not in known.libraries:
        remedy = wording.suggestion(spec.library, tuple(known.libraries))
        message = f"there is no library '{spec.library}' in {policy_folders.LIBRARY}/"
        yield "GC1205", ("spec", "library"), message, spec.library, remedy
    for framework in controls.Framework:
        named: tuple[str, ...] = getattr(spec.controls, framework.value)
        for index, name in enumerate(named):
            if (framework.value, name) not in known.controls:
                message = f"no catalogue of {framework.value} in {policy_folders.CONTROLS}/ has '{name}'"
                yield "GC1205", ("spec", "controls", framework.value, index), message, name, ""
    for framework, index in _twice(spec.controls):
        message = "this requirement is listed twice"
        yield "GC1206", ("spec", "controls", framework.value, index), message, "", ""


def _twice(listed: policies.Controls) -> Iterator[tuple[controls.Framework, int]]:
    for framework in controls.Framework:
        named: tuple[str, ...] = getattr(listed, framework.value)
        yield from ((framework, index) for index, name in enumerate(named) if name in itertools.islice(named, index))


def _order(fault: errors.Fault) -> tuple[str, int, int, str]:
    return (fault.file, fault.line, fault.column, fault.code)
