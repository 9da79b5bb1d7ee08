from __future__ import annotations

from govcloud_cli.model import platforms
from govcloud_cli.plan import identity_places
from govcloud_cli.plan.host_variables import identity
from tests.support import inventories


def test_the_service_believes_the_gateway_in_its_own_zone_and_nobody_else() -> None:
    spec = inventories.lab()
    place = identity_places.of(spec, platforms.Side.EXTERNAL)
    assert place is not None
    assert identity.of(spec, place)["identity_trusted_sources"] == ["10.20.0.22/32", "fd20::22/128"]
