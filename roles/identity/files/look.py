"""Looks at the identity service as its clients do; prints what is wrong, one line each, and nothing if all is well.

Sent to the machine and run there, with the addresses as JSON on standard input. Holds no secret.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from typing import Any

HIDDEN = (
    "/",
    "/admin/",
    "/admin/master/console/",
    "/admin/realms",
    "/health",
    "/health/ready",
    "/metrics",
    "/realms/master/",
    "/realms/master/.well-known/openid-configuration",
    "/realms/govcloud/../master/.well-known/openid-configuration",
    "/realms/govcloud/%2e%2e/master/.well-known/openid-configuration",
    "/realms/govcloud//../../admin/",
    "/realms/govcloud/..;/master/",
    "/resources/../admin/",
    "/realms/govcloud/clients-registrations/default",
)
"""Nobody in a zone gets an answer to these."""


def status(address: str, port: int, path: str, *, host: str, context: ssl.SSLContext) -> tuple[int, str]:
    """Status and HSTS header of a GET."""
    connection = http.client.HTTPConnection(host)
    plain = socket.create_connection((address, port), timeout=10)
    connection.sock = context.wrap_socket(plain, server_hostname=host)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Strict-Transport-Security", "")
    finally:
        connection.close()


def wrong(places: dict[str, Any]) -> Iterator[str]:
    """What is not as it should be."""
    host, context = places["host"], ssl.create_default_context(cafile=places["ca"])
    for address in places["admin"]:
        for path, wanted in (("/health/ready", 200), ("/admin/master/console/", 200), ("/admin/realms", 401)):
            found, hsts = status(address, places["admin_port"], path, host=host, context=context)
            if found != wanted:
                yield f"{address}:{places['admin_port']}{path} answers {found} instead of {wanted}"
            if not hsts:
                yield f"{address}:{places['admin_port']}{path} does not ask for HTTPS for good"
    for address in places["zone"]:
        for path in HIDDEN:
            found, _ = status(address, places["zone_port"], path, host=host, context=context)
            if found != 403:
                yield f"{address}:{places['zone_port']}{path} answers {found} instead of 403"


if __name__ == "__main__":
    try:
        sys.stdout.writelines(f"{line}\n" for line in wrong(json.load(sys.stdin)))
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"the identity service does not answer: {error}")
