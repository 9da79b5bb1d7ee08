"""The Kubernetes API as plain async functions on manifests (`dict` with apiVersion, kind, metadata).

    client = Client.from_kubeconfig(path)
    live = await client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
    async for item in client.list_kind("v1", "ConfigMap", label_selector="tenant=finance"): ...
    await client.close()

A client belongs to the event loop of its first request. `as_user` and `as_groups` act as somebody else for one
call (the kubeconfig's user needs the right to impersonate).
"""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
import time
import urllib.parse
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.providers.kubernetes import access as access_
from govcloud_cli.providers.kubernetes import failures, transport

MANAGER: Final = "govcloud"
PAGE: Final = 500
_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
Manifest = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where the API keeps a kind."""

    plural: str
    namespaced: bool


class Client:
    """One API server. Every method raises `failures.ApiError` or `failures.UnreachableError`."""

    def __init__(self, access: access_.Access) -> None:
        self.access = access
        self._transport = transport.Transport(access)
        self._places: dict[str, dict[str, Place]] = {}

    @classmethod
    def from_kubeconfig(cls, path: pathlib.Path, *, context: str | None = None) -> Client:
        """Return a client for the kubeconfig file at `path`. Raises `errors.UsageError` if it cannot be used."""
        return cls(access_.load(str(path), context=context))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        dry_run: bool = False,
        force: bool = False,
        as_user: str | None = None,
        as_groups: Sequence[str] = (),
    ) -> Manifest:
        """Server-side apply as field manager `govcloud`; return the live object.

        Fields that we applied before and that `manifest` no longer has are removed. `force` takes fields over from
        other managers; without it these are a `failures.ConflictError`.
        """
        metadata = manifest["metadata"]
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        path, what = await self._locate(api_version, kind, metadata.get("namespace"), str(metadata["name"]))
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        call = transport.Call(
            method="PATCH",
            path=path,
            what=what,
            kind=kind,
            query=query,
            body=manifest,
            content_type="application/apply-patch+yaml",  # JSON is YAML
            as_user=as_user,
            as_groups=tuple(as_groups),
        )
        return dict(await self._transport.request(call))

    async def merge(self, manifest: Mapping[str, Any], patch: Mapping[str, Any]) -> Manifest:
        """Change the object that `manifest` names by a merge patch (RFC 7386); return the live object."""
        metadata = manifest["metadata"]
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        path, what = await self._locate(api_version, kind, metadata.get("namespace"), str(metadata["name"]))
        call = transport.Call(
            method="PATCH",
            path=path,
            what=what,
            kind=kind,
            query={"fieldManager": MANAGER},
            body=patch,
            content_type="application/merge-patch+json",
        )
        return dict(await self._transport.request(call))

    async def get(
        self,
        api_version: str,
        kind: str,
        name: str,
        *,
        namespace: str | None = None,
        as_user: str | None = None,
        as_groups: Sequence[str] = (),
    ) -> Manifest | None:
        """Return the live object, or None if there is none."""
        path, what = await self._locate(api_version, kind, namespace, name)
        call = transport.Call(
            method="GET", path=path, what=what, kind=kind, as_user=as_user, as_groups=tuple(as_groups)
        )
        try:
            return dict(await self._transport.request(call))
        except failures.NotFoundError:
            return None

    async def list_kind(
        self,
        api_version: str,
        kind: str,
        *,
        label_selector: str = "",
        namespace: str | None = None,
        metadata_only: bool = False,
        as_user: str | None = None,
        as_groups: Sequence[str] = (),
    ) -> AsyncIterator[Manifest]:
        """Yield every object of a kind, of one namespace or of all, in pages of 500; each has apiVersion and kind.

        `metadata_only`: nothing but that and `metadata`.
        """
        path, what = await self._locate(api_version, kind, namespace, None)
        query = {"limit": str(PAGE)} | ({"labelSelector": label_selector} if label_selector else {})
        while True:
            call = transport.Call(
                method="GET",
                path=path,
                what=what,
                kind=kind,
                query=query,
                accept=_METADATA_ONLY if metadata_only else "",
                as_user=as_user,
                as_groups=tuple(as_groups),
            )
            page = await self._transport.request(call)
            for item in page.get("items") or ():
                yield {**item, "apiVersion": api_version, "kind": kind}
            following = page.get("metadata", {}).get("continue")
            if not following:
                return
            query = {**query, "continue": following}

    async def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        *,
        namespace: str | None = None,
        uid: str | None = None,
        propagation: str = "Background",
        wait: float = 0.0,
    ) -> None:
        """Delete; what is gone already is no error. With `uid`, another object of that name is left alone.

        `wait`: seconds to wait until it is really gone. Past them an `errors.GovcloudError` tells what holds it.
        """
        path, what = await self._locate(api_version, kind, namespace, name)
        options: Manifest = {"propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        call = transport.Call(method="DELETE", path=path, what=what, kind=kind, body=options)
        try:
            left = await self._transport.request(call)
        except failures.NotFoundError:
            return
        except failures.ApiError as error:
            if uid and error.status == 409:  # the name belongs to somebody else's object now
                return
            raise
        if wait > 0 and isinstance(left, dict) and left.get("kind") == kind:
            await self.wait_gone(api_version, kind, name, namespace=namespace, uid=left["metadata"]["uid"], wait=wait)

    async def wait_gone(
        self, api_version: str, kind: str, name: str, *, namespace: str | None, uid: str, wait: float
    ) -> None:
        """Wait until the object with this uid is gone. Raises `errors.GovcloudError` after `wait` seconds."""
        deadline = time.monotonic() + wait
        pause = 0.05
        while (live := await self.get(api_version, kind, name, namespace=namespace)) is not None:
            if live["metadata"].get("uid") != uid:
                return
            if time.monotonic() > deadline:
                raise errors.GovcloudError(
                    f"{described(kind, namespace, name)} is still being deleted after {wait:g} s",
                    cause=_held_by(live),
                    remedy="see that its controllers run, then run again",
                )
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)

    async def place(self, api_version: str, kind: str) -> Place:
        """Return plural and scope of a kind, by discovery (asked once per API version)."""
        known = self._places.get(api_version, {}).get(kind)
        if known is None:
            self._places[api_version] = await self._discover(api_version, kind)
            known = self._places[api_version].get(kind)
        if known is None:
            raise failures.NotFoundError(
                f"the API server does not serve the kind {kind} of {api_version}",
                status=404,
                reason="NotFound",
                remedy="see that its CustomResourceDefinition is there, or correct the apiVersion",
            )
        return known

    async def _discover(self, api_version: str, kind: str) -> dict[str, Place]:
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        call = transport.Call(method="GET", path=path, what=f"the kind {kind} of {api_version}")
        answer = await self._transport.request(call)
        return {
            entry["kind"]: Place(plural=entry["name"], namespaced=bool(entry["namespaced"]))
            for entry in answer.get("resources", ())
            if "/" not in entry["name"]
        }

    async def _locate(self, api_version: str, kind: str, namespace: str | None, name: str | None) -> tuple[str, str]:
        """Return the path of an object (of a collection without `name`) and its name for errors."""
        place = await self.place(api_version, kind)
        parts = ["apis" if "/" in api_version else "api", api_version]
        if place.namespaced and (name is not None or namespace):
            namespace = namespace or self.access.namespace
            parts += ["namespaces", urllib.parse.quote(namespace, safe="")]
        parts.append(place.plural)
        if name is not None:
            parts.append(urllib.parse.quote(name, safe=""))
        return "/" + "/".join(parts), described(kind, namespace if place.namespaced else None, name or "*")


def described(kind: str, namespace: str | None, name: str) -> str:
    """Return `Kind namespace/name`."""
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _held_by(live: Mapping[str, Any]) -> str | None:
    finalizers = list(live["metadata"].get("finalizers") or ()) + list(live.get("spec", {}).get("finalizers") or ())
    conditions = (live.get("status") or {}).get("conditions") or ()
    told = [str(entry.get("message")) for entry in conditions if entry.get("status") == "True" and entry.get("message")]
    parts = ([f"finalizers: {', '.join(finalizers)}"] if finalizers else []) + told
    return "; ".join(parts) or None
