"""Who makes which probes, and that whatever is dead proves nothing."""

from __future__ import annotations

import contextlib
import json
import pathlib
import types
from collections.abc import Iterator
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import identity, identity_probes, plans, probes
from govcloud_cli.run import machines, process, reach, workspace
from govcloud_cli.run.people import places
from govcloud_cli.run.probing import identity_checks, probe_people
from tests.support import inventories

HERE = reach.Reach(namespace=None)


def side(which: platforms.Side = platforms.Side.EXTERNAL) -> plans.SidePlan:
    return next(side for side in inventories.plan(inventories.lab()).sides if side.side is which)


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Any:
    folder = workspace.SideFolder(path=tmp_path, side=platforms.Side.EXTERNAL)
    for name, text in (("services-ca.crt", "CA"), ("kubernetes-ca.crt", "KCA")):
        workspace.write(workspace.make_folder(folder.pki) / name, text)
    workspace.write(workspace.make_folder(folder.secrets) / identity.VPN_SECRET, "gateway's")
    return types.SimpleNamespace(space=types.SimpleNamespace(side=lambda _: folder))


def planned(kind: probes.Kind) -> list[probes.Probe]:
    return [probe for probe in side().probes if probe.kind is kind]


def run(site: Any, *, people: bool = True, patient: bool = True) -> dict[str, str]:
    seen: dict[str, str] = {}
    for own, make in identity_checks.jobs(site, side(), HERE, people=people, patient=patient):
        found = make()
        assert {probe.id for probe in own} == set(found)
        seen |= found
    return seen


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The jobs that the worker was given; nothing is run."""
    given: list[dict[str, Any]] = []

    def worker(_: object, *, stdin: str, **__: object) -> Any:
        given.append(json.loads(stdin))
        ids = [probe["id"] for probe in (*given[-1]["tokens"], *given[-1]["web"]["probes"])]
        return types.SimpleNamespace(stdout=json.dumps(dict.fromkeys(ids, "seen")))

    @contextlib.contextmanager
    def person(_: object, *, groups: tuple[str, ...], person: str) -> Iterator[probe_people.Person]:
        there.add(person)
        yield probe_people.Person(name=person, password=f"of {groups}", secret=b"\x01")
        there.discard(person)

    there: set[str] = set()
    clients = {"external-client", "internet-client"}

    def scripts(_: str, arguments: dict[str, Any], **__: object) -> Any:
        assert set(arguments) == clients
        return {name: {one["id"]: "seen" for one in job["probes"]} for name, job in arguments.items()}

    monkeypatch.setattr(process, "run", worker)
    monkeypatch.setattr(machines, "run_script", scripts)
    monkeypatch.setattr(probe_people, "probe_person", person)
    monkeypatch.setattr(places.Place, "opened", lambda _: contextlib.nullcontext())
    return given


def test_every_probe_is_made_once_and_a_deploy_leaves_out_what_waits(site: Any, made: list[dict[str, Any]]) -> None:
    every = {probe.id: probe for kind in (probes.Kind.TOKEN, probes.Kind.WEB) for probe in planned(kind)}
    assert set(run(site)) == set(every)
    left_out = set(every) - set(run(site, patient=False))
    assert {every[name].act for name in left_out} == identity_probes.SLOW
    assert len(made) == 2


def test_without_people_no_account_is_made(site: Any, made: list[dict[str, Any]]) -> None:
    assert set(run(site, people=False)) == {probe.id for probe in planned(probes.Kind.WEB)}
    assert [job["people"] for job in made] == [{}]


def test_the_worker_is_told_one_person_for_each_group_and_where_databases_are(
    site: Any, made: list[dict[str, Any]]
) -> None:
    run(site)
    (job,) = made
    groups = {probe.source for probe in planned(probes.Kind.TOKEN)}
    assert set(job["people"]) == groups
    names = {person["name"] for person in job["people"].values()}
    assert len(names) == len(groups) <= identity_probes.MOST_TENANTS
    assert job["connect"] == ["172.31.20.21", 8443]
    assert job["cluster"] == {"server": "https://172.31.20.12:6443", "authority": "KCA"}
    databases = [probe for probe in job["tokens"] if probe["act"] in ("open-database", "log-in-as")]
    assert {(probe["host"], probe["port"]) for probe in databases} == {("172.31.20.11", 6432)}
    as_other = next(probe for probe in databases if probe["act"] == "log-in-as")
    assert as_other["target"] == f"{as_other['database']}_ro"


def test_a_side_without_identity_service_has_nothing_to_do(site: Any) -> None:
    assert list(identity_checks.jobs(site, side(platforms.Side.INTERNAL), HERE, people=True, patient=True)) == []


def test_a_service_that_is_dead_proves_nothing(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(_: object) -> Any:
        raise errors.GovcloudError("no answer", cause="refused")

    silent = errors.GovcloudError("machine external-client does not answer")
    monkeypatch.setattr(places.Place, "opened", dead)
    monkeypatch.setattr(machines, "run_script", lambda _, given, **__: dict.fromkeys(given, silent))
    seen = run(site)
    assert set(seen.values()) == {"error: no answer: refused", f"error: {silent.message}"}
    assert not any(seen[probe.id] == probe.expected for probe in planned(probes.Kind.TOKEN))
