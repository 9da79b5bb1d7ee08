"""One served kind: Pulumi's operations on it, by server-side apply."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.providers import loop, resource, wire
from govcloud_cli.providers.kubernetes import client as client_
from govcloud_cli.providers.kubernetes import comparison, difference, failures, kinds, manifest, ownership

_PATIENCE_TERMINATING: Final = 120.0
"""Seconds to wait for an object or namespace of the same name that is being deleted."""
_PATIENCE_DELETE: Final = 300.0
_PATIENCE_ESTABLISHED: Final = 30.0
_PROPAGATIONS: Final = {"foreground": "Foreground", "background": "Background", "orphan": "Orphan"}
_NEW_WITH_EACH_WRITE: Final = ("resourceVersion",)
_KEPT: Final = ("uid", "creationTimestamp", "generation")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """What the handlers of one configured provider share."""

    client: client_.Client
    cancelled: threading.Event
    namespace: str
    force: bool
    written: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    """Token and uid of what this run created or adopted. A resource renamed in the program is created under the new
    name, which adopts the object, and then deleted under the old one: that deletion must not happen."""


class Handler:
    """Serves one kind; see `resource.Handler`."""

    def __init__(self, kind: kinds.Kind, session: Session) -> None:
        self.kind = kind
        self._session = session

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        return manifest.check(self.kind, new, old=old, name=name, namespace=self._session.namespace)

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        return difference.compare(self.kind, manifest.without_nulls(old.inputs), new)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        if preview:
            unknown = dict.fromkeys((*_KEPT, *_NEW_WITH_EACH_WRITE), wire.UNKNOWN)
            return resource.State(id="", outputs=self._marked(_with_metadata(new, unknown)))
        live = loop.run(self._apply(new, force=self._forced(new)), self._session.cancelled)
        self._session.written.add((self.kind.token, live["metadata"]["uid"]))
        state = self._state(live, new)
        if self.kind.established:
            self._wait_established(state, live)
        return state

    def read(self, old: resource.State) -> resource.State | None:
        namespace, name = self._place(old.id)
        live = loop.run(self._get(namespace, name), self._session.cancelled)
        if live is None:
            return None
        inputs = ownership.inputs(self.kind, live, manifest.without_nulls(old.inputs))
        state = self._state(live, inputs)
        return dataclasses.replace(state, inputs=self._marked(inputs))

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        if preview:
            metadata = old.outputs.get("metadata") or {}
            kept = {name: metadata[name] for name in _KEPT if name in metadata}
            outputs = _with_metadata(new, kept | dict.fromkeys(_NEW_WITH_EACH_WRITE, wire.UNKNOWN))
            return resource.State(id=old.id, outputs=self._marked(_filled(outputs, old)))
        return self._state(loop.run(self._update(old, new), self._session.cancelled), new)

    def delete(self, old: resource.State) -> None:
        metadata = old.outputs.get("metadata") or {}
        namespace, name = self._place(old.id)
        wanted = manifest.annotation(old.inputs, manifest.PROPAGATION)
        work = self._delete(
            namespace,
            name,
            uid=metadata.get("uid"),
            propagation=_PROPAGATIONS.get(wanted, "Background"),
        )
        loop.run(work, self._session.cancelled)

    # The same for one of many objects, on the event loop: of a `bundle`

    async def bring(self, old: resource.Properties | None, new: resource.Properties) -> resource.Properties:
        """Create or update to the manifest `new`; return the live object. `old`: the recorded one, if any."""
        if old is None:
            live = await self._apply(new, force=self._forced(new))
        else:
            live = await self._update(resource.State(id="", outputs={}, inputs=old), new)
        self._session.written.add((self.kind.token, live["metadata"]["uid"]))
        return live

    async def look(self, old: resource.Properties) -> tuple[resource.Properties, str] | None:
        """What the recorded manifest `old` is now, and its uid; None if it is gone."""
        metadata = old["metadata"]
        live = await self._get(metadata.get("namespace"), metadata["name"])
        return None if live is None else (ownership.inputs(self.kind, live, old), live["metadata"]["uid"])

    async def remove(self, old: resource.Properties, *, uid: str | None) -> None:
        """Delete the object of the manifest `old`, unless its name belongs to another one now."""
        metadata = old["metadata"]
        await self._delete(metadata.get("namespace"), metadata["name"], uid=uid)

    # What goes over the wire

    async def _delete(
        self, namespace: str | None, name: str, *, uid: str | None, propagation: str = "Background"
    ) -> None:
        if (self.kind.token, uid) in self._session.written:
            return
        await self._session.client.delete(
            self.kind.api_version,
            self.kind.name,
            name,
            namespace=namespace,
            uid=uid,
            propagation=propagation,
            wait=_PATIENCE_DELETE,
        )

    async def _apply(self, inputs: resource.Properties, *, force: bool) -> resource.Properties:
        """Apply; wait for an object or namespace of that name that is still being deleted."""
        built = manifest.build(inputs)
        deadline = time.monotonic() + _PATIENCE_TERMINATING
        while True:
            try:
                live = await self._session.client.apply(built, force=force)
            except failures.ApiError as error:
                if not error.has_cause("NamespaceTerminating") or time.monotonic() > deadline:
                    raise self._explained(error, inputs) from error
                await asyncio.sleep(0.5)
                continue
            metadata = live["metadata"]
            if "deletionTimestamp" not in metadata:
                patch = comparison.surplus(self.kind, built, live)
                return await self._session.client.merge(live, patch) if patch else live
            await self._session.client.wait_gone(
                self.kind.api_version,
                self.kind.name,
                metadata["name"],
                namespace=metadata.get("namespace"),
                uid=metadata["uid"],
                wait=max(deadline - time.monotonic(), 0.0),
            )

    async def _update(self, old: resource.State, new: resource.Properties) -> resource.Properties:
        """Apply; fields that were ours by the recorded inputs are taken back, other managers' are left alone."""
        try:
            return await self._apply(new, force=self._forced(new))
        except failures.ConflictError as error:
            recorded = manifest.build(manifest.without_nulls(old.inputs))
            if not all(ownership.declares(recorded, field) for _, field in error.conflicts):
                raise
        return await self._apply(new, force=True)

    async def _get(self, namespace: str | None, name: str) -> resource.Properties | None:
        try:
            return await self._session.client.get(self.kind.api_version, self.kind.name, name, namespace=namespace)
        except failures.NotFoundError:
            return None  # the kind itself is gone

    def _wait_established(self, state: resource.State, live: resource.Properties) -> None:
        try:
            loop.run(self._established(live["metadata"]["name"]), self._session.cancelled)
        except errors.GovcloudError as error:
            raise resource.PartlyDone(error, state) from error

    async def _established(self, name: str) -> None:
        deadline = time.monotonic() + _PATIENCE_ESTABLISHED
        while time.monotonic() < deadline:
            live = await self._get(None, name) or {}
            conditions = (live.get("status") or {}).get("conditions") or ()
            if any(entry.get("type") == "Established" and entry.get("status") == "True" for entry in conditions):
                return
            await asyncio.sleep(0.1)
        raise errors.GovcloudError(f"{self.kind.name} {name} is not established after {_PATIENCE_ESTABLISHED:g} s")

    def _explained(self, error: failures.ApiError, inputs: resource.Properties) -> failures.ApiError:
        if error.has_cause("NamespaceTerminating"):
            error.message = f"namespace {inputs['metadata'].get('namespace')} is still being deleted"
            error.remedy = "wait until it is gone, then run again"
        return error

    # Values

    def _forced(self, inputs: resource.Properties) -> bool:
        wanted = manifest.annotation(inputs, manifest.PATCH_FORCE)
        return wanted == "true" if wanted else self._session.force

    def _place(self, identity: str) -> tuple[str | None, str]:
        """Return namespace and name of an id. Raises `errors.UsageError` for one of another form."""
        namespace, slash, name = identity.rpartition("/")
        if not name or (slash and not self.kind.namespaced) or "/" in namespace:
            form = "NAMESPACE/NAME" if self.kind.namespaced else "NAME"
            raise errors.UsageError(f"`{identity}` is not an id of {self.kind.token}", remedy=f"write {form}")
        return (namespace or self._session.namespace) if self.kind.namespaced else None, name

    def _state(self, live: resource.Properties, inputs: resource.Properties) -> resource.State:
        metadata = {name: value for name, value in live["metadata"].items() if name != "managedFields"}
        outputs: dict[str, Any] = {**live, "metadata": metadata}
        if "stringData" in inputs:
            outputs["stringData"] = inputs["stringData"]
        return resource.State(id=manifest.identity(live), outputs=self._marked(outputs))

    def _marked(self, properties: resource.Properties) -> resource.Properties:
        return {name: wire.Secret(value) if name in self.kind.secret else value for name, value in properties.items()}


def _with_metadata(inputs: resource.Properties, more: resource.Properties) -> resource.Properties:
    metadata = inputs.get("metadata")
    return {**inputs, "metadata": {**metadata, **more}} if isinstance(metadata, dict) else inputs


def _filled(outputs: resource.Properties, old: resource.State) -> resource.Properties:
    """Add what the cluster had filled in at the top and in `spec`, and what no input ever named."""
    filled = {name: value for name, value in old.outputs.items() if name not in old.inputs} | outputs
    before, inputs, spec = old.outputs.get("spec"), old.inputs.get("spec") or {}, outputs.get("spec")
    if isinstance(before, dict) and isinstance(spec, dict):
        filled["spec"] = {name: value for name, value in before.items() if name not in inputs} | spec
    return filled
