"""Which probes there are of people with accounts, and of the identity service's front."""

from __future__ import annotations

import collections
import dataclasses

import pytest

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import identity_probes, namespaces, probes
from tests.support import inventories

SIDE = platforms.Side.EXTERNAL


def lab() -> inventory.Inventory:
    return inventories.lab()


def planned() -> list[probes.Probe]:
    return list(identity_probes.plan(lab(), SIDE))


def outcomes() -> dict[str, str]:
    return {probe.id: probe.expected.value for probe in planned()}


def chosen() -> tuple[identity_probes.Sample, ...]:
    return identity_probes.samples(namespaces.scopes(lab(), SIDE))


def test_they_are_in_the_plan_that_verify_makes_and_no_id_is_used_twice() -> None:
    side = next(side for side in inventories.plan(lab()).sides if side.side is SIDE)
    assert set(planned()) <= set(side.probes)
    assert max(collections.Counter(probe.id for probe in side.probes).values()) == 1


def test_a_side_without_identity_service_has_none() -> None:
    assert list(identity_probes.plan(lab(), platforms.Side.INTERNAL)) == []


def test_two_tenants_are_tried_each_by_one_who_may_write_and_neither_knows_the_others_group() -> None:
    one, other = chosen()
    assert (one.group, other.group) == ("approval-hall:maintainers", "civil-affairs:maintainers")
    assert one.database is not None
    assert one.secret == f"database-{one.database.id}-ro"


def test_a_group_that_both_tenants_have_makes_no_pair() -> None:
    scopes = list(namespaces.scopes(lab(), SIDE))
    first = scopes[0]
    shared = first.tenant.spec.members
    second = next(scope for scope in scopes if scope.tenant.metadata.id == "civil-affairs")
    spec = second.tenant.spec.model_copy(update={"members": shared})
    twin = dataclasses.replace(second, tenant=second.tenant.model_copy(update={"spec": spec}))
    assert len(identity_probes.samples([first, twin])) == 1


def test_whoever_has_viewers_only_or_is_frozen_is_no_sample() -> None:
    scope = namespaces.scopes(lab(), SIDE)[0]
    viewers = tuple(one for one in scope.tenant.spec.members if one.role.value == "viewer")
    spec = scope.tenant.spec.model_copy(update={"members": viewers})
    watched = dataclasses.replace(scope, tenant=scope.tenant.model_copy(update={"spec": spec}))
    place = (scope.tenant.metadata.id, scope.environment.name)
    frozen = dataclasses.replace(scope, freezes={place: "because"})
    assert identity_probes.samples([watched, frozen]) == ()


def test_a_single_tenant_is_tried_at_its_own_and_by_bad_tokens() -> None:
    (one, _) = chosen()
    found = list(identity_probes.tokens([one]))
    assert {probe.expected.value for probe in found} == {"allowed", "forbidden", "unauthenticated"}
    assert all(probe.target.startswith((one.namespace, "cluster", "approval_hall")) for probe in found)
    assert list(identity_probes.tokens([])) == []


def test_a_token_is_worth_something_at_its_own_tenant_and_nothing_next_door() -> None:
    found = outcomes()
    own, other = chosen()
    for act in ("review", "write"):
        assert found[f"token/{own.group}/{act}/{own.namespace}"] == "allowed"
        assert found[f"token/{own.group}/{act}/{other.namespace}"] == "forbidden"
        assert found[f"token/{other.group}/{act}/{own.namespace}"] == "forbidden"
    assert found[f"token/{own.group}/read-password/{own.namespace}/{own.secret}"] == "allowed"
    assert found[f"token/{own.group}/read-password/{other.namespace}/{other.secret}"] == "forbidden"
    assert own.database is not None
    assert other.database is not None
    assert found[f"token/{own.group}/open-database/{own.database.database}"] == "allowed"
    assert found[f"token/{own.group}/open-database/{other.database.database}"] == "forbidden"
    assert found[f"token/{own.group}/log-in-as/{other.database.ro}"] == "forbidden"
    assert found[f"token/{own.group}/token-as-password/{own.database.database}"] == "forbidden"
    assert found[f"token/{own.group}/list-namespaces/cluster"] == "forbidden"
    assert found[f"token/{own.group}/bind-cluster-role/cluster"] == "forbidden"


def test_a_bad_token_is_refused_where_a_good_one_is_taken() -> None:
    found = outcomes()
    own = chosen()[0]
    for act in identity_probes.BAD_TOKENS:
        assert found[f"token/{own.group}/{act}/{own.namespace}"] == "unauthenticated"
    assert set(identity_probes.BAD_TOKENS) >= identity_probes.SLOW


@pytest.mark.parametrize("family", [4, 6])
def test_the_zones_see_log_in_pages_and_nothing_of_the_administration(family: int) -> None:
    found = outcomes()
    at = f"web/external-client/identity/external-v{family}"
    assert found[f"{at}/discovery"] == "allowed"
    for page in ("admin", "admin-api", "master", "health", "metrics", "registration", "dots", "escaped", "semicolon"):
        assert found[f"{at}/{page}"] == "forbidden"
    assert [found[f"{at}/tls{version}"] for version in ("1.0", "1.1", "1.2", "1.3")] == [
        "forbidden", "forbidden", "allowed", "allowed",
    ]  # fmt: skip
    assert found[f"{at}/plain-http-80"] == found[f"{at}/plain-http-443"] == "forbidden"


def test_the_management_network_is_offered_the_administration_and_clients_in_it_are_not() -> None:
    found = outcomes()
    assert found["web/management/identity/management-v4/admin-console"] == "allowed"
    assert found["web/management/identity/management-v4/health-ready"] == "allowed"
    assert found["web/external-client/identity/management-v4/management-admin"] == "blocked"
    assert found["web/internet-client/identity/management-v4/management-admin"] == "blocked"
    assert not any(name.startswith("web/internet-client/identity/ex") for name in found), "packets show that it is shut"


def test_the_administrations_port_is_tried_from_every_zone_by_packets() -> None:
    side = next(side for side in inventories.plan(lab()).sides if side.side is SIDE)
    found = {probe.id: probe.expected.value for probe in side.probes}
    for client in ("external-client", "internet-client"):
        assert found[f"packet/{client}/external-identity/external/tcp-8443/v4"] == "blocked"
