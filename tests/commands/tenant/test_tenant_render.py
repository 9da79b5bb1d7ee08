"""`govcloud tenant render` and `diff`: what a tenant gets, and what would change."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli.model import platforms
from govcloud_cli.plan import belongings, shards, steps
from govcloud_cli.run import applied, differences, sites
from tests.support import command_line, inventories

TENANT = "tourism"


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    found = inventories.copy("lab", tmp_path)
    inventories.keep(found, TENANT, "transport")
    return found


def run(folder: pathlib.Path, *words: str) -> command_line.Result:
    return command_line.run("tenant", *words, "--env", str(folder))


def site(folder: pathlib.Path) -> sites.Site:
    return sites.load(folder)


def record(folder: pathlib.Path, *, state: bool = False) -> None:
    """As after a deploy of what the inventory says now; with `state`, as Pulumi's file backend keeps it."""
    (side,) = (one for one in sites.plan(site(folder), today=inventories.TODAY).sides if one.side == "external")
    place = site(folder).space.side(side.side)
    kept = applied.load(place)
    for step in steps.of(side, sites.facts(side, place)):
        kept.finish(step)
    if not state:
        return
    for shard in side.shards:
        resources = [{"inputs": _kept(one)} for one in shard.manifests]
        path = place.state / ".pulumi" / "stacks" / "govcloud-tenants" / f"{shard.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))


def _kept(manifest: dict[str, Any]) -> dict[str, Any]:
    """An object as Pulumi's state has it: all data of a Secret is one encrypted value."""
    secret = {differences._SECRET: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    return {**manifest, "data": secret} if manifest["kind"] == "Secret" else manifest


def test_render_prints_the_planned_objects_and_no_secret(folder: pathlib.Path) -> None:
    documents = list(yaml.safe_load_all(run(folder, "render", "transport").stdout))
    spec = site(folder).spec
    (planned,) = (shard for shard in shards.plan(spec, platforms.Side.EXTERNAL) if "transport" in shard.tenants)
    own = [one for one in planned.manifests if one["metadata"]["labels"]["govcloud.io/tenant"] == "transport"]
    assert [one["kind"] for one in documents] == [*(one["kind"] for one in own), "Database"]
    secret = next(one for one in documents if one["kind"] == "Secret")
    assert secret["data"]["password"] == "${database-password/transport_prod_roads_ro}" or "rw" in str(secret)
    assert documents[-1]["spec"]["frozen"] is False


def test_render_of_an_unknown_tenant_names_the_nearest(folder: pathlib.Path) -> None:
    assert "did you mean 'transport'?" in run(folder, "render", "transprot").stderr


def changes(folder: pathlib.Path, tenant: str = TENANT) -> dict[str, Any]:
    document = run(folder, "diff", tenant, "--json").document
    return {one["entry"]: one for one in document["changes"]}


def test_everything_is_new_before_the_first_deploy(folder: pathlib.Path) -> None:
    found = changes(folder)
    assert {one["action"] for one in found.values()} == {"add"}
    assert f"Namespace/{TENANT}-prod" in found
    assert all(belongings.is_entry_of(TENANT, entry) for entry in found)


def test_what_is_as_it_was_applied_has_no_differences(folder: pathlib.Path) -> None:
    record(folder)
    result = run(folder, "diff", TENANT)
    assert result.code == 0
    assert result.stdout.startswith("No changes.")
    assert run(folder, "diff", TENANT, "--exit-code").code == 0


def rename(folder: pathlib.Path) -> None:
    path = folder / "tenants" / f"{TENANT}.yaml"
    path.write_text(path.read_text().replace("displayName: ", "displayName: New "))


def test_a_change_is_told_field_by_field_where_the_state_is_here(folder: pathlib.Path) -> None:
    record(folder, state=True)
    rename(folder)
    (change,) = changes(folder).values()
    assert change["entry"] == f"Namespace/{TENANT}-prod"
    (field,) = change["fields"]
    assert field["field"] == 'metadata.annotations["govcloud.io/display-name"]'
    assert field["after"].startswith('"New ')
    assert run(folder, "diff", TENANT, "--exit-code").code == 7


def test_without_the_state_it_is_told_object_by_object_and_says_so(folder: pathlib.Path) -> None:
    record(folder)
    rename(folder)
    (change,) = changes(folder).values()
    assert change["fields"] is None
    assert "not recorded here" in run(folder, "diff", TENANT).stdout


def test_a_changed_credential_shows_nothing_of_its_values(folder: pathlib.Path) -> None:
    record(folder, state=True)
    path = folder / "tenants" / "transport.yaml"
    path.write_text(path.read_text().replace("id: roads", "id: ways"))
    found = changes(folder, "transport")
    assert found["Secret/transport-prod/database-ways-rw"]["action"] == "add"
    assert found["Database/transport_prod_roads"]["action"] == "destroy"
    assert "ciphertext" not in json.dumps(found)
    assert not changes(folder, TENANT), "another tenant's changes are its own"


def test_of_a_credential_that_changes_in_place_it_is_told_that_and_no_more(folder: pathlib.Path) -> None:
    record(folder, state=True)
    platform = folder / "platform.yaml"
    platform.write_text(platform.read_text().replace("10.20.0.11,", "10.20.0.19,"))
    found = changes(folder, "transport")
    (field,) = found["Secret/transport-prod/database-roads-rw"]["fields"]
    assert field == {"field": "data", "before": differences.HIDDEN, "after": differences.HIDDEN}


def test_a_freeze_shows_what_it_comes_to(folder: pathlib.Path) -> None:
    record(folder, state=True)
    run(folder, "freeze", TENANT, "--reason", "under investigation")
    found = changes(folder)
    assert found[f"NetworkPolicy/{TENANT}-prod/allow-dns"]["action"] == "destroy"
    fields = {field["field"]: field for field in found[f"ResourceQuota/{TENANT}-prod/tenant"]["fields"]}
    assert fields["spec.hard.pods"]["after"] == '"0"'


def test_a_state_that_cannot_be_read_is_told(folder: pathlib.Path) -> None:
    record(folder, state=True)
    rename(folder)
    for path in site(folder).space.side(platforms.Side.EXTERNAL).state.rglob("*.json"):
        path.write_text("{")
    result = run(folder, "diff", TENANT)
    assert result.code == 1
    assert "Pulumi's state cannot be read" in result.stderr
