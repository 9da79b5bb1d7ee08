"""A leaver of a real platform: whatever he has open or knows is over within a minute of the sync, and on record."""

from __future__ import annotations

import base64
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.lab import conftest, driver, test_2_access

pytestmark = pytest.mark.lab

PERSON, TENANT = "guli.nar", "civil-affairs"
MINUTE = 60.0

# Standard input: what is asked, as JSON; the answer likewise. The office has no name server.
OFFICE = """
import json, socket, ssl, sys, urllib.error, urllib.parse, urllib.request
from tests.support import logging_in
given = json.load(sys.stdin)
known = socket.getaddrinfo
def resolve(host, *more, **named):
    return known(given["address"] if host == given["host"] else host, *more, **named)
socket.getaddrinfo = resolve
class Server:
    url = "https://" + given["host"]
    def tls(self):
        return ssl.create_default_context(cafile=given["ca"])
person, redirect, client = logging_in.Person(Server()), "http://127.0.0.1:18000/callback", "govcloud-cli"
def log_in(name, password, code):
    _, page, _ = person.begin(client, redirect)
    _, page, _ = person.fill(page, username=name, password=password)
    _, page, where = person.fill(page, otp=code)
    (code,) = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["code"]
    form = {"grant_type": "authorization_code", "client_id": client, "redirect_uri": redirect, "code": code}
    return person.token(**form, code_verifier=person.verifier)[1]
def refresh(token):
    return person.token(grant_type="refresh_token", client_id=client, refresh_token=token)[0]
def cluster(token, path):
    tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=given["cluster"]))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), tls)
    asked = urllib.request.Request("https://10.20.0.12:6443" + path, headers={"Authorization": "Bearer " + token})
    try:
        with opener.open(asked, timeout=10) as answer:
            return [answer.status, json.load(answer)]
    except urllib.error.HTTPError as error:
        return [error.code, {}]
print(json.dumps({"log_in": log_in, "refresh": refresh, "cluster": cluster}[given["act"]](*given["arguments"])))
"""
# Says `in` once it is, then asks the database until that fails, and says why.
DATABASE = """
import json, sys, time
import psycopg
given = json.loads(sys.stdin.readline())
try:
    with psycopg.connect(**given, autocommit=True) as session:
        print("in", flush=True)
        for _ in range(600):
            session.execute("SELECT 1")
            time.sleep(0.2)
except psycopg.Error as error:
    print(type(error).__name__, str(error).splitlines()[0], flush=True)
"""


def within(world: test_2_access.World, script: str) -> subprocess.Popen[str]:
    command = ["setpriv", "--pdeathsig=KILL", "ip", "netns", "exec", world.namespace("external-client")]
    return subprocess.Popen(
        [*command, sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=driver.ROOT,
        text=True,
    )


def office(world: test_2_access.World, act: str, *arguments: str) -> Any:
    """What somebody in the office is answered."""
    given = {"host": "external-identity", "address": "10.20.0.21", "act": act, "arguments": arguments}
    given |= {"ca": str(world.pki / "services-ca.crt"), "cluster": str(world.pki / "kubernetes-ca.crt")}
    out, err = within(world, OFFICE).communicate(json.dumps(given), timeout=60)
    assert out, err
    return json.loads(out)


def connected(world: test_2_access.World, access: dict[str, str]) -> subprocess.Popen[str]:
    """A session with the database that was asked for; its first line says whether it came to be."""
    process = within(world, DATABASE)
    assert process.stdin is not None
    told = {**access, "sslmode": "verify-full", "sslrootcert": str(world.pki / "services-ca.crt")}
    process.stdin.write(json.dumps({**told, "connect_timeout": 10}) + "\n")
    process.stdin.flush()
    return process


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def world(lab: conftest.Lab, tmp_path: pathlib.Path) -> Iterator[test_2_access.World]:
    people = lab.cloud.inventory / "people.yaml"
    before = people.read_text(encoding="utf-8")
    with test_2_access.made(lab.cloud, tmp_path, PERSON) as found:
        try:
            yield found
        finally:
            people.write_text(before, encoding="utf-8")
            lab.cloud.run("people sync")


def test_nothing_of_a_leaver_works_a_minute_after_the_sync_began(world: test_2_access.World) -> None:
    cloud = world.cloud
    (database, *_) = [d for shard in world.side.shards for d in shard.databases if d.tenant == TENANT]
    secrets = f"/api/v1/namespaces/{TENANT}-{database.environment}/secrets"
    tokens = office(world, "log_in", PERSON, test_2_access.PASSWORD, world.codes[PERSON].next())
    status, secret = office(world, "cluster", tokens["access_token"], f"{secrets}/database-{database.id}-rw")
    assert status == 200
    assert office(world, "cluster", tokens["access_token"], "/api/v1/namespaces/finance-prod/secrets")[0] == 403
    names = {"host": "host", "port": "port", "dbname": "dbname", "user": "username", "password": "password"}
    access = {name: base64.b64decode(secret["data"][key]).decode() for name, key in names.items()}
    session = connected(world, access)
    assert first_line(session) == "in"
    tunnel = world.connect(world.secret())
    assert isinstance(tunnel, subprocess.Popen), tunnel
    tokens = office(world, "log_in", PERSON, test_2_access.PASSWORD, world.codes[PERSON].next())

    people = cloud.inventory / "people.yaml"
    document = yaml.safe_load(people.read_text(encoding="utf-8"))
    document["spec"]["people"] = [one for one in document["spec"]["people"] if one["id"] != PERSON]
    people.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    began = time.monotonic()
    told = cloud.json("people sync")

    # The minute is what the platform promises; what a token was good for is the last to end.
    tunnel.wait(max(1.0, began + MINUTE - time.monotonic()))
    out, _ = session.communicate(timeout=max(1.0, began + MINUTE - time.monotonic()))
    assert out.strip(), "the session lived on"
    assert office(world, "refresh", tokens["refresh_token"]) == 400
    while office(world, "cluster", tokens["access_token"], secrets)[0] != 401:
        assert time.monotonic() < began + MINUTE, "the token lived on"
        time.sleep(1)

    assert [one["left"] for one in told["sides"] if one["side"] == "external"] == [1], told
    again = connected(world, access)
    assert first_line(again).startswith("OperationalError"), "the password that he knew"
    again.communicate(timeout=20)
    assert isinstance(world.connect(world.secret()), str), "the certificate"
    assert world.browse((PERSON, test_2_access.PASSWORD, world.codes[PERSON].next())) == [False]
    audited = [one for one in cloud.audited("external") if PERSON in json.dumps(one["details"])]
    assert {"people-leaving", "person-left"} <= {one["action"] for one in audited}
    cloud.run("audit collect")
    events = cloud.json("audit access", "--person", PERSON)["events"]
    assert test_2_access.some(events, source="gateway", event="ended", person=PERSON)
