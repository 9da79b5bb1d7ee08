"""Log-ins and throughput of the VPN beside a plain TLS proxy, and log-ins at Keycloak beside what it publishes.

The real gateway with the role's own files, real openconnect, real Keycloak; in turns, in one run, on one machine. A
log-in that is refused, or a byte that does not come, fails the measure; how long it takes does not.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pytest

from tests.bench import processor_time, results, transfers, vpn_lab
from tests.support import vpn_gateway, vpn_identity

_Found = TypeVar("_Found")

pytestmark = [pytest.mark.engine, pytest.mark.bench, pytest.mark.filterwarnings("default")]

ROUNDS = 5
AT_ONCE = 4
MIB = 1 << 20
MOVED = 64 * MIB
LOG_INS = 24
# keycloak.org, "Concepts for sizing CPU and memory resources", version 26: password log-ins per second of one vCPU.
PUBLISHED = 15.0


@pytest.fixture(scope="module")
def lab() -> Iterator[vpn_lab.Lab]:
    with vpn_lab.running() as one:
        # Java compiles what it runs often; nobody measures a service that has just started.
        for _ in range(3):
            grants(one, with_code=False)
        yield one


def timed(
    pool: concurrent.futures.Executor, act: Callable[[str], _Found], people: Sequence[str]
) -> tuple[float, list[_Found]]:
    """Seconds until `act` was done for all; what it gave."""
    begun = time.monotonic()
    found = list(pool.map(act, people))
    return time.monotonic() - begun, found


def log_ins(lab: vpn_lab.Lab, people: Sequence[str], *, at_once: int) -> float:
    """Seconds until all tunnels are up; they are taken down again, untimed."""
    # PR_SET_PDEATHSIG ends openconnect with the *thread* that started it, so threads outlive sessions.
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        seconds, sessions = timed(pool, lab.get_in, people)
        for session in sessions:
            assert session.is_up(), session.wait()
            session.log_out()
    return seconds


def pages(lab: vpn_lab.Lab, people: Sequence[str], *, at_once: int) -> float:
    """Seconds until everybody has a page by the proxy."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return timed(pool, lab.page, people)[0]


def test_log_ins_beside_a_tls_proxy(lab: vpn_lab.Lab) -> None:
    people = itertools.cycle(vpn_lab.PEOPLE[: -len(vpn_lab.WITHOUT_CODE)])
    took: dict[tuple[str, int], list[float]] = {}
    gateway, identity = [], []
    for _ in range(ROUNDS):
        for at_once in (1, AT_ONCE):
            chosen = [next(people) for _ in range(AT_ONCE)]
            before = processor_time.of(lab.gateway), processor_time.of(lab.identity)
            took.setdefault(("vpn", at_once), []).append(log_ins(lab, chosen, at_once=at_once))
            gateway.append((processor_time.of(lab.gateway) - before[0]) / AT_ONCE)
            identity.append((processor_time.of(lab.identity) - before[1]) / AT_ONCE)
            took.setdefault(("proxy", at_once), []).append(pages(lab, chosen, at_once=at_once))
    rows = []
    for at_once, words in ((1, "one by one"), (AT_ONCE, f"{AT_ONCE} at a time")):
        vpn, proxy = took["vpn", at_once], took["proxy", at_once]
        rows += [
            results.Row(name=f"VPN log-ins per second, {words}", samples=[AT_ONCE / seconds for seconds in vpn]),
            results.Row(name=f"page by the TLS proxy, per second, {words}", samples=[AT_ONCE / each for each in proxy]),
            results.Row(
                name=f"time of a VPN log-in / of a page by the TLS proxy, {words}",
                samples=[one / other for one, other in zip(vpn, proxy, strict=True)],
            ),
        ]
    rows += [
        results.Row(name="processor time per VPN log-in and log-out, gateway, s", samples=gateway),
        results.Row(name="processor time per VPN log-in, Keycloak, s", samples=identity),
    ]
    results.keep(rows)


def moved(lab: vpn_lab.Lab, direction: str, host: str, ends: Sequence[int]) -> tuple[float, float]:
    """Bytes per second, and processor seconds of both ends per GiB."""
    command = [sys.executable, "-m", transfers.__name__, direction, host, str(vpn_lab.LOCAL), str(MOVED)]
    before = processor_time.of(*ends)
    done = subprocess.run(
        ["ip", "netns", "exec", lab.world.namespace("laptop-a"), *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=vpn_lab.ROOT,
    )
    assert done.returncode == 0, done.stderr
    work = processor_time.of(*ends) - before
    return MOVED / float(done.stdout), work / (MOVED / (1 << 30))


@pytest.mark.parametrize(("number", "way", "options"), [(0, "DTLS", ()), (1, "TLS", ("--no-dtls",))])
def test_throughput_beside_a_tls_proxy(lab: vpn_lab.Lab, number: int, way: str, options: tuple[str, ...]) -> None:
    session = lab.get_in(vpn_lab.PEOPLE[number], *options)
    tunnel = (session.process.pid, lab.gateway)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        for direction in ("up", "down"):
            once = moved(lab, direction, vpn_gateway.BACK_END, tunnel)
            found.setdefault((direction, "tunnel"), []).append(once)
            once = moved(lab, direction, "127.0.0.1", lab.proxies)
            found.setdefault((direction, "proxy"), []).append(once)
    said = session.log_out()
    assert ("Established DTLS connection" in said) == (way == "DTLS"), said
    rows = []
    for direction in ("up", "down"):
        ours, theirs = found[direction, "tunnel"], found[direction, "proxy"]
        rows += [
            results.Row(
                name=f"throughput {direction}, VPN over {way} / TLS proxy",
                samples=[one[0] / other[0] for one, other in zip(ours, theirs, strict=True)],
            ),
            results.Row(name=f"VPN over {way} {direction}, MiB/s", samples=[rate / MIB for rate, _ in ours]),
            results.Row(name=f"VPN over {way} {direction}, processor s per GiB", samples=[work for _, work in ours]),
            results.Row(name=f"TLS proxy {direction}, beside {way}, MiB/s", samples=[rate / MIB for rate, _ in theirs]),
            results.Row(
                name=f"TLS proxy {direction}, beside {way}, processor s per GiB", samples=[work for _, work in theirs]
            ),
        ]
    results.keep(rows)


def grants(lab: vpn_lab.Lab, *, with_code: bool) -> tuple[float, float]:
    """Log-ins per second, and per second of the processor time that Keycloak took for them."""
    forms = []
    for number in range(LOG_INS):
        if with_code:
            person = vpn_lab.PEOPLE[number % (len(vpn_lab.PEOPLE) - len(vpn_lab.WITHOUT_CODE))]
            form = {"client_id": "govcloud-vpn", "client_secret": vpn_identity.SECRET, "totp": lab.codes[person].next()}
        else:
            person = vpn_lab.WITHOUT_CODE[number % len(vpn_lab.WITHOUT_CODE)]
            form = {"client_id": "admin-cli"}
        forms.append({**form, "username": person, "password": vpn_identity.PASSWORD})
    command = [sys.executable, "-m", "tests.bench.grants", f"https://{vpn_gateway.IDENTITY}/realms/govcloud"]
    command += [str(lab.world.folder / "services-ca.crt"), "2"]
    before = processor_time.of(lab.identity)
    done = subprocess.run(
        ["ip", "netns", "exec", lab.world.namespace("inside"), *command],
        input=json.dumps(forms),
        check=False,
        capture_output=True,
        text=True,
        cwd=vpn_lab.ROOT,
    )
    assert done.returncode == 0, done.stderr
    return LOG_INS / float(done.stdout), LOG_INS / (processor_time.of(lab.identity) - before)


def test_log_ins_at_keycloak(lab: vpn_lab.Lab) -> None:
    plain, coded = [], []
    for _ in range(ROUNDS):
        plain.append(grants(lab, with_code=False))
        coded.append(grants(lab, with_code=True))
    rows = []
    for words, found in (("password", plain), ("password and code", coded)):
        rates = [rate for _, rate in found]
        rows += [
            results.Row(
                name=f"Keycloak log-ins ({words}) per core / its published 15",
                samples=[rate / PUBLISHED for rate in rates],
                at_least=1.0 if words == "password" else None,
            ),
            results.Row(name=f"Keycloak log-ins ({words}) per second of a core", samples=rates),
            results.Row(name=f"Keycloak log-ins ({words}) per second, as it came", samples=[each for each, _ in found]),
        ]
    results.keep(rows)
