"""What a provider implements: a `Package` of `Handler`s, and the plain values that they exchange.

Properties are plain Python (`dict`, `list`, `str`, `int`, `float`, `bool`, `None`). Two things to know:

- During a preview a value may be `wire.UNKNOWN`; test with `wire.has_unknown(value)`.
  Outside a preview it never occurs.
- Secrets arrive unwrapped. What was secret in the inputs (or in the old outputs) is made secret again in
  what a handler returns, by its path and by its text. A handler marks a further value with `wire.Secret(value)`.

A handler raises `errors.GovcloudError` for an expected failure, or `PartlyDone` if something now exists.
Handlers of one package run in parallel in threads. They must adopt what a killed run left behind: Pulumi may
never have heard of it.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from govcloud_cli import errors
from govcloud_cli.providers import wire

Token = str
"""A resource type, e.g. `lab:index:Machine`."""
Properties = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """One property that `check` refuses."""

    property: str
    """Dotted path, e.g. `metadata.name`; empty for the resource as a whole."""
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checked:
    """The inputs with defaults filled in, which Pulumi records, and what is wrong with them."""

    inputs: Properties
    failures: tuple[Failure, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """What changes between a recorded resource and its new inputs; empty means nothing to do."""

    changed: tuple[str, ...] = ()
    """Top-level names or paths of the properties that differ."""
    replace: tuple[str, ...] = ()
    """Those among them that cannot be changed in place."""
    delete_before_replace: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class State:
    """A resource as Pulumi records it."""

    id: str
    """Stable and enough to find the resource again; may be empty in a preview."""
    outputs: Properties
    inputs: Properties = dataclasses.field(default_factory=dict)
    """Only `read` returns it: the inputs that would make the resource as it is now (empty: keep the recorded ones)."""


class PartlyDone(Exception):  # noqa: N818 - a message to Pulumi, not a fault of its own
    """Something was made or changed before `error`: Pulumi records `state`, and the next run updates it."""

    def __init__(self, error: errors.GovcloudError, state: State) -> None:
        super().__init__(error.message)
        self.error = error
        self.state = state
        self.secrecy = wire.Secrecy()
        """Filled in by the server."""


class Handler(Protocol):
    """Serves one resource type."""

    def check(self, new: Properties, *, old: Properties, name: str) -> Checked:
        """Judge and complete `new`. `old`: recorded inputs or empty. `name`: the resource's name in the program."""

    def diff(self, old: State, new: Properties) -> Difference:
        """Compare; no effect. `old` has the recorded inputs and outputs; `new` are checked inputs."""

    def create(self, new: Properties, *, preview: bool) -> State:
        """Create or adopt. With `preview`, no effect: return what is known and `wire.UNKNOWN` for the rest."""

    def read(self, old: State) -> State | None:
        """Tell what is really there; None if gone. For an import, `old` has only an id."""

    def update(self, old: State, new: Properties, *, preview: bool) -> State:
        """Change in place; keeps the id."""

    def delete(self, old: State) -> None:
        """Remove; what is gone already is no error."""


Configure = Callable[[Properties, threading.Event], Mapping[Token, Handler]]


def accept_config(new: Properties) -> Checked:
    """Accept any provider configuration."""
    return Checked(inputs=new)


def update_config(old: Properties, new: Properties) -> Difference:
    """Report changed configuration without replacing the resources made under it."""
    return Difference(changed=changed(old, new))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Package:
    """A provider: a name and what to do with a configuration."""

    name: str
    version: str
    configure: Configure
    """Called once per `Provider` resource of a run (several at once, e.g. one per cluster). Gets its configuration,
    where Pulumi's SDKs write anything but a string as JSON text, and an event that is set when the run is
    cancelled: long waits must look at it. Returns the handlers by type token."""
    check_config: Callable[[Properties], Checked] = accept_config
    diff_config: Callable[[Properties, Properties], Difference] = update_config


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the top-level names whose values differ, sorted; an unknown value counts as different."""
    names = sorted({name for name in (*old, *new) if not name.startswith("__")})
    return tuple(name for name in names if old.get(name) != new.get(name) or wire.has_unknown(new.get(name)))
