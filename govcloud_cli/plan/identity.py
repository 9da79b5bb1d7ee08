"""The identity service as values: one realm, its groups, who administers it, and every client that may ask it.

People are not here: `people sync` brings accounts about, because a file of 10,000 of them is no plan to read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from govcloud_cli.model import identities, people, platforms
from govcloud_cli.model import inventory as inventories
from govcloud_cli.plan import applications, credentials, identity_places, namespaces

CLI_CLIENT = "govcloud-cli"
"""`govcloud login`: public, device and browser flow (RFC 8628, RFC 8252), PKCE, no password grant."""
KUBERNETES_AUDIENCE = "kubernetes"
VPN_CLIENT = "govcloud-vpn"
"""The gateways': confidential, password grant with one-time code, and nothing else."""
PORTAL_CLIENT = "govcloud-portal"
"""The portal's (`spec.identity.portal`): confidential, browser flow with PKCE."""
ENGINE_CLIENT = "govcloud-engine"
"""The deploy's own, in the realm `master`; made by the role `identity`."""
VPN_SECRET = "vpn-client"  # noqa: S105 (a file's name)
"""File in the side's `secrets/` with the secret of `VPN_CLIENT`."""
PORTAL_SECRET = "portal-client"  # noqa: S105 (as above)
"""File in the side's `secrets/` with the secret of `PORTAL_CLIENT`."""
ENGINE_SECRET = "identity-engine"  # noqa: S105 (as above)
"""File in the side's `secrets/` with the secret of `ENGINE_CLIENT`."""
TOKEN_SECONDS = 45
"""Life of an access token: the API server asks nobody, so this is how long a leaver's last one still works."""
DIRECTORY_SECRET = "directory"  # noqa: S105 (as above)
"""File in the side's `secrets/` with the password of `spec.identity.directory.bind`."""
LOOPBACK_REDIRECTS = ("http://127.0.0.1/callback", "http://[::1]/callback")
"""Where `govcloud login` listens, on whatever port is free (RFC 8252, 7.3)."""

DUTY_ROLES: Mapping[people.Duty, tuple[str, ...]] = MappingProxyType(
    {
        people.Duty.SYSTEM: ("view-identity-providers", "view-realm"),
        people.Duty.SECURITY: ("manage-authorization", "manage-users", "view-authorization", "view-users"),
        people.Duty.AUDIT: (
            "view-authorization",
            "view-events",
            "view-identity-providers",
            "view-realm",
            "view-users",
        ),
    }
)
"""What each may do in the realm: roles of Keycloak's client `realm-management`. Only reading is in two lists.

Settings, clients and identity providers are the platform's files', so nobody manages them by hand: whoever may, may
also have a client's or provider's mappers say that he is somebody else. Nobody has `view-clients`: it shows clients'
secrets.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """A group of the realm; its name is what tokens carry in `groups`."""

    name: str
    """`org:<organisation>`, a tenant's (`finance:maintainers`), or `govcloud:<duty>-administrators`."""
    parent: str | None
    """Name of the group it is in; organisations form the tree of government."""
    roles: tuple[str, ...] = ()
    """What its members may do in the realm: roles of `realm-management`, ordered."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Client:
    """An application that people log in to."""

    id: str
    name: str
    kind: Literal["public", "confidential"]
    flows: tuple[Literal["browser", "device", "password"], ...]
    redirect_uris: tuple[str, ...]
    audiences: tuple[str, ...]
    """What its tokens are for besides itself."""
    secret: credentials.SecretRef | None
    """Its secret: a file's, or an application's."""
    tenant: str | None = None
    """Whose application it is; who could read its secret and left takes along a former one (`plan.rotations`)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directory:
    """The staff directory that accounts come from."""

    url: str
    people: str
    """Distinguished name of the entry below which they are."""
    bind: str
    account: str
    """The attribute that is the account's name."""
    secret: credentials.SecretRef
    """The password of `bind`: a file's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class IdentityPlan:
    """One side's identity service."""

    machine: str
    host: str
    """Name in addresses and certificates."""
    issuer: str
    """`https://<host>/realms/govcloud`: what tokens say in `iss`."""
    admin_url: str
    """`https://<management address>:8443`, from where the platform is administered."""
    display_name: str
    groups: tuple[Group, ...]
    """Parents before children."""
    clients: tuple[Client, ...]
    """Our own first, then tenants' applications by id."""
    directory: Directory | None = None


def plan(inventory: inventories.Inventory, side: platforms.Side) -> IdentityPlan | None:
    """The identity service of one side; None if no machine of that side has it.

    `inventory` is `lifecycle.settled`: what is past its last day is frozen, and frozen environments have no clients.
    """
    place = identity_places.of(inventory, side)
    if place is None:
        return None
    return IdentityPlan(
        machine=place.machine.id,
        host=place.host,
        issuer=place.issuer,
        admin_url=place.admin_url,
        display_name=inventory.platform.metadata.display_name,
        groups=(*_organisations(inventory), *_members(inventory, side), *_duties()),
        clients=(*_own(), *_portal(inventory.platform.spec.identity), *_applications(inventory, side)),
        directory=_directory(inventory.platform.spec.identity),
    )


def _organisations(inventory: inventories.Inventory) -> Iterator[Group]:
    """The tree of government, from its root down, siblings ordered by id."""
    entries = sorted(inventory.platform.spec.organisations, key=lambda entry: entry.id)
    level = [entry for entry in entries if entry.parent is None]
    while level:
        for entry in level:
            parent = None if entry.parent is None else people.organisation_group(entry.parent)
            yield Group(name=people.organisation_group(entry.id), parent=parent)
        above = {entry.id for entry in level}
        level = [entry for entry in entries if entry.parent in above]


def _members(inventory: inventories.Inventory, side: platforms.Side) -> Iterator[Group]:
    here = (tenant for tenant in inventory.tenants if inventory.zone(tenant.spec.zone).side is side)
    for name in sorted({member.group for tenant in here for member in tenant.spec.members}):
        yield Group(name=name, parent=None)


def _duties() -> Iterator[Group]:
    for duty, name in people.DUTY_GROUPS.items():
        yield Group(name=name, parent=None, roles=DUTY_ROLES[duty])


def _own() -> Iterator[Client]:
    yield Client(
        id=CLI_CLIENT,
        name="GovCloud",
        kind="public",
        flows=("browser", "device"),
        redirect_uris=LOOPBACK_REDIRECTS,
        audiences=(KUBERNETES_AUDIENCE,),
        secret=None,
    )
    yield Client(
        id=VPN_CLIENT,
        name="GovCloud SSL-VPN",
        kind="confidential",
        flows=("password",),
        redirect_uris=(),
        audiences=(),
        secret=credentials.file_ref(VPN_SECRET),
    )


def _portal(asked: identities.Identity) -> Iterator[Client]:
    if asked.portal is not None:
        yield Client(
            id=PORTAL_CLIENT,
            name="GovCloud portal",
            kind="confidential",
            flows=("browser",),
            redirect_uris=tuple(sorted(asked.portal.redirect_uris)),
            audiences=(),
            secret=credentials.file_ref(PORTAL_SECRET),
        )


def _applications(inventory: inventories.Inventory, side: platforms.Side) -> Iterator[Client]:
    found = []
    for scope in namespaces.scopes(inventory, side):
        for application in applications.of(scope):
            client = applications.client_id(scope, application)
            found.append(
                Client(
                    id=client,
                    name=f"{scope.tenant.metadata.display_name} · {application.id}",
                    kind="confidential",
                    flows=("browser",),
                    redirect_uris=tuple(sorted(application.redirect_uris)),
                    audiences=(),
                    secret=credentials.application_ref(client),
                    tenant=scope.tenant.metadata.id,
                )
            )
    yield from sorted(found, key=lambda one: one.id)


def _directory(identity: identities.Identity) -> Directory | None:
    found = identity.directory
    if found is None:
        return None
    return Directory(
        url=found.url,
        people=found.people,
        bind=found.bind,
        account=found.account,
        secret=credentials.file_ref(DIRECTORY_SECRET),
    )
