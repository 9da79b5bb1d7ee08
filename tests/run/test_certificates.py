from __future__ import annotations

from govcloud_cli import resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, databases
from govcloud_cli.run import certificates
from tests.support import inventories


def test_each_side_gets_its_own_with_its_own_addresses() -> None:
    internal, external = (certificates.requests(side) for side in inventories.plan(inventories.lab()).sides)
    own = {"identity-external-identity", "identity-database", "sslvpn-gateway"}
    names = [[request.name for request in requests] for requests in (internal, external)]
    assert names[0] == [name for name in names[1] if name not in own]
    assert own <= set(names[1])
    addresses = [
        {str(address) for request in requests for address in request.addresses} for requests in (internal, external)
    ]
    assert addresses[0] & addresses[1] <= {"10.96.0.1", "127.0.0.1", "::1"}, "the API's service address is each side's"


def test_the_database_is_called_by_any_of_its_addresses_and_administered_with_a_certificate() -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    found = {request.name: request for request in certificates.requests(side)}
    assert {str(address) for address in found["database"].addresses} == {
        "10.20.0.11", "fd20::11", "172.31.20.11", "fdff:20::11",
    }  # fmt: skip
    assert found["database"].usages == ("server",)
    assert found["database-admin"].usages == ("client",)
    assert found["database-admin"].common_name == databases.ADMIN_ROLE


def test_every_database_server_has_a_key_of_its_own_and_one_certificate_administers_them_all() -> None:
    example = loading.load(resources.folder("inventories") / "example")
    (side,) = build.build(example, places={}, sides=[platforms.Side.EXTERNAL], today=inventories.TODAY).sides
    found = {request.name: request for request in certificates.requests(side)}
    assert set(found) == {
        "database", "database-server-tax-lanhe-db", "database-admin", "identity-identity", "identity-database",
        "sslvpn-gateway",
    }  # fmt: skip
    shared, own = found["database"], found["database-server-tax-lanhe-db"]
    assert {str(address) for address in own.addresses} == {"10.121.0.32", "fd91:121::32", "172.20.20.32"}
    assert not set(shared.addresses) & set(own.addresses)


def test_the_identity_service_is_called_by_machine_or_host_and_logs_in_to_its_database_with_a_certificate() -> None:
    example = loading.load(resources.folder("inventories") / "example")
    (side,) = build.build(example, places={}, sides=[platforms.Side.EXTERNAL], today=inventories.TODAY).sides
    found = {request.name: request for request in certificates.requests(side)}
    own, client, gateway = (found[name] for name in ("identity-identity", "identity-database", "sslvpn-gateway"))
    assert own.dns_names == ("identity", "id.lanhe.example")
    assert {str(address) for address in own.addresses} == {"10.121.0.41", "fd91:121::41", "172.20.20.41"}
    assert (client.common_name, client.usages, client.dns_names) == ("keycloak", ("client",), ())
    assert gateway.usages == own.usages == ("server",)
    assert "10.130.0.42" in {str(address) for address in gateway.addresses}
    assert {request.ca for request in (own, client, gateway)} == {"services"}


def test_the_kubeconfigs_certificates_are_among_them() -> None:
    (side, _) = inventories.plan(inventories.lab()).sides
    names = {request.name for request in certificates.requests(side)}
    assert {certificates.ENGINE, certificates.ENGINEERS} <= names
