"""What two tenants agree on."""

from __future__ import annotations

from govcloud_cli.inventory import loading
from govcloud_cli.model import consents
from tests.inventory import cases


def test_each_environment_meets_the_one_of_the_same_name() -> None:
    agreed = consents.agreed(loading.load(cases.ROOT / "good").tenants)

    assert [
        (one.source, one.source_environment, one.destination, one.destination_environment) for one in sorted(agreed)
    ] == [
        ("purse", "prod", "treasury", "prod"),
        ("purse", "test", "treasury", "test"),
    ]


def test_what_only_one_asks_for_is_not_agreed() -> None:
    purse, *_ = loading.load(cases.ROOT / "good").tenants

    assert consents.agreed([purse]) == frozenset()
