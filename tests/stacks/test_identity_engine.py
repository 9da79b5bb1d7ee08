"""The stack `identity` as it is deployed: real engine, our provider, a real Keycloak; then people log in."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pulumi import automation

from govcloud_cli.governance import one_time_codes, people_changes, people_refusals
from govcloud_cli.model import people, platforms
from govcloud_cli.plan import credentials, identity, identity_places
from govcloud_cli.providers.keycloak import failures, session
from govcloud_cli.run import workspace
from govcloud_cli.run.inspection import keycloak as inspection
from govcloud_cli.run.login import clocks, device, endpoints, transport
from govcloud_cli.run.people import enrolling, syncing
from stacks.components import realms
from stacks.identity import program
from tests.support import accounts, directory, identity_inventories, keycloak, logging_in, login_forms

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("default")]

ROOT = pathlib.Path(__file__).parents[2]
AT = "/admin/realms/govcloud"
MASTER = bytes(range(32))
VPN_SECRET = "secret-of-the-gateway-for-tests"
PORTAL, PORTAL_SECRET = "https://portal.example/callback", "secret-of-the-portal-for-tests"
PASSWORD = "Correct-Horse-42"
OTP = "JBSWY3DPEHPK3PXPJBSW"
APPLICATION = "finance-prod-ledger"
ANOTHER = "another"
FEDERATION = "org.keycloak.storage.UserStorageProvider"
KINDS = ("leaves", "moves", "returns", "joins")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployed:
    """The stack after its first run."""

    server: keycloak.Running
    api: session.Session
    up: Callable[..., Mapping[str, int]]
    """Run it again, perhaps with a refresh; how many resources it created, changed or kept."""
    state: pathlib.Path
    staff: directory.Running
    again: Callable[[pathlib.Path], automation.Stack]
    """A stack of the same program in another folder, which knows nothing of the first."""

    def client(self, name: str) -> dict[str, Any]:
        (found,) = self.api.get(f"{AT}/clients", query={"clientId": name})
        return dict(found)

    def group(self, name: str) -> str:
        found = self.api.get(f"{AT}/groups", query={"search": name, "exact": "true", "populateHierarchy": "false"})
        return str(next(group["id"] for group in found if group["name"] == name))

    def enrol(self, name: str, *groups: str, otp: str | None = OTP) -> str:
        body = accounts.Account(name=name, password=PASSWORD, otp=otp).document()
        identifier = str(self.api.post(f"{AT}/users", body)["id"])
        for group in groups:
            self.api.put(f"{AT}/users/{identifier}/groups/{self.group(group)}")
        return identifier


def values(reference: credentials.SecretRef) -> str:
    if reference == credentials.file_ref(identity.VPN_SECRET):
        return VPN_SECRET
    if reference == credentials.file_ref(identity.PORTAL_SECRET):
        return PORTAL_SECRET
    if reference == credentials.file_ref(identity.DIRECTORY_SECRET):
        return directory.READER_PASSWORD
    return credentials.resolver(master=MASTER, ca="PEM")(reference)


def planned_for(staff: directory.Running) -> identity.IdentityPlan:
    found = {"url": staff.url, "people": directory.PEOPLE, "bind": directory.READER}
    asked = {"directory": found, "portal": {"redirectUris": [PORTAL]}}
    planned = identity.plan(identity_inventories.served(identity=asked), platforms.Side.EXTERNAL)
    assert planned is not None
    return planned


@pytest.fixture(scope="module")
def deployed(keycloak_server: keycloak.Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    server, folder = keycloak_server, tmp_path_factory.mktemp("identity")
    command = [sys.executable, "-m", "govcloud_cli.providers", "keycloak"]
    with (
        server.without(identity_places.REALM, ANOTHER) as api,
        directory.running(server.folder, people=("wu.jun", "he.ping", "sun.li", "old.hand")) as staff,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as providers,
    ):
        assert providers.stdout is not None
        assert providers.stdin is not None
        ports = json.loads(providers.stdout.readline())
        planned = planned_for(staff)
        access = realms.Access(url=server.url, client_secret=keycloak.SECRET, root_certificate=server.ca)

        def again(place: pathlib.Path) -> automation.Stack:
            return _stack(place, ports, lambda: program.program(planned, access=access, values=values))

        stack = again(folder)
        assert set(stack.preview(color="never").change_summary) == {automation.OpType.CREATE}
        assert api.find(AT) is None, "a preview makes nothing"

        def up(*, refresh: bool = False) -> Mapping[str, int]:
            summary = stack.up(refresh=refresh, color="never").summary.resource_changes or {}
            return {str(getattr(kind, "value", kind)): number for kind, number in summary.items()}

        first = up()
        assert set(first) == {"create"}, first
        state = folder / "state"
        yield Deployed(server=server, api=api, up=up, state=state, staff=staff, again=again)
        providers.stdin.close()
        providers.wait(20)


def _stack(folder: pathlib.Path, ports: Mapping[str, int], run: Callable[[], None]) -> automation.Stack:
    pulumi = shutil.which(os.environ["GOVCLOUD_TEST_PULUMI"])
    assert pulumi is not None
    state, work = folder / "state", folder / "work"
    for made in (state, work):
        made.mkdir()
    os.environ["PATH"] = f"{pathlib.Path(pulumi).parent}:{os.environ['PATH']}"
    return automation.create_or_select_stack(
        stack_name="identity",
        project_name="govcloud-identity",
        program=run,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(work),
            env_vars={
                "PATH": os.environ["PATH"],
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_DEBUG_PROVIDERS": f"keycloak:{ports['keycloak']}",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
            },
            pulumi_home=str(folder / "home"),
            project_settings=automation.ProjectSettings(
                name="govcloud-identity", runtime="python", backend=automation.ProjectBackend(url=state.as_uri())
            ),
        ),
    )


def test_a_second_run_changes_nothing_even_after_a_look_at_what_is_there(deployed: Deployed) -> None:
    assert set(deployed.up()) == {"same"}
    assert set(deployed.up(refresh=True)) == {"same"}


def test_what_was_changed_by_hand_is_found_and_mended(deployed: Deployed) -> None:
    vpn = deployed.client("govcloud-vpn")
    deployed.api.put(f"{AT}/clients/{vpn['id']}", {**vpn, "standardFlowEnabled": True, "redirectUris": ["*"]})
    deployed.api.put(AT, {"passwordPolicy": "length(1)", "bruteForceProtected": False, "browserFlow": "browser"})
    deployed.api.delete(f"{AT}/groups/{deployed.group('finance:viewers')}")

    changed = deployed.up(refresh=True)

    assert set(changed) <= {"same", "update", "create"}
    assert changed["create"] == 1
    realm = deployed.api.get(AT)
    assert (realm["bruteForceProtected"], realm["browserFlow"]) == (True, "govcloud browser")
    assert "length(12)" in realm["passwordPolicy"]
    assert deployed.client("govcloud-vpn")["redirectUris"] == []
    assert deployed.group("finance:viewers")
    assert set(deployed.up(refresh=True)) == {"same"}


def test_a_look_names_each_field_that_somebody_changed_by_hand(deployed: Deployed, tmp_path: pathlib.Path) -> None:
    job = {"url": deployed.server.url}
    for name, text in {"secret": keycloak.SECRET, "ca": deployed.server.ca, "master": MASTER.hex()}.items():
        (tmp_path / name).write_text(text)
        job[name] = str(tmp_path / name)

    def look() -> dict[str, dict[str, Any]]:
        return dict(inspection.look(job)["parts"])

    def differences(before: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
        after = look()
        return {
            (part, field)
            for part in {*before, *after}
            for field in {*before.get(part, {}), *after.get(part, {})} or {""}
            if before.get(part, {}).get(field) != after.get(part, {}).get(field) or (part in before) != (part in after)
        }

    before = look()
    assert differences(before) == set(), "without a change it is the same"
    assert VPN_SECRET not in json.dumps(before)
    deployed.enrol("glanced.at", "finance:viewers")
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET}
    assert (
        person.token(
            **asked, username="glanced.at", password=PASSWORD, totp=one_time_codes.code(OTP.encode(), time.time())
        )[0]
        == 200
    )
    assert differences(before) == set(), "people come and log in"

    vpn, viewers = deployed.client("govcloud-vpn"), deployed.group("finance:viewers")
    management = deployed.client("realm-management")["id"]
    admin = deployed.api.get(f"{AT}/clients/{management}/roles/realm-admin")
    mallory = deployed.api.post(f"{AT}/users", {"username": "mallory"})["id"]
    flow = "authenticationFlows[govcloud password grant].authenticationExecutions[direct-grant-validate-otp]"
    changes: list[tuple[str, str, Callable[[], Any]]] = [
        ("Realm/govcloud", "passwordPolicy", lambda: deployed.api.put(AT, {"passwordPolicy": "length(1)"})),
        ("Realm/govcloud", "bruteForceProtected", lambda: deployed.api.put(AT, {"bruteForceProtected": False})),
        (
            "Client/govcloud-vpn",
            "secret",
            lambda: deployed.api.put(f"{AT}/clients/{vpn['id']}", {**vpn, "secret": "known-to-all"}),
        ),
        (
            "Client/govcloud-vpn",
            "redirectUris",
            lambda: deployed.api.put(
                f"{AT}/clients/{vpn['id']}", {**vpn, "secret": "known-to-all", "redirectUris": ["*"]}
            ),
        ),
        (
            "Group/finance:viewers",
            "clientRoles.realm-management",
            lambda: deployed.api.post(f"{AT}/groups/{viewers}/role-mappings/clients/{management}", [admin]),
        ),
        (
            "Realm/govcloud",
            f"{flow}.requirement",
            lambda: deployed.api.put(
                f"{AT}/authentication/flows/govcloud%20password%20grant/executions",
                {**_otp_step(deployed), "requirement": "DISABLED"},
            ),
        ),
        (
            "User/mallory",
            "realm-management/realm-admin",
            lambda: deployed.api.post(f"{AT}/users/{mallory}/role-mappings/clients/{management}", [admin]),
        ),
        ("User/master/eve", "", lambda: deployed.api.post("/admin/realms/master/users", {"username": "eve"})),
        ("Realm/another", "", lambda: deployed.api.post("/admin/realms", {"realm": ANOTHER})),
    ]
    for part, field, change in changes:
        last = look()
        change()
        found = differences(last)
        assert (part, field) in found
        # Another realm has a client of its own in `master`, whose administrators get its roles.
        assert not {one for one in found - {(part, field)} if "another-realm" not in " ".join(one)}
    last = look()
    deployed.api.delete(f"{AT}/clients/{vpn['id']}")
    assert {part for part, _ in differences(last)} == {"Client/govcloud-vpn"}

    inspection.mend(job, ["finance:viewers"])
    assert deployed.up(refresh=True)["update"] >= 2

    assert {part for part, _ in differences(before)} == {
        *("User/mallory", "User/master/eve", "Realm/another", "Client/master/another-realm", "Realm/master")
    }, "all that is planned is as before, the secret and the client made anew too"
    deployed.api.delete(f"/admin/realms/{ANOTHER}")
    deployed.api.delete(f"{AT}/users/{mallory}")
    (eve,) = deployed.api.get("/admin/realms/master/users", query={"username": "eve", "exact": "true"})
    deployed.api.delete(f"/admin/realms/master/users/{eve['id']}")


def _otp_step(deployed: Deployed) -> dict[str, Any]:
    found = deployed.api.get(f"{AT}/authentication/flows/govcloud%20password%20grant/executions")
    return dict(next(one for one in found if one["providerId"] == "direct-grant-validate-otp"))


def test_no_secret_is_in_the_state_in_clear(deployed: Deployed) -> None:
    application = credentials.resolver(master=MASTER, ca="")(credentials.application_ref(APPLICATION))
    assert deployed.client(APPLICATION)["secret"] == application
    assert deployed.client("govcloud-vpn")["secret"] == VPN_SECRET
    texts = [path.read_text(errors="replace") for path in deployed.state.rglob("*.json")]
    assert texts
    for secret in (application, VPN_SECRET, keycloak.SECRET, directory.READER_PASSWORD):
        assert all(secret not in text for text in texts)


def test_the_realm_is_as_the_law_asks(deployed: Deployed) -> None:
    realm = deployed.api.get(AT)
    assert realm["sslRequired"] == "all"
    assert not realm["registrationAllowed"]
    assert (realm["failureFactor"], realm["maxFailureWaitSeconds"]) == (5, 1800)
    assert (realm["ssoSessionIdleTimeout"], realm["ssoSessionMaxLifespan"]) == (1800, 28800)
    assert (realm["accessTokenLifespan"], realm["otpPolicyCodeReusable"]) == (45, False)
    assert realm["attributes"]["adminEventsExpiration"] == str(180 * 86400)
    events = deployed.api.get(f"{AT}/events/config")
    assert (events["eventsEnabled"], events["eventsExpiration"], events["adminEventsEnabled"]) == (
        True,
        180 * 86400,
        True,
    )


def test_a_password_that_the_policy_forbids_is_refused(deployed: Deployed) -> None:
    for weak in ("Short-1a", "no-capital-letters-1", "NO-SMALL-LETTERS-1", "No-Digits-Here", "NoSpecial12345"):
        with pytest.raises(failures.ApiError):
            deployed.api.post(f"{AT}/users", accounts.Account(name="weak", password=weak, otp=None).document())


def test_the_gateway_logs_people_in_by_password_and_code_and_a_code_works_once(deployed: Deployed) -> None:
    deployed.enrol("li.wei", "finance:maintainers", "org:finance-bureau")
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET, "username": "li.wei"}
    now = one_time_codes.code(OTP.encode(), time.time())

    status, answer = person.token(**asked, password=PASSWORD, totp=now)

    assert status == 200, answer
    found = logging_in.claims(answer["access_token"])
    assert found["preferred_username"] == "li.wei"
    assert sorted(found["groups"]) == ["finance:maintainers", "org:finance-bureau"]
    assert found["exp"] - found["iat"] == 45
    assert found["iss"] == f"{deployed.server.url}/realms/govcloud"
    assert "refresh_token" not in answer
    assert "realm_access" not in found
    assert "resource_access" not in found
    assert person.token(**asked, password=PASSWORD, totp=now)[0] == 401, "the same code a second time"
    assert person.token(**asked, password=PASSWORD)[0] == 401, "no code"
    assert person.token(**asked, password=PASSWORD, totp="000000")[0] == 401
    assert person.token(**{**asked, "client_secret": "another"}, password=PASSWORD, totp=now)[0] == 401


def test_who_has_no_code_gets_in_nowhere_and_can_give_himself_none(deployed: Deployed) -> None:
    deployed.enrol("no.code", otp=None)
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET}
    for totp in ("", "123456"):
        status, answer = person.token(**asked, username="no.code", password=PASSWORD, totp=totp)
        assert status >= 400, "Keycloak calls it an error of the server (500)"
        assert "access_token" not in answer
    _, page, _ = person.begin("govcloud-cli", "http://127.0.0.1:43123/callback")
    status, page, where = person.fill(page, username="no.code", password=PASSWORD)
    assert "code=" not in where
    assert "totpSecret" not in page
    assert status >= 400


def test_a_person_logs_in_with_a_browser_for_the_command_line(deployed: Deployed) -> None:
    deployed.enrol("zhang.min", "finance:maintainers")
    for redirect in ("http://127.0.0.1:43123/callback", "http://[::1]:43124/callback"):
        person = logging_in.Person(deployed.server)
        status, page, _ = person.begin("govcloud-cli", redirect)
        assert status == 200, logging_in.told(page)
        status, page, where = person.fill(page, username="zhang.min", password=PASSWORD)
        status, page, where = person.fill(
            page, otp=one_time_codes.code(OTP.encode(), time.time() + (30 if "::1" in redirect else 0))
        )
        assert status == 302, logging_in.told(page)
        assert where.startswith(f"{redirect}?")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["code"][0]
        form = {"grant_type": "authorization_code", "client_id": "govcloud-cli", "redirect_uri": redirect, "code": code}
        assert person.token(**form, code_verifier="x" * 60)[0] == 400, "a code that was caught"


def test_people_log_in_to_the_portal_and_nobody_does_without_its_secret(deployed: Deployed) -> None:
    deployed.enrol("portal.visitor", "org:finance-bureau", "finance:viewers")
    person = logging_in.Person(deployed.server)
    _, page, _ = person.begin("govcloud-portal", PORTAL)
    _, page, _ = person.fill(page, username="portal.visitor", password=PASSWORD)
    _, page, where = person.fill(page, otp=one_time_codes.code(OTP.encode(), time.time()))
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["code"][0]
    form = {"grant_type": "authorization_code", "redirect_uri": PORTAL, "client_id": "govcloud-portal", "code": code}
    assert person.token(**form, code_verifier=person.verifier)[0] == 401, "no secret"
    status, answer = person.token(**form, code_verifier=person.verifier, client_secret=PORTAL_SECRET)
    assert status == 200, answer
    assert sorted(logging_in.claims(answer["access_token"])["groups"]) == ["finance:viewers", "org:finance-bureau"]


def test_the_token_of_the_command_line_is_for_the_cluster(deployed: Deployed) -> None:
    deployed.enrol("qin.yue", "finance:maintainers", "finance:viewers")
    redirect = "http://127.0.0.1:43999/callback"
    person = logging_in.Person(deployed.server)
    _, page, _ = person.begin("govcloud-cli", redirect)
    _, page, _ = person.fill(page, username="qin.yue", password=PASSWORD)
    _, page, where = person.fill(page, otp=one_time_codes.code(OTP.encode(), time.time()))
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": "govcloud-cli", "redirect_uri": redirect, "code": code}
    status, answer = person.token(**form, code_verifier=person.verifier)
    assert status == 200, answer
    found = logging_in.claims(answer["access_token"])
    assert found["aud"] == "kubernetes"
    assert found["preferred_username"] == "qin.yue"
    assert sorted(found["groups"]) == ["finance:maintainers", "finance:viewers"]
    assert found["exp"] - found["iat"] == 45
    assert logging_in.claims(answer["id_token"])["aud"] == "govcloud-cli"
    renewed = {"grant_type": "refresh_token", "client_id": "govcloud-cli", "refresh_token": answer["refresh_token"]}
    assert person.token(**renewed)[0] == 200
    assert person.token(**renewed)[0] == 400, "a refresh token works once"


@pytest.mark.parametrize(
    ("client", "redirect", "more"),
    [
        ("govcloud-cli", "https://attacker.example/callback", {}),
        ("govcloud-cli", "http://127.0.0.1:43123/elsewhere", {}),
        ("govcloud-vpn", "http://127.0.0.1:43123/callback", {}),
        ("govcloud-portal", "https://portal.example/", {}),
        (APPLICATION, "https://ledger.example/callback/", {}),
        (APPLICATION, "https://ledger.example:8443/callback", {}),
    ],
)
def test_nobody_is_sent_to_an_address_that_was_not_registered(
    client: str, redirect: str, more: dict[str, str], deployed: Deployed
) -> None:
    status, page, where = logging_in.Person(deployed.server).begin(client, redirect, **more)
    assert status >= 400, logging_in.told(page)
    assert where == ""


def test_a_browser_without_pkce_is_sent_back_with_an_error(deployed: Deployed) -> None:
    person = logging_in.Person(deployed.server)
    status, _, where = person.begin(
        APPLICATION, "https://ledger.example/callback", code_challenge="", code_challenge_method=""
    )
    assert status == 302
    assert "error=invalid_request" in where


def test_the_password_grant_is_the_gateways_alone(deployed: Deployed) -> None:
    person = logging_in.Person(deployed.server)
    application = credentials.resolver(master=MASTER, ca="")(credentials.application_ref(APPLICATION))
    asked = {"grant_type": "password", "username": "li.wei", "password": PASSWORD, "totp": "000000"}
    for form in (
        {"client_id": "govcloud-cli"},
        {"client_id": "admin-cli"},
        {"client_id": "govcloud-portal", "client_secret": PORTAL_SECRET},
        {"client_id": APPLICATION, "client_secret": application},
    ):
        status, answer = person.token(**asked, **form)
        assert answer["error"] in {"unauthorized_client", "invalid_client"}, (form["client_id"], status, answer)


def test_no_token_outlives_its_session(deployed: Deployed) -> None:
    _, _, where = logging_in.Person(deployed.server).begin(
        "govcloud-cli", "http://127.0.0.1:43123/callback", scope="openid offline_access"
    )
    assert "error=invalid_scope" in where


def test_a_device_is_let_in_only_with_pkce_and_by_somebody(deployed: Deployed) -> None:
    person = logging_in.Person(deployed.server)
    status, text, _ = person.ask(f"{person.base}/auth/device", {"client_id": "govcloud-cli", "scope": "openid"})
    assert status == 400, text
    challenge = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    status, text, _ = person.ask(f"{person.base}/auth/device", {"client_id": "govcloud-cli", **challenge})
    assert status == 200, text
    found = json.loads(text)
    assert (found["interval"], found["expires_in"]) == (5, 600)


@pytest.mark.parametrize(
    ("group", "allowed", "refused"),
    [
        (
            "govcloud:system-administrators",
            ["GET ", "GET identity-provider/instances"],
            [
                "GET clients",
                "GET users",
                "GET events",
                "GET admin-events",
                "PUT ",
                "PUT events/config",
                "POST clients",
                "POST client-scopes",
                "POST identity-provider/instances",
                "POST components",
                "POST groups",
                "DELETE events",
                "DELETE admin-events",
            ],
        ),
        (
            "govcloud:security-administrators",
            ["GET users", "GET groups"],
            ["GET clients", "GET events", "PUT ", "POST clients", "PUT events/config", "DELETE admin-events"],
        ),
        (
            "govcloud:auditors",
            ["GET ", "GET users", "GET events", "GET admin-events"],
            [
                "GET clients",
                "PUT ",
                "POST users",
                "POST clients",
                "POST groups",
                "DELETE events",
                "DELETE admin-events",
            ],
        ),
    ],
)
def test_each_of_the_three_administrators_may_do_his_own_and_nothing_else(
    group: str, allowed: list[str], refused: list[str], deployed: Deployed
) -> None:
    name = group.partition(":")[2]
    deployed.enrol(name, group)
    token = _console(deployed, name)
    for expected, asked in ((True, allowed), (False, refused)):
        for entry in asked:
            method, _, path = entry.partition(" ")
            status = _admin(deployed, token, method, path)
            assert (status != 403) == expected, f"{entry}: {status}"


def _console(deployed: Deployed, name: str) -> str:
    redirect = f"{deployed.server.url}/admin/govcloud/console/"
    person = logging_in.Person(deployed.server)
    _, page, _ = person.begin("security-admin-console", redirect)
    _, page, _ = person.fill(page, username=name, password=PASSWORD)
    _, page, where = person.fill(page, otp=one_time_codes.code(OTP.encode(), time.time()))
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": "security-admin-console", "redirect_uri": redirect}
    status, answer = person.token(**form, code=code, code_verifier=person.verifier)
    assert status == 200, answer
    return str(answer["access_token"])


def _admin(deployed: Deployed, token: str, method: str, path: str) -> int:
    url = f"{deployed.server.url}{AT}/{path}".rstrip("/")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = None if method in {"GET", "DELETE"} else b"{}"
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, context=deployed.server.tls(), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_five_failures_lock_an_account(deployed: Deployed) -> None:
    identifier = deployed.enrol("locked.out")
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET}
    for _ in range(5):
        assert person.token(**asked, username="locked.out", password="Wrong-Horse-42", totp="000000")[0] == 401
        time.sleep(1.1)  # a quicker failure counts as a machine's guess
    right = one_time_codes.code(OTP.encode(), time.time())
    assert person.token(**asked, username="locked.out", password=PASSWORD, totp=right)[0] == 401
    status = deployed.api.get(f"{AT}/attack-detection/brute-force/users/{identifier}")
    assert status["disabled"] is True


def test_people_of_the_directory_log_in_with_its_password_and_our_code(deployed: Deployed) -> None:
    (found,) = deployed.api.get(f"{AT}/users", query={"username": "wu.jun", "exact": "true"})
    codes = accounts.Account(name="wu.jun", password="unused", otp=OTP).codes()
    deployed.api.put(f"{AT}/users/{found['id']}", {**found, "credentials": codes})
    deployed.api.put(f"{AT}/users/{found['id']}/groups/{deployed.group('finance:viewers')}")
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET, "username": "wu.jun"}
    now = one_time_codes.code(OTP.encode(), time.time())

    status, answer = person.token(**asked, password=directory.PASSWORD, totp=now)

    assert status == 200, answer
    said = logging_in.claims(answer["access_token"])
    assert (said["preferred_username"], said["groups"]) == ("wu.jun", ["finance:viewers"])
    assert person.token(**asked, password="Wrong-Horse-42", totp=now)[0] == 401
    credentials = deployed.api.get(f"{AT}/users/{found['id']}/credentials")
    ours = {one["type"] for one in credentials if not one.get("federationLink")}
    assert ours == {"otp"}, "the directory's password is nowhere else"


def test_nobody_of_the_directory_comes_in_by_its_password_alone(deployed: Deployed) -> None:
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET}
    status, answer = person.token(**asked, username="he.ping", password=directory.PASSWORD, totp="123456")
    assert status >= 400
    assert "access_token" not in answer


def test_a_leaver_of_the_directory_can_be_closed_out_here_and_the_directory_is_not_written(deployed: Deployed) -> None:
    (found,) = deployed.api.get(f"{AT}/users", query={"username": "wu.jun", "exact": "true"})
    deployed.api.put(f"{AT}/users/{found['id']}", {**found, "enabled": False})
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET}
    code = one_time_codes.code(OTP.encode(), time.time() + 30)
    status, _ = person.token(**asked, username="wu.jun", password=directory.PASSWORD, totp=code)
    assert status == 400
    with pytest.raises(failures.ApiError):
        deployed.api.put(
            f"{AT}/users/{found['id']}/reset-password", {"type": "password", "value": PASSWORD, "temporary": False}
        )


def sync_one(deployed: Deployed, folder: pathlib.Path, person: str, *rows: Mapping[str, Any]) -> syncing.Outlook:
    """Do what `people sync` would do about one person; return how it looks afterwards."""
    known = [people.Person.model_validate_json(json.dumps(row)) for row in rows]
    everyone = identity_inventories.served().tenants

    def look() -> syncing.Outlook:
        return syncing.look(deployed.api, known, everyone=everyone, today=datetime.date(2026, 11, 1))

    found = look()
    # The other tests' people have no line here, and would all leave.
    kinds: dict[str, Any] = {
        name: tuple(one for one in getattr(found.changes, name) if one.person == person) for name in KINDS
    }
    syncing.Sync(
        api=deployed.api,
        outlook=dataclasses.replace(found, changes=dataclasses.replace(found.changes, **kinds)),
        folder=workspace.SideFolder(path=folder, side=platforms.Side.EXTERNAL),
        record=lambda *_: None,
        cuts=[],
    ).run()
    return look()


def fully_synchronised(deployed: Deployed) -> None:
    """Have Keycloak read the whole directory, as it does once a day."""
    (federation,) = deployed.api.get(f"{AT}/components", query={"type": FEDERATION})
    path = f"{AT}/user-storage/{federation['id']}/sync"
    deployed.api.request("POST", path, query={"action": "triggerFullSync"})


def test_a_person_of_the_directory_joins_by_people_yaml_takes_a_code_and_leaves(
    deployed: Deployed, tmp_path: pathlib.Path
) -> None:
    row = {"id": "sun.li", "displayName": "孙丽", "organisation": "finance-bureau", "groups": ["finance:maintainers"]}
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET, "username": "sun.li"}
    account = sync_one(deployed, tmp_path, "sun.li", row).directory.account("sun.li")
    assert account is not None
    assert (account.origin, account.groups) == (
        people_changes.Origin.DIRECTORY,
        frozenset({"org:finance-bureau", "finance:maintainers"}),
    )
    people_refusals.refuse_enrolment(account, password=False)
    people_refusals.refuse_code_alone(account, [])
    assert enrolling.lacking(deployed.api, "sun.li") == ("one-time code",)

    enrolled = enrolling.enrol(deployed.api, account, password=None, issuer="GovCloud")

    assert enrolling.lacking(deployed.api, "sun.li") == ()
    (told,) = urllib.parse.parse_qs(urllib.parse.urlsplit(enrolled.uri).query)["secret"]
    telephone = accounts.Codes(secret=base64.b32decode(told + "=" * (-len(told) % 8)))
    status, answer = person.token(**asked, password=directory.PASSWORD, totp=telephone.at(time.time()))
    assert status == 200, answer
    assert logging_in.claims(answer["access_token"])["groups"] == ["finance:maintainers", "org:finance-bureau"]

    left = sync_one(deployed, tmp_path, "sun.li").directory.account("sun.li")
    fully_synchronised(deployed)
    assert left is not None
    assert (left.enabled, left.groups) == (False, frozenset({"org:finance-bureau"}))
    code = telephone.at(time.time() + 30)
    assert person.token(**asked, password=directory.PASSWORD, totp=code)[0] >= 400, "the directory still has the person"


def test_an_account_that_was_there_before_the_directory_stays_its_own(deployed: Deployed) -> None:
    (federation,) = deployed.api.get(f"{AT}/components", query={"type": FEDERATION})
    at = f"{AT}/components/{federation['id']}"
    without = {**federation, "config": {**federation["config"], "enabled": ["false"]}}
    # As if the directory had never been there: what was read of it goes with it.
    deployed.api.request("POST", f"{AT}/user-storage/{federation['id']}/remove-imported-users")
    deployed.api.put(at, without)
    deployed.enrol("old.hand", "finance:viewers")
    deployed.api.put(at, federation)
    fully_synchronised(deployed)
    (found,) = deployed.api.get(f"{AT}/users", query={"username": "old.hand", "exact": "true"})
    assert found.get("federationLink") is None
    person = logging_in.Person(deployed.server)
    asked = {"grant_type": "password", "client_id": "govcloud-vpn", "client_secret": VPN_SECRET, "username": "old.hand"}
    code = one_time_codes.code(OTP.encode(), time.time())
    assert person.token(**asked, password=directory.PASSWORD, totp=code)[0] == 401
    assert person.token(**asked, password=PASSWORD, totp=code)[0] == 200

    # What the documentation says: removed here, the account is the directory's.
    deployed.api.delete(f"{AT}/users/{found['id']}")
    (found,) = deployed.api.get(f"{AT}/users", query={"username": "old.hand", "exact": "true"})
    assert found["federationLink"] == federation["id"]


def test_govcloud_login_gets_what_the_cluster_takes(deployed: Deployed) -> None:
    deployed.enrol("ren.na", "finance:maintainers", "org:finance-bureau")
    account = accounts.Account(name="ren.na", password=PASSWORD, otp=OTP)
    asked = transport.Https(authority=deployed.server.ca)
    place = endpoints.discover(f"{deployed.server.url}/realms/govcloud", asked)
    clock = clocks.Clock(now=time.time, monotonic=time.monotonic, sleep=time.sleep)

    def approve(invitation: device.Invitation) -> None:
        login_forms.Browser(deployed.server.tls()).log_in(str(invitation.whole_url), account)

    found = device.log_in(asked, place, clock=clock, invite=approve)

    claims = logging_in.claims(found.access)
    assert claims["aud"] == identity.KUBERNETES_AUDIENCE
    assert (claims["preferred_username"], claims["exp"] - claims["iat"]) == ("ren.na", identity.TOKEN_SECONDS)
    assert set(claims["groups"]) == {"finance:maintainers", "org:finance-bureau"}


def test_a_run_that_lost_its_state_adopts_everything_and_can_take_it_down(
    deployed: Deployed, tmp_path: pathlib.Path
) -> None:
    before = deployed.client(APPLICATION)["id"]
    stack = deployed.again(tmp_path)
    stack.up(color="never")
    assert deployed.client(APPLICATION)["id"] == before
    assert set(deployed.up(refresh=True)) == {"same"}, "and left everything as it was"
    stack.destroy(color="never")
    assert deployed.api.find(AT) is None
    assert deployed.api.get("/admin/realms/master")["realm"] == "master"
