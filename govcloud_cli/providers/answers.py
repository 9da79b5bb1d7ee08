"""What a caller is told when a handler fails."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire

_Method = TypeVar("_Method", bound=Callable[..., Any])


def answering(method: _Method) -> _Method:
    """Turn what a handler raises into a gRPC status with a text for the person who deploys."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request, context)
        except resource.PartlyDone as error:
            _refuse_partly(context, error)
        except errors.GovcloudError as error:
            context.abort(grpc.StatusCode.UNKNOWN, told(error))
        except Exception as error:  # noqa: BLE001 - a bug in a handler must reach the user as text, not as a lost call
            context.abort(grpc.StatusCode.INTERNAL, "".join(traceback.format_exception(error)))

    return answer  # type: ignore[return-value]


def told(error: errors.GovcloudError) -> str:
    """Return the error as the text that Pulumi shows beside the resource."""
    lines = [error.message if error.where is None else f"{error.where}: {error.message}"]
    for label, text in (("cause", error.cause), ("remedy", error.remedy), ("log", error.log)):
        if text:
            lines.append(f"{label}: {text}")
    return "\n".join(lines)


def _refuse_partly(context: Any, error: resource.PartlyDone) -> NoReturn:
    """Answer with the state reached so far, so that the engine records it."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.state.id,
        properties=wire.encode(error.state.outputs, error.secrecy),
        reasons=[told(error.error)],
        inputs=wire.encode(error.state.inputs, error.secrecy),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=told(error.error))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, told(error.error))
    raise error  # not reached: abort raises
