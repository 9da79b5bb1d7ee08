"""The process that serves our providers: one loopback port per package, until standard input closes."""

from __future__ import annotations

import importlib
import json
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent import futures
from typing import Any, BinaryIO, Final, TextIO

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from govcloud_cli import errors
from govcloud_cli.providers import answers, callers, resource, servicer

PACKAGES: Final = ("keycloak", "kubernetes", "lab", "postgresql")
"""The packages there are; each is the module of that name beside this one."""

_WORKERS: Final = 32
_MESSAGE_BYTES: Final = 400 * 1024 * 1024  # what Pulumi itself allows
_PATIENCE: Final = 5.0  # seconds for running operations once the parent is gone


class Served:
    """One package on its own port."""

    def __init__(self, package: resource.Package) -> None:
        self.servicer = servicer.Servicer(package)
        guard = callers.OwnUserOnly()
        self._server: Any = grpc.server(
            futures.ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix=package.name),
            interceptors=(guard,),
            options=(
                ("grpc.max_receive_message_length", _MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),
            ),
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self.servicer, self._server)
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")
        guard.port = self.port
        self._server.start()

    def stop(self) -> None:
        """Cancel what runs, wait shortly for it, and close the port."""
        self.servicer.cancel_all()
        self._server.stop(_PATIENCE).wait(_PATIENCE + 1)


def load(name: str) -> resource.Package:
    """Return the package called `name`. Raises `errors.UsageError` if there is none."""
    if name not in PACKAGES:
        raise errors.UsageError(f"there is no provider `{name}`", remedy=f"choose from: {', '.join(PACKAGES)}")
    package = importlib.import_module(f"govcloud_cli.providers.{name}").package()
    if not isinstance(package, resource.Package):
        raise errors.GovcloudError(f"provider `{name}` does not return a package")
    return package


def serve(names: Sequence[str], *, lifeline: BinaryIO, announce: TextIO) -> None:
    """Serve the named packages until `lifeline` ends or SIGTERM arrives; write the ports to `announce` (a JSON line).

    A parent that is killed closes its end of `lifeline`, so no provider is left behind.
    """
    served = {name: Served(load(name)) for name in names}
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=_watch, args=(lifeline, ended), daemon=True).start()
    announce.write(json.dumps({name: one.port for name, one in served.items()}) + "\n")
    announce.flush()
    ended.wait()
    for one in served.values():
        one.servicer.cancel_all()
    for one in served.values():
        one.stop()


def main(arguments: Sequence[str]) -> int:
    """Serve the packages named in `arguments` on our own standard streams; return the exit code."""
    try:
        serve(arguments or PACKAGES, lifeline=sys.stdin.buffer, announce=sys.stdout)
    except errors.GovcloudError as error:
        sys.stderr.write(answers.told(error) + "\n")
        return int(error.exit_code)
    return 0


def _watch(lifeline: BinaryIO, ended: threading.Event) -> None:
    while lifeline.read(4096):
        pass
    ended.set()
