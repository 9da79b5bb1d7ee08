"""Pulumi's engine for tests: runs a program and tells what it registered, in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime import mocks

from govcloud_cli.providers import wire


@dataclasses.dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as the engine got it."""

    type: str
    name: str
    inputs: dict[str, Any]
    secrets: frozenset[wire.Path]
    """Where in the inputs the secrets are."""
    provider: str
    """Name of its provider; empty for a component, a provider, or Pulumi's default one."""
    parent: str
    """Name of its parent; empty for the stack."""
    after: frozenset[str]
    """Names of the resources that are made before it."""
    ignored: tuple[str, ...]
    """Properties whose changes are ignored."""


class _Answers(mocks.Mocks):
    """Answers every registration with its inputs."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the programs ask the world nothing, but here is a call of {args.token}")


class _Monitor(mocks.MockMonitor):
    """Keeps each request before the mocks unwrap its secrets."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.registered: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (gRPC's name)
        if request.type != "pulumi:pulumi:Stack":
            inputs, secrecy = wire.decode(request.object)
            self.registered.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    inputs=inputs,
                    secrets=secrecy.paths,
                    # A reference is the provider's URN and its id, joined by `::`.
                    provider=_name(request.provider.rpartition("::")[0]),
                    parent=_name(request.parent),
                    after=frozenset(_name(urn) for urn in request.dependencies),
                    ignored=tuple(request.ignoreChanges),
                )
            )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def run(program: Callable[[], None]) -> list[Registered]:
    """Run `program` to its end and return what it registered. Raises what the program raises."""
    monitor = _Monitor()
    mocks.set_mocks(_Answers(), project="project", stack="stack", monitor=monitor)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def drained() -> None:
        program()

    drained()
    return monitor.registered


def _name(urn: str) -> str:
    """The logical name in a URN; empty for the stack's own, which all else is under."""
    return "" if "::pulumi:pulumi:Stack::" in urn else urn.rpartition("::")[2]
