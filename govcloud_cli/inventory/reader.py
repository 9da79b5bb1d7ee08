"""The only reader of YAML: plain values with their places, and every fault of form in a file.

Built on the parser's events and without recursion, so that no input can exhaust the stack or the
memory: PyYAML's own builder dies on 30,000 brackets and unfolds alias bombs. What an inventory has
no use for (anchors, tags, merge keys, several documents) is refused by name.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import NoReturn

import yaml

from govcloud_cli import errors
from govcloud_cli.inventory import explain, scalars, slips, sources

MAX_DEPTH = 64
MAX_NODES = 50_000
MAX_FAULTS = 100
"""Per file; who made more than this many mistakes has one mistake."""

_FILL = (
    "`govcloud tenant new` writes a tenant's file, `govcloud init` a whole inventory; a file nobody needs is deleted"
)

Place = tuple[int, int]
"""Line and column, 1-based."""
Path_ = tuple[str | int, ...]
Value = dict[str, "Value"] | list["Value"] | scalars.Plain


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where a value and its key begin, 1-based; `key_line` is 0 for an item of a list."""

    line: int
    column: int
    key_line: int = 0
    key_column: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """One file, read: `value` is None if it could not be read to its end."""

    file: str
    value: Value
    marks: dict[Path_, Mark]
    faults: tuple[errors.Fault, ...]
    complete: bool


def read(path: Path) -> Document:
    """Read one file that must hold exactly one YAML document. Never raises for what the file holds."""
    file = str(path)
    try:
        text = sources.read_text(path)
    except sources.RefusalError as refusal:
        fault = explain.fault(refusal.code, file=file, line=refusal.line, column=refusal.column, found=refusal.found)
        return Document(file=file, value=None, marks={}, faults=(fault,), complete=False)
    return parse(text, file=file)


def parse(text: str, *, file: str) -> Document:
    """As `read`, of text that `sources.read_text` let through."""
    builder = _Builder(file)
    complete = False
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
        builder.finish()
        complete = True
    except _StopError:
        pass
    except yaml.YAMLError as error:
        builder.syntax(error, text)
    value = builder.root if complete else None
    return Document(file=file, value=value, marks=builder.marks, faults=tuple(builder.faults), complete=complete)


def join(path: Path_) -> str:
    """A path as people write it: `spec.zones[1].cidr`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".")


class _StopError(Exception):
    """Reading further makes no sense; the reason is among the faults."""


@dataclasses.dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled."""

    container: dict[str, Value] | list[Value]
    path: Path_
    seen: dict[str, Place] = dataclasses.field(default_factory=dict)
    key: str | None = None
    key_mark: Place | None = None
    dropped: int = 0


class _Builder:
    def __init__(self, file: str) -> None:
        self.root: Value = None
        self.marks: dict[Path_, Mark] = {}
        self.faults: list[errors.Fault] = []
        self._file = file
        self._frames: list[_Frame] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop("GC1012", _place(event), found="a second document")
            if event.version or event.tags:
                self._fault("GC1009", _place(event), found="a % directive")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.NodeEvent):
            self._nodes += 1
            if self._nodes > MAX_NODES:
                self._stop("GC1007", _place(event), found=f"more than {MAX_NODES:,} values")
            self._node(event)
        if len(self.faults) >= MAX_FAULTS:
            raise _StopError

    def finish(self) -> None:
        if self._documents == 0:
            message = "the file is empty"
            self._stop("GC1012", None, found="no document", message=message, remedy=_FILL)

    def syntax(self, error: yaml.YAMLError, text: str) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")
        place = (mark.line + 1, mark.column + 1) if mark else None
        remedy = slips.remedy(text, mark.line + 1) if mark else ""
        self._fault("GC1005", place, found="", message=f"this is not YAML: {problem}", remedy=remedy)

    def _node(self, event: yaml.NodeEvent) -> None:
        frame = self._frames[-1] if self._frames else None
        expects_key = frame is not None and isinstance(frame.container, dict) and frame.key is None
        self._refuse_extras(event)
        if frame is not None and expects_key:
            self._key(frame, event)
            return
        path = self._path(frame)
        value = self._value(event, path)
        if frame is None:
            self.root = value
        elif isinstance(frame.container, list):
            frame.container.append(value)
        elif frame.key is not None:
            frame.container[frame.key] = value
        self._remember(path, _place(event), frame)
        if frame is not None:
            frame.key = None
        if isinstance(value, dict | list):
            self._frames.append(_Frame(container=value, path=path))
            if len(self._frames) > MAX_DEPTH:
                self._stop("GC1006", _place(event), found=f"more than {MAX_DEPTH} levels")

    def _close(self) -> None:
        frame = self._frames.pop()
        if isinstance(frame.container, dict):
            for number in range(frame.dropped):
                frame.container.pop(_dropped(number))

    def _path(self, frame: _Frame | None) -> Path_:
        if frame is None:
            return ()
        if isinstance(frame.container, list):
            return (*frame.path, len(frame.container))
        return (*frame.path, str(frame.key))

    def _remember(self, path: Path_, place: Place, frame: _Frame | None) -> None:
        key = frame.key_mark if frame is not None and frame.key is not None else None
        self.marks[path] = Mark(
            line=place[0], column=place[1], key_line=key[0] if key else 0, key_column=key[1] if key else 0
        )

    def _key(self, frame: _Frame, event: yaml.NodeEvent) -> None:
        """Take a key; a refused one gets a name that no field has, so that its value goes nowhere."""
        if not isinstance(event, yaml.ScalarEvent):
            self._stop("GC1013", _place(event), found="a list or mapping", path=frame.path)
        plain, name = not event.style, str(event.value)
        if plain and name == "<<":
            self._fault("GC1008", _place(event), found="<<", path=frame.path)
        elif plain and (scalars.ambiguity(name) or not isinstance(scalars.resolve(name), str)):
            self._fault("GC1013", _place(event), found=name or "nothing", path=frame.path)
        elif sources.forbidden_in_value(name):
            self._fault("GC1004", _place(event), found=sources.forbidden_in_value(name), path=frame.path)
        elif name in frame.seen:
            first = frame.seen[name][0]
            self._fault(
                "GC1010",
                _place(event),
                found=name,
                path=(*frame.path, name),
                message=f"key '{name}' is here a second time; the first is on line {first}",
            )
        else:
            frame.seen[name] = _place(event)
            frame.key, frame.key_mark = name, _place(event)
            return
        frame.key, frame.key_mark = _dropped(frame.dropped), _place(event)
        frame.dropped += 1

    def _value(self, event: yaml.NodeEvent, path: Path_) -> Value:
        if isinstance(event, yaml.MappingStartEvent):
            return {}
        if isinstance(event, yaml.SequenceStartEvent):
            return []
        if not isinstance(event, yaml.ScalarEvent):
            return None
        word = str(event.value)
        if event.style:
            bad = sources.forbidden_in_value(word)
            if bad:
                self._fault("GC1004", _place(event), found=bad, path=path)
            return word
        if scalars.is_too_long_a_number(word):
            self._fault("GC1017", _place(event), found=word[:40], path=path)
            return word[:40]
        reason = scalars.ambiguity(word)
        if reason is not None:
            message = f"{word} without quotes has two readings: {reason}"
            self._fault("GC1011", _place(event), found=word, path=path, message=message)
            return word
        return scalars.resolve(word)

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._fault("GC1008", _place(event), found=f"*{event.anchor}")
        elif event.anchor:
            self._fault("GC1008", _place(event), found=f"&{event.anchor}")
        tag = getattr(event, "tag", None)
        if tag:
            self._fault("GC1009", _place(event), found=str(tag)[:60])

    def _fault(
        self,
        code: str,
        place: Place | None,
        *,
        found: str,
        path: Path_ | None = None,
        message: str = "",
        remedy: str = "",
    ) -> None:
        self.faults.append(
            explain.fault(
                code,
                file=self._file,
                line=place[0] if place else 0,
                column=place[1] if place else 0,
                field=join(_clean(path if path is not None else self._where())),
                found=found,
                message=message,
                remedy=remedy,
            )
        )

    def _stop(self, code: str, place: Place | None, *, found: str, path: Path_ | None = None, **told: str) -> NoReturn:
        self._fault(code, place, found=found, path=path, **told)
        raise _StopError

    def _where(self) -> Path_:
        frame = self._frames[-1] if self._frames else None
        if frame is None or (isinstance(frame.container, dict) and frame.key is None):
            return frame.path if frame else ()
        return self._path(frame)


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


def _dropped(number: int) -> str:
    """Stands for the key of a refused entry, until its mapping is closed; no key that is taken holds a NUL."""
    return f"\0{number}"


def _clean(path: Path_) -> Path_:
    """A path as far as it leads through keys that were taken."""
    kept = next((index for index, part in enumerate(path) if isinstance(part, str) and part.startswith("\0")), None)
    return path[:kept]
