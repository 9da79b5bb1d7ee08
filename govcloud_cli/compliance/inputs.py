"""What rules are asked about in a plan: Kubernetes objects, tenants, zones, flows, machines, Pulumi resources.

Each document says what was asked for as it was written, and what it hangs on as it came out (`context`, ends of flows),
so that a rule needs no other document. No value of a secret is in any: a plan has none, and its gaps are marked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import host_inputs, resource_inputs, subjects, tenant_inputs
from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms, policies
from govcloud_cli.plan import administration, credentials, hosts, namespaces, plans, platform_flows, vpn

Json = Any
PLATFORM_FILE = "platform.yaml"
SECRET = resource_inputs.SECRET
"""Stands for a secret's value."""

_ITSELF = ("metadata", "id")
_FIELDS: Mapping[str, subjects.Path] = {
    "Database": ("spec", "environments"),
    "LimitRange": ("spec", "environments"),
    "NetworkPolicy": ("spec", "network"),
    "ResourceQuota": ("spec", "environments"),
    "RoleBinding": ("spec", "members"),
    "Secret": ("spec", "environments"),
}
"""What a tenant's objects follow from in its file, where that is not the tenant as such."""


def of_plan(
    plan: plans.Plan,
    *,
    defaults: Mapping[str, Mapping[str, Json]],
    folder: str,
    waiver_approvers: Sequence[str] = (),
) -> tuple[subjects.Subject, ...]:
    """Every subject of the plan's sides. Needs no process, network or clock.

    `defaults`: role -> its default variables; `folder`: the inventory's, as the user named it, for findings' places.
    """
    spec, chosen = plan.inventory, {side.side for side in plan.sides}
    return (
        *_objects(plan, folder),
        *tenant_inputs.subjects_of(spec, chosen, place_of=lambda name: _tenant_place(folder, name)),
        *(one for one in _zones(spec, folder) if one.document["side"] in chosen),
        *(one for one in _flows(spec, folder) if chosen & _sides(one.document)),
        *(
            host_inputs.subject(spec, host, defaults=defaults, place=_machine_place(spec, host, folder))
            for side in plan.sides
            for host in side.hosts
        ),
        *resource_inputs.subjects_of(plan, place_of=lambda name: _object_place(folder, name, "Database")),
        _environment(spec, folder, waiver_approvers),
    )


def _objects(plan: plans.Plan, folder: str) -> Iterator[subjects.Subject]:
    """Every Kubernetes object once: what both sides' clusters have alike is one subject."""
    seen: dict[str, list[Json]] = {}
    for side in plan.sides:
        for manifest in (*side.cluster, *(found for shard in side.shards for found in shard.manifests)):
            document = without_secrets(manifest)
            key = subjects.kubernetes_key(document)
            if document in seen.setdefault(key, []):
                continue
            seen[key].append(document)
            tenant = document["metadata"]["labels"].get(f"{namespaces.PREFIX}tenant")
            place = _platform_place(folder) if tenant is None else _object_place(folder, tenant, document["kind"])
            yield subjects.Subject(input=policies.Input.KUBERNETES, key=key, document=document, place=place)


def without_secrets(value: Json) -> Json:
    """A planned manifest as plain JSON, with `SECRET` where a run puts a secret's value."""
    # Most of a plan goes through here, nearly all of it text.
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {name: without_secrets(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    return SECRET if isinstance(value, (credentials.SecretText, credentials.SecretRef)) else value


def _zones(spec: inventories.Inventory, folder: str) -> Iterator[subjects.Subject]:
    for index, zone in enumerate(spec.platform.spec.zones):
        management = administration.network(spec, zone.side)
        document = tenant_inputs.written(zone) | {
            "side": zone.side.value,
            "substrate": spec.platform.spec.substrate,
            "machines": [
                {"id": machine.id, "services": [one.value for one in machine.services], "address": str(place.address)}
                for machine in spec.platform.spec.machines
                for place in machine.interfaces
                if place.zone == zone.id
            ],
        }
        if management is not None:
            document["management"] = tenant_inputs.written(management)
        place = _platform_place(folder, "zones", index)
        yield subjects.Subject(input=policies.Input.ZONE, key=f"zone:{zone.id}", document=document, place=place)


def _flows(spec: inventories.Inventory, folder: str) -> Iterator[subjects.Subject]:
    machines = [machine.id for machine in spec.platform.spec.machines]
    for index, flow in enumerate(platform_flows.every(spec)):
        document = tenant_inputs.written(flow) | {"from": _end(spec, flow.source), "to": _end(spec, flow.destination)}
        if index < len(spec.platform.spec.flows):
            place = _platform_place(folder, "flows", index)
        else:
            place = _platform_place(folder, "machines", machines.index(platform_flows.owner(flow)))
        yield subjects.Subject(input=policies.Input.FLOW, key=f"flow:{flow.id}", document=document, place=place)


def _end(spec: inventories.Inventory, end: platforms.FlowEnd) -> Json:
    """An end as it is in the plan, with the zones that it is in and, of a machine, its services and addresses."""
    if end.vpn is not None:
        group = vpn.group(spec, end.vpn)
        # A zone of its own: who comes in by VPN is not yet where the gateway lets him.
        zones = [{"id": vpn.zone_of(group), "kind": "vpn", "side": platforms.Side.EXTERNAL.value}]
        return {"vpn": end.vpn, "zones": zones, "services": [], "prefixes": [str(group.pool), str(group.pool6)]}
    if end.machine is None:
        zone = spec.zone(str(end.zone))
        prefixes = [str(zone.cidr), str(zone.cidr6)]
        return {"zone": zone.id, "zones": [_brief(zone)], "services": [], "prefixes": prefixes}
    machine = spec.machine(end.machine)
    return {
        "machine": machine.id,
        "zones": [_brief(spec.zone(interface.zone)) for interface in machine.interfaces],
        "services": [service.value for service in machine.services],
        "prefixes": [f"{one.address}/32" for one in machine.interfaces]
        + [f"{one.address6}/128" for one in machine.interfaces],
    }


def _brief(zone: platforms.Zone) -> Json:
    return {"id": zone.id, "kind": zone.kind.value, "side": zone.side.value}


def _sides(flow: Mapping[str, Json]) -> set[str]:
    return {zone["side"] for end in ("from", "to") for zone in flow[end]["zones"]}


def _environment(spec: inventories.Inventory, folder: str, waiver_approvers: Sequence[str]) -> subjects.Subject:
    platform = spec.platform.spec
    document = {
        "id": spec.environment,
        "platform": spec.platform.metadata.id,
        "substrate": platform.substrate,
        "sides": [side.value for side in spec.sides],
        "profile": platform.policies.profile.value,
        "registries": list(platform.policies.registries),
        "needsApproval": spec.needs_approval,
        "people": [{"id": person.id, "approves": list(person.approves)} for person in spec.people],
        "organisations": [tenant_inputs.written(one) for one in platform.organisations],
        "freezes": [tenant_inputs.written(one) for one in spec.freezes],
        "waiverApprovers": list(waiver_approvers),
        "management": tenant_inputs.written(platform.management),
    }
    if platform.audit is not None:
        document["audit"] = tenant_inputs.written(platform.audit)
    return subjects.Subject(
        input=policies.Input.ENVIRONMENT,
        key=f"environment:{spec.environment}",
        document=document,
        place=_platform_place(folder),
    )


def _tenant_place(folder: str, tenant: str) -> subjects.Place:
    return subjects.Place(file=f"{folder}/tenants/{tenant}.yaml")


def _object_place(folder: str, tenant: str, kind: str) -> subjects.Place:
    """The field that an object follows from. A finding's own path goes on from there and so ends there."""
    return dataclasses.replace(_tenant_place(folder, tenant), path=_FIELDS.get(kind, _ITSELF))


def _platform_place(folder: str, *path: str | int) -> subjects.Place:
    """Of an entry below `spec`; without one, of what it is called."""
    return subjects.Place(file=f"{folder}/{PLATFORM_FILE}", path=("spec", *path) if path else _ITSELF)


def _machine_place(spec: inventories.Inventory, host: hosts.Host, folder: str) -> subjects.Place:
    names = [machine.id for machine in spec.platform.spec.machines]
    return _platform_place(folder, "machines", names.index(host.name))
