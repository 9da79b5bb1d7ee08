from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import hypothesis
from hypothesis import strategies

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import plans, steps
from tests.support import inventories

ENTRIES = strategies.dictionaries(strategies.text("abcd/", min_size=1, max_size=4), strategies.sampled_from("123"))


def entries(spec: inventory.Inventory, **facts: Any) -> dict[str, dict[str, str]]:
    """Per step its entries, `code` among them."""
    return {
        f"{side.side.value}/{step.name}": {**step.entries, "code": step.code}
        for side in inventories.plan(spec).sides
        for step in steps.of(side, inventories.facts(side.side, **facts))
    }


def differing(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> dict[str, set[str]]:
    """Per step that differs, the entries that do."""
    return {
        step: names
        for step in {*one, *other}
        if (names := {change.entry for change in steps.changes(one.get(step, {}), other.get(step, {}))})
    }


def changed_tenant(spec: inventory.Inventory, tenant: str, change: dict[str, Any]) -> inventory.Inventory:
    """An inventory whose tenant has other fields in its `spec`."""

    def apply(found: Any) -> Any:
        if found.metadata.id != tenant:
            return found
        fields = json.loads(found.model_dump_json(by_alias=True, exclude_none=True))
        fields["spec"].update(change)
        return type(found).model_validate_json(json.dumps(fields))

    return dataclasses.replace(spec, tenants=tuple(apply(found) for found in spec.tenants))


def test_the_steps_of_a_side_run_in_the_order_in_which_they_need_each_other() -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    names = [step.name for step in steps.of(side, inventories.facts(side.side))]
    assert names[:4] == ["network", "roles", "identity", "platform"]
    assert names[4:] == sorted(names[4:])
    assert all(name.startswith("tenants-") for name in names[4:])


def test_the_same_inventory_has_the_same_digests_whatever_the_hash_seed() -> None:
    code = (
        "import tests.plan.test_steps as t, json; from tests.support import inventories\n"
        "print(json.dumps(t.entries(inventories.lab()), sort_keys=True))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(other.stdout) == entries(inventories.lab())


def test_a_flows_reason_changes_the_machines_that_carry_it_and_nothing_else() -> None:
    spec = inventories.lab()
    flows = tuple(
        flow.model_copy(update={"reason": "told otherwise"}) if flow.id == "external-database" else flow
        for flow in spec.platform.spec.flows
    )
    found = differing(entries(spec), entries(inventories.with_spec(spec, flows=flows)))
    assert found == {
        "external/roles": {
            "Host/external-db", "Host/external-client", "Host/external-k8s", "Host/external-identity",
        },
    }  # fmt: skip


def test_a_tenants_tier_changes_its_namespaces_and_nothing_else() -> None:
    spec = inventories.lab()
    (finance,) = (tenant for tenant in spec.tenants if tenant.metadata.id == "finance")
    environments = [
        {**json.loads(environment.model_dump_json(by_alias=True)), "quota": "xl"}
        for environment in finance.spec.environments
    ]
    found = differing(entries(spec), entries(changed_tenant(spec, "finance", {"environments": environments})))
    assert len(found) == 1
    ((step, names),) = found.items()
    assert step.startswith("external/tenants-")
    assert all("finance-" in name for name in names)


def test_a_databases_connections_change_its_shard_and_the_pooler_alone() -> None:
    spec = inventories.lab()
    (finance,) = (tenant for tenant in spec.tenants if tenant.metadata.id == "finance")
    environments = json.loads(finance.model_dump_json(by_alias=True))["spec"]["environments"]
    environments[-1]["databases"][0]["connections"] += 1
    found = differing(entries(spec), entries(changed_tenant(spec, "finance", {"environments": environments})))
    shard = next(step for step in found if "tenants-" in step)
    assert found.keys() == {"external/roles", shard}
    assert found["external/roles"] == {"Host/external-db"}
    assert any(name.startswith("Database/finance_prod_") for name in found[shard])


def test_a_changed_role_reaches_the_machines_that_have_it() -> None:
    spec = inventories.lab()
    roles = {**inventories.facts(platforms.Side.EXTERNAL).roles, "database": "other"}
    found = differing(entries(spec), entries(spec, roles=roles))
    assert found == {"external/roles": {"Host/external-db"}, "internal/roles": {"Host/internal-db"}}


def test_a_renewed_certificate_reaches_every_machine_of_its_side() -> None:
    spec = inventories.lab()
    found = differing(entries(spec), entries(spec, certificates=dict.fromkeys(platforms.Side, "renewed")))
    assert found.keys() == {"external/roles", "internal/roles"}
    assert sum(len(names) for names in found.values()) == len(spec.platform.spec.machines)


def test_another_secret_reaches_the_machines_whose_roles_copy_it_and_the_realms_client() -> None:
    spec = inventories.lab()
    before = entries(spec)
    assert differing(before, entries(spec, secrets={"vpn-client": "other"})) == {
        "external/roles": {"Host/gateway"},
        "external/identity": {"Client/govcloud-vpn"},
    }
    assert differing(before, entries(spec, secrets={"break-glass": "other"})) == {
        "external/roles": {"Host/external-identity"},
    }  # fmt: skip
    assert differing(before, entries(spec, secrets={"somebody-elses": "other"})) == {}


def test_other_code_behind_a_step_is_another_step_with_the_same_entries() -> None:
    (side, _) = inventories.plan(inventories.lab()).sides
    one, other = (
        steps.of(side, inventories.facts(side.side, code={kind.value: code for kind in steps.StepKind}))[0]
        for code in ("1", "2")
    )
    assert one.digest != other.digest
    assert one.entries == other.entries


def test_no_two_entries_of_a_step_share_a_name() -> None:
    for side in inventories.plan(inventories.lab()).sides:
        for step in steps.of(side, inventories.facts(side.side)):
            if step.kind is steps.StepKind.PLATFORM:
                assert len(step.entries) == len(side.cluster)
        shards = [step for step in steps.of(side, inventories.facts(side.side)) if step.kind is steps.StepKind.TENANTS]
        for shard, step in zip(side.shards, shards, strict=True):
            assert len(step.entries) == len(shard.manifests) + len(shard.databases)


@hypothesis.given(ENTRIES, ENTRIES)
def test_changes_turn_what_was_applied_into_what_is_wanted(wanted: dict[str, str], applied: dict[str, str]) -> None:
    found = steps.changes(wanted, applied)
    result = dict(applied)
    for change in found:
        if change.action is steps.Action.DESTROY:
            del result[change.entry]
        else:
            assert (change.entry in applied) == (change.action is steps.Action.CHANGE)
            result[change.entry] = wanted[change.entry]
    assert result == wanted
    assert [change.entry for change in found] == sorted({change.entry for change in found})


def test_a_tenant_without_a_file_is_a_removed_one() -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    applied = [tenant.id for tenant in side.tenants]
    assert steps.removed_tenants(side, applied) == ()
    assert steps.removed_tenants(side, [*applied, "gone", "away"]) == ("away", "gone")


@hypothesis.given(strategies.dictionaries(strategies.text(max_size=5), strategies.integers()))
def test_the_order_of_keys_does_not_matter_to_a_digest(value: dict[str, int]) -> None:
    assert plans.digest(value) == plans.digest(dict(reversed(value.items())))
