"""What answers to a person's token mean, and that no probe is refused for a reason that is not its own."""

from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import identity_probes, probes
from govcloud_cli.run.login import endpoints
from govcloud_cli.run.probing import probe_people, signing_in, token_probes
from tests.run.probing import test_bad_tokens
from tests.support import inventories

PERSON = probe_people.Person(name="govcloud-probe-1", password="secret", secret=bytes(20))
END = 1_800_000_000


def test_whatever_is_planned_is_tried_and_nothing_else() -> None:
    planned = identity_probes.plan(inventories.lab(), platforms.Side.EXTERNAL)
    acts = {probe.act for probe in planned if probe.kind is probes.Kind.TOKEN}
    assert acts == set(token_probes.Member._STEPS)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "allowed"), (201, "allowed"), (401, "unauthenticated"), (403, "forbidden"),
        (404, "error: HTTP 404"), (500, "error: HTTP 500"),
    ],
)  # fmt: skip
def test_an_answer_of_the_api_server_is_an_outcome(status: int, outcome: str) -> None:
    assert token_probes.judged(status) == outcome


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (201, {"status": {"allowed": True}}, "allowed"),
        (201, {"status": {"allowed": False, "denied": True}}, "forbidden"),
        (201, {"status": {}}, "forbidden"),
        (401, {}, "unauthenticated"),
        (200, {"status": {"allowed": True}}, "error: HTTP 200"),
    ],
)
def test_a_review_allows_only_what_it_says_it_does(status: int, answer: Any, outcome: str) -> None:
    assert token_probes.reviewed(status, answer) == outcome


def test_a_full_quota_refuses_only_whoever_was_allowed_to_write() -> None:
    assert token_probes.written(403, {"message": 'configmaps "x" is forbidden: exceeded quota: q'}) == "allowed"
    assert token_probes.written(403, {"message": 'configmaps is forbidden: User "x" cannot create'}) == "forbidden"
    assert token_probes.written(201, {}) == "allowed"


class Asked(token_probes.Member):
    """A member whose API server takes down what it is asked."""

    def __init__(self, now: float, **more: Any) -> None:
        super().__init__(job={}, person=PERSON, asked=None, place=None, **more)  # type: ignore[arg-type]
        self.clock = lambda: now
        self.tokens: list[str | None] = []
        self.slept: list[float] = []
        self.sleep = self.slept.append
        self.logged_in = 0
        self.log_in()

    def log_in(self) -> None:
        self.logged_in += 1
        self.given = signing_in.Tokens(access=test_bad_tokens.good(), identity="identity")

    def _api(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        self.tokens.append(token)
        return 401, {}


def probe(act: str) -> dict[str, Any]:
    return {"id": act, "act": act, "target": "a-prod", "by": ""}


def test_a_token_that_would_end_meanwhile_is_replaced_before_the_probe() -> None:
    for now, times in ((END - 40, 1), (END - 5, 2), (END + 5, 2)):
        member = Asked(now)
        assert member.outcome(probe("unsigned")) == "unauthenticated"
        assert member.logged_in == times


def test_the_expired_token_is_the_good_one_after_its_end_and_not_before() -> None:
    member = Asked(END - 30)
    assert member.outcome(probe("expired")) == "unauthenticated"
    assert member.slept == [32.0]
    assert (member.tokens, member.logged_in) == ([member.given.access], 1)


def test_a_token_for_another_audience_is_the_servers_own() -> None:
    member = Asked(END - 40)
    member.outcome(probe("other-audience"))
    assert member.tokens == ["identity"]


def test_what_goes_wrong_is_told_without_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise ValueError("Bearer secret")

    member = Asked(END - 40)
    monkeypatch.setattr(member, "_api", broken)
    assert token_probes._guarded(member, probe("unsigned")) == "error: ValueError"


def test_whoever_cannot_log_in_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> Any:
        raise errors.GovcloudError("no answer", cause="refused")

    monkeypatch.setattr(endpoints, "discover", dead)
    people = {"a": {"name": PERSON.name, "password": "secret", "secret": "00"}}
    job = {"people": people, "authority": "", "connect": ["127.0.0.1", 1], "issuer": "https://x"}
    assert token_probes._as_member(job, "a", [probe("review")]) == {"review": "error: no answer: refused"}
