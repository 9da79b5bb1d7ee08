"""Makes the probes of people with accounts: logs in as them, and asks the API server and databases.

Started by `probing.identity_checks` where the side's machines can be reached: `python -m
govcloud_cli.run.probing.token_probes`, with a job as JSON on standard input (it holds passwords) and `{id: outcome}` as
JSON on standard output.
"""

from __future__ import annotations

import base64
import concurrent.futures
import dataclasses
import http.client
import json
import logging
import ssl
import sys
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import psycopg

from govcloud_cli import errors
from govcloud_cli.plan import identity_probes, probes
from govcloud_cli.run.login import endpoints, tokens, transport
from govcloud_cli.run.probing import bad_tokens, probe_people, signing_in
from govcloud_cli.run.remote import web

_TIMEOUT = 10.0
_GRACE_SECONDS = 2.0
"""After a token's end, for clocks that differ a little; the API server itself gives none."""
_LEAST_SECONDS = 12.0
"""That a token must have left when a probe begins; more than any answer takes."""
_NAME = "govcloud-verify-probe"
_GRANT: Mapping[str, Any] = {
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}],
}
Probe = Mapping[str, Any]


def main() -> None:
    """Read the job, make every probe, print `{id: outcome}`."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.disable()
    job = json.load(sys.stdin)
    json.dump(_all(job), answers)


def _all(job: Mapping[str, Any]) -> dict[str, str]:
    seen = web.main(job["web"])
    by_group: dict[str, list[Probe]] = {}
    for probe in job["tokens"]:
        by_group.setdefault(probe["source"], []).append(probe)
    if not by_group:
        return seen
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(by_group)) as pool:
        for found in pool.map(lambda group: _as_member(job, group, by_group[group]), by_group):
            seen |= found
    return seen


def _as_member(job: Mapping[str, Any], group: str, own: list[Probe]) -> dict[str, str]:
    given = job["people"][group]
    person = probe_people.Person(name=given["name"], password=given["password"], secret=bytes.fromhex(given["secret"]))
    asked = transport.Https(authority=job["authority"], connect=tuple(job["connect"]))
    try:
        place = endpoints.discover(job["issuer"], asked)
        member = Member(job=job, person=person, asked=asked, place=place)
        member.log_in()
    except errors.GovcloudError as error:
        told = ": ".join(filter(None, (error.message, error.cause)))
        return {probe["id"]: f"{probes.Outcome.ERROR}: {told}" for probe in own}
    # What waits for a token's end comes last: until then the token is good for everything else.
    ordered = sorted(own, key=lambda probe: probe["act"] in identity_probes.SLOW)
    return {probe["id"]: _guarded(member, probe) for probe in ordered}


def _guarded(member: Member, probe: Probe) -> str:
    try:
        return member.outcome(probe)
    except errors.GovcloudError as error:
        return f"{probes.Outcome.ERROR}: {': '.join(filter(None, (error.message, error.cause)))}"
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        # Never the text: it may quote what was sent.
        return f"{probes.Outcome.ERROR}: {type(error).__name__}"


@dataclasses.dataclass(kw_only=True)
class Member:
    """Somebody who logged in, and what he tries."""

    job: Mapping[str, Any] = dataclasses.field(repr=False)
    person: probe_people.Person
    asked: transport.Https
    place: endpoints.Endpoints
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    given: signing_in.Tokens = dataclasses.field(init=False, repr=False)

    def log_in(self) -> None:
        """Get tokens. Raises `errors.GovcloudError`."""
        self.given = signing_in.log_in(self.asked, self.place, self.person, now=self.clock)

    def outcome(self, probe: Probe) -> str:
        """Make one probe."""
        act = probe["act"]
        if act not in identity_probes.SLOW and bad_tokens.expires(self.given.access) - self.clock() < _LEAST_SECONDS:
            # On a slow machine: an end that came meanwhile would be a reason to refuse that is not the probe's.
            self.log_in()
        return self._STEPS[act](self, probe)

    def _review(self, probe: Probe) -> str:
        attributes = {"namespace": probe["target"], "verb": "create", "resource": "configmaps"}
        asked = {"spec": {"resourceAttributes": attributes}}
        return reviewed(*self._api("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", asked))

    def _read_password(self, probe: Probe) -> str:
        return judged(self._secret(probe["target"])[0])

    def _list_namespaces(self, _: Probe) -> str:
        return judged(self._api("GET", "/api/v1/namespaces?limit=1")[0])

    def _write(self, probe: Probe) -> str:
        path, attempt = _written(probe["act"], probe["target"])
        return written(*self._api("POST", f"{path}?dryRun=All", attempt))

    def _bad_token(self, probe: Probe) -> str:
        token = self._bad(probe["act"])
        return judged(self._api("GET", _in(probe["target"], "configmaps?limit=1"), token=token)[0])

    def _bad(self, act: str) -> str:
        if act in bad_tokens.FORGERIES:
            return bad_tokens.FORGERIES[act](self.given.access)
        if act == "other-audience":
            return self.given.identity
        if act == "other-client":
            return self._of_gateway()
        self.sleep(max(0.0, bad_tokens.expires(self.given.access) + _GRACE_SECONDS - self.clock()))
        return self.given.access

    def _of_gateway(self) -> str:
        """A token that was made for the VPN gateway: of the same person, by the same key."""
        form = {
            "client_id": self.job["gateway"]["client"],
            "client_secret": self.job["gateway"]["secret"],
            "grant_type": "password",
            "username": self.person.name,
            "password": self.person.password,
            # That of the next half minute, which the server takes too: this one's was used to log in.
            "totp": self.person.one_time_code(self.clock() + 30),
        }
        return str(tokens.accepted(self.asked.ask(self.place.token, form))["access_token"])

    def _secret(self, path: str) -> tuple[int, Any]:
        namespace, _, name = path.partition("/")
        return self._api("GET", _in(namespace, f"secrets/{name}"))

    def _database(self, probe: Probe) -> str:
        status, secret = self._secret(probe["by"])
        if status != 200:
            return f"{probes.Outcome.ERROR}: HTTP {status} for the own Secret"
        data = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
        act = probe["act"]
        return opened(
            host=probe["host"],
            port=probe["port"],
            authority=self.job["authority_file"],
            database=probe["database"],
            user=probe["target"] if act == "log-in-as" else data["username"],
            password=self.given.access if act == "token-as-password" else data["password"],
        )

    def _api(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        """Ask the API server with a token and nothing else: a client certificate would be who we are."""
        cluster = self.job["cluster"]
        place = urllib.parse.urlsplit(cluster["server"])
        context = ssl.create_default_context(cadata=cluster["authority"])
        connection = http.client.HTTPSConnection(
            str(place.hostname), place.port or 443, timeout=_TIMEOUT, context=context
        )
        headers = {"Authorization": f"Bearer {token or self.given.access}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        finally:
            connection.close()

    _STEPS: ClassVar[Mapping[str, Callable[[Member, Probe], str]]] = {
        "review": _review,
        "read-password": _read_password,
        "list-namespaces": _list_namespaces,
        **dict.fromkeys(("write", "grant", "bind-cluster-role"), _write),
        **dict.fromkeys(("open-database", "token-as-password", "log-in-as"), _database),
        **dict.fromkeys(identity_probes.BAD_TOKENS, _bad_token),
    }


def judged(status: int) -> str:
    """What an API server's status means."""
    if status in (200, 201):
        return probes.Outcome.ALLOWED
    known = {401: probes.Outcome.UNAUTHENTICATED, 403: probes.Outcome.FORBIDDEN}
    return known.get(status, f"{probes.Outcome.ERROR}: HTTP {status}")


def reviewed(status: int, answer: Any) -> str:
    """What a SelfSubjectAccessReview says."""
    if status != 201:
        return judged(status) if status in (401, 403) else f"{probes.Outcome.ERROR}: HTTP {status}"
    return probes.Outcome.ALLOWED if answer["status"].get("allowed") is True else probes.Outcome.FORBIDDEN


def written(status: int, answer: Any) -> str:
    """What a dry run of a write comes to. A full quota refuses too, but only whoever was allowed to write."""
    if status == 403 and "exceeded quota" in str(answer.get("message")):
        return probes.Outcome.ALLOWED
    return judged(status)


def opened(*, host: str, port: int, authority: str, database: str, user: str, password: str) -> str:
    """A log-in and one query through the pooler, its certificate checked."""
    try:
        with psycopg.connect(
            host=host,
            port=port,
            dbname=database,
            user=user,
            password=password,
            sslmode="verify-full",
            sslrootcert=authority,
            connect_timeout=int(_TIMEOUT),
            prepare_threshold=None,
        ) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        # The pooler and PostgreSQL say FATAL when they were reached and refuse; anything else never got there.
        return probes.Outcome.FORBIDDEN if "FATAL" in str(error) else f"{probes.Outcome.ERROR}: {type(error).__name__}"
    return probes.Outcome.ALLOWED


def _written(act: str, target: str) -> tuple[str, Mapping[str, Any]]:
    """Where, and what, an act would write."""
    metadata: Mapping[str, Any] = {"metadata": {"name": _NAME}}
    if act == "write":
        return _in(target, "configmaps"), metadata
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    if act == "grant":
        return f"{rbac}/namespaces/{target}/rolebindings", {**metadata, **_GRANT}
    return f"{rbac}/clusterrolebindings", {**metadata, **_GRANT}


def _in(namespace: str, rest: str) -> str:
    return f"/api/v1/namespaces/{namespace}/{rest}"


if __name__ == "__main__":
    main()
