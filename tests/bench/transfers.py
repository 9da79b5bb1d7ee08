"""Bytes over one TCP connection: `python -m tests.bench.transfers serve HOST PORT`, and `… up|down HOST PORT BYTES`.

`up` sends them and waits until the other end has counted them, `down` receives them; both print the seconds of it.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time

_HEAD = struct.Struct(">cQ")
_CHUNK = 256 * 1024
_PATIENCE = 60.0


def serve(host: str, port: int) -> None:
    """Be the other end, until killed."""
    with socket.create_server((host, port)) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def move(direction: str, host: str, port: int, count: int) -> float:
    """Move `count` bytes; the seconds from the request to the last byte. Raises OSError unless all of them came."""
    with socket.create_connection((host, port), timeout=_PATIENCE) as connection:
        begun = time.monotonic()
        connection.sendall(_HEAD.pack(direction[0].encode(), count))
        if direction == "up":
            _send(connection, count)
            (came,) = struct.unpack(">Q", connection.recv(8, socket.MSG_WAITALL))
        else:
            came = _receive(connection, count)
        seconds = time.monotonic() - begun
    if came != count:
        raise OSError(f"{came} of {count} bytes came")
    return seconds


def _answer(connection: socket.socket) -> None:
    with connection:
        connection.settimeout(_PATIENCE)
        head = connection.recv(_HEAD.size, socket.MSG_WAITALL)
        if len(head) < _HEAD.size:
            return
        direction, count = _HEAD.unpack(head)
        if direction == b"u":
            connection.sendall(struct.pack(">Q", _receive(connection, count)))
        else:
            _send(connection, count)


def _send(connection: socket.socket, count: int) -> None:
    chunk = memoryview(bytes(_CHUNK))
    while count:
        part = chunk[: min(count, _CHUNK)]
        connection.sendall(part)
        count -= len(part)


def _receive(connection: socket.socket, count: int) -> int:
    buffer, came = bytearray(_CHUNK), 0
    while came < count:
        some = connection.recv_into(buffer)
        if not some:
            break
        came += some
    return came


if __name__ == "__main__":
    verb, place, number, *rest = sys.argv[1:]
    if verb == "serve":
        serve(place, int(number))
    else:
        sys.stdout.write(f"{move(verb, place, int(number), int(rest[0]))}\n")
