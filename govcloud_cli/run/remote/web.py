"""Ask the identity service's front for pages as `verify` does, by HTTPS, by older TLS and in clear."""

from __future__ import annotations

import concurrent.futures
import http.client
import socket
import ssl
import warnings
from typing import Any

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_AT_ONCE = 16


def main(argument: dict[str, Any]) -> dict[str, str]:
    """`{timeout: [connect, answer], host, authority, probes: [{id, target, port, act, by}]}` to `{id: outcome}`.

    `authority` (PEM) must have signed for `host`; `timeout`: seconds.
    Outcomes: `allowed`, `forbidden`, `blocked` (no way there), `error: …`.
    """
    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        seen = pool.map(lambda probe: _one(probe, argument), argument["probes"])
        return {probe["id"]: outcome for probe, outcome in zip(argument["probes"], seen)}  # noqa: B905 - 3.9 too


def _one(probe: dict[str, Any], argument: dict[str, Any]) -> str:
    act = _STEPS[probe["act"]]
    connect, answer = argument["timeout"]
    try:
        sock = socket.create_connection((probe["target"], probe["port"]), connect)
    except OSError:
        return "forbidden" if probe["act"] == "plain" else "blocked"
    with sock:
        sock.settimeout(answer)
        try:
            return act(probe, argument, sock)
        except (OSError, http.client.HTTPException) as error:
            return "error: " + type(error).__name__ + ": " + str(error)


def _page(probe: dict[str, Any], argument: dict[str, Any], sock: socket.socket) -> str:
    with _context(argument).wrap_socket(sock, server_hostname=argument["host"]) as secure:
        # The path as it is: http.client's request() sends what it is given and tidies nothing.
        return judge(_asked(secure, probe["by"], argument))


def judge(status: int) -> str:
    """What an HTTP status means: a redirect is an offer too."""
    if status < 400:
        return "allowed"
    return "forbidden" if status in (400, 403, 404) else "error: HTTP %d" % status  # noqa: UP031


def _tls(probe: dict[str, Any], argument: dict[str, Any], sock: socket.socket) -> str:
    context = _context(argument)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = _VERSIONS[probe["by"]]
    # Ours would not speak the old ones by itself, and then it would be us who refused.
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        with context.wrap_socket(sock, server_hostname=argument["host"]):
            return "allowed"
    except ssl.SSLError as error:
        # Said by the other end; what this end refuses is no proof.
        return "forbidden" if "ALERT" in str(error.reason) else "error: " + str(error)


def _plain(_: dict[str, Any], argument: dict[str, Any], sock: socket.socket) -> str:
    """Whether anything is said in clear, be it only a redirect: its answer could be anybody's."""
    sock.sendall(("GET / HTTP/1.1\r\nHost: " + argument["host"] + "\r\n\r\n").encode("ascii"))
    try:
        return "allowed" if sock.recv(64).startswith(b"HTTP/") else "forbidden"
    except ConnectionResetError:
        return "forbidden"


def _asked(sock: socket.socket, path: str, argument: dict[str, Any]) -> int:
    connection = http.client.HTTPConnection(argument["host"])
    connection.sock = sock
    connection.request("GET", path)
    return connection.getresponse().status


def _context(argument: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=argument["authority"])
    return context


_STEPS = {"page": _page, "tls": _tls, "plain": _plain}
