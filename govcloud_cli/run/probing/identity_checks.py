"""Has the probes of a side's identity service made: from the clients, from where engineers are, as temporary people.

What fails is told as the outcome of each probe that it concerns, never as an exception: one dead service hides nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import sys
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import (
    administration,
    database_servers,
    databases,
    identity,
    identity_probes,
    plans,
    probes,
    services,
)
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run import machines, process, reach, sites, workspace
from govcloud_cli.run.people import places
from govcloud_cli.run.probing import probe_people

_TIMEOUT = 180.0
_WEB_TIMEOUT = (3.0, 15.0)
"""Seconds to connect, and for an answer: the first page of a busy Keycloak takes some."""
Seen = dict[str, str]


def jobs(
    site: sites.Site, side: plans.SidePlan, way: reach.Reach, *, people: bool, patient: bool
) -> Iterator[tuple[list[probes.Probe], Callable[[], Seen]]]:
    """The probes that go together, and what makes them.

    Unless `people`, without those of temporary people's tokens; unless `patient`, without those that wait.
    """
    if side.identity is None:
        return
    folder = site.space.side(side.side)
    kinds = (probes.Kind.TOKEN, probes.Kind.WEB) if people else (probes.Kind.WEB,)
    own = [probe for probe in side.probes if probe.kind in kinds and (patient or probe.act not in identity_probes.SLOW)]
    zones = [probe for probe in own if probe.kind is probes.Kind.WEB and probe.source]
    here = [probe for probe in own if probe not in zones]
    place = places.Place(site=site, plan=side, identity=side.identity)
    if zones:
        yield zones, functools.partial(_told, zones, lambda: _from_clients(place, zones, folder, way))
    if here:
        yield here, functools.partial(_told, here, lambda: _from_here(place, here, way))


def _told(own: Sequence[probes.Probe], make: Callable[[], Seen]) -> Seen:
    try:
        return make()
    except errors.GovcloudError as error:
        said = ": ".join(filter(None, (error.message, error.cause)))
        return {probe.id: f"{probes.Outcome.ERROR}: {said}" for probe in own}


def _from_clients(
    place: places.Place, own: Sequence[probes.Probe], folder: workspace.SideFolder, way: reach.Reach
) -> Seen:
    arguments = {
        client: _web(place, [probe for probe in own if probe.source == client])
        for client in dict.fromkeys(probe.source for probe in own)
    }
    seen: Seen = {}
    for client, answer in machines.run_script("web", arguments, folder=folder, way=way).items():
        if isinstance(answer, errors.GovcloudError):
            told = f"{probes.Outcome.ERROR}: {answer.message}"
            seen |= {probe.id: told for probe in own if probe.source == client}
        else:
            seen |= answer
    return seen


def _from_here(place: places.Place, own: Sequence[probes.Probe], way: reach.Reach) -> Seen:
    with contextlib.ExitStack() as until:
        groups = dict.fromkeys(probe.source for probe in own if probe.kind is probes.Kind.TOKEN)
        people: dict[str, probe_people.Person] = {}
        if groups:
            api = until.enter_context(place.opened())
            people = {group: _person(until, api, group) for group in groups}
        argv = way.command([sys.executable, "-m", "govcloud_cli.run.probing.token_probes"])
        done = process.run(argv, stdin=json.dumps(_job(place, own, people)), timeout=_TIMEOUT)
        return dict(json.loads(done.stdout))


def _person(until: contextlib.ExitStack, api: session.Api, group: str) -> probe_people.Person:
    made = probe_people.probe_person(api, groups=(group,), person=probe_people.name())
    return until.enter_context(made)


def _job(place: places.Place, own: Sequence[probes.Probe], people: Mapping[str, probe_people.Person]) -> dict[str, Any]:
    """All that `token_probes` needs; it holds passwords."""
    folder, kubernetes = place.folder, place.plan.kubernetes
    admin = urllib.parse.urlsplit(place.identity.admin_url)
    authority = folder.pki / "services-ca.crt"
    job: dict[str, Any] = {
        "issuer": place.identity.issuer,
        "connect": [admin.hostname, admin.port],
        "authority": authority.read_text(encoding="ascii"),
        "authority_file": str(authority),
        "web": _web(place, [probe for probe in own if probe.kind is probes.Kind.WEB]),
        "tokens": [_described(place.plan, probe) for probe in own if probe.kind is probes.Kind.TOKEN],
        "people": {
            group: {"name": person.name, "password": person.password, "secret": person.secret.hex()}
            for group, person in people.items()
        },
        "gateway": {
            "client": identity.VPN_CLIENT,
            "secret": (folder.secrets / identity.VPN_SECRET).read_text(encoding="ascii").strip(),
        },
    }
    if kubernetes is not None:
        port = services.port(platforms.Service.KUBERNETES)
        job["cluster"] = {
            "server": f"https://{administration.reached_at(kubernetes)}:{port}",
            "authority": (folder.pki / "kubernetes-ca.crt").read_text(encoding="ascii"),
        }
    return job


def _web(place: places.Place, own: Sequence[probes.Probe]) -> dict[str, Any]:
    return {
        "timeout": _WEB_TIMEOUT,
        "host": place.identity.host,
        "authority": (place.folder.pki / "services-ca.crt").read_text(encoding="ascii"),
        "probes": [dataclasses.asdict(probe) for probe in own],
    }


def _described(side: plans.SidePlan, probe: probes.Probe) -> dict[str, Any]:
    """A probe, and for one of a database where that is and what it is called."""
    planned = (plan for shard in side.shards for plan in shard.databases)
    target = next((plan for plan in planned if probe.target in (plan.database, plan.ro)), None)
    if target is None:
        return dataclasses.asdict(probe)
    server = next(machine for machine in side.databases if machine.id == target.machine)
    return {
        **dataclasses.asdict(probe),
        "database": target.database,
        "host": database_servers.management(server),
        "port": databases.PORT,
    }
