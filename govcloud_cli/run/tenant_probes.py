"""Makes the probes of tenants: as a database role, and as a member of an identity group.

Started by `run.verify` where the side's machines can be reached: `python -m govcloud_cli.run.tenant_probes`, with
a `Job` as JSON on standard input (it holds passwords) and the outcomes as JSON on standard output.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp
import psycopg

from govcloud_cli.plan import probes
from govcloud_cli.providers.kubernetes import access

_TIMEOUT = 10.0
_AT_ONCE = 16


def main() -> None:
    """Read the job, make every probe, print `{id: outcome}`."""
    job = json.load(sys.stdin)
    json.dump(asyncio.run(_all(job)), sys.stdout)


async def _all(job: Mapping[str, Any]) -> dict[str, str]:
    gate = asyncio.Semaphore(_AT_ONCE)
    databases = [_gated(gate, _database(probe, job["ca"])) for probe in job["databases"]]
    cluster = access.load(job["kubeconfig"])
    async with _session(cluster) as session, _session(None) as stranger:
        namespaces = [
            _gated(gate, _namespace(probe, cluster, session if probe["source"] else stranger))
            for probe in job["namespaces"]
        ]
        outcomes = await asyncio.gather(*databases, *namespaces)
    return dict(zip([probe["id"] for probe in (*job["databases"], *job["namespaces"])], outcomes, strict=True))


async def _gated(gate: asyncio.Semaphore, attempt: Any) -> str:
    async with gate:
        try:
            return str(await asyncio.wait_for(attempt, _TIMEOUT))
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            return f"{probes.Outcome.ERROR}: {type(error).__name__}: {error}"


async def _database(probe: Mapping[str, Any], authority: str) -> str:
    """A log-in and one query through the pooler, its certificate checked."""
    try:
        connection = await psycopg.AsyncConnection.connect(
            host=probe["host"],
            port=probe["port"],
            dbname=probe["target"],
            user=probe["source"],
            password=probe["password"],
            sslmode="verify-full",
            sslrootcert=authority,
            connect_timeout=int(_TIMEOUT),
            prepare_threshold=None,
        )
    except psycopg.OperationalError as error:
        # The pooler and PostgreSQL say FATAL when they were reached and refuse; anything else never got there.
        text = str(error)
        return probes.Outcome.FORBIDDEN if "FATAL" in text else f"{probes.Outcome.ERROR}: {text}"
    async with connection:
        try:
            await connection.execute("SELECT 1")
        except psycopg.Error as error:
            return probes.Outcome.FORBIDDEN if "FATAL" in str(error) else f"{probes.Outcome.ERROR}: {error}"
    return probes.Outcome.ALLOWED


async def _namespace(probe: Mapping[str, Any], cluster: access.Access, session: aiohttp.ClientSession) -> str:
    """Read what a viewer may read, as a member of the group; without a group, as nobody."""
    headers = {}
    if probe["source"]:
        headers = {
            "Impersonate-User": "govcloud:verify",
            "Impersonate-Group": probe["source"],
        }
    url = f"{cluster.server}/api/v1/namespaces/{probe['target']}/configmaps?limit=1"
    async with session.get(url, headers=headers, server_hostname=cluster.server_name) as response:
        if response.status == 200:
            return probes.Outcome.ALLOWED
        if response.status in (401, 403):
            return probes.Outcome.FORBIDDEN
        return f"{probes.Outcome.ERROR}: HTTP {response.status}"


def _session(cluster: access.Access | None) -> aiohttp.ClientSession:
    if cluster is not None:
        headers = {"Authorization": f"Bearer {cluster.token}"} if cluster.token else {}
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=cluster.tls), headers=headers)
    # Nobody has no business with our certificate authority either; the answer's code is all that counts.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))


if __name__ == "__main__":
    main()
