from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import chain, chain_lines, requests
from govcloud_cli.governance.requests import State
from govcloud_cli.model import platforms
from govcloud_cli.run import request_audit, sites
from govcloud_cli.run.audit import places
from tests.support import decisions

TENANT = decisions.finance()
ASKED = decisions.asked(TENANT, within=decisions.spec(TENANT))


@pytest.fixture
def site(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> sites.Site:
    """A host; its audit log begins with the folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return decisions.site(decisions.spec(TENANT), tmp_path)


def entries(site: sites.Site, tmp_path: pathlib.Path) -> list[chain.Entry]:
    side = site.space.side(platforms.Side.EXTERNAL)
    where = places.of(side, environment="unit", copy_to=places.second_place(site.space, None))
    lines = where.log.read_bytes().splitlines(keepends=True)
    return [chain_lines.decode(line).entry for line in lines]


def test_without_an_audit_log_on_this_host_nothing_is_recorded(site: sites.Site) -> None:
    assert not request_audit.note(site, ASKED, now=decisions.NOW)
    assert not site.space.path.exists()


def test_every_transition_is_recorded_with_who_and_what(site: sites.Site, tmp_path: pathlib.Path) -> None:
    (site.space.side(platforms.Side.EXTERNAL).path / "audit").mkdir(parents=True, mode=0o700)
    approved = decisions.decided(ASKED)
    assert request_audit.note(site, ASKED, now=decisions.NOW)
    assert request_audit.note(site, approved, now=decisions.NOW)
    first, second = entries(site, tmp_path)
    assert (first.action, first.actor.person, first.tenant) == ("request-submitted", "chen.jing", "finance")
    assert (second.action, second.actor.person) == ("request-approved", "zhao.min")
    assert second.details["requested"] == requests.digest(TENANT)
    assert second.details["signature"] == decisions.ARMORED
    seen = request_audit.seen([first, second])
    assert seen == {("finance", 1, State.PENDING), ("finance", 1, State.APPROVED)}
    assert requests.unseen([approved], seen) == ()


def test_what_cannot_be_recorded_does_not_happen(site: sites.Site) -> None:
    folder = site.space.side(platforms.Side.EXTERNAL).path
    folder.mkdir(parents=True, mode=0o700)
    (folder / "audit").mkdir(mode=0o700)
    (folder / "audit" / "log.jsonl").mkdir()
    with pytest.raises(errors.GovcloudError):
        request_audit.note(site, ASKED, now=decisions.NOW)


def test_what_a_rule_decided_is_recorded_of_who_asked(site: sites.Site, tmp_path: pathlib.Path) -> None:
    (site.space.side(platforms.Side.EXTERNAL).path / "audit").mkdir(parents=True, mode=0o700)
    smaller = decisions.finance(environments=[{"name": "test", "quota": "xs", "expiresOn": "2026-10-01"}])
    made = decisions.asked(smaller, within=decisions.spec(TENANT), number=2, original=TENANT)
    request_audit.note(site, made, now=decisions.NOW)
    (entry,) = entries(site, tmp_path)
    assert (entry.action, entry.actor.person) == ("request-auto-approved", "chen.jing")


def test_every_state_of_a_file_has_an_action() -> None:
    assert request_audit.ACTIONS.keys() == set(State) - requests.OBSERVED
