"""`semver` (k8s.io/apiserver/pkg/cel/library, `SemverLib`): semantic versioning 2.0.0, of github.com/blang/semver.

Versions that differ in build metadata alone are equal, so the text leaves it out.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from govcloud_cli.compliance.cel import declarations, values

_LARGEST: Final = 2**64 - 1
_NUMBER: Final = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_WORD: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_LONGEST: Final = 1_000
_Precedence = tuple[int, int, int, tuple[tuple[int, int, str], ...]]


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > _LARGEST:
        raise ValueError("not a semantic version: a number is not one")
    return int(text)


def _labels(text: str) -> tuple[str, ...]:
    labels = tuple(text.split("."))
    if not all(_WORD.fullmatch(label) for label in labels):
        raise ValueError("not a semantic version: a label is not one")
    return labels


@functools.lru_cache(maxsize=1024)
def _canonical(text: str) -> str:
    parts = text.split(".", 2) if len(text) <= _LONGEST else ()
    if len(parts) != 3:
        raise ValueError("not a semantic version: no major.minor.patch")
    rest, plus, build = parts[2].partition("+")
    patch, dash, before = rest.partition("-")
    if plus:
        _labels(build)
    version = f"{_number(parts[0])}.{_number(parts[1])}.{_number(patch)}"
    if not dash:
        return version
    for label in _labels(before):
        if _DIGITS.fullmatch(label):
            _number(label)
    return f"{version}-{before}"


@functools.lru_cache(maxsize=1024)
def _precedence(text: str) -> _Precedence:
    """What orders versions: a release is after all its pre-releases."""
    numbers, dash, before = text.partition("-")
    major, minor, patch = (int(number) for number in numbers.split("."))
    if not dash:
        return major, minor, patch, ((2, 0, ""),)
    labels = ((0, int(label), "") if label.isdigit() else (1, 0, label) for label in before.split("."))
    return major, minor, patch, tuple(labels)


def _normal(text: str) -> str:
    """`v1.02` as `1.2.0`."""
    parts = text.removeprefix("v").split(".", 2)
    for index, part in enumerate(parts):
        if len(part) > 1:
            bare = part.lstrip("0")
            parts[index] = bare if bare[:1].isdigit() and bare.isascii() else f"0{bare}"
    if len(parts) < 3:
        if "+" in parts[-1] or "-" in parts[-1]:
            raise ValueError("a short version has no pre-release and no build metadata")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


def semver(text: str, normalize: bool = False) -> Any:
    """A version of its written form.

    Raises:
        ValueError: it is none.
    """
    return values.make(values.SEMVER, _canonical(_normal(text) if normalize else text))


def is_semver(text: str, normalize: bool = False) -> bool:
    """Whether `semver` takes it."""
    try:
        semver(text, normalize)
    except ValueError:
        return False
    return True


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1."""
    first, second = _precedence(one.text), _precedence(other.text)
    return (first > second) - (first < second)


_S: Final = values.SEMVER
OVERLOADS: Final = (
    declarations.function("semver", ("string",), _S, semver),
    declarations.function("semver", ("string", "bool"), _S, semver),
    declarations.function("isSemver", ("string",), "bool", is_semver),
    declarations.function("isSemver", ("string", "bool"), "bool", is_semver),
    declarations.method("isLessThan", (_S, _S), "bool", lambda one, other: compare(one, other) < 0),
    declarations.method("isGreaterThan", (_S, _S), "bool", lambda one, other: compare(one, other) > 0),
    declarations.method("compareTo", (_S, _S), "int", compare),
    declarations.method("major", (_S,), "int", lambda version: _precedence(version.text)[0]),
    declarations.method("minor", (_S,), "int", lambda version: _precedence(version.text)[1]),
    declarations.method("patch", (_S,), "int", lambda version: _precedence(version.text)[2]),
)
