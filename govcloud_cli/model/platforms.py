"""The platform: zones, machines, flows and organisations of one environment (`platform.yaml`)."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import pydantic

from govcloud_cli.model import addresses, base, identities, interfaces, names, policy_settings, vpns


class ZoneKind(enum.StrEnum):
    """The three government networks. `internal` is physically separate; the other two are separated by a firewall."""

    INTERNAL = "internal"
    """政务内网"""
    EXTERNAL = "external"
    """政务外网"""
    INTERNET = "internet"
    """互联网"""


class Side(enum.StrEnum):
    """The two sides of the air gap. Nothing may span them."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class Service(enum.StrEnum):
    """What a machine does for the platform; `plan.services` says with which roles and ports."""

    BORDER = "border"
    """Forwards between the zones it stands in, by declared flows only."""
    DATABASE = "database"
    KUBERNETES = "kubernetes"
    TIME = "time"
    """Keeps the time of its side; the air gap gives each side its own."""
    IDENTITY = "identity"
    """Keycloak: one account per civil servant, and every log-in on its side."""
    SSLVPN = "sslvpn"
    """ocserv, between `internet` and `external`: the way in for staff who are outside."""
    CLIENT = "client"
    """Stands for an office machine in its zone; `verify` sends its packets from here."""


class Level(enum.StrEnum):
    """The four administrative levels: 国家, 省, 市, 县."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


# Named here, because `interfaces` is a field of `Machine` as well.
Device = interfaces.Device
_MANAGEMENT_DEVICE = interfaces.MANAGEMENT


class Metadata(base.Model):
    """Who a document is about."""

    id: names.Id
    """Stable id; never changes."""
    display_name: names.DisplayName
    """Name for people; any script."""


class Engine(base.Model):
    """How Pulumi runs."""

    plugins: Literal["builtin", "official"] = "builtin"
    """`builtin`: our own providers, nothing to download. `official`: the vendors' plugins, already installed."""
    backend: str | None = None
    """Pulumi backend URL (`s3://…`, `https://…`); left out: files in `.govcloud/<env>/<side>/state`."""


class Network(base.Model):
    """An IPv4 and an IPv6 prefix that belong together."""

    cidr: addresses.Cidr4
    """IPv4 prefix, e.g. `10.20.0.0/24`."""
    cidr6: addresses.Cidr6
    """IPv6 prefix, e.g. `fd20::/64`."""


class ManagementNetwork(Network):
    """The network over which one side's machines are administered."""

    engineers: tuple[addresses.Cidr, ...] = ()
    """`existing` only, and required there: where platform engineers come from, e.g. `[172.20.20.0/28]`."""


class Management(base.Model):
    """The management networks: one per side of the air gap, for platform engineers only."""

    internal: ManagementNetwork | None = None
    external: ManagementNetwork | None = None


class Zone(Network):
    """One network segment that departments live in."""

    id: names.Id
    kind: ZoneKind
    display_name: names.DisplayName

    @property
    def side(self) -> Side:
        """The side of the air gap that this zone is on; follows from its kind, so nobody can misdeclare it."""
        return Side.INTERNAL if self.kind is ZoneKind.INTERNAL else Side.EXTERNAL


class Interface(base.Model):
    """A machine's place in a zone."""

    zone: names.Id
    address: addresses.Address4
    address6: addresses.Address6
    device: Device | None = None
    """`existing` only: the interface's name on the host; left out: the zone's id, cut to 15 characters."""

    @property
    def device_name(self) -> str:
        """What the interface is called inside the machine."""
        return self.device or interfaces.interface_name(self.zone)


class Ssh(base.Model):
    """How to reach a real host (`substrate: existing`)."""

    host: Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")]
    """Name or address."""
    user: Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")] = "root"
    port: addresses.Port = 22


class Machine(base.Model):
    """One host."""

    id: names.Id
    services: Annotated[tuple[Service, ...], pydantic.Field(min_length=1)]
    interfaces: Annotated[tuple[Interface, ...], pydantic.Field(min_length=1)]
    management: addresses.Address4 | None = None
    """Address in its side's management network; required in the lab, and for `database` and `kubernetes`."""
    management6: addresses.Address6 | None = None
    management_device: Device = _MANAGEMENT_DEVICE
    """The interface in the management network; another name only with `substrate: existing`."""
    ssh: Ssh | None = None
    """Required with `substrate: existing`, refused in the lab."""
    dedicated_to: names.Id | None = None
    """The one tenant whose `dedicated` databases it holds; with the service `database` only."""


class FlowEnd(base.Model):
    """One end of a flow: a whole zone, one machine, or everybody of one VPN group."""

    zone: names.Id | None = None
    machine: names.Id | None = None
    vpn: names.Id | None = None
    """A group of `spec.vpn`; as `from` only."""

    @pydantic.model_validator(mode="after")
    def _exactly_one(self) -> FlowEnd:
        if sum(end is not None for end in (self.zone, self.machine, self.vpn)) != 1:
            raise ValueError("name either a zone, a machine or a vpn group")
        return self


class Flow(base.Model):
    """Traffic that is allowed; all other traffic between machines is dropped."""

    id: names.Id
    source: Annotated[FlowEnd, pydantic.Field(alias="from")]
    destination: Annotated[FlowEnd, pydantic.Field(alias="to")]
    protocol: Literal["tcp", "udp"] = "tcp"
    ports: Annotated[tuple[addresses.Port, ...], pydantic.Field(min_length=1)]
    reason: names.Reason


class Budget(base.Model):
    """The most that an organisation, and all below it, may use together."""

    cpu: Annotated[int, pydantic.Field(ge=0)]
    """Cores."""
    memory_gi: Annotated[int, pydantic.Field(ge=0)]
    """GiB."""
    storage_gi: Annotated[int, pydantic.Field(ge=0)]
    """GiB of volumes."""
    database_gi: Annotated[int, pydantic.Field(ge=0)]
    """GiB of databases."""


class Organisation(base.Model):
    """One node of the tree of government: a government or one of its departments."""

    id: names.Id
    display_name: names.DisplayName
    level: Level
    parent: names.Id | None = None
    """Left out for the root only."""
    budget: Budget | None = None
    """Carved from what is left of the parent's; left out: shares the parent's."""


class Audit(base.Model):
    """Where the record of changes is kept."""

    copy_to: Annotated[str, pydantic.StringConstraints(pattern=r"^/[A-Za-z0-9._/-]{1,200}$")]
    """Absolute folder on another disk or host: the second place of the log's signed heads."""


class PlatformSpec(base.Model):
    """Everything about the platform that is not a tenant's business."""

    substrate: Literal["embedded", "existing"] = "embedded"
    """`embedded`: machines in network namespaces of this host. `existing`: your own hosts, reached by SSH."""
    engine: Engine = Engine()
    kubeconfig: dict[Side, str] = pydantic.Field(default_factory=dict)
    """`existing` only: kubeconfig file per side, where a cluster is already there; relative to the inventory folder."""
    management: Management
    zones: Annotated[tuple[Zone, ...], pydantic.Field(min_length=1)]
    machines: Annotated[tuple[Machine, ...], pydantic.Field(min_length=1)]
    flows: tuple[Flow, ...] = ()
    organisations: Annotated[tuple[Organisation, ...], pydantic.Field(min_length=1)]
    identity: identities.Identity = identities.Identity()
    vpn: vpns.Vpn | None = None
    """Left out: nobody gets in from outside. Needs a machine with the service `sslvpn`."""
    policies: policy_settings.PolicySettings = policy_settings.PolicySettings()
    audit: Audit | None = None
    """Left out: heads are copied to the state folder of the account that deploys."""


class Platform(base.Model):
    """`platform.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["Platform"]
    metadata: Metadata
    spec: PlatformSpec
