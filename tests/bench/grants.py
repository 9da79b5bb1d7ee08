"""Log-ins at Keycloak by the password grant, over kept connections; runs where it can reach it.

    python -m tests.bench.grants https://HOST/realms/REALM CA-FILE CONNECTIONS < forms.json

The forms are a list of objects of texts. It fails unless every one of them gets a token; prints the seconds of all.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import ssl
import sys
import time
import urllib.parse
from collections.abc import Mapping, Sequence


def log_in(issuer: str, ca: str, forms: Sequence[Mapping[str, str]]) -> None:
    """Send the forms one after the other."""
    parts = urllib.parse.urlsplit(issuer)
    tls = ssl.create_default_context(cafile=ca)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=60, context=tls)
    with contextlib.closing(connection):
        for form in forms:
            body = urllib.parse.urlencode({"grant_type": "password", **form})
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"{parts.path}/protocol/openid-connect/token", body=body, headers=headers)
            answer = json.loads(connection.getresponse().read())
            if "access_token" not in answer:
                raise ValueError(f"{form['username']}: {answer}")


def main(issuer: str, ca: str, connections: int) -> None:
    """Share the forms among the connections."""
    forms = json.load(sys.stdin)
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(log_in, issuer, ca, forms[part::connections]) for part in range(connections)]:
            done.result()
    sys.stdout.write(f"{time.monotonic() - begun}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
