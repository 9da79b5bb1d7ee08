"""People log in at a real Keycloak and act at a real API server that trusts it, as the role sets it up."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import access, cluster, identity, identity_places, namespaces
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.login import clocks, device, ending, endpoints, profiles, sessions, tokens
from tests.support import (
    accounts,
    api_requests,
    control_plane,
    keycloak,
    logging_in,
    login_forms,
    realms,
    role_templates,
    tenant_inventories,
)

pytestmark = pytest.mark.engine

ROOT = pathlib.Path(__file__).parents[3]
ADMIN, OTHER_REALM = f"/admin/realms/{identity_places.REALM}", "other"
PODS = "/api/v1/namespaces/{}/pods"
WANG = accounts.Account(name="wang.fang", password="Correct-Horse-42", otp="wangs-secret-of-20-b")
ZHAO = accounts.Account(name="zhao.lei", password="Correct-Horse-42", otp="zhaos-secret-of-20-b")
REFUSED = {
    "for-another": {"audience": "portal"},
    "without-audience": {"audience": None},
    "without-groups": {"groups": False},
    "with-no-groups": {"groups": False, "claims": {"groups": []}},
    "with-groups-in-one-text": {"groups": False, "claims": {"groups": "finance:developers"}},
    "with-numbers-for-groups": {"groups": False, "claims": {"groups": [1]}},
    "of-masters": {"groups": False, "claims": {"groups": ["finance:developers", "system:masters"]}},
    "of-kubeadm": {"groups": False, "claims": {"groups": ["kubeadm:cluster-admins"]}},
    "of-engineers": {"groups": False, "claims": {"groups": ["govcloud:platform-engineers"]}},
    "without-a-name": {"defaultClientScopes": ["basic"]},
    "named-by-kubernetes": {"claims": {"preferred_username": "system:admin"}, "defaultClientScopes": ["basic"]},
    "named-with-capitals": {"claims": {"preferred_username": "Wang.Fang"}, "defaultClientScopes": ["basic"]},
    "of-long-life": {"attributes": {"access.token.lifespan": "3600"}},
}
"""Clients whose tokens the API server must not take, by what is wrong with them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What is there for all tests."""

    server: keycloak.Running
    admin: session.Session
    api: api_requests.Api
    plane: control_plane.ControlPlane
    issuer: str


@pytest.fixture(scope="module")
def world(keycloak_server: keycloak.Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = keycloak_server
    with server.without(identity_places.REALM, OTHER_REALM) as admin:
        abnormal = [realms.client(name, **wrong) for name, wrong in REFUSED.items()]  # type: ignore[arg-type]
        programs = [realms.client("normal"), *abnormal]
        people = {WANG: ["finance:developers"], ZHAO: ["archives:owners"]}
        admin.post("/admin/realms", realms.realm(identity_places.REALM, people, clients=[realms.cli(), *programs]))
        admin.post("/admin/realms", realms.realm(OTHER_REALM, people, clients=[realms.cli(), realms.client("normal")]))
        issuer = f"{server.url}/realms/{identity_places.REALM}"
        folder = tmp_path_factory.mktemp("plane")
        with control_plane.running(
            folder / "plane", controllers=("namespace-controller",), flags=authentication(folder, server, issuer)
        ) as plane:
            api = api_requests.Api(plane)
            inventory = tenant_inventories.golden()
            api.apply(cluster.manifests(inventory, platforms.Side.EXTERNAL))
            for scope in namespaces.scopes(inventory, platforms.Side.EXTERNAL):
                api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": scope.namespace}})
                api.apply(access.role_bindings(scope))
            until = time.monotonic() + 40
            # The API server asks for the issuer's keys when it has started, not before.
            while (
                api.ask("GET", "/version", token=realms.password_token(server, "normal", "wang.fang.program"))[0] == 401
            ):
                assert time.monotonic() < until, (plane.folder / "apiserver.log").read_text()[-3000:]
                time.sleep(0.5)
            yield World(server=server, admin=admin, api=api, plane=plane, issuer=issuer)


def authentication(folder: pathlib.Path, server: keycloak.Running, issuer: str) -> tuple[str, ...]:
    path = folder / "authentication.yaml"
    path.write_text(
        role_templates.render(
            "kubernetes",
            "authentication.yaml.j2",
            kubernetes_identity_issuer=issuer,
            kubernetes_identity_ca_file=str(server.folder / "ca.crt"),
        )
    )
    return (f"--authentication-config={path}",)


@pytest.fixture
def profile(world: World, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> profiles.Profile:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return profiles.check(
        profiles.Profile(
            name="test",
            issuer=world.issuer,
            authority=world.server.ca,
            server=world.plane.server,
            server_authority=world.api.authority,
        )
    )


CLOCK = clocks.Clock(now=time.time, monotonic=time.monotonic, sleep=time.sleep)


def log_in(world: World, profile: profiles.Profile, account: accounts.Account = WANG) -> tokens.Tokens:
    def approve(invitation: device.Invitation) -> None:
        browser = login_forms.Browser(world.server.tls())
        page = browser.log_in(invitation.whole_url or invitation.url, with_new_code(world, account))
        assert not page.fields(), page.words

    asked = profile.transport()
    found = device.log_in(asked, endpoints.discover(profile.issuer, asked), clock=CLOCK, invite=approve)
    profiles.save(profile)
    sessions.save(profile, found)
    return found


def with_new_code(world: World, account: accounts.Account) -> accounts.Account:
    """The account with another secret of its one-time codes, since each code works once and nobody waits here."""
    changed = dataclasses.replace(account, otp=secrets.token_hex(10))
    (user,) = world.admin.get(f"{ADMIN}/users", query={"username": account.name, "exact": "true"})
    for one in world.admin.get(f"{ADMIN}/users/{user['id']}/credentials"):
        if one["type"] == "otp":
            world.admin.delete(f"{ADMIN}/users/{user['id']}/credentials/{one['id']}")
    world.admin.put(f"{ADMIN}/users/{user['id']}", {**user, "credentials": changed.codes()})
    return changed


def test_a_maintainer_acts_in_his_own_tenants_namespace_and_in_no_other(
    world: World, profile: profiles.Profile
) -> None:
    found = log_in(world, profile)
    assert found.person == "wang.fang"

    def ask(method: str, path: str, body: object = None) -> int:
        return world.api.ask(method, path, body, token=found.access)[0]

    config = {"metadata": {"generateName": "probe-"}}
    assert ask("GET", PODS.format("finance-prod")) == 200
    assert ask("POST", "/api/v1/namespaces/finance-prod/configmaps", config) == 201
    assert ask("GET", PODS.format("archives-prod")) == 403
    assert ask("POST", "/api/v1/namespaces/archives-prod/configmaps", config) == 403
    assert ask("GET", "/api/v1/namespaces/archives-prod/secrets") == 403
    assert ask("GET", "/api/v1/nodes") == 403
    assert ask("DELETE", "/apis/rbac.authorization.k8s.io/v1/namespaces/finance-prod/rolebindings/tenant-owner") == 403
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    _, answer = world.api.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, token=found.access)
    assert answer["status"]["userInfo"]["username"] == "govcloud-person:wang.fang"
    assert answer["status"]["userInfo"]["groups"] == ["finance:developers", "system:authenticated"]


@pytest.mark.parametrize("client", REFUSED)
def test_a_token_that_is_not_as_it_must_be_is_refused(world: World, client: str) -> None:
    token = realms.password_token(world.server, client, "wang.fang.program")
    assert world.api.ask("GET", PODS.format("finance-prod"), token=token)[0] == 401


def test_the_same_token_as_it_must_be_is_taken(world: World) -> None:
    token = realms.password_token(world.server, "normal", "wang.fang.program")
    assert world.api.ask("GET", PODS.format("finance-prod"), token=token)[0] == 200


def test_a_token_of_another_realm_is_refused_though_the_same_server_made_it(world: World) -> None:
    token = realms.password_token(world.server, "normal", "wang.fang.program", realm=OTHER_REALM)
    assert world.api.ask("GET", PODS.format("finance-prod"), token=token)[0] == 401


def test_a_token_that_was_changed_or_signed_by_nobody_is_refused(world: World) -> None:
    token = realms.password_token(world.server, "normal", "wang.fang.program")
    other = realms.password_token(world.server, "normal", "zhao.lei.program")
    forged = [
        realms.changed(token, groups=["archives:owners"]),
        realms.changed(token, exp=int(time.time()) + 40000),
        realms.unsigned(token),
        realms.unsigned(token, "HS256"),
        ".".join((*token.split(".")[:2], other.split(".")[2])),
        token[:-8],
        "not-a-token",
    ]
    assert [world.api.ask("GET", "/version", token=one)[0] for one in forged] == [401] * len(forged)


def test_an_id_token_is_not_for_the_cluster(world: World) -> None:
    form = {"grant_type": "password", "client_id": "normal", "scope": "openid"}
    form |= {"username": "wang.fang.program", "password": "Correct-Horse-42"}
    _, answer = logging_in.Person(world.server).token(**form)
    assert world.api.ask("GET", "/version", token=answer["id_token"])[0] == 401


def test_a_token_ends_after_its_45_seconds_and_the_session_gives_another(
    world: World, profile: profiles.Profile
) -> None:
    found = log_in(world, profile)
    ends = found.obtained_at + identity.TOKEN_SECONDS
    assert found.expires_at == ends
    assert sessions.current(profile, profile.transport(), clock=CLOCK) == found
    time.sleep(max(0.0, ends + 1.5 - time.time()))
    assert world.api.ask("GET", PODS.format("finance-prod"), token=found.access)[0] == 401

    renewed = sessions.current(profile, profile.transport(), clock=CLOCK)

    assert renewed.access != found.access
    assert world.api.ask("GET", PODS.format("finance-prod"), token=renewed.access)[0] == 200


def test_of_many_who_need_a_new_token_at_once_one_asks_for_it(world: World, profile: profiles.Profile) -> None:
    found = log_in(world, profile)
    sessions.save(profile, dataclasses.replace(found, expires_at=found.obtained_at))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "govcloud_cli", "login", "--credential", "--profile", "test"]

    def call(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))

    assert [answer.returncode for answer in answers] == [0] * 4, [answer.stderr for answer in answers]
    given = {json.loads(answer.stdout)["status"]["token"] for answer in answers}
    assert len(given) == 1, "a refresh token works once: a second use would have ended the session"
    assert world.api.ask("GET", PODS.format("finance-prod"), token=given.pop())[0] == 200


def test_kubectl_itself_works_with_the_kubeconfig_and_says_what_to_do_when_the_session_has_ended(
    world: World, profile: profiles.Profile
) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.fail("this test needs kubectl on PATH", pytrace=False)
    found = log_in(world, profile)
    folder = profiles.locate("test")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KUBECONFIG": str(folder.kubeconfig)}

    def get(namespace: str) -> subprocess.CompletedProcess[str]:
        command = [kubectl, "get", "pods", "--namespace", namespace, "--cache-dir", str(folder.path / "cache")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert get("finance-prod").returncode == 0, get("finance-prod").stderr
    assert "forbidden" in get("archives-prod").stderr
    assert found.access not in folder.kubeconfig.read_text()

    (user,) = world.admin.get(f"{ADMIN}/users", query={"username": "wang.fang", "exact": "true"})
    world.admin.post(f"{ADMIN}/users/{user['id']}/logout")
    sessions.save(profile, dataclasses.replace(found, expires_at=found.obtained_at))

    ended = get("finance-prod")
    assert ended.returncode != 0
    assert "the session of wang.fang has ended (会话已结束): run `govcloud login --profile test`" in ended.stderr
    assert not folder.session.exists()
    assert all(secret not in ended.stderr + ended.stdout for secret in (found.access, found.refresh))


def test_a_refresh_token_that_was_copied_ends_the_session_for_both(world: World, profile: profiles.Profile) -> None:
    stolen = log_in(world, profile)
    stale = dataclasses.replace(stolen, expires_at=stolen.obtained_at)
    sessions.save(profile, stale)
    sessions.current(profile, profile.transport(), clock=CLOCK)
    sessions.save(profile, stale)
    with pytest.raises(sessions.EndedError):
        sessions.current(profile, profile.transport(), clock=CLOCK)


def test_who_logs_out_leaves_nothing_here_and_no_session_there(world: World, profile: profiles.Profile) -> None:
    found = log_in(world, profile, ZHAO)
    (user,) = world.admin.get(f"{ADMIN}/users", query={"username": "zhao.lei", "exact": "true"})
    assert world.admin.get(f"{ADMIN}/users/{user['id']}/sessions")

    assert ending.log_out(profile, profile.transport()) == ending.Ended(person="zhao.lei")

    assert sessions.load(profile) is None
    assert world.admin.get(f"{ADMIN}/users/{user['id']}/sessions") == []
    place = endpoints.discover(profile.issuer, profile.transport())
    with pytest.raises(tokens.RefusedError):
        tokens.ask(
            profile.transport(),
            place,
            {"grant_type": "refresh_token", "refresh_token": found.refresh},
            now=time.time(),
        )


def test_who_says_no_in_the_browser_is_not_logged_in(world: World, profile: profiles.Profile) -> None:
    def refuse(invitation: device.Invitation) -> None:
        browser = login_forms.Browser(world.server.tls())
        browser.log_in(invitation.whole_url or "", with_new_code(world, ZHAO), approve=False)

    asked = profile.transport()
    with pytest.raises(errors.PolicyDeniedError, match="denied"):
        device.log_in(asked, endpoints.discover(profile.issuer, asked), clock=CLOCK, invite=refuse)


def test_the_browser_flow_logs_in_from_end_to_end(world: World, profile: profiles.Profile) -> None:
    authority = profiles.locate("test").path.parent / "ca.pem"
    authority.parent.mkdir(parents=True, exist_ok=True)
    authority.write_text(world.server.ca + world.api.authority)
    command = [sys.executable, "-P", "-m", "govcloud_cli", "login", "--browser", "--json", "--profile", "office"]
    command += ["--issuer", world.issuer, "--ca", str(authority), "--server", world.plane.server]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        address = next(line.strip() for line in process.stderr if "https://" in line)
        landed = login_forms.Browser(world.server.tls()).log_in(address, with_new_code(world, ZHAO))
        assert re.match(r"http://127\.0\.0\.1:\d+/callback\?", landed.url), landed.words
        # What somebody else brings is not even an answer.
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(landed.url.replace("/callback", "/other"), timeout=10)
        urllib.request.urlopen(landed.url, timeout=10).close()
        document = json.loads(process.stdout.read())
        assert process.wait(30) == 0
    assert (document["person"], document["profile"]) == ("zhao.lei", "office")
    saved = profiles.load("office")
    assert saved is not None
    found = sessions.load(saved)
    assert found is not None
    assert world.api.ask("GET", PODS.format("archives-prod"), token=found.access)[0] == 200
    assert {path.stat().st_mode & 0o777 for path in profiles.locate("office").path.iterdir()} == {0o600}


def test_the_api_server_starts_and_serves_certificates_while_the_identity_service_is_down(
    world: World, tmp_path: pathlib.Path
) -> None:
    flags = authentication(tmp_path, world.server, "https://localhost:1/realms/govcloud")
    with control_plane.running(tmp_path / "plane", controllers=("namespace-controller",), flags=flags) as plane:
        api = api_requests.Api(plane)
        assert api.ask("GET", "/api/v1/namespaces")[0] == 200
        token = realms.password_token(world.server, "normal", "wang.fang.program")
        assert api.ask("GET", "/version", token=token)[0] == 401
        assert api.ask("GET", "/version", token="")[0] == 401, "nobody is let in without a name"
