from __future__ import annotations

import collections
import dataclasses
import datetime
import functools
import json
import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli import resources
from govcloud_cli.compliance import inputs, judging, rules, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.inventory import loading, rulebook
from govcloud_cli.model import freezes, platforms, policies
from govcloud_cli.plan import build, platform_flows
from tests.support import inventories

AREAS = frozenset({"estate", "hosts", "resources", "tenants", "zones"})


def lab(**options: Any) -> tuple[subjects.Subject, ...]:
    return inputs.of_plan(inventories.lab_plan(), defaults={}, folder="inventories/lab", **options)


def keyed(found: tuple[subjects.Subject, ...]) -> dict[str, subjects.Subject]:
    return {one.key: one for one in found}


def test_every_kind_of_input_is_there() -> None:
    counted = collections.Counter(one.input for one in lab())
    assert set(counted) == set(policies.Input)
    assert counted[policies.Input.TENANT] == len(inventories.lab().tenants)
    assert counted[policies.Input.FLOW] == len(platform_flows.every(inventories.lab()))
    assert counted[policies.Input.HOST] == len(inventories.lab().platform.spec.machines)


def test_every_document_is_plain_json() -> None:
    json.dumps([one.document for one in lab()])


def test_every_planned_object_is_there_once() -> None:
    plan = inventories.lab_plan()
    made = [
        inputs.without_secrets(manifest)
        for side in plan.sides
        for manifest in (*side.cluster, *(found for shard in side.shards for found in shard.manifests))
    ]
    told = [one.document for one in lab() if one.input is policies.Input.KUBERNETES]
    assert all(document in told for document in made)
    assert len({json.dumps(document, sort_keys=True) for document in told}) == len(told)


def test_a_planned_secret_is_told_without_its_value() -> None:
    secrets = [one.document for one in lab() if one.key.startswith("k8s:core/Secret/")]
    assert secrets
    for secret in secrets:
        assert secret["data"]["password"] == inputs.SECRET
        assert secret["data"]["uri"] == inputs.SECRET
        assert "${" not in json.dumps(secret)


@pytest.mark.parametrize(
    ("key", "file", "path"),
    [
        ("tenant:finance", "tenants/finance.yaml", ()),
        ("zone:internet", "platform.yaml", ("spec", "zones", 2)),
        ("flow:external-web", "platform.yaml", ("spec", "flows", 5)),
        # Nobody declared it: it is there for the machine's service.
        ("flow:platform-vpn-tcp", "platform.yaml", ("spec", "machines", 4)),
        ("flow:platform-external-k8s-identity", "platform.yaml", ("spec", "machines", 2)),
        ("host:internal-db", "platform.yaml", ("spec", "machines", 7)),
        ("k8s:core/Namespace/finance-prod", "tenants/finance.yaml", ("metadata", "id")),
        ("k8s:core/ResourceQuota/finance-prod/tenant", "tenants/finance.yaml", ("spec", "environments")),
        ("k8s:networking.k8s.io/NetworkPolicy/finance-prod/default-deny", "tenants/finance.yaml", ("spec", "network")),
        (
            "k8s:rbac.authorization.k8s.io/RoleBinding/finance-prod/tenant-owner",
            "tenants/finance.yaml",
            ("spec", "members"),
        ),
        ("k8s:core/Namespace/govcloud-system", "platform.yaml", ("metadata", "id")),
        ("environment:lab", "platform.yaml", ("metadata", "id")),
    ],
)
def test_a_finding_leads_to_the_file_that_declares_it(key: str, file: str, path: subjects.Path) -> None:
    assert keyed(lab())[key].place == subjects.Place(file=f"inventories/lab/{file}", path=path)


def test_places_of_declared_things_are_in_their_files() -> None:
    written = yaml.safe_load((resources.folder("inventories") / "lab" / "platform.yaml").read_text(encoding="utf-8"))
    for one in lab():
        if one.input in (policies.Input.ZONE, policies.Input.FLOW, policies.Input.HOST):
            assert one.place is not None
            value = written
            for step in one.place.path:
                value = value[step]
            own = one.document["id"].startswith(platform_flows.PREFIX)
            assert value["id"] == (
                one.document["to" if "vpn" in one.key else "from"]["machine"] if own else one.document["id"]
            )


def test_a_tenant_says_what_it_asks_for_and_what_that_hangs_on() -> None:
    document = keyed(lab())["tenant:approval-hall"].document
    assert document["spec"]["dataClass"] == "general"
    assert document["spec"]["network"]["allow"][0]["protocol"] == "tcp", "defaults are filled in"
    context = document["context"]
    assert context["zone"]["kind"] == "external"
    assert [zone["id"] for zone in context["zones"]] == ["internal", "external", "internet"]
    assert context["organisation"] == {"id": "yunxi-approval", "level": "county", "budget": False}
    assert [one["id"] for one in context["ancestors"]] == ["yunxi"]
    assert context["peers"]["market-regulation"]["mlps"] == 3
    assert (context["needsApproval"], context["approvers"], context["frozen"]) == (False, [], [])
    assert context["platformLevel"] == 3


def test_a_tenant_says_who_decides_about_it() -> None:
    found = keyed(inputs.of_plan(plan_of("example"), defaults={}, folder="example"))
    assert found["tenant:tax-lanhe"].document["context"]["approvers"] == ["shen.guoan", "tao.zhiyuan"]
    assert found["tenant:tax-lanhe"].document["context"]["frozen"] == ["staging"]


def test_what_is_past_its_last_day_is_frozen_too() -> None:
    spec = inventories.lab()
    plan = build.build(spec, places=places(spec), sides=spec.sides, today=datetime.date(2036, 1, 1))
    found = keyed(inputs.of_plan(plan, defaults={}, folder="lab"))
    assert found["tenant:approval-hall"].document["context"]["frozen"] == ["dev", "test"]


def test_a_flow_from_vpn_says_that_its_users_are_in_no_zone_yet() -> None:
    document = keyed(lab())["flow:staff-api"].document
    assert document["from"] == {
        "vpn": "staff",
        "zones": [{"id": "vpn-staff", "kind": "vpn", "side": "external"}],
        "services": [],
        "prefixes": ["10.21.0.0/24", "fd21::/112"],
    }
    assert document["to"]["machine"] == "external-k8s"


def test_a_flow_says_where_its_ends_are() -> None:
    document = keyed(lab())["flow:external-time"].document
    assert document["from"] == {
        "zone": "external",
        "zones": [{"id": "external", "kind": "external", "side": "external"}],
        "services": [],
        "prefixes": ["10.20.0.0/24", "fd20::/64"],
    }
    assert document["to"]["machine"] == "border"
    assert document["to"]["services"] == ["border", "time"]
    assert [zone["kind"] for zone in document["to"]["zones"]] == ["external", "internet"]
    assert document["to"]["prefixes"] == ["10.20.0.1/32", "10.30.0.1/32", "fd20::1/128", "fd30::1/128"]


def test_a_zone_says_who_stands_in_it_and_how_it_is_managed() -> None:
    document = keyed(lab())["zone:internet"].document
    assert [one["id"] for one in document["machines"]] == ["border", "gateway", "internet-client"]
    assert document["management"]["cidr"] == "172.31.20.0/24"
    assert document["side"] == "external"


def test_the_environment_says_who_may_waive_and_no_accounts_of_people() -> None:
    plan = plan_of("example")
    found = inputs.of_plan(plan, defaults={}, folder="example", waiver_approvers=("tao.zhiyuan",))
    document = keyed(found)["environment:example"].document
    assert document["waiverApprovers"] == ["tao.zhiyuan"]
    assert document["audit"] == {"copyTo": "/srv/govcloud-audit"}
    assert document["people"][0] == {"id": "cao.yiming", "approves": []}
    assert "ssh-ed25519" not in json.dumps(document)


def test_one_side_alone_says_nothing_of_the_other() -> None:
    spec = inventories.lab()
    whole = inventories.lab_plan()
    internal = dataclasses.replace(whole, sides=tuple(s for s in whole.sides if s.side is platforms.Side.INTERNAL))
    found = inputs.of_plan(internal, defaults={}, folder="lab")
    assert {one.document["side"] for one in found if one.input in (policies.Input.ZONE, policies.Input.HOST)} == {
        "internal"
    }
    kept = {one.key for one in found if one.input is policies.Input.TENANT}
    assert kept == {f"tenant:{one.metadata.id}" for one in spec.tenants if spec.zone(one.spec.zone).side == "internal"}
    assert {one.key for one in found if one.input is policies.Input.FLOW} == {
        "flow:internal-database",
        "flow:internal-api",
        "flow:internal-time",
    }


def test_a_tenant_that_is_frozen_by_hand_says_so() -> None:
    spec = inventories.lab()
    stop = freezes.Freeze.model_validate_json(
        json.dumps(
            {
                "apiVersion": "govcloud/v1",
                "kind": "Freeze",
                "metadata": {"id": "finance"},
                "spec": {"environments": ["prod"], "reason": "a weakness", "by": "li.na", "since": "2026-06-30"},
            }
        )
    )
    plan = inventories.new_plan(dataclasses.replace(spec, freezes=(stop,)))
    found = keyed(inputs.of_plan(plan, defaults={}, folder="lab"))
    assert found["tenant:finance"].document["context"]["frozen"] == ["prod"]


def places(spec: Any) -> dict[platforms.Side, build.LabPlace]:
    return {side: inventories.place(side) for side in spec.sides}


def plan_of(name: str) -> Any:
    spec = loading.load(resources.folder("inventories") / name)
    return build.build(spec, places={}, sides=spec.sides, today=inventories.TODAY)


@pytest.mark.parametrize("name", ["lab", "example"])
def test_what_is_shipped_deserves_no_mandatory_finding(name: str) -> None:
    """Of the rules about tenants, zones, machines, resources and the estate; with nothing unjudged."""
    plan = inventories.lab_plan() if name == "lab" else plan_of(name)
    found = inputs.of_plan(plan, defaults=defaults(), folder=name, waiver_approvers=("tao.zhiyuan", "ren.kaifeng"))
    judged = judging.judge(own_rules(), found)
    bad = [
        (one.policy.metadata.id, one.subject.key, one.outcome.value, one.message)
        for one in judged.results
        if one.policy.spec.severity.reaches(policies.MANDATORY) or one.outcome.value != "fail"
    ]
    assert bad == []
    assert sum(judged.passed.values()) > 500


@functools.cache
def own_rules() -> list[rules.Rule]:
    book = rulebook.load([resources.folder("policies")])
    asked = engine.Engine({"registries": []})
    return [
        rules.compile(entry.policy, libraries=book.libraries, engine=asked)
        for entry in book.entries
        if entry.area in AREAS
    ]


def defaults() -> dict[str, Any]:
    roles: pathlib.Path = resources.folder("roles")
    return {
        path.parent.parent.name: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in roles.glob("*/defaults/main.yml")
    }
