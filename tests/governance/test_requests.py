from __future__ import annotations

import datetime
import json
import re

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import resources
from govcloud_cli.governance import requests
from govcloud_cli.governance.requests import State
from govcloud_cli.model import platforms
from tests.support import decisions, tenant_inventories

TENANT = decisions.finance()
SPEC = decisions.spec(TENANT)
ASKED = decisions.asked(TENANT, within=SPEC)
APPROVED = decisions.decided(ASKED)


def text(request: requests.Request, **fields: object) -> str:
    """The file's text with some fields otherwise."""
    return json.dumps({**json.loads(requests.render(request)), **fields}, ensure_ascii=False, indent=2) + "\n"


def payload(request: requests.Request, **fields: object) -> str:
    given = {"verdict": State.APPROVED, "approver": "zhao.min", "at": decisions.LATER, "reason": None}
    return requests.payload(request, **{**given, **fields})  # type: ignore[arg-type]


# -- states


@pytest.mark.parametrize("target", State)
@pytest.mark.parametrize("state", State)
def test_a_request_goes_only_where_the_table_says(state: State, target: State) -> None:
    begun = {
        State.PENDING: ASKED,
        State.APPROVED: APPROVED,
        State.REJECTED: decisions.decided(ASKED, reject="too large"),
        State.CANCELLED: requests.advance(ASKED, State.CANCELLED, by="chen.jing", at=decisions.LATER),
    }.get(state)
    if begun is None:
        return
    signature = decisions.ARMORED if target in {State.APPROVED, State.REJECTED} else None
    allowed = target in requests.TRANSITIONS[state] - requests.OBSERVED
    try:
        moved = requests.advance(begun, target, by="zhao.min", at=decisions.LATER, reason="so", signature=signature)
    except ValueError:
        assert not allowed, f"{state} -> {target}"
    else:
        assert allowed, f"{state} -> {target}"
        assert moved.state is target


def test_the_drawing_in_the_docs_is_the_table() -> None:
    drawn = (resources.folder("inventories").parent / "docs" / "requests.md").read_text(encoding="utf-8")
    arrows = set(re.findall(r"^    (\[\*\]|\w+) --> (\w+)", drawn, re.MULTILINE))
    table = {
        (state.value if state else "[*]", target.value)
        for state, targets in requests.TRANSITIONS.items()
        for target in targets
    }
    assert arrows == table


def test_original_requested_and_decided_copies_are_kept() -> None:
    larger = decisions.finance(environments=[{"name": "test", "quota": "m", "expiresOn": "2026-10-01"}])
    request = decisions.decided(decisions.asked(larger, within=SPEC, number=2, original=TENANT))
    assert (request.original, request.requested, request.decided) == (TENANT, larger, larger)
    assert request.change is requests.Kind.CHANGE


def test_a_rejection_needs_a_reason_and_decides_nothing() -> None:
    assert decisions.decided(ASKED, reject="too large").decided is None
    with pytest.raises(ValueError, match="without a reason"):
        requests.advance(ASKED, State.REJECTED, by="zhao.min", at=decisions.LATER, signature=decisions.ARMORED)


# -- files


@pytest.mark.parametrize("request_", [ASKED, APPROVED], ids=["pending", "approved"])
def test_a_file_reads_as_it_was_written(request_: requests.Request) -> None:
    assert requests.parse(requests.render(request_)) == request_


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"state": "APPROVED"}, "its history ends with PENDING"),
        ({"state": "PROVISIONED"}, "its history ends with PENDING"),
        ({"history": []}, "at least 1 item"),
        ({"tenant": "purse"}, "another tenant's"),
        ({"zone": "office"}, "another zone"),
        ({"number": 0}, "greater than or equal to 1"),
        ({"number": 10_000}, "less than or equal to 9999"),
        ({"number": "1"}, "valid integer"),
        ({"tenant": "fïnance"}, "match pattern"),
        ({"tenant": "../../etc"}, "match pattern"),
        ({"surprise": 1}, "Extra inputs"),
        ({"kind": "Wish"}, "Input should be 'Request'"),
        ({"requester": {"person": "chen.jing\n", "source": "git"}}, "match pattern"),
        ({"requester": {"person": "zhao.min", "source": "git"}}, "somebody else than its requester"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        requests.parse(text(ASKED, **fields))


def test_an_original_of_another_tenant_is_refused() -> None:
    other = json.loads(requests.canonical(tenant_inventories.tenant("purse")))
    with pytest.raises(ValueError, match="the original is another tenant's"):
        requests.parse(text(ASKED, original=other, change="change"))


def test_a_file_that_claims_to_be_provisioned_is_refused() -> None:
    steps = json.loads(requests.render(APPROVED))["history"]
    steps.append({"state": "PROVISIONED", "at": decisions.LATER, "by": "zhao.min"})
    with pytest.raises(ValueError, match="recorded by the platform, never in the file"):
        requests.parse(text(APPROVED, state="PROVISIONED", history=steps))


def test_an_approval_without_its_signature_is_refused() -> None:
    document = json.loads(requests.render(APPROVED))
    del document["decision"]
    with pytest.raises(ValueError, match="belong together"):
        requests.parse(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


@pytest.mark.parametrize("other", [{"approver": "sun.tao"}, {"at": decisions.AT}], ids=["who", "when"])
def test_a_decision_that_is_not_the_one_of_the_history_is_refused(other: dict[str, str]) -> None:
    decision = {"approver": "zhao.min", "at": decisions.LATER, "signature": decisions.ARMORED, **other}
    with pytest.raises(ValueError, match="not the one in its history"):
        requests.parse(text(APPROVED, decision=decision))


def test_a_decided_copy_of_something_else_is_refused() -> None:
    other = json.loads(requests.canonical(decisions.finance(mlps=3)))
    with pytest.raises(ValueError, match="not what was requested"):
        requests.parse(text(APPROVED, decided=other))


@pytest.mark.parametrize(
    "told_otherwise",
    [
        lambda found: found.replace('"number": 1,', '"number": 2,\n  "number": 1,'),
        lambda found: found.replace("新增租户", "\\u65b0增租户"),
        lambda found: found.replace("\n", ""),
        lambda found: found + " ",
        lambda found: found.replace('"mlps": 2', '"mlps": 2,\n      "network": {}'),
    ],
    ids=["a key twice", "an escape", "one line", "a space at the end", "a default written out"],
)
def test_only_one_text_is_the_file_of_a_request(told_otherwise: object) -> None:
    changed = told_otherwise(requests.render(ASKED))  # type: ignore[operator]
    with pytest.raises(ValueError, match="not written as govcloud"):
        requests.parse(changed)


@hypothesis.given(strategies.text(max_size=60) | strategies.from_regex(r"\A[\[{\"0-9:,]{0,300}\Z"))
def test_any_text_is_refused_with_a_value_error(found: str) -> None:
    with pytest.raises(ValueError, match=r"(?s)."):
        requests.parse(found)


def test_a_text_nested_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="recursion"):
        requests.parse('{"original":' * 100_000)


# -- what is signed


def test_what_is_signed_begins_with_its_domain_and_names_everything() -> None:
    domain, _, body = payload(ASKED).partition("\n")
    assert domain == "govcloud request decision v1"
    signed = json.loads(body)
    assert signed["requested"] == requests.digest(TENANT)
    assert (signed["platform"], signed["environment"], signed["side"], signed["zone"]) == (
        "qinghe",
        "unit",
        "external",
        "service",
    )
    assert (signed["requester"], signed["approver"], signed["at"]) == ("chen.jing", "zhao.min", decisions.LATER)


CHANGES: list[dict[str, object]] = [
    {"environment": "other"},
    {"platform": "other"},
    {"tenant": "purse"},
    {"number": 2},
    {"change": requests.Kind.CHANGE},
    {"zone": "office"},
    {"side": platforms.Side.INTERNAL},
    {"organisation": "finance-bureau"},
    {"level": platforms.Level.COUNTY},
    {"requested": decisions.finance(mlps=3)},
    {"original": TENANT},
    {"requester": requests.Requester(person="sun.tao", source=requests.Source.GIT)},
    {"requester": requests.Requester(person="chen.jing", source=requests.Source.CI)},
    {"reasons": ("nothing of importance",)},
    {"automatic": True},
    {"after": None},
    {"before": ASKED.after},
    {"history": (ASKED.history[0].model_copy(update={"reason": "urgent"}),)},
]


@pytest.mark.parametrize("changed", CHANGES, ids=lambda changed: next(iter(changed)))
def test_every_field_of_a_request_changes_what_is_signed(changed: dict[str, object]) -> None:
    assert payload(ASKED.model_copy(update=changed)) != payload(ASKED)


def test_no_field_is_left_out_of_what_is_signed() -> None:
    """A new field of a request is signed too; those that are not are what the decision itself writes."""
    constant_or_decision = {"api_version", "kind", "state", "decided", "decision"}
    assert {name for changed in CHANGES for name in changed} | constant_or_decision == set(
        requests.Request.model_fields
    )


@pytest.mark.parametrize(
    "changed",
    [{"verdict": State.REJECTED}, {"approver": "sun.tao"}, {"at": decisions.AT}, {"reason": "fine"}],
    ids=lambda changed: next(iter(changed)),
)
def test_who_decides_what_and_when_changes_what_is_signed(changed: dict[str, object]) -> None:
    assert payload(ASKED, **changed) != payload(ASKED)


def test_what_is_verified_afterwards_is_what_was_signed_before() -> None:
    assert requests.signed(ASKED) is None
    assert requests.signed(APPROVED) == payload(ASKED)
    rejected = decisions.decided(ASKED, reject="too large")
    assert requests.signed(rejected) == payload(ASKED, verdict=State.REJECTED, reason="too large")


def test_a_field_that_is_left_out_and_its_default_have_one_digest() -> None:
    spelled = decisions.finance(
        environments=[{"name": "test", "quota": "s", "expiresOn": "2026-10-01", "databases": []}]
    )
    assert requests.digest(spelled) == requests.digest(TENANT)
    assert requests.digest(None) != requests.digest(TENANT)
    assert isinstance(TENANT.spec.environments[0].expires_on, datetime.date)


# -- many


def test_the_newest_is_the_one_with_the_highest_number() -> None:
    second = decisions.asked(TENANT, within=SPEC, number=2)
    assert requests.newest([second, APPROVED]) is second
    assert requests.newest([]) is None
    assert requests.in_flight([APPROVED, second]) is second
    assert requests.in_flight([APPROVED]) is None


def test_the_audit_log_is_told_each_transition_once_in_order() -> None:
    second = decisions.asked(TENANT, within=SPEC, number=2)
    found = requests.unseen([second, APPROVED], {("finance", 1, State.PENDING)})
    assert [(request.number, step.state) for request, step in found] == [(1, State.APPROVED), (2, State.PENDING)]
    assert requests.unseen([APPROVED], {("finance", 1, State.PENDING), ("finance", 1, State.APPROVED)}) == ()


def test_what_the_audit_log_saw_decided_is_the_least_that_may_approve() -> None:
    seen = [("finance", 3, State.APPROVED), ("finance", 2, State.REJECTED), ("purse", 4, State.REJECTED)]
    assert requests.floor(seen) == {"finance": 3, "purse": 5}


def test_what_nobody_signed_locks_no_tenant_out() -> None:
    forged = [("finance", 9999, state) for state in (State.PENDING, State.AUTO_APPROVED, State.CANCELLED)]
    assert requests.floor(forged) == {}
