"""Looks at a side's cluster, databases and realm, from where they can be reached.

`python -m govcloud_cli.run.inspection.worker`

One JSON document a line. In: a job (`cluster`, `databases`, `realm`; or `mend`). Out: `{"moved": […]}`, to which
`{"desired": {…}}` answers on standard input, then the outcome. What cannot be looked at is in it with the reason.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import logging
import pathlib
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

from govcloud_cli import errors
from govcloud_cli.plan import databases as plans
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.postgresql import catalog, failures, server
from govcloud_cli.run.inspection import keycloak, kubernetes, postgresql

Json = dict[str, Any]
_PATIENCE = 120.0
"""Seconds for a cluster; its client tries again for a while by itself."""
_CONNECT = 10


def main() -> None:
    """Do the job on standard input."""
    lines, sys.stdout = sys.stdout, sys.stderr
    # Attempts that are made again belong in no terminal; what fails for good is in the outcome.
    logging.disable()
    job = json.loads(sys.stdin.readline())
    outcome = _mend(job) if "mend" in job else _look(job, lines)
    print(json.dumps(outcome), file=lines, flush=True)


def _look(job: Mapping[str, Any], lines: IO[str]) -> Json:
    outcome: Json = {"unread": [], "databases": {"findings": [], "seals": {}}}
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        databases = [pool.submit(_databases, server) for server in job["databases"]]
        realm = pool.submit(_realm, job["realm"]) if job.get("realm") else None
        if job["cluster"]:
            _cluster(job["cluster"], lines, outcome)
        if realm is not None:
            outcome["unread"] += realm.result().pop("unread")
            outcome["realm"] = realm.result() or None
        for found in (future.result() for future in databases):
            outcome["unread"] += found["unread"]
            outcome["databases"]["findings"] += found["findings"]
            outcome["databases"]["seals"] |= found["seals"]
    return outcome


def _cluster(job: Mapping[str, Any], lines: IO[str], outcome: Json) -> None:
    def ask(moved: Sequence[str]) -> Mapping[str, Json]:
        print(json.dumps({"moved": moved}), file=lines, flush=True)
        desired: Mapping[str, Json] = json.loads(sys.stdin.readline())["desired"]
        return desired

    async def look() -> kubernetes.Answer:
        client = clients.Client.from_kubeconfig(pathlib.Path(job["kubeconfig"]))
        task = kubernetes.Task(kinds=job["kinds"], planned=job["planned"], ignored=job["ignored"])
        try:
            async with asyncio.timeout(_PATIENCE):
                return await kubernetes.look(client, task, ask)
        finally:
            await client.close()

    try:
        answer = asyncio.run(look())
    except errors.GovcloudError as error:
        outcome["unread"].append({"subject": "cluster", "reason": _reason(error)})
    except TimeoutError:
        reason = f"the API server did not answer within {_PATIENCE:g} s"
        outcome["unread"].append({"subject": "cluster", "reason": reason})
    else:
        outcome["cluster"] = {"findings": answer.findings, "equal": answer.equal, "quotas": answer.quotas}


def _databases(job: Mapping[str, Any]) -> Json:
    """Look at one server's databases."""
    planned, machine = job["planned"], job["machine"]
    names = [plan["database"] for plan in planned]
    try:
        with failures.told(machine):
            found = catalog.read(_session(job), roles=postgresql.roles_of(planned), databases=names)
    except errors.GovcloudError as error:
        # Its passwords are as little known as all else, and what is known of them stays true.
        unread = [{"subject": f"databases on {machine}", "reason": _reason(error), "machine": machine}]
        return {"findings": [], "seals": job["verified"], "unread": unread}
    unread = [{"subject": f"Database/{name}", "reason": reason} for name, reason in found.unread.items()]
    if found.verifiers is None:
        reason = f"{plans.ADMIN_ROLE} may not see them; the role `database` lets it"
        unread.append({"subject": f"passwords on {machine}", "reason": reason})
    findings = list(postgresql.compare(planned, found))
    master = bytes.fromhex(pathlib.Path(job["master"]).read_text(encoding="ascii").strip())
    wrong, seals = postgresql.passwords(planned, found, master=master, verified=job["verified"])
    return {"findings": [*findings, *wrong], "seals": seals, "unread": unread}


def _realm(job: Mapping[str, str]) -> Json:
    """What the identity service holds."""
    try:
        return {**keycloak.look(job), "unread": []}
    except errors.GovcloudError as error:
        return {"unread": [{"subject": "realm", "reason": _reason(error)}]}


def _mend(job: Mapping[str, Any]) -> Json:
    try:
        for server_job in job["mend"]:
            with failures.told(server_job["machine"]):
                postgresql.mend(_session(server_job), server_job["tasks"])
        if job.get("realm"):
            keycloak.mend(job["realm"], job["groups"])
    except errors.GovcloudError as error:
        return {"error": _reason(error)}
    return {"error": ""}


def _reason(error: errors.GovcloudError) -> str:
    return ": ".join(filter(None, (error.message, error.cause)))


def _session(job: Mapping[str, Any]) -> server.Session:
    return server.Session({"connectTimeout": _CONNECT, **job["access"]}, threading.Event())


if __name__ == "__main__":
    main()
