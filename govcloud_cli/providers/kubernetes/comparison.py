"""A planned object beside the live one, field by field: what is ours and otherwise than planned. Pure.

What others added is theirs, except below `kinds.Kind.whole`; what the server filled in is nobody's. What is found
here, a refresh finds too (`ownership.inputs`), so that an update sets it right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from govcloud_cli.providers.kubernetes import difference, kinds, ownership

ABSENT: Final = None
"""The value of what is not there; the API itself has no difference between the two."""
Path = tuple[str | int, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deviation:
    """One field that is otherwise than planned."""

    path: Path
    expected: Any
    """`ABSENT` for what should not be there."""
    found: Any
    """`ABSENT` for what is missing."""

    @property
    def field(self) -> str:
        """The path as text: `spec.podSelector`, `subjects[1].name`, `metadata.labels["govcloud.io/tenant"]`."""
        return difference.text(self.path)


def deviations(kind: kinds.Kind, desired: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[Deviation, ...]:
    """Every field of `live` that is ours and otherwise than in `desired`, in the order of the manifest."""
    found = list(_Comparison(kind).mapping(desired, live, ownership.owned(live), ()))
    if stamp := live["metadata"].get("deletionTimestamp"):
        found.append(Deviation(path=("metadata", "deletionTimestamp"), expected=ABSENT, found=stamp))
    return tuple(found)


def surplus(kind: kinds.Kind, desired: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that takes away what others added to what is ours as a whole; empty if they did not.

    Server-side apply leaves it alone: it is theirs.
    """
    comparison = _Comparison(kind)
    roots = {name: desired[name] for name in kind.whole if name in desired and name in live}
    patches = {name: comparison.patch(value, live[name], (name,)) for name, value in roots.items()}
    return {name: patch for name, patch in patches.items() if patch is not None}


class _Comparison:
    """Walks a planned object beside a live one."""

    def __init__(self, kind: kinds.Kind) -> None:
        self._whole = kind.whole
        self._reader = ownership.Reader(kind)

    def mapping(
        self, desired: Mapping[str, Any], live: Mapping[str, Any], fields: ownership.Fields, path: Path
    ) -> Iterator[Deviation]:
        """Yield what differs between two objects. `fields`: what of `live` we applied."""
        for name, value in desired.items():
            place = (*path, name)
            if live.get(name) is not None:
                yield from self._value(value, live[name], fields.get(f"f:{name}", {}), place)
            elif not self._reader.may_be_left_out(value, place):
                yield Deviation(path=place, expected=value, found=ABSENT)
        for name, value in live.items():
            place = (*path, name)
            if name not in desired and (f"f:{name}" in fields or self._reader.is_surplus(value, place)):
                yield Deviation(path=place, expected=ABSENT, found=value)

    def _value(self, desired: Any, live: Any, fields: ownership.Fields, path: Path) -> Iterator[Deviation]:
        if isinstance(desired, Mapping) and isinstance(live, Mapping):
            yield from self.mapping(desired, live, fields, path)
        elif isinstance(desired, list) and isinstance(live, list):
            yield from self._list(desired, live, path)
        else:
            seen = self._reader.scalar(live, desired, path)
            if type(seen) is not type(desired) or seen != desired:
                yield Deviation(path=path, expected=desired, found=live)

    def _list(self, desired: list[Any], live: list[Any], path: Path) -> Iterator[Deviation]:
        if len(desired) == len(live):
            for place, (before, after) in enumerate(zip(desired, live, strict=True)):
                yield from self._value(before, after, {}, (*path, place))
            return
        # Of another length: what is as planned is set aside, so that one item more is told as one item.
        left = dict(enumerate(live))
        for place, item in enumerate(desired):
            same = next((at for at, other in left.items() if self._same(item, other, (*path, at))), None)
            if same is None:
                yield Deviation(path=(*path, place), expected=item, found=ABSENT)
            else:
                del left[same]
        for place, item in left.items():
            yield Deviation(path=(*path, place), expected=ABSENT, found=item)

    def _same(self, desired: Any, live: Any, path: Path) -> bool:
        return next(self._value(desired, live, {}, path), None) is None

    def patch(self, desired: Any, live: Any, path: Path) -> Any:
        """Return what to merge so that `live` has no more than `desired`; None for nothing."""
        if isinstance(desired, Mapping) and isinstance(live, Mapping):
            gone = [name for name, value in live.items() if self._is_extra(desired, name, value, path)]
            inner = {
                name: patch
                for name, value in desired.items()
                if live.get(name) is not None and (patch := self.patch(value, live[name], (*path, name))) is not None
            }
            return dict.fromkeys(gone) | inner if gone or inner else None
        if isinstance(desired, list) and isinstance(live, list) and not self._same(desired, live, path):
            return desired
        return None

    def _is_extra(self, desired: Mapping[str, Any], name: str, value: Any, path: Path) -> bool:
        return name not in desired and self._reader.is_surplus(value, (*path, name))
