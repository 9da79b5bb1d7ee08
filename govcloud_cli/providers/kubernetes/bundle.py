"""A namespace and everything in it as one Pulumi resource, applied object by object.

Registering a resource costs Pulumi and its SDK more processor time than writing the object costs the API server, so a
tenant's dozen objects are registered once and written side by side. `docs/performance.md` has the numbers.

Inputs: `name` and `objects`, a mapping of `<kind>/<name>` to the object as canonical JSON; a text is secret as a whole.
Outputs: `uids` by the same keys, so that another object of a name is never deleted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.providers import loop, objects, resource, wire
from govcloud_cli.providers.kubernetes import difference, handler, manifest

_NAMESPACE: Final = "Namespace"
Objects = dict[str, resource.Properties]
"""Manifests by key."""


class Bundle:
    """Serves the type; see `resource.Handler`. What is done to one object is what its kind's own handler does."""

    def __init__(self, handlers: Iterable[handler.Handler], session: handler.Session) -> None:
        self._handlers = {one.kind.name: one for one in handlers}
        self._session = session

    def check(
        self,
        new: resource.Properties,
        *,
        old: resource.Properties,  # noqa: ARG002 - as in `resource.Handler`
        name: str,  # noqa: ARG002 - as above
    ) -> resource.Checked:
        """Every object has to be one that we serve, under its own key, in this namespace."""
        if wire.has_unknown(new):
            return resource.Checked(inputs=new)
        failures: list[resource.Failure] = []
        namespace, texts = new.get("name"), new.get("objects")
        if not isinstance(namespace, str) or not isinstance(texts, dict) or f"{_NAMESPACE}/{namespace}" not in texts:
            reason = "a bundle needs `name` and, among `objects`, the Namespace of that name"
            return resource.Checked(inputs=new, failures=(resource.Failure(property="", reason=reason),))
        for key, text in texts.items():
            failures.extend(self._judged(key, text, namespace))
        return resource.Checked(inputs=new, failures=tuple(failures))

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        """Compare texts; another name is another resource."""
        before, after = _texts(old.inputs), _texts(new)
        changed = [f'objects["{key}"]' for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        moved = ("name",) if old.inputs.get("name") != new.get("name") else ()
        return resource.Difference(changed=(*moved, *changed), replace=moved)

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        """Apply the namespace, then the rest side by side."""
        return self._brought(resource.State(id=str(new["name"]), outputs={}), new, preview=preview)

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        """Apply what differs and delete what is no longer wanted."""
        return self._brought(old, new, preview=preview)

    def read(self, old: resource.State) -> resource.State | None:
        """What the recorded objects are now; those that are gone are left out. None if the namespace is gone."""
        recorded = _parsed(_texts(old.inputs))
        if not recorded:
            raise errors.UsageError(
                f"`{objects.TOKEN}` cannot be imported", remedy="deploy it: what is there is adopted"
            )
        found = loop.run(self._look(recorded), self._session.cancelled)
        if f"{_NAMESPACE}/{old.id}" not in found:
            return None
        inputs = {key: objects.text_of(seen) for key, (seen, _) in found.items()}
        # Where nothing else was said, the recorded words stay: a text in another order is no difference.
        for key, text in _texts(old.inputs).items():
            if key in inputs and found[key][0] == recorded[key]:
                inputs[key] = text
        uids = {key: uid for key, (_, uid) in found.items()}
        return resource.State(id=old.id, outputs={"uids": uids}, inputs={"name": old.id, "objects": inputs})

    def delete(self, old: resource.State) -> None:
        """Delete the namespace; the cluster deletes all that is in it."""
        uids = old.outputs.get("uids") or {}
        key = f"{_NAMESPACE}/{old.id}"
        namespace = {"kind": _NAMESPACE, "metadata": {"name": old.id}}
        loop.run(self._handlers[_NAMESPACE].remove(namespace, uid=uids.get(key)), self._session.cancelled)

    # What goes over the wire

    def _brought(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        before, after = _texts(old.inputs), _texts(new)
        if preview:
            return resource.State(id=old.id, outputs={"uids": wire.UNKNOWN})
        uids = dict(old.outputs.get("uids") or {})
        failed = loop.run(self._bring(before, after, uids), self._session.cancelled)
        state = resource.State(id=old.id, outputs={"uids": {key: uids[key] for key in sorted(uids)}})
        if not failed:
            return state
        # Of what failed, what was there before is recorded, so that the next run does it again.
        reached = {key: text for key, text in after.items() if key not in failed}
        reached |= {key: before[key] for key in failed if key in before}
        inputs = {"name": new["name"], "objects": reached}
        first = next(iter(failed.values()))
        if len(failed) > 1:
            first.message += f" (and {len(failed) - 1} more objects of {old.id} failed)"
        if not uids:
            raise first
        raise resource.PartlyDone(first, resource.State(id=old.id, outputs=state.outputs, inputs=inputs))

    async def _bring(
        self, before: Mapping[str, str], after: Mapping[str, str], uids: dict[str, str]
    ) -> dict[str, errors.GovcloudError]:
        """Bring the objects from `before` to `after` and `uids` along; return what failed, by key."""
        old, new = _parsed(before), _parsed(after)
        due = [key for key in after if before.get(key) != after[key]]
        due.sort(key=lambda key: not key.startswith(f"{_NAMESPACE}/"))
        first = [key for key in due if key.startswith(f"{_NAMESPACE}/")]
        failed = await _together({key: self._one(old.get(key), new[key], uids, key) for key in first})
        if failed:
            return failed
        rest = await _together({key: self._one(old.get(key), new[key], uids, key) for key in due[len(first) :]})
        gone = [key for key in before if key not in after]
        return rest | await _together({key: self._gone(old[key], uids, key) for key in gone})

    async def _one(
        self, old: resource.Properties | None, new: resource.Properties, uids: dict[str, str], key: str
    ) -> None:
        one = self._handlers[new["kind"]]
        if old is not None and difference.compare(one.kind, old, new).replace:
            await one.remove(old, uid=uids.pop(key, None))
            old = None
        uids[key] = (await one.bring(old, new))["metadata"]["uid"]

    async def _gone(self, old: resource.Properties, uids: dict[str, str], key: str) -> None:
        await self._handlers[old["kind"]].remove(old, uid=uids.get(key))
        uids.pop(key, None)

    async def _look(self, recorded: Objects) -> dict[str, tuple[resource.Properties, str]]:
        """What is there of the recorded objects: as inputs, and its uid."""
        found = await asyncio.gather(*(self._handlers[one["kind"]].look(one) for one in recorded.values()))
        return {key: seen for key, seen in zip(recorded, found, strict=True) if seen is not None}

    def _judged(self, key: str, text: Any, namespace: str) -> Iterable[resource.Failure]:
        place = f'objects["{key}"]'
        written: Any = None
        try:
            written = json.loads(text)
            own = written["metadata"].get("namespace", written["metadata"]["name"])
            fits = key == objects.key_of(written) and own == namespace and written["kind"] in self._handlers
        except (ValueError, TypeError, KeyError, AttributeError):
            fits = False
        if not fits:
            yield resource.Failure(property=place, reason=f"must be a served object of namespace {namespace}, as JSON")
            return
        kind = self._handlers[written["kind"]].kind
        for failure in manifest.check(kind, written, old={}, name=key, namespace=namespace).failures:
            yield resource.Failure(property=f"{place}.{failure.property}", reason=failure.reason)


async def _together(work: Mapping[str, Awaitable[None]]) -> dict[str, errors.GovcloudError]:
    """Do all of it, whatever fails; return what failed. Raises what is no failure of ours."""
    results = await asyncio.gather(*work.values(), return_exceptions=True)
    failed: dict[str, errors.GovcloudError] = {}
    for key, result in zip(work, results, strict=True):
        if isinstance(result, errors.GovcloudError):
            failed[key] = result
        elif isinstance(result, BaseException):
            raise result
    return failed


def _texts(inputs: Mapping[str, Any]) -> dict[str, str]:
    return dict(inputs.get("objects") or {})


def _parsed(texts: Mapping[str, str]) -> Objects:
    return {key: json.loads(text) for key, text in texts.items()}
