"""The platform: zones, machines, flows and organisations of one environment (`platform.yaml`)."""

from __future__ import annotations

import enum
import ipaddress
import re
from typing import Annotated, Literal, LiteralString

import pydantic
import pydantic_core

from govcloud_cli.model import base, interfaces, names, policies


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


def _plainly(form: str, error: LiteralString) -> pydantic.BeforeValidator:
    """Refuse what `ipaddress` would also take: numbers, netmasks, zone indices, a prefix without its length."""

    def check(value: object) -> object:
        if isinstance(value, _PARSED) or (isinstance(value, str) and re.fullmatch(form, value, flags=re.ASCII)):
            return value
        raise pydantic_core.PydanticCustomError(error, "not in the form {form}", {"form": form})

    return pydantic.BeforeValidator(check)


_PARSED = (ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network)
_lenient = pydantic.Field(strict=False)


def _prefix(value: object) -> object:
    """A prefix of either family; parsed here, so that a bad one is one fault and not one per family."""
    form = r"[0-9A-Fa-f:.]+/[0-9]{1,3}"
    if isinstance(value, _PARSED):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(form, value, flags=re.ASCII):
            return ipaddress.ip_network(value)
    except ValueError:
        pass
    raise pydantic_core.PydanticCustomError("ip_any_network", "not in the form {form}", {"form": form})


Port = Annotated[int, pydantic.Field(ge=1, le=65535)]
Cidr4 = Annotated[ipaddress.IPv4Network, _lenient, _plainly(r"[0-9.]+/[0-9]{1,2}", "ip_v4_network")]
Cidr6 = Annotated[ipaddress.IPv6Network, _lenient, _plainly(r"[0-9A-Fa-f:.]+/[0-9]{1,3}", "ip_v6_network")]
Cidr = Annotated[
    Annotated[ipaddress.IPv4Network, _lenient] | Annotated[ipaddress.IPv6Network, _lenient],
    pydantic.BeforeValidator(_prefix),
]
Address4 = Annotated[ipaddress.IPv4Address, _lenient, _plainly(r"[0-9.]+", "ip_v4_address")]
Address6 = Annotated[ipaddress.IPv6Address, _lenient, _plainly(r"[0-9A-Fa-f:.]+", "ip_v6_address")]


Registry = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$", max_length=200
    ),
]
"""A registry's host, with a port and a path if need be."""


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

    cidr: Cidr4
    """IPv4 prefix, e.g. `10.20.0.0/24`."""
    cidr6: Cidr6
    """IPv6 prefix, e.g. `fd20::/64`."""


class ManagementNetwork(Network):
    """The network over which one side's machines are administered."""

    engineers: tuple[Cidr, ...] = ()
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
    address: Address4
    address6: Address6
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
    port: Port = 22


class Machine(base.Model):
    """One host."""

    id: names.Id
    services: Annotated[tuple[Service, ...], pydantic.Field(min_length=1)]
    interfaces: Annotated[tuple[Interface, ...], pydantic.Field(min_length=1)]
    management: Address4 | None = None
    """Address in its side's management network; required in the lab, and for `database` and `kubernetes`."""
    management6: Address6 | None = None
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
    ports: Annotated[tuple[Port, ...], pydantic.Field(min_length=1)]
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


HostName = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", max_length=253
    ),
]
"""A DNS name in lower case; other scripts in punycode."""
Dn = Annotated[
    str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9-]+=[^\x00-\x1f\x7f\\\x22+<>;]{1,400}$", max_length=400)
]
"""A distinguished name of LDAP (RFC 4514), e.g. `ou=people,dc=yunxi,dc=example`."""


Pem = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n){1,100}-----END CERTIFICATE-----\n?){1,4}$",
        max_length=32768,
    ),
]
"""Up to four certificates (RFC 7468), and nothing else."""


class Directory(base.Model):
    """The government's own staff directory (LDAP), read and never written."""

    url: Annotated[str, pydantic.StringConstraints(pattern=r"^ldaps://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
    """`ldaps://` only: passwords cross the wire when people log in."""
    people: Dn
    """Where the people are, e.g. `ou=people,dc=yunxi,dc=example`."""
    bind: Dn
    """As whom the identity service reads; its password lies in the side's `secrets/directory`."""
    account: Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = "uid"
    """The attribute that holds the account's name, which is the person's id."""
    authority: Pem | None = None
    """Who issued its certificate (PEM); left out: an authority that Debian trusts, or the platform's own."""


class Identity(base.Model):
    """The identity service (统一身份认证)."""

    host: HostName | None = None
    """Its name in addresses and certificates, e.g. `id.yunxi.example`; left out: its machine's id."""
    directory: Directory | None = None
    """Where accounts come from; left out: `people.yaml`. Organisation, groups and duties are always said there."""


class VpnGroup(base.Model):
    """Staff who get the same way in: addresses of their own, and what flows from them allow."""

    id: names.Id
    display_name: names.DisplayName
    organisations: Annotated[tuple[names.Id, ...], pydantic.Field(min_length=1)]
    """Whose people belong to it: these organisations and all below; the nearest naming decides."""
    pool: Cidr4
    """IPv4 addresses handed out, e.g. `10.21.0.0/24`; in no zone and no other group."""
    pool6: Cidr6
    """IPv6 addresses handed out, e.g. `fd21::/112`."""
    dns: tuple[Address4, ...] = ()
    """Name servers that clients ask while connected."""


class Vpn(base.Model):
    """The SSL-VPN (安全接入): who gets in from the internet, and to what."""

    groups: Annotated[tuple[VpnGroup, ...], pydantic.Field(min_length=1)]


class PolicySettings(base.Model):
    """By which policies the environment is judged."""

    profile: policies.Profile = policies.Profile.MLPS_L3
    """`mlps-l3` is the law's for most government systems; `govcloud policy list` tells what each profile holds."""
    registries: tuple[Registry, ...] = ()
    """Where images may come from, e.g. `registry.yunxi.example/apps`; left out: any registry, but it must be named."""


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
    identity: Identity = Identity()
    vpn: Vpn | None = None
    """Left out: nobody gets in from outside. Needs a machine with the service `sslvpn`."""
    policies: PolicySettings = PolicySettings()
    audit: Audit | None = None
    """Left out: heads are copied to the state folder of the account that deploys."""


class Platform(base.Model):
    """`platform.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["Platform"]
    metadata: Metadata
    spec: PlatformSpec
