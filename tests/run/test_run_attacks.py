"""Several at once, files that change under us, disks that fill: what was decided is what happens, or nothing does."""

from __future__ import annotations

import json
import multiprocessing
import pathlib
import resource
import stat
from collections.abc import Callable
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import chain, requests
from govcloud_cli.governance.requests import Source, State
from govcloud_cli.model import platforms
from govcloud_cli.run import decisions as record
from govcloud_cli.run import identity, request_desk, request_files, signing
from govcloud_cli.run import requests as run_requests
from govcloud_cli.run.audit import log, places, reading
from tests.support import decisions

_FORK = multiprocessing.get_context("fork")
EXTERNAL = platforms.Side.EXTERNAL
TENANT = decisions.finance()
LARGER = decisions.finance(environments=[{"name": "test", "quota": "l", "expiresOn": "2026-10-01"}])


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "inventories" / "unit"


def desk(folder: pathlib.Path, *wanted: Any) -> request_desk.Desk:
    spec = decisions.spec(*(wanted or (TENANT,)), keys=True)
    return request_desk.Desk(site=decisions.site(spec, folder.parents[1]), folder=folder, now=decisions.NOW)


def submit(at: request_desk.Desk, by: str = "chen.jing") -> requests.Request:
    person = next(one for one in decisions.persons() if one.id == by)
    who = identity.Identity(person=person, source=Source.GIT)
    return request_desk.submit(at, "finance", who=who, decommission=False, comment=None)


def decide(at: request_desk.Desk, *, by: str = "zhao.min", approve: bool = True) -> requests.Request:
    key = signing.find_key(at.site.spec.people, decisions.key(by), {})
    return request_desk.decide(at, "finance", key=key, reason="as agreed", terminal=False, approve=approve)


def at_once(count: int, act: Callable[[int], Any]) -> list[str]:
    """What `count` processes say that begin at one moment: `done`, or the class of their refusal."""
    ours, theirs = _FORK.Pipe(duplex=False)
    start = _FORK.Event()

    def one(number: int) -> None:
        start.wait(20)
        try:
            act(number)
        except errors.GovcloudError as error:
            theirs.send(type(error).__name__)
        else:
            theirs.send("done")

    children = [_FORK.Process(target=one, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    start.set()
    told = [ours.recv() for _ in children if ours.poll(30)]
    for child in children:
        child.join(20)
    return sorted(told)


def on_a_full_disk(act: Callable[[], Any], *, limit: int) -> errors.GovcloudError:
    """The refusal of a process that may write no file longer than `limit`: a real limit of the kernel."""
    ours, theirs = _FORK.Pipe(duplex=False)

    def one() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            act()
        except errors.GovcloudError as error:
            theirs.send((error.message, error.cause))
        except OSError as error:
            theirs.send((f"not told: {error}", None))
        else:
            theirs.send(("it was written", None))

    child = _FORK.Process(target=one)
    child.start()
    assert ours.poll(30)
    message, cause = ours.recv()
    child.join(20)
    return errors.GovcloudError(message, cause=cause)


def files(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- several at once


def test_of_many_who_submit_at_once_one_request_comes_of_it(folder: pathlib.Path) -> None:
    at = desk(folder)
    told = at_once(6, lambda _: submit(at))
    assert told.count("done") == 1
    assert set(told) <= {"done", "LockedError", "UsageError"}, "locked, or one waits already"
    (request,) = request_files.load(folder)
    assert (request.number, request.state) == (1, State.PENDING)


def test_of_an_approval_and_rejections_at_once_one_is_the_decision(folder: pathlib.Path) -> None:
    at = desk(folder)
    submit(at)
    decisions.key("zhao.min")
    told = at_once(4, lambda number: decide(at, approve=number % 2 == 0))
    assert told.count("done") == 1
    (request,) = request_files.load(folder)
    assert len(request.history) == 2
    assert request.state in {State.APPROVED, State.REJECTED}
    with signing.verifier(at.site.spec.people) as verify:
        assert request.decision is not None
        assert verify(str(requests.signed(request)), request.decision.signature, "zhao.min") is None
    assert {path.name for path in (folder / "requests" / "finance").iterdir()} == {"0001.json"}


# -- files that change under us


def test_what_was_verified_is_what_is_deployed_whatever_its_files_say_since(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file is replaced while its signature is being checked; the verdict is about what was read."""
    at = desk(folder)
    request_files.save(folder, decisions.sign(decisions.asked(TENANT, within=decisions.spec(TENANT))))
    path = folder / "requests" / "finance" / "0001.json"
    verified = signing._verify

    def replaced(*words: Any, **named: Any) -> str | None:
        other = decisions.asked(LARGER, within=decisions.spec(LARGER))
        path.write_text(requests.render(other), encoding="utf-8")
        return verified(*words, **named)

    monkeypatch.setattr(signing, "_verify", replaced)
    cleared = run_requests.gate(at.site, folder, now=decisions.NOW)
    (verdict,) = cleared.verdicts[EXTERNAL]
    assert verdict.now == TENANT
    assert verdict.now is at.site.spec.tenants[0], "no file is read between the verdict and the deploy"
    run_requests.mark_provisioned(at.site, cleared, EXTERNAL, done={"finance"}, now=decisions.NOW)
    assert record.load(at.site.space.side(EXTERNAL)).tenants["finance"].applied == TENANT


def test_a_forgery_put_in_place_after_the_approval_is_refused_by_the_next_gate(folder: pathlib.Path) -> None:
    request = decisions.sign(decisions.asked(TENANT, within=decisions.spec(TENANT)))
    text = requests.render(request).replace('"quota": "s"', '"quota": "l"')
    at = desk(folder, LARGER)
    (folder / "requests" / "finance").mkdir(parents=True)
    (folder / "requests" / "finance" / "0001.json").write_text(text, encoding="utf-8")
    with pytest.raises(errors.PolicyDeniedError) as caught:
        run_requests.gate(at.site, folder, now=decisions.NOW)
    assert "does not hold" in str(caught.value.cause)


# -- disks that fill


def test_a_request_that_does_not_fit_is_none(folder: pathlib.Path) -> None:
    at = desk(folder)
    refused = on_a_full_disk(lambda: submit(at), limit=800)
    assert refused.message == "request finance/0001 could not be written, so it stands as it was"
    assert refused.cause == "File too large"
    assert files(folder) == {}


def test_a_decision_that_does_not_fit_leaves_the_request_waiting(folder: pathlib.Path) -> None:
    at = desk(folder)
    submit(at)
    before = files(folder)
    limit = len(before["requests/finance/0001.json"]) + 100
    assert on_a_full_disk(lambda: decide(at), limit=limit).cause == "File too large"
    assert files(folder) == before
    assert decide(at).state is State.APPROVED, "with room again it is decided"


def test_what_the_audit_log_cannot_take_is_not_asked_for(folder: pathlib.Path) -> None:
    at = desk(folder)
    where = at.site.space.side(EXTERNAL)
    second = places.second_place(at.site.space, None)
    written = log.Log.open(where, environment=at.site.spec.environment, copy_to=second, now=decisions.NOW)
    for _ in range(8):
        written.append(actor=chain.Actor(person="x", source="os"), action=chain.Action.DEPLOY_BEGAN, now=decisions.NOW)
    limit = written.places.log.stat().st_size + 50
    assert limit > 3000, "the request's own file would fit"
    refused = on_a_full_disk(lambda: submit(at), limit=limit)
    assert refused.message == "the audit record could not be written, so nothing is done"
    assert not list(folder.rglob("*.json"))
    read = reading.of_side(written.places, environment=at.site.spec.environment, side="external")
    assert read is not None
    assert reading.verify(read).verdict in {"torn", "verified"}


def test_a_record_of_decisions_that_does_not_fit_leaves_the_old_one(folder: pathlib.Path) -> None:
    at = desk(folder)
    place = at.site.space.side(EXTERNAL)
    record.save(place, record.Record(required=True))
    before = files(place.path)
    entry = record.Entry(applied=TENANT, attempted="", number=1, decided=TENANT, at=decisions.AT)
    bigger = record.Record(required=True, tenants={"finance": entry})
    refused = on_a_full_disk(lambda: record.save(place, bigger), limit=300)
    assert (refused.message, refused.cause) == ("what was decided cannot be recorded", "File too large")
    assert files(place.path) == before


def test_what_the_audit_log_did_not_take_is_news_again_at_the_next_deploy(folder: pathlib.Path) -> None:
    at = desk(folder)
    request_files.save(folder, decisions.sign(decisions.asked(TENANT, within=decisions.spec(TENANT))))
    cleared = run_requests.gate(at.site, folder, now=decisions.NOW)

    def full(_: run_requests.Provisioned) -> None:
        raise errors.GovcloudError("the audit record could not be written")

    with pytest.raises(errors.GovcloudError, match="audit record"):
        run_requests.mark_provisioned(at.site, cleared, EXTERNAL, done={"finance"}, record=full, now=decisions.NOW)
    told: list[run_requests.Provisioned] = []
    again = run_requests.gate(at.site, folder, now=decisions.NOW)
    run_requests.mark_provisioned(at.site, again, EXTERNAL, done={"finance"}, record=told.append, now=decisions.NOW)
    assert [(one.tenant, one.state) for one in told] == [("finance", State.PROVISIONED)]


# -- who may read


def test_what_a_request_leaves_in_the_workspace_is_for_its_owner_alone(folder: pathlib.Path) -> None:
    at = desk(folder)
    submit(at)
    decide(at)
    cleared = run_requests.gate(at.site, folder, now=decisions.NOW)
    run_requests.mark_provisioned(at.site, cleared, EXTERNAL, done={"finance"}, now=decisions.NOW)
    for path in at.site.space.path.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_json_that_is_huge_or_deep_is_refused_before_it_is_understood(folder: pathlib.Path) -> None:
    place = folder / "requests" / "finance"
    place.mkdir(parents=True)
    whole = requests.render(decisions.asked(TENANT, within=decisions.spec(TENANT)))
    for text in ("[" * 200_000, '{"a":' * 40_000, whole.replace('"number": 1', f'"number": {"9" * 5000}'), whole * 200):
        (place / "0001.json").write_text(text, encoding="utf-8")
        with pytest.raises(errors.UsageError, match="cannot be used"):
            request_files.load(folder)
    assert json.loads(whole)["number"] == 1
