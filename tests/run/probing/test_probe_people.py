"""Which accounts are swept; `test_probe_people_engine` has a real Keycloak."""

from __future__ import annotations

import pytest

from govcloud_cli.run.probing import probe_people
from tests.support import people_service


@pytest.mark.parametrize(
    ("age", "swept"),
    [(0, 0), (599, 0), (601, 1), pytest.param(-86_400, 1, id="made tomorrow, as who made it by hand may say")],
)
def test_what_is_called_like_a_probe_goes_unless_it_is_of_now(age: int, swept: int) -> None:
    service, now = people_service.Service([]), 1_800_000_000
    service.users[service.add("govcloud-probe-1")]["made"] = now - age
    assert probe_people.sweep(service, now=now) == swept
