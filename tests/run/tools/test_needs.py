"""Which tools an environment needs: those of its machines' services."""

from __future__ import annotations

from govcloud_cli.model import platforms
from govcloud_cli.run.tools import catalog, needs


def machine(*services: platforms.Service) -> platforms.Machine:
    return platforms.Machine.model_construct(services=services)


def test_keycloak_is_needed_where_a_machine_is_the_identity_service_and_nowhere_else() -> None:
    plain = (machine(platforms.Service.DATABASE), machine(platforms.Service.KUBERNETES))
    assert needs.needed(plain) == ("pulumi", "kube-apiserver", "kube-controller-manager")
    assert needs.needed((*plain, machine(platforms.Service.IDENTITY)))[-1] == "keycloak"
    assert needs.needed(()) == ("pulumi",)


def test_every_tool_that_is_needed_is_in_the_catalogue() -> None:
    everything = needs.needed(machine(service) for service in platforms.Service)
    assert set(everything) == set(catalog.TOOLS)
