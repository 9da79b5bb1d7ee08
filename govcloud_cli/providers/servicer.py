"""Pulumi's provider protocol (gRPC) over the `resource` interface."""
# ruff: noqa: N802, ARG001, ARG002 - names and parameters are the protocol's

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from govcloud_cli import errors
from govcloud_cli.providers import answers, resource, session, wire

NOT_SERVED = {
    "GetSchema": "the schema of the package",
    "Parameterize": "parameterized packages",
    "Invoke": "data source functions (`get…`)",
    "Call": "methods on resources",
    "Construct": "multi-language components",
    "GetMapping": "conversion from other tools",
    "GetMappings": "conversion from other tools",
    "List": "listing of resources",
}
"""Parts of the protocol that the builtin providers leave to the official plugins."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package to any number of Pulumi runs at once.

    The engine opens a connection of its own for each `Provider` resource, so a session belongs to a peer.
    """

    def __init__(self, package: resource.Package) -> None:
        self.package = package
        self._sessions: dict[str, session.Session] = {}
        self._lock = threading.Lock()

    def cancel_all(self) -> None:
        """Tell every running operation to stop."""
        with self._lock:
            for one in self._sessions.values():
                one.cancelled.set()

    def _session(self, context: Any) -> session.Session:
        with self._lock:
            known = self._sessions.get(context.peer())
            if known is not None:
                return known
            # An idle connection was renewed. Which configuration it had is certain only if there is one.
            candidates = list(self._sessions.values())
        if candidates and all(candidate.config == candidates[0].config for candidate in candidates):
            return candidates[-1]
        raise errors.GovcloudError(f"the `{self.package.name}` provider was not configured", remedy="run again")

    def _handler(self, request: Any, context: Any) -> resource.Handler:
        return self._session(context).handler(request.type or request.urn.split("::")[2].split("$")[-1])

    # The provider as a whole

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.package.version)

    @answers.answering
    def CheckConfig(self, request: Any, context: Any) -> Any:
        new, secrecy = wire.decode(request.news)
        return _checked(self.package.check_config(new), secrecy)

    @answers.answering
    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, _ = wire.decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        new, _ = wire.decode(request.news)
        return _difference(self.package.diff_config(old, new))

    @answers.answering
    def Configure(self, request: Any, context: Any) -> Any:
        configured = session.Session(self.package, wire.decode(request.args)[0])
        with self._lock:
            self._sessions[context.peer()] = configured
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @answers.answering
    def Cancel(self, request: Any, context: Any) -> Any:
        with self._lock:
            known = self._sessions.get(context.peer())
        if known is not None:
            known.cancelled.set()
        return empty_pb2.Empty()

    # Resources

    @answers.answering
    def Check(self, request: Any, context: Any) -> Any:
        old, _ = wire.decode(request.olds)
        new, secrecy = wire.decode(request.news)
        name = request.name or request.urn.rpartition("::")[2]
        return _checked(self._handler(request, context).check(new, old=old, name=name), secrecy)

    @answers.answering
    def Diff(self, request: Any, context: Any) -> Any:
        new, _ = wire.decode(request.news)
        return _difference(self._handler(request, context).diff(_old(request, request.olds)[0], new))

    @answers.answering
    def Create(self, request: Any, context: Any) -> Any:
        new, secrecy = wire.decode(request.properties)
        with _Partial(secrecy):
            state = self._handler(request, context).create(new, preview=request.preview)
        return provider_pb2.CreateResponse(id=state.id, properties=wire.encode(state.outputs, secrecy))

    @answers.answering
    def Read(self, request: Any, context: Any) -> Any:
        outputs, secrecy = wire.decode(request.properties)
        inputs, more = wire.decode(request.inputs)
        secrecy = secrecy.union(more)
        state = self._handler(request, context).read(resource.State(id=request.id, outputs=outputs, inputs=inputs))
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id,
            properties=wire.encode(state.outputs, secrecy),
            inputs=wire.encode(state.inputs or inputs, secrecy),
        )

    @answers.answering
    def Update(self, request: Any, context: Any) -> Any:
        old, _ = _old(request, request.olds)
        new, secrecy = wire.decode(request.news)
        with _Partial(secrecy):
            state = self._handler(request, context).update(old, new, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=wire.encode(state.outputs, secrecy))

    @answers.answering
    def Delete(self, request: Any, context: Any) -> Any:
        self._handler(request, context).delete(_old(request, request.properties)[0])
        return empty_pb2.Empty()


class _Partial:
    """Keeps the secrecy of the inputs with a `PartlyDone` that passes through."""

    def __init__(self, secrecy: wire.Secrecy) -> None:
        self._secrecy = secrecy

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, resource.PartlyDone):
            error.secrecy = self._secrecy


def _old(request: Any, outputs: Any) -> tuple[resource.State, wire.Secrecy]:
    values, secrecy = wire.decode(outputs)
    inputs, more = wire.decode(request.old_inputs)
    return resource.State(id=request.id, outputs=values, inputs=inputs), secrecy.union(more)


def _checked(checked: resource.Checked, secrecy: wire.Secrecy) -> Any:
    failures = [
        provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in checked.failures
    ]
    return provider_pb2.CheckResponse(inputs=wire.encode(checked.inputs, secrecy), failures=failures)


def _difference(difference: resource.Difference) -> Any:
    kinds = provider_pb2.DiffResponse
    some = bool(difference.changed or difference.replace)
    detailed = {
        path: provider_pb2.PropertyDiff(
            kind=provider_pb2.PropertyDiff.UPDATE_REPLACE
            if path in difference.replace
            else provider_pb2.PropertyDiff.UPDATE,
            inputDiff=True,
        )
        for path in (*difference.changed, *difference.replace)
    }
    return provider_pb2.DiffResponse(
        changes=kinds.DIFF_SOME if some else kinds.DIFF_NONE,
        diffs=sorted({re.split(r"[.\[]", path, maxsplit=1)[0] for path in detailed}),
        replaces=list(difference.replace),
        deleteBeforeReplace=difference.delete_before_replace,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _not_served(name: str, what: str) -> Callable[[Servicer, Any, Any], Any]:
    def answer(self: Servicer, request: Any, context: Any) -> Any:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"the builtin `{self.package.name}` provider does not serve {what} ({name}); "
            "set `engine.plugins: official` in platform.yaml to use the official plugin",
        )

    return answer


for _name, _what in NOT_SERVED.items():
    setattr(Servicer, _name, _not_served(_name, _what))
