"""A listener on 127.0.0.1 that takes one answer of the browser (RFC 8252, 7.3 and 8.3)."""

from __future__ import annotations

import contextlib
import errno
import socket
import urllib.parse
from collections.abc import Iterator, Mapping

from govcloud_cli import errors
from govcloud_cli.run.login import clocks

PATH = "/callback"
_MOST_BYTES = 16 * 1024
_MOST_CONNECTIONS = 100
_READ_SECONDS = 3.0
_HEAD = (
    "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n"
    "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\nReferrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
)
_DONE = "<!doctype html><title>GovCloud</title><p>请回到终端。<p>Go back to the terminal; this window may be closed."
_NOTHING = "<!doctype html><title>GovCloud</title><p>Nothing here."


class Listener:
    """Listens; `wait` gives what the browser brought."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self.port: int = listening.getsockname()[1]

    @property
    def redirect_uri(self) -> str:
        """Where the identity service sends the browser back to."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def wait(self, *, clock: clocks.Clock, seconds: float) -> Mapping[str, str]:
        """The query of the first request for `PATH`; whatever else is asked for is answered with 404.

        Raises `errors.GovcloudError` if none comes within `seconds`, or if it says a thing twice.
        """
        until = clock.monotonic() + seconds
        for _ in range(_MOST_CONNECTIONS):
            left = until - clock.monotonic()
            if left <= 0:
                break
            self._socket.settimeout(left)
            try:
                connection, _address = self._socket.accept()
            except TimeoutError:
                break
            with connection, contextlib.suppress(OSError):
                target = self._target(connection)
                _answer(connection, found=target is not None)
                if target is not None:
                    return _query(target)
        raise errors.GovcloudError(
            "the browser brought no answer in time (等待浏览器超时)", remedy="run `govcloud login` again"
        )

    def _target(self, connection: socket.socket) -> str | None:
        """What was asked for, if it is `PATH`, by GET and by our own address: no other name leads here."""
        connection.settimeout(_READ_SECONDS)
        found = b""
        while b"\r\n\r\n" not in found and len(found) <= _MOST_BYTES:
            part = connection.recv(4096)
            if not part:
                return None
            found += part
        lines = found.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")]
        if len(words) != 3 or words[0] != "GET" or hosts != [f"127.0.0.1:{self.port}"]:
            return None
        return words[1] if words[1].partition("?")[0] == PATH else None


@contextlib.contextmanager
def listening(port: int = 0) -> Iterator[Listener]:
    """Listen on `port` of 127.0.0.1 (0: any free one). Raises `errors.UsageError` if somebody else does already.

    Nothing lets another socket share the port, so that nobody else is given the browser's answer.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as found:
        try:
            found.bind(("127.0.0.1", port))
            found.listen(8)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            raise errors.UsageError(
                f"port {port} of 127.0.0.1 is somebody else's (端口已被占用)",
                remedy="leave --port out, or name another",
            ) from None
        yield Listener(found)


def _answer(connection: socket.socket, *, found: bool) -> None:
    page = (_DONE if found else _NOTHING).encode()
    head = _HEAD.format(status="200 OK" if found else "404 Not Found", length=len(page))
    connection.sendall(head.encode("ascii") + page)


def _query(target: str) -> Mapping[str, str]:
    pairs = urllib.parse.parse_qsl(target.partition("?")[2], keep_blank_values=True)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise errors.GovcloudError("the browser's answer says a thing twice", remedy="run `govcloud login` again")
    return found
