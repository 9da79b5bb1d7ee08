"""Has the probes of the SSL-VPN's gateway made: a person and a certificate for minutes, and openconnect on a client.

In the end the account is gone, the certificate is revoked and on the gateway's list, and the gateway has forgotten the
failed attempts; a killed run's certificate ends after ten minutes, and is nothing without the account.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import os
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.plan import plans, probes, tunnel_probes, vpn
from govcloud_cli.run import machines, reach, sites
from govcloud_cli.run.people import places
from govcloud_cli.run.probing import probe_certificates, probe_people
from govcloud_cli.run.vpn import authority, cutting, desk, gateway, register

Seen = dict[str, str]
_TIMEOUT = 180.0
_PACKET_TIMEOUT = 2.0
_GATE = "/etc/ocserv/gate.json"
_STEPS = 12
"""Codes before and after now, half a minute each: for a run's time, and for some that are long past or far ahead."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Place:
    site: sites.Site
    side: plans.SidePlan
    way: reach.Reach
    vpn: vpn.VpnPlan
    people: places.Place
    own: tuple[probes.Probe, ...]


def jobs(
    site: sites.Site, side: plans.SidePlan, way: reach.Reach
) -> Iterator[tuple[list[probes.Probe], Callable[[], Seen]]]:
    """The probes of the side's gateway, and what makes them."""
    own = [probe for probe in side.probes if probe.kind is probes.Kind.TUNNEL]
    if own and side.vpn is not None and side.identity is not None:
        people = places.Place(site=site, plan=side, identity=side.identity)
        place = _Place(site=site, side=side, way=way, vpn=side.vpn, people=people, own=tuple(own))
        yield own, functools.partial(_told, place)


def _told(place: _Place) -> Seen:
    seen: Seen = {}
    try:
        seen = _made(place)
    except errors.GovcloudError as error:
        said = ": ".join(filter(None, (error.message, error.cause)))
        return {probe.id: f"{probes.Outcome.ERROR}: {said}" for probe in place.own}
    return {probe.id: seen.get(probe.id, f"{probes.Outcome.ERROR}: not made") for probe in place.own}


def _made(place: _Place) -> Seen:
    office = desk.of_site(place.site, place.side.side, clock=_now, environ=os.environ)
    there = gateway.of(place.vpn, place.side, office.folder)
    seen: Seen = {}
    with contextlib.ExitStack() as until:
        api = until.enter_context(place.people.opened())
        until.callback(_attempts, place, "9")
        _attempts(place, "9")
        chosen = [member for member in place.vpn.probes if any(probe.by == member.group for probe in place.own)]
        papers = until.enter_context(_registered(office, there, [member.person for member in chosen]))
        other = until.enter_context(probe_people.probe_person(api, groups=(), person=probe_people.name()))
        for member in chosen:
            person = until.enter_context(probe_people.probe_person(api, groups=(), person=member.person))
            began = _now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            found = _asked(place, member, _job(place, member, person, other, papers))
            seen |= judged(place.own, member.group, found, _attempts(place, began))
    return seen


def judged(own: Sequence[probes.Probe], group: str, seen: Seen, reasons: Sequence[str]) -> Seen:
    """Outcomes, where a refusal that should be a ban is one only if the gateway called it that."""
    for probe in own:
        wanted = probe.by == group and probe.act == tunnel_probes.BANNED
        if wanted and seen.get(probe.id) == probes.Outcome.FORBIDDEN and not any("banned" in one for one in reasons):
            seen = {**seen, probe.id: f"{probes.Outcome.ERROR}: refused, but not banned"}
    return seen


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Papers:
    """Certificates by person, and who signs more."""

    signer: probe_certificates.Signer
    good: dict[str, probe_certificates.Made]
    revoked: dict[str, probe_certificates.Made]


@contextlib.contextmanager
def _registered(office: desk.Desk, there: gateway.Gateway, people: Sequence[str]) -> Iterator[_Papers]:
    """A good and a revoked certificate for each; in the end none of them counts, here and at the gateway."""
    try:
        with register.opened(office.folder) as book:
            # What a killed run left ends with the same breath.
            left = tuple(one for one in book.read() if one.person in people and one.counts(office.clock()))
            office.revoke(book, left, reason="other", note="a verify was killed")
            office.refresh(book)
            now = office.clock()
            issuer = authority.load(office.folder, now=now)[0]
            phrase = authority.passphrase(office.folder, office.environ)
            signer = probe_certificates.Signer(certificate=issuer.certificate, key=issuer.key(phrase), now=now)
            papers = _Papers(
                signer=signer,
                good={person: signer.person(person) for person in people},
                revoked={person: signer.person(person) for person in people},
            )
            ended: list[register.Issued] = []
            for person in people:
                good, refused = (each[person].issued(person, issuer.id) for each in (papers.good, papers.revoked))
                for issued in (good, refused):
                    told = {
                        name: getattr(issued, name) for name in ("serial", "person", "fingerprint", "key", "issuer")
                    }
                    office.note(chain.Action.VPN_ISSUED, {**told, "until": chain.timestamp(issued.not_after)})
                    book.issue(issued, now=now)
                ended.append(refused)
            office.revoke(book, tuple(ended), reason="other", note="for verify: it must be refused")
            office.refresh(book, anew=True)
        cutting.publish(office, there)
        yield papers
    finally:
        cutting.cut(office, there, people, reason="other", note="verify is over")


def _job(
    place: _Place,
    member: vpn.Member,
    person: probe_people.Person,
    other: probe_people.Person,
    papers: _Papers,
) -> dict[str, Any]:
    """All that the client's script needs; it holds passwords and keys."""
    signer = papers.signer
    shown = {
        "good": papers.good[member.person],
        "revoked": papers.revoked[member.person],
        "other-authority": signer.stranger().person(member.person),
        "expired": signer.person(member.person, ended=True),
        "without-person": signer.person(None),
    }
    own = [probe for probe in place.own if probe.by == member.group]
    remote = pathlib.Path(machines.__file__).parent / "remote" / "packets.py"
    return {
        "address": place.vpn.address,
        "port": next(probe.port for probe in own if probe.act == tunnel_probes.LOG_IN),
        "authority": (place.people.folder.pki / "services-ca.crt").read_text(encoding="ascii"),
        "packets": remote.read_text(encoding="utf-8"),
        "timeout": _PACKET_TIMEOUT,
        "certificates": {name: made.pem for name, made in shown.items()},
        "group": {
            "person": member.person,
            "password": person.password,
            "codes": _codes(person),
            "attempts": tunnel_probes.ATTEMPTS,
            "other": {"password": other.password, "codes": _codes(other)},
            "probes": [dataclasses.asdict(probe) for probe in own],
        },
    }


def _codes(person: probe_people.Person) -> dict[str, str]:
    now = int(time.time()) // 30
    return {str(at): person.one_time_code(at * 30) for at in range(now - _STEPS, now + _STEPS + 10)}


def _asked(place: _Place, member: vpn.Member, job: dict[str, Any]) -> Seen:
    client = next(probe.source for probe in place.own if probe.by == member.group)
    answers = machines.run_script(
        "tunnels",
        {client: job},
        folder=place.people.folder,
        way=place.way,
        timeout=_TIMEOUT,
        needs=("openconnect",),
    )
    if isinstance(answers[client], errors.GovcloudError):
        raise answers[client]
    return dict(answers[client])


def _attempts(place: _Place, since: str) -> list[str]:
    """Have the gateway forget our failures, so that the next verify is not banned; why we were refused since then."""
    client = next(machine for machine in place.side.machines if machine.id == place.own[0].source)
    argument = {
        "settings": _GATE,
        "socket": gateway.SOCKET,
        "people": [member.person for member in place.vpn.probes],
        "addresses": [str(one) for at in client.interfaces for one in (at.address, at.address6)],
        "since": since,
    }
    name = place.vpn.machine
    answer = machines.run_script("vpn_attempts", {name: argument}, folder=place.people.folder, way=place.way)[name]
    if isinstance(answer, errors.GovcloudError):
        raise answer
    return [str(reason) for reason in answer["reasons"]]


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
