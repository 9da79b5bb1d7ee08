"""What all resource types share: checks, differences, previews, locking and telling of errors."""

from __future__ import annotations

import abc
import time
from collections.abc import Callable
from typing import ClassVar, Final, TypeVar

import psycopg

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.postgresql import failures, server, shape

_Result = TypeVar("_Result")
_ATTEMPTS: Final = 6
_TRANSIENT: Final = ("tuple concurrently updated", "tuple concurrently deleted")


class Handler(abc.ABC):
    """A `resource.Handler` whose subclasses deal with real, known values and speak SQL."""

    SHAPE: ClassVar[shape.Shape]
    WHAT: ClassVar[str]
    """What the type is called in messages."""

    def __init__(self, session: server.Session) -> None:
        self.session = session

    @abc.abstractmethod
    def identify(self, new: resource.Properties) -> str:
        """Return the id that `new` gets."""

    @abc.abstractmethod
    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        """Return what is really there, None if gone. `recorded` is empty for an import."""

    @abc.abstractmethod
    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        """Make or change it so that it is as `new`. `old` is what was recorded, empty for a creation."""

    @abc.abstractmethod
    def remove(self, old: resource.Properties) -> None:
        """Remove what is recorded as `old`; what is gone is no error."""

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        """Tell what is wrong between the properties of `new`, each of which is right. It may hold unknown values."""
        del new
        return ()

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """See `resource.Handler`."""
        del old, name
        checked = shape.check(self.SHAPE, new)
        if checked.failures:
            return checked
        return resource.Checked(inputs=checked.inputs, failures=self.faults(checked.inputs))

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        """See `resource.Handler`."""
        return shape.difference(self.SHAPE, old=old.inputs or old.outputs, new=new)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        """See `resource.Handler`."""
        if preview:
            identifier = "" if wire.has_unknown(new) else self.identify(new)
            return resource.State(id=identifier, outputs=self.outputs(new, None))
        return self._change(new, old={}, identifier=self.identify(new))

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        """See `resource.Handler`."""
        if preview:
            return resource.State(id=old.id, outputs=self.outputs(new, None))
        return self._change(new, old={**old.outputs, **old.inputs}, identifier=old.id)

    def read(self, old: resource.State) -> resource.State | None:
        """See `resource.Handler`."""
        recorded = {**old.outputs, **old.inputs}
        live = self._run(f"{self.WHAT} {old.id}", lambda: self.live(recorded, old.id))
        if live is None:
            return None
        inputs = shape.observed(old.inputs, live)
        return resource.State(id=old.id, outputs=self.outputs({**old.outputs, **inputs}, live), inputs=inputs)

    def delete(self, old: resource.State) -> None:
        """See `resource.Handler`."""
        recorded = {**old.outputs, **old.inputs}
        self._write(f"{self.WHAT} {old.id}", lambda: self.remove(recorded))

    def outputs(self, new: resource.Properties, live: resource.Properties | None) -> resource.Properties:
        """Return what is recorded: `new`, and from `live` what `new` leaves to the server."""
        found = {name: value for name, value in (live or {}).items() if value is not None}
        return {**found, **new}

    def _change(self, new: resource.Properties, *, old: resource.Properties, identifier: str) -> resource.State:
        where = f"{self.WHAT} {identifier}"
        self._write(where, lambda: self.ensure(new, old=old))
        live = self._run(where, lambda: self.live(new, identifier))
        return resource.State(id=identifier, outputs=self.outputs(new, live), inputs=new)

    def _write(self, where: str, work: Callable[[], _Result]) -> _Result:
        with self.session.pool.writing:
            return self._run(where, work)

    def _run(self, where: str, work: Callable[[], _Result]) -> _Result:
        """Run `work`, again if another process changed the same catalogue row in the same moment."""
        with failures.told(where):
            for attempt in range(_ATTEMPTS):
                try:
                    return work()
                except (psycopg.errors.InternalError_, psycopg.errors.DeadlockDetected) as error:
                    known = any(text in str(error) for text in _TRANSIENT) or error.sqlstate == "40P01"
                    if not known or attempt == _ATTEMPTS - 1:
                        raise
                time.sleep(0.05 * 2**attempt)
        raise errors.GovcloudError("gave up", where=where)
