from __future__ import annotations

import pytest

from govcloud_cli.governance import jurisdiction
from tests.support import decisions

TENANT = decisions.finance()
SPEC = decisions.spec(TENANT)
ASKED = decisions.asked(TENANT, within=SPEC)


def test_those_who_may_decide_are_named() -> None:
    assert [person.id for person in jurisdiction.approvers(ASKED, SPEC)] == ["zhao.min"]


def test_who_decides_for_an_organisation_counts_those_who_may_not_decide_this_request() -> None:
    owner = jurisdiction.owner(TENANT, SPEC)
    everybody = [person.id for person in jurisdiction.deciders(owner, SPEC)]
    assert "zhao.min" in everybody
    assert everybody == [person.id for person in SPEC.people if owner in person.approves]


@pytest.mark.parametrize("field", ["platform", "environment", "zone"])
def test_a_request_for_another_place_is_told_from_one_for_this(field: str) -> None:
    assert jurisdiction.place_fault(ASKED, SPEC) is None
    assert jurisdiction.place_fault(ASKED.model_copy(update={field: "elsewhere"}), SPEC)
