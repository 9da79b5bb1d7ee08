"""The identity service as values: one realm, its groups, who administers it, and every client that may ask it.

People are not here: `people sync` brings accounts about, because a file of 10,000 of them is no plan to read.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

REALM = "govcloud"
PORT = 443
"""In the zones: log-in and account pages only."""
ADMIN_PORT = 8443
"""In the management network: everything, the admin console and its API included."""
CLI_CLIENT = "govcloud-cli"
"""`govcloud login`: public, device and browser flow (RFC 8628, RFC 8252), PKCE, no password grant."""
KUBERNETES_AUDIENCE = "kubernetes"
VPN_CLIENT = "govcloud-vpn"
"""The gateways': confidential, password grant with one-time code, and nothing else."""
ENGINE_CLIENT = "govcloud-engine"
"""The deploy's own, in the realm `master`; made by the role `identity`."""
VPN_SECRET = "vpn-client"  # noqa: S105 (a file's name)
"""File in the side's `secrets/` with the secret of `VPN_CLIENT`."""
ENGINE_SECRET = "identity-engine"  # noqa: S105 (as above)
"""File in the side's `secrets/` with the secret of `ENGINE_CLIENT`."""
TOKEN_SECONDS = 45
"""Life of an access token: the API server asks nobody, so this is how long a leaver's last one still works."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """A group of the realm; its name is what tokens carry in `groups`."""

    name: str
    """`org:<organisation>`, a tenant's (`finance:maintainers`), or `govcloud:<duty>-administrators`."""
    parent: str | None
    """Name of the group it is in; organisations form the tree of government."""


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
    secret: str | None
    """Reference to its secret (`plan.databases.SecretRef` by name): `secrets/<file>` or `application/<client>`."""


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
