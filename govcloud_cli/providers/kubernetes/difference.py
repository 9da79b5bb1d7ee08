"""What changes between recorded and new inputs, and what of it needs a new object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.kubernetes import kinds, manifest

Path = tuple[str | int, ...]
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MISSING: Final = object()
_IDENTITY: Final = ("metadata.name", "metadata.namespace", "apiVersion", "kind")


def compare(kind: kinds.Kind, old: resource.Properties, new: resource.Properties) -> resource.Difference:
    """Compare recorded with new inputs; no effect."""
    paths = tuple(changed_paths(old, new))
    fixed = [kinds.pattern(text) for text in (*_IDENTITY, *kind.immutable)]
    if old.get("immutable") is True:
        fixed += [kinds.pattern(text) for text in kind.sealed]
    replacing = tuple(path for path in paths if any(_touches(pattern, path) for pattern in fixed))
    return resource.Difference(
        changed=tuple(text(path) for path in paths),
        replace=tuple(text(path) for path in replacing),
        delete_before_replace=bool(replacing) and _same_name(old, new),
    )


def changed_paths(old: Any, new: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of what differs, as deep as both sides have the same shape; an unknown value differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            if not path and name.startswith("__"):
                continue
            yield from changed_paths(old.get(name, _MISSING), new.get(name, _MISSING), (*path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for place in range(max(len(old), len(new))):
            before = old[place] if place < len(old) else _MISSING
            after = new[place] if place < len(new) else _MISSING
            yield from changed_paths(before, after, (*path, place))
    elif new is wire.UNKNOWN or type(old) is not type(new) or old != new:
        yield path


def text(path: Path) -> str:
    """Return `path` in Pulumi's notation: `metadata.labels["a.b/c"]`, `spec.ports[0]`."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            written += f".{step}" if written else step
        else:
            quoted = step.replace("\\", "\\\\").replace('"', '\\"')
            written += f'["{quoted}"]'
    return written


def _touches(pattern: kinds.Pattern, path: Path) -> bool:
    """Tell whether a change at `path` is inside `pattern`, or above it (the whole parent came, went or is unknown)."""
    return kinds.matches(pattern, path) or kinds.matches(tuple(map(str, path)), pattern)


def _same_name(old: resource.Properties, new: resource.Properties) -> bool:
    if manifest.annotation(new, manifest.AUTONAMED) == "true":
        return False
    before, after = old.get("metadata") or {}, new.get("metadata") or {}
    if not isinstance(after, dict):
        return True
    return all(after.get(field) in (before.get(field), wire.UNKNOWN) for field in ("name", "namespace"))
