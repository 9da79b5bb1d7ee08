"""Who gets past the gateway: openconnect against the real ocserv with the role's own files, Keycloak, and nftables.

Everything is in namespaces of its own (root). Each attack ends with the words that the gateway, the firewall or the
audit has for it; that nothing else was wrong with it is shown by the same attempt getting in when it is put right.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from govcloud_cli.plan import tunnel_probes
from govcloud_cli.run.remote import tunnels
from tests.support import accounts, vpn_client, vpn_gateway, vpn_identity, vpn_pki, vpn_token

pytestmark = pytest.mark.engine

PEOPLE = (
    "li-na",
    "wang-wei",
    "zhang-min",
    "zhao-lei",
    "sun-li",
    "zhou-jun",
    "wu-fang",
    "xu-tao",
    "chen-jie",
    "liu-yang",
    "feng-lei",
)
WITHOUT_CODE = "chen-jie"
GUEST = "liu-yang"
# Of whom no other test has used a code: `verify` tells what it used itself, and nothing else.
PROBED = "feng-lei"
PAGE = f"http://{vpn_gateway.BACK_END}:{vpn_gateway.PORT}/"
PAGE6 = f"http://[{vpn_gateway.BACK_END6}]:{vpn_gateway.PORT}/"
HOUR = datetime.timedelta(hours=1)

GROUPS: list[dict[str, Any]] = [
    {
        "id": "staff",
        "pool": vpn_gateway.POOL,
        "pool6": vpn_gateway.POOL6,
        "routes": ["10.20.0.0/24", "fd20::/64", vpn_gateway.POOL, vpn_gateway.POOL6],
        "dns": [],
    },
    {
        "id": "guests",
        "pool": vpn_gateway.OTHER_POOL,
        "pool6": vpn_gateway.OTHER_POOL6,
        "routes": ["10.20.0.0/24", "fd20::/64"],
        "dns": [],
    },
]
VARIABLES = {
    "sslvpn_groups": GROUPS,
    "sslvpn_people": [{"person": one, "group": "guests" if one == GUEST else "staff"} for one in PEOPLE],
}


def _flow(name: str, protocol: str, port: int, sources: list[str], destinations: list[str]) -> dict[str, Any]:
    return {
        "id": name,
        "protocol": protocol,
        "ports": [port],
        "sources": sources,
        "destinations": destinations,
        "reason": "test",
    }


FIREWALL = {
    "ansible_managed": "Ansible managed",
    "zone_firewall_zones": [
        {"id": "internet", "interface": "internet", "prefixes": ["10.30.0.0/16", "fd30::/48"]},
        {"id": "external", "interface": "external", "prefixes": ["10.20.0.0/24", "fd20::/64"]},
        *({"id": f"vpn-{g['id']}", "interface": "vpns*", "prefixes": [g["pool"], g["pool6"]]} for g in GROUPS),
    ],
    "zone_firewall_management": {"interface": "mgmt0", "sources": ["172.31.20.1/32"], "ports": [22]},
    "zone_firewall_forward_pairs": [
        {
            "from": "vpn-staff",
            "to": "external",
            "flows": [
                _flow("page", "tcp", vpn_gateway.PORT, [vpn_gateway.POOL], [f"{vpn_gateway.BACK_END}/32"]),
                _flow("page6", "tcp", vpn_gateway.PORT, [vpn_gateway.POOL6], [f"{vpn_gateway.BACK_END6}/128"]),
            ],
        },
        {"from": "vpn-guests", "to": "external", "flows": []},
    ],
    "zone_firewall_input_pairs": [
        {
            "from": "internet",
            "to": "internet",
            "flows": [
                _flow(f"vpn-{protocol}", protocol, 443, ["10.30.0.0/16"], ["10.30.0.22/32"])
                for protocol in ("tcp", "udp")
            ],
        }
    ],
    "zone_firewall_output_pairs": [
        {
            "from": "external",
            "to": "external",
            "flows": [_flow("identity", "tcp", 443, ["10.20.0.22/32"], [f"{vpn_gateway.IDENTITY}/32"])],
        }
    ],
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lab:
    """Everything that runs."""

    world: vpn_gateway.World
    gateway: subprocess.Popen[bytes]
    codes: dict[str, accounts.Codes]

    def credentials(
        self, person: str | None, *, authority: vpn_pki.Authority | None = None, **values: Any
    ) -> vpn_client.Credentials:
        """A certificate and its key, as files."""
        key = vpn_pki.new_key()
        certificate = (authority or self.world.people_authority).person(person, key.public_key(), **values)
        return self.as_files(certificate, vpn_pki.key_pem(key))

    def as_files(self, certificate: Any, key: bytes) -> vpn_client.Credentials:
        """How openconnect is told of a certificate and its key."""
        name = f"certificate-{time.time_ns()}"
        parts = (vpn_pki.write(self.world.folder, f"{name}.pem", vpn_pki.pem(certificate), key),) * 2
        return vpn_client.Credentials(certificate=str(parts[0]), key=str(parts[1]))

    def secret(self, person: str) -> str:
        """What the person types: his password and a code that still counts."""
        return vpn_identity.PASSWORD + self.codes[person].next()

    def get_in(self, person: str, *, laptop: str = "a") -> vpn_client.Session:
        """Log in as it should be."""
        where = self.world.laptop(laptop)
        return vpn_client.connect(where, self.credentials(person), user=person, secret=self.secret(person))

    def refused(self, attempt: Callable[[], object]) -> str:
        """The gateway's own words about an attempt that it must refuse."""
        said, lines = len(self.world.log), len(self.audit())
        with pytest.raises(vpn_client.RefusedError) as refusal:
            attempt()
        time.sleep(0.3)
        told = "\n".join(json.dumps(line) for line in self.audit()[lines:])
        return "\n".join([*self.world.log[said:], told, str(refusal.value)])

    def audit(self) -> list[dict[str, object]]:
        """The audit's lines."""
        return vpn_client.audit(self.world.audit_log)

    def told(self, person: str, count: int) -> list[dict[str, object]]:
        """The last lines about a person, once there are so many: the end of a session comes a moment later."""
        until = time.monotonic() + 10
        while True:
            lines = [line for line in self.audit() if line.get("person") == person]
            if len(lines) >= count or time.monotonic() > until:
                return lines[-count:]
            time.sleep(0.1)

    def occtl(self, *arguments: str) -> str:
        """Ask ocserv."""
        place = str(self.world.base / "run/ocserv/control/occtl.socket")
        return subprocess.run(
            ["occtl", "--socket-file", place, *arguments], check=False, capture_output=True, text=True
        ).stdout


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gct-vpn-", dir="/var/tmp"))
    try:
        with contextlib.ExitStack() as stack:
            world = stack.enter_context(vpn_gateway.world(folder, VARIABLES))
            rules = folder / "ruleset.nft"
            vpn_gateway.render(folder, "zone_firewall", FIREWALL, {"ruleset.nft.j2": str(rules)})
            world.run("gateway", "nft", "-f", str(rules))
            stack.enter_context(vpn_gateway.back_end(world))
            stack.enter_context(vpn_identity.running(world, PEOPLE, without_code=[WITHOUT_CODE]))
            process = stack.enter_context(vpn_gateway.gateway(world))
            codes = {person: vpn_identity.codes_of(person) for person in PEOPLE}
            yield Lab(world=world, gateway=process, codes=codes)
            assert process.poll() is None, "the gateway outlives every attack"
    finally:
        if "GCT_KEEP" not in os.environ:
            shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _nobody_banned(lab: Lab) -> None:
    lab.world.forget_attempts()
    for address in ("10.30.0.11", "10.30.99.12"):
        lab.occtl("unban", "ip", address)


def _reaches(lab: Lab, url: str, laptop: str = "a") -> bool:
    return vpn_client.reaches(lab.world.namespace(f"laptop-{laptop}"), url, seconds=2.0)


def test_with_token_password_and_code_a_person_reaches_the_back_end_and_nothing_else(lab: Lab) -> None:
    person = "li-na"
    token = vpn_token.Token.new(lab.world.folder / "token", person)
    credentials = token.store(lab.world.people_authority.person(person, token.public_key))
    laptop = dataclasses.replace(lab.world.laptop("a"), environment=token.environment)
    assert not _reaches(lab, PAGE), "nothing before the log-in"
    session = vpn_client.connect(laptop, credentials, user=person, secret=lab.secret(person))
    assert (_reaches(lab, PAGE), _reaches(lab, PAGE6)) == (True, True)
    for other in (
        f"https://{vpn_gateway.IDENTITY}/",  # a service that no flow of the group leads to
        "https://10.20.0.22/",  # the gateway's own addresses
        "http://10.21.0.1:22/",
    ):
        assert not _reaches(lab, other)
    said = session.log_out()
    assert "Established DTLS connection" in said
    assert "AES-256-GCM" in said
    assert not _reaches(lab, PAGE), "nothing after the log-out"
    began, ended = lab.told(person, 2)
    assert (began["event"], began["address"], began["lease"]) == ("began", "10.30.0.11", session.lease)
    assert (ended["event"], ended["session"]) == ("ended", began["session"])
    assert int(str(ended["bytesIn"])) > 0


def test_without_a_certificate_nobody_gets_in(lab: Lab) -> None:
    words = lab.refused(
        lambda: vpn_client.connect(
            lab.world.laptop("a"), vpn_client.Credentials(), user="wang-wei", secret=lab.secret("wang-wei")
        )
    )
    assert "Certificate is required" in words


CERTIFICATES: dict[str, tuple[Callable[[Lab], vpn_client.Credentials], str]] = {
    "of another authority of the same name": (
        lambda lab: lab.credentials("wang-wei", authority=vpn_pki.Authority.new("vpn-ca")),
        "The signature in the certificate is invalid",
    ),
    "of the servers' authority": (
        lambda lab: lab.credentials("wang-wei", authority=lab.world.services_authority),
        "The certificate issuer is unknown",
    ),
    "without the identity field, the name elsewhere": (
        lambda lab: lab.credentials(None, name="wang-wei"),
        "the certificate's DN does not contain OID 0.9.2342.19200300.100.1.1",
    ),
    "with an empty identity field": (
        lambda lab: lab.credentials(" ", name="wang-wei"),
        "presented a certificate which is for user",
    ),
    "of another person": (
        lambda lab: lab.credentials("zhang-min"),
        "presented a certificate which is for user 'zhang-min'; rejecting",
    ),
    "of a person whose name only begins so": (
        lambda lab: lab.credentials("wang-weiwei"),
        "presented a certificate which is for user 'wang-weiwei'; rejecting",
    ),
    "expired": (
        lambda lab: lab.credentials("wang-wei", ends=vpn_pki.now() - HOUR),
        "The certificate chain uses expired certificate",
    ),
    "not yet valid": (
        lambda lab: lab.credentials("wang-wei", begins=vpn_pki.now() + HOUR),
        "The certificate chain uses not yet valid certificate",
    ),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_with_the_wrong_certificate_password_and_code_do_not_help(lab: Lab, name: str) -> None:
    make, words = CERTIFICATES[name]
    person = {"of another person": "sun-li", "with an empty identity field": "zhou-jun"}.get(name, "wang-wei")
    credentials = make(lab)
    # A code is used up only by those who come as far as to be asked.
    secret = lab.secret(person) if person != "wang-wei" else vpn_identity.PASSWORD + lab.codes[person].at(time.time())
    said = lab.refused(lambda: vpn_client.connect(lab.world.laptop("a"), credentials, user=person, secret=secret))
    assert words in said


def test_a_name_that_is_not_the_certificates_is_refused_however_it_is_written(lab: Lab) -> None:
    credentials = lab.credentials("zhang-min")
    for name in ("Zhang-Min", "zhang-min@yunxi.example", "../people/zhang-min", "zhang-min ", "nobody-here"):
        secret = vpn_identity.PASSWORD + "123456"
        words = lab.refused(
            lambda name=name, secret=secret: vpn_client.connect(  # type: ignore[misc]
                lab.world.laptop("a"), credentials, user=name, secret=secret
            )
        )
        assert "no person of this name may come in" in words


def test_a_revoked_certificate_is_refused_and_the_others_stay_in(lab: Lab) -> None:
    key = vpn_pki.new_key()
    certificate = lab.world.people_authority.person("zhang-min", key.public_key())
    credentials = lab.as_files(certificate, vpn_pki.key_pem(key))
    session = vpn_client.connect(lab.world.laptop("a"), credentials, user="zhang-min", secret=lab.secret("zhang-min"))
    lab.world.publish(vpn_pki.pem(lab.world.people_authority.revocations([certificate])))
    try:
        assert vpn_gateway.reload(lab.world, lab.gateway) == ""
        assert session.is_up(), "a new list cuts nobody; cutting is another act"
        words = lab.refused(
            lambda: vpn_client.connect(
                lab.world.laptop("b"), credentials, user="zhang-min", secret=lab.secret("zhang-min")
            )
        )
        assert "The certificate chain is revoked" in words
    finally:
        session.log_out()
        lab.world.publish(vpn_pki.pem(lab.world.people_authority.revocations()))
        vpn_gateway.reload(lab.world, lab.gateway)


def test_who_is_cut_is_out_and_cannot_take_the_session_up_again(lab: Lab) -> None:
    session = lab.get_in("zhao-lei")
    assert _reaches(lab, PAGE)
    lab.occtl("disconnect", "user", "zhao-lei")
    said = session.wait(30)
    assert not _reaches(lab, PAGE)
    assert "Cookie" in said or "terminated" in said or "disconnect" in said


CODES: dict[str, Callable[[accounts.Codes], str]] = {
    "a wrong code": lambda codes: vpn_identity.PASSWORD + f"{(int(codes.at(time.time())) + 1) % 1_000_000:06d}",
    "a code of five minutes ago": lambda codes: vpn_identity.PASSWORD + codes.at(time.time() - 300),
    "a code of five minutes ahead": lambda codes: vpn_identity.PASSWORD + codes.at(time.time() + 300),
    "a wrong password": lambda codes: "Wrong-horse-7" + codes.at(time.time()),
    "the password alone": lambda _: vpn_identity.PASSWORD,
    "the code alone": lambda codes: codes.at(time.time()),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("name", CODES)
def test_without_the_right_second_factor_the_certificate_does_not_help(lab: Lab, name: str) -> None:
    secret = CODES[name](lab.codes["wu-fang"])
    credentials = lab.credentials("wu-fang")
    words = lab.refused(lambda: vpn_client.connect(lab.world.laptop("a"), credentials, user="wu-fang", secret=secret))
    if name != "nothing":  # openconnect itself sends no empty password
        assert "refused by the identity service: Invalid user credentials" in words or (
            "must be followed by the six digits" in words
        )


def test_a_code_counts_once(lab: Lab) -> None:
    secret = lab.secret("li-na")
    credentials = lab.credentials("li-na")
    vpn_client.connect(lab.world.laptop("a"), credentials, user="li-na", secret=secret).log_out()
    words = lab.refused(lambda: vpn_client.connect(lab.world.laptop("a"), credentials, user="li-na", secret=secret))
    assert "refused by the identity service: Invalid user credentials" in words


def test_an_account_without_a_second_factor_is_refused(lab: Lab) -> None:
    credentials = lab.credentials(WITHOUT_CODE)
    words = lab.refused(
        lambda: vpn_client.connect(
            lab.world.laptop("a"), credentials, user=WITHOUT_CODE, secret=vpn_identity.PASSWORD + "123456"
        )
    )
    # Keycloak 26.4 has no words for it: where a code is required and there is none to ask for, it answers 500.
    assert '"event": "refused"' in words
    assert '"reason": "the identity service answers 500' in words


@pytest.mark.parametrize("laptop", ["a", "b"])
def test_who_tries_passwords_is_banned_even_with_the_right_one(lab: Lab, laptop: str) -> None:
    """ocserv bans nobody of a network that the gateway itself is in (laptop a), so the second factor bans as well."""
    credentials = lab.credentials("xu-tao")
    for victim in ("xu-tao", "wang-wei", "zhao-lei", "sun-li", "zhou-jun"):
        lab.refused(
            lambda victim=victim: vpn_client.connect(  # type: ignore[misc]
                lab.world.laptop(laptop), credentials, user=victim, secret="Summer2026000000"
            )
        )
    secret = lab.secret("xu-tao")
    words = lab.refused(lambda: vpn_client.connect(lab.world.laptop(laptop), credentials, user="xu-tao", secret=secret))
    assert "banned" in words


def _cookie(lab: Lab, person: str) -> tuple[vpn_client.Credentials, str]:
    credentials = lab.credentials(person)
    return credentials, vpn_client.cookie(lab.world.laptop("a"), credentials, user=person, secret=lab.secret(person))


def test_a_cookie_is_no_use_without_a_certificate_from_elsewhere_or_after_log_out(lab: Lab) -> None:
    """ocserv 1.1.6 alone lets the last one in: the attempt from elsewhere stays counted as a session in use."""
    credentials, cookie = _cookie(lab, "sun-li")
    nobody = vpn_client.Credentials()
    words = lab.refused(lambda: vpn_client.connect_with_cookie(lab.world.laptop("a"), nobody, cookie))
    assert "Certificate is required" in words
    words = lab.refused(lambda: vpn_client.connect_with_cookie(lab.world.laptop("b"), credentials, cookie))
    assert "is re-using cookie from different IP" in words
    session = vpn_client.connect_with_cookie(lab.world.laptop("a"), credentials, cookie)
    assert _reaches(lab, PAGE)
    session.log_out()
    for _ in range(2):
        words = lab.refused(lambda: vpn_client.connect_with_cookie(lab.world.laptop("a"), credentials, cookie))
        assert "no log-in from this address, or it was used before" in words
    assert not _reaches(lab, PAGE)


def test_a_cookie_brings_up_one_tunnel_and_not_a_second_beside_it(lab: Lab) -> None:
    credentials, cookie = _cookie(lab, "zhou-jun")
    session = vpn_client.connect_with_cookie(lab.world.laptop("a"), credentials, cookie)
    words = lab.refused(lambda: vpn_client.connect_with_cookie(lab.world.laptop("a"), credentials, cookie))
    session.log_out()
    assert "no log-in from this address, or it was used before" in words


LISTS: dict[str, tuple[Callable[[Lab], bytes | None], str]] = {
    "missing": (lambda _: None, "the revocation list is missing"),
    "empty": (lambda _: b"", "not valid, or not yet taken over"),
    "broken": (lambda _: b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "not valid, or not yet"),
    "of another authority": (
        lambda _: vpn_pki.pem(vpn_pki.Authority.new("vpn-ca").revocations()),
        "not valid, or not yet taken over",
    ),
    "past its time": (
        lambda lab: vpn_pki.pem(
            lab.world.people_authority.revocations(begins=vpn_pki.now() - 2 * HOUR, ends=vpn_pki.now() - HOUR)
        ),
        "not valid, or not yet taken over",
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_without_a_valid_revocation_list_nobody_gets_in_and_who_is_in_stays(lab: Lab, name: str) -> None:
    make, words = LISTS[name]
    session = lab.get_in("zhou-jun", laptop="b")
    credentials = lab.credentials("xu-tao")
    lab.world.publish(make(lab))
    try:
        vpn_gateway.reload(lab.world, lab.gateway)
        secret = vpn_identity.PASSWORD + "000000"
        said = lab.refused(lambda: vpn_client.connect(lab.world.laptop("a"), credentials, user="xu-tao", secret=secret))
        assert words in said
        assert session.is_up()
        assert lab.gateway.poll() is None
    finally:
        lab.world.publish(vpn_pki.pem(lab.world.people_authority.revocations()))
        vpn_gateway.reload(lab.world, lab.gateway)
        session.log_out()


def test_a_list_that_ends_while_the_gateway_runs_lets_nobody_in_from_then_on(lab: Lab) -> None:
    ends = vpn_pki.now() + datetime.timedelta(seconds=3)
    lab.world.publish(vpn_pki.pem(lab.world.people_authority.revocations(ends=ends)))
    try:
        assert vpn_gateway.reload(lab.world, lab.gateway) == ""
        while vpn_pki.now() < ends:
            time.sleep(0.2)
        credentials = lab.credentials("xu-tao")
        secret = vpn_identity.PASSWORD + "000000"
        said = lab.refused(lambda: vpn_client.connect(lab.world.laptop("a"), credentials, user="xu-tao", secret=secret))
        assert "the revocation list is past its time" in said
    finally:
        lab.world.publish(vpn_pki.pem(lab.world.people_authority.revocations()))
        vpn_gateway.reload(lab.world, lab.gateway)


def test_a_new_server_certificate_is_shown_after_a_reload_and_cuts_nobody(lab: Lab) -> None:
    session = lab.get_in("zhao-lei")
    key = vpn_pki.new_key()
    certificate = lab.world.services_authority.server(key, vpn_gateway.HOST, "10.30.0.22")
    tls = lab.world.base / "etc/ocserv/tls"
    vpn_pki.write(tls, "server.key", vpn_pki.key_pem(key))
    vpn_pki.write(tls, "server.crt", vpn_pki.pem(certificate))
    vpn_gateway.reload(lab.world, lab.gateway)
    shown = lab.world.run(
        "laptop-b",
        "sh",
        "-c",
        "openssl s_client -connect 10.30.0.22:443 </dev/null 2>/dev/null | openssl x509 -noout -serial",
    ).stdout
    assert f"{certificate.serial_number:X}" in shown
    assert session.is_up()
    assert _reaches(lab, PAGE)
    session.log_out()
    lab.get_in("zhang-min").log_out()


def test_a_guest_gets_in_and_reaches_nothing(lab: Lab) -> None:
    session = lab.get_in(GUEST)
    assert session.lease.startswith("10.22.0.")
    assert not _reaches(lab, PAGE)
    assert not _reaches(lab, PAGE6)
    session.log_out()


def _seen_inside(lab: Lab, family: str, source: str) -> str:
    """Count packets of `source` that reach the back end's side."""
    lab.world.run("inside", "nft", "add", "table", "inet", "seen")
    lab.world.run("inside", "nft", "add chain inet seen input { type filter hook prerouting priority -300; }")
    lab.world.run("inside", "nft", f"add rule inet seen input {family} saddr {source} counter")
    return "seen"


def test_a_tunnel_cannot_send_as_another_nor_to_another(lab: Lab) -> None:
    mine = lab.get_in("wang-wei", laptop="a")
    theirs = lab.get_in("sun-li", laptop="b")
    try:
        for address, family, page in (
            (theirs.lease, "ip", PAGE),
            (theirs.lease6.partition("/")[0], "ip6", PAGE6),
            ("10.21.0.77", "ip", PAGE),  # nobody's lease
            ("10.20.0.30", "ip", PAGE),  # the back end's own address
        ):
            _seen_inside(lab, family, address)
            lab.world.run("laptop-a", "ip", "address", "add", address, "dev", mine.device, check=False)
            spoof = ("curl", "--silent", "--max-time", "2", "--interface", address, "--output", "/dev/null", page)
            lab.world.run("laptop-a", *spoof, check=False)
            lab.world.run("laptop-a", "ip", "address", "del", address, "dev", mine.device, check=False)
            counted = lab.world.run("inside", "nft", "list", "table", "inet", "seen").stdout
            lab.world.run("inside", "nft", "delete", "table", "inet", "seen")
            assert "packets 0" in counted, f"a packet from {address} came through: {counted}"
        spoofed = lab.world.run("gateway", "nft", "list", "chain", "inet", "govcloud", "drop_spoofed").stdout
        assert "packets 0 " not in spoofed.partition("counter")[2], "IPv6 has no reverse path filter but the firewall"
        assert _reaches(lab, PAGE), "with one's own lease it works"
        for target in (theirs.lease, theirs.lease6.partition("/")[0]):
            ping = lab.world.run("laptop-a", "ping", "-c1", "-W1", target, check=False)
            assert ping.returncode != 0, "people do not reach each other"
    finally:
        mine.log_out()
        theirs.log_out()


def test_while_the_identity_service_is_away_or_another_nobody_gets_in(lab: Lab) -> None:
    file = lab.world.base / "etc/ocserv/gate.json"
    settings = file.read_text()
    credentials = lab.credentials("xu-tao")
    away = {**json.loads(settings), "issuer": f"https://{vpn_gateway.IDENTITY}:444/realms/govcloud"}
    other = {**json.loads(settings), "ca_file": "/etc/ocserv/tls/vpn-ca.crt"}
    try:
        for values, words in (
            (away, "the identity service does not answer"),
            (other, "the identity service's certificate is not its own"),
        ):
            file.write_text(json.dumps(values))
            said = lab.refused(
                lambda: vpn_client.connect(
                    lab.world.laptop("a"), credentials, user="xu-tao", secret=vpn_identity.PASSWORD + "000000"
                )
            )
            assert words in said
    finally:
        file.write_text(settings)


_PROBES = """
import json, sys
from govcloud_cli.run.remote import tunnels
print(json.dumps(tunnels.main(json.load(sys.stdin))))
"""


def _probe_job(lab: Lab, person: str) -> dict[str, Any]:
    """What `verify` would have the client try, as its plan has it for this gateway."""
    key = vpn_pki.new_key()
    authority = lab.world.people_authority
    refused = authority.person(person, key.public_key())
    shown = {
        "good": authority.person(person, key.public_key()),
        "revoked": refused,
        "other-authority": vpn_pki.Authority.new("vpn-ca").person(person, key.public_key()),
        "expired": authority.person(person, key.public_key(), ends=vpn_pki.now() - HOUR),
        "without-person": authority.person(None, key.public_key(), name=person),
    }
    lab.world.publish(vpn_pki.pem(authority.revocations([refused])))
    vpn_gateway.reload(lab.world, lab.gateway)
    now, codes = int(time.time()) // 30, lab.codes[person]
    known = {str(step): codes.at(step * 30) for step in range(now - 12, now + 30)}
    outcomes = {**dict.fromkeys(tunnel_probes.ATTACKS, "forbidden"), "log-in": "allowed", "still-good": "allowed"}
    to = {"target": vpn_gateway.BACK_END, "port": vpn_gateway.PORT, "protocol": "tcp"}
    probes = [{"id": act, "act": act, "expected": expected, **to} for act, expected in outcomes.items()]
    probes += [{"id": "before", "act": "before", "expected": "blocked", **to}]
    probes += [{"id": "through", "act": "through", "expected": "open", **to}]
    return {
        "address": "10.30.0.22",
        "port": 443,
        "authority": vpn_pki.pem(lab.world.services_authority.certificate).decode(),
        "packets": (pathlib.Path(tunnels.__file__).parent / "packets.py").read_text(),
        "timeout": 2.0,
        "certificates": {
            name: (vpn_pki.pem(certificate) + vpn_pki.key_pem(key)).decode() for name, certificate in shown.items()
        },
        "group": {
            "person": person,
            "password": vpn_identity.PASSWORD,
            "codes": known,
            "attempts": tunnel_probes.ATTEMPTS,
            "other": {"password": "Another-horse-8", "codes": known},
            "probes": probes,
        },
    }


def test_what_verify_tries_comes_out_as_planned(lab: Lab) -> None:
    job = _probe_job(lab, PROBED)
    try:
        done = subprocess.run(
            ["ip", "netns", "exec", lab.world.namespace("laptop-a"), sys.executable, "-c", _PROBES],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=vpn_gateway.ROLES.parent,
        )
    finally:
        lab.world.publish(vpn_pki.pem(lab.world.people_authority.revocations()))
        vpn_gateway.reload(lab.world, lab.gateway)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {probe["id"]: probe["expected"] for probe in job["group"]["probes"]}
    reasons = [str(line.get("reason")) for line in lab.audit() if line.get("person") == PROBED]
    assert "banned" in reasons[-1]


def test_nothing_secret_was_written_anywhere(lab: Lab) -> None:
    written = "\n".join(lab.world.log) + lab.world.audit_log.read_text()
    written += (lab.world.folder / "gateway.log").read_text("utf-8", "replace")
    for secret in (vpn_identity.PASSWORD, vpn_identity.SECRET, "Summer2026", "eyJ"):
        assert secret not in written
