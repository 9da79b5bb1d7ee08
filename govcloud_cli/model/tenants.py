"""A tenant: what one department asks the platform for (`tenants/<id>.yaml`)."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import pydantic
import pydantic_core

from govcloud_cli.model import addresses, base, dates, identities, names, platforms


class EnvironmentName(enum.StrEnum):
    """The closed set of environments; free text here cost others 34 spellings of five words."""

    DEV = "dev"
    TEST = "test"
    STAGING = "staging"
    PROD = "prod"


class DataClass(enum.StrEnum):
    """Data classes of the Data Security Law (数据安全法, art. 21): 一般, 重要, 核心."""

    GENERAL = "general"
    IMPORTANT = "important"
    CORE = "core"


class Tier(enum.StrEnum):
    """Quota tiers; `plan.quotas` says what each is worth."""

    XS = "xs"
    S = "s"
    M = "m"
    L = "l"
    XL = "xl"


class Role(enum.StrEnum):
    """What a member may do in the tenant's namespaces."""

    OWNER = "owner"
    MAINTAINER = "maintainer"
    VIEWER = "viewer"


class Direction(enum.StrEnum):
    """Seen from the tenant."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


Mailbox = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
Phone = Annotated[str, pydantic.StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,20}$")]
_PRIVILEGED = frozenset({"system", "kubeadm", "govcloud", "org"})
"""Whose groups Kubernetes, its installer and we ourselves give rights over the cluster; `org:` says where one works."""


def _unprivileged(group: str) -> str:
    first, colon, _ = group.partition(":")
    if colon and first in _PRIVILEGED:
        raise pydantic_core.PydanticCustomError("privileged_group", "a group of the platform itself")
    return group


Group = Annotated[
    str,
    pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9-]*(:[a-z0-9-]+)*$", max_length=80),
    pydantic.AfterValidator(_unprivileged),
]
"""A group of the identity service, e.g. `finance:maintainers`."""
Person = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,39}$")]
"""A civil servant's account name."""


class Contact(base.Model):
    """A role mailbox and a phone that is answered, so that notices survive a change of staff."""

    mailbox: Mailbox
    phone: Phone


class Member(base.Model):
    """An identity group and what it may do."""

    group: Group
    role: Role


class Peer(base.Model):
    """The other end of an allowance: another tenant's environment, or a whole zone."""

    tenant: names.Id | None = None
    environment: EnvironmentName | None = None
    """With `tenant`; left out: the environment of the same name."""
    zone: names.Id | None = None

    @pydantic.model_validator(mode="after")
    def _exactly_one(self) -> Peer:
        if (self.tenant is None) == (self.zone is None):
            raise ValueError("name either a tenant or a zone")
        return self


class Allowance(base.Model):
    """Traffic that the tenant's namespaces accept or send; the rest is denied."""

    direction: Direction
    peer: Peer
    protocol: Literal["tcp", "udp"] = "tcp"
    ports: Annotated[tuple[addresses.Port, ...], pydantic.Field(min_length=1)]
    reason: names.Reason


class TenantNetwork(base.Model):
    """The tenant's network: nothing but what is allowed here and the platform's own services."""

    allow: tuple[Allowance, ...] = ()


class DatabaseTier(enum.StrEnum):
    """Whose server a database is on."""

    SHARED = "shared"
    """The platform's, beside other tenants' databases."""
    DEDICATED = "dedicated"
    """A machine of its own, which `platform.yaml` declares for the tenant."""


class Extension(enum.StrEnum):
    """PostgreSQL extensions that a tenant may ask for: `trusted` ones, which give no power beyond the database."""

    BTREE_GIN = "btree_gin"
    BTREE_GIST = "btree_gist"
    CITEXT = "citext"
    FUZZYSTRMATCH = "fuzzystrmatch"
    HSTORE = "hstore"
    INTARRAY = "intarray"
    LTREE = "ltree"
    PG_TRGM = "pg_trgm"
    PGCRYPTO = "pgcrypto"
    TABLEFUNC = "tablefunc"
    UNACCENT = "unaccent"
    UUID_OSSP = "uuid-ossp"


class Database(base.Model):
    """One database."""

    id: names.DatabaseId
    connections: Annotated[int, pydantic.Field(ge=2, le=100)] = 10
    """Most connections at once."""
    size_gi: Annotated[int, pydantic.Field(ge=1, le=2000)] = 5
    """GiB that it will need at most; counted in the budget."""
    extensions: tuple[Extension, ...] = ()
    tier: DatabaseTier = DatabaseTier.SHARED
    reason: names.Reason | None = None
    """Why the shared tier will not do; with `tier: dedicated` only, and required there."""


class CustomQuota(base.Model):
    """A quota of one's own, where no tier fits; always decided by a person."""

    cpu: Annotated[int, pydantic.Field(ge=1, le=256)]
    """Cores."""
    memory_gi: Annotated[int, pydantic.Field(ge=1, le=1024)]
    """GiB."""
    storage_gi: Annotated[int, pydantic.Field(ge=1, le=20_000)]
    """GiB of all volumes together."""
    pods: Annotated[int, pydantic.Field(ge=1, le=1000)]
    justification: Annotated[
        str, pydantic.StringConstraints(min_length=8, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")
    ]
    """Why no tier fits."""


class Environment(base.Model):
    """One environment of a tenant: a namespace and its databases."""

    name: EnvironmentName
    quota: Tier | None = None
    """Left out: `s`, unless `customQuota` says otherwise."""
    custom_quota: CustomQuota | None = None
    """Instead of `quota`."""
    expires_on: dates.Day | None = None
    """The last day (UTC), e.g. `2027-06-30`; afterwards it is frozen. Required outside prod."""
    databases: tuple[Database, ...] = ()


class Application(base.Model):
    """An application of the tenant's own that people log in to with their account."""

    id: names.Id
    """Its client is `<tenant>-<environment>-<id>`."""
    environment: EnvironmentName
    """Whose namespace gets its credentials, as Secret `application-<id>`."""
    redirect_uris: Annotated[tuple[identities.RedirectUri, ...], pydantic.Field(min_length=1, max_length=10)]


class TenantSpec(base.Model):
    """What the department wants, and who answers for it."""

    organisation: names.Id
    """Its place in the tree of `platform.yaml`."""
    zone: names.Id
    data_class: DataClass
    mlps: Literal[2, 3, 4]
    """等保 level that its systems are filed under."""
    owner: Person
    """Answers for the tenant."""
    technical_lead: Person
    """Runs it; not the owner."""
    contact: Contact
    environments: Annotated[tuple[Environment, ...], pydantic.Field(min_length=1)]
    members: Annotated[tuple[Member, ...], pydantic.Field(min_length=1)]
    network: TenantNetwork = TenantNetwork()
    applications: tuple[Application, ...] = ()


class Tenant(base.Model):
    """`tenants/<id>.yaml`; the file is named after the id."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["TenantRequest"]
    metadata: platforms.Metadata
    spec: TenantSpec
