"""What all resource types share: checks, differences, previews, adoption and telling of errors."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.keycloak import configuration, failures, shape
from govcloud_cli.providers.keycloak.session import quoted

Json = dict[str, Any]


class Handler(abc.ABC):
    """A `resource.Handler` whose subclasses deal with real, known values and Keycloak's representations."""

    SHAPE: ClassVar[shape.Shape]
    WHAT: ClassVar[str]
    """What the type is called in messages."""

    def __init__(self, connection: configuration.Connection) -> None:
        self.connection = connection

    @abc.abstractmethod
    def called(self, new: resource.Properties) -> str:
        """Return the name for messages."""

    @abc.abstractmethod
    def sought(self, new: resource.Properties) -> str | None:
        """Return the id of what is there already under the name that `new` has, None if nothing is."""

    @abc.abstractmethod
    def live(self, recorded: resource.Properties, identifier: str) -> Json | None:
        """Return the representation of what is really there, None if gone."""

    @abc.abstractmethod
    def make(self, new: resource.Properties) -> str:
        """Make it; return its id."""

    @abc.abstractmethod
    def change(self, new: resource.Properties, identifier: str, live: Json, *, old: resource.Properties) -> None:
        """Make what is there, now as `live`, be as `new`. `old` is what was recorded, empty where it is adopted."""

    @abc.abstractmethod
    def remove(self, old: resource.Properties, identifier: str) -> None:
        """Remove it; what is gone is no error."""

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        """Tell what is wrong between the properties of `new`, each of which is right. It may hold unknown values."""
        del new
        return ()

    def computed(self, identifier: str, live: Json) -> resource.Properties:
        """Return what Keycloak decides itself and programs may read."""
        del identifier, live
        return {}

    def read_back(self, live: Json) -> resource.Properties:
        """Return the properties that `live` stands for."""
        return shape.properties(self.SHAPE, live)

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """See `resource.Handler`."""
        del old
        given = {**new, "name": new.get("name") or name} if "name" in self.SHAPE else new
        checked = shape.check(self.SHAPE, given)
        inputs = shape.concealed(self.SHAPE, checked.inputs)
        return resource.Checked(inputs=inputs, failures=checked.failures or self.faults(checked.inputs))

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        """See `resource.Handler`."""
        return shape.difference(self.SHAPE, old=old.inputs or old.outputs, new=new)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        """See `resource.Handler`."""
        if preview:
            return resource.State(id="", outputs=self._outputs(new, {}))
        with self._about(new):
            found = self.sought(new)
            live = None if found is None else self.live(new, found)
            if found is None or live is None:
                found = self.make(new)
                live = self.live(new, found)
            if live is not None:
                self.change(new, found, live, old={})
            return self._state(found, new)

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        """See `resource.Handler`."""
        if preview:
            return resource.State(id=old.id, outputs=self._outputs(new, old.outputs))
        with self._about(new):
            live = self.live(new, old.id)
            if live is None:
                raise errors.GovcloudError("it is gone", remedy="run again with a refresh; a deploy looks for drift")
            self.change(new, old.id, live, old={**old.outputs, **old.inputs})
            return self._state(old.id, new)

    def read(self, old: resource.State) -> resource.State | None:
        """See `resource.Handler`."""
        recorded = {**old.outputs, **old.inputs}
        with self._about(recorded):
            live = self.live(recorded, old.id)
        if live is None:
            return None
        inputs = shape.observed(self.SHAPE, old.inputs, self.read_back(live))
        outputs = {**self._outputs(inputs, {}), **self.computed(old.id, live)}
        return resource.State(id=old.id, outputs=outputs, inputs=shape.concealed(self.SHAPE, inputs))

    def delete(self, old: resource.State) -> None:
        """See `resource.Handler`."""
        recorded = {**old.outputs, **old.inputs}
        with self._about(recorded), contextlib.suppress(failures.NotFoundError):
            self.remove(recorded, old.id)

    def _state(self, identifier: str, new: resource.Properties) -> resource.State:
        live = self.live(new, identifier)
        if live is None:
            raise errors.GovcloudError("it was made and is gone again", remedy="see who else changes this realm")
        outputs = {**self._outputs(new, {}), **self.computed(identifier, live)}
        return resource.State(id=identifier, outputs=outputs, inputs=new)

    def _outputs(self, new: resource.Properties, before: resource.Properties) -> resource.Properties:
        return {**before, **shape.concealed(self.SHAPE, new)}

    @contextlib.contextmanager
    def _about(self, new: resource.Properties) -> Iterator[None]:
        """Say with an error what it is about; the request that failed is of use only to whoever mends a provider."""
        try:
            yield
        except errors.GovcloudError as error:
            if not isinstance(error, failures.UnreachableError):
                error.where = f"{self.WHAT} {self.called(new)}"
            raise


class Realms(Handler):
    """A handler of what is inside a realm, at `/admin/realms/<realm>/…`."""

    def path(self, new: resource.Properties, *parts: str) -> str:
        """Return the path of `parts`, each one segment, within the realm that `new` names."""
        return "/".join(["/admin/realms", *(quoted(part) for part in (str(new["realmId"]), *parts))])


def known(value: object) -> bool:
    """Tell whether a value is given and known."""
    return value is not None and not wire.has_unknown(value)
