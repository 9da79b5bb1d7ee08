"""Free text of people through the plan: it is a value of one field everywhere, and evaluates nowhere."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from psycopg import sql

from govcloud_cli.model import inventory, platforms, tenants
from govcloud_cli.plan import namespaces, network_policies, shards
from tests.support import freezes, nasty, tenant_inventories

NAME = re.compile(r"[a-z0-9]([-a-z0-9:.]{0,251}[a-z0-9])?\Z", re.ASCII)
KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z", re.ASCII)
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z", re.ASCII)
SQL_NAME = re.compile(r"[a-z][a-z0-9_]{1,62}\Z", re.ASCII)


def planned(display_name: str, reason: str) -> inventory.Inventory:
    """A tenant whose every free text is one of these, and that is frozen in one environment."""
    allow = [
        {"direction": "inbound", "peer": {"zone": "citizens"}, "ports": [443], "reason": reason},
        {"direction": "outbound", "peer": {"zone": "service"}, "ports": [123], "reason": reason},
    ]
    databases = [{"id": "ledger", **tenant_inventories.DEDICATED, "reason": reason}]
    environments = [{"name": "test", "expiresOn": "2035-12-31"}, {"name": "prod", "databases": databases}]
    tenant = tenant_inventories.tenant("finance", displayName=display_name, allow=allow, environments=environments)
    made = tenant_inventories.inventory_of(tenant, servers=[tenant_inventories.own_server("finance")])
    return dataclasses.replace(made, freezes=(freezes.freeze("finance", "test", reason=reason),))


def objects(spec: inventory.Inventory) -> list[dict[str, Any]]:
    scopes = namespaces.scopes(spec, platforms.Side.EXTERNAL)
    return [manifest for scope in scopes for manifest in shards.manifests(scope)]


@settings(max_examples=40)
@given(nasty.display_names(), nasty.reasons())
def test_every_object_is_one_that_kubernetes_takes_and_says_what_people_said(display_name: str, reason: str) -> None:
    found = objects(planned(display_name, reason))
    for manifest in found:
        metadata = manifest["metadata"]
        assert NAME.match(metadata["name"])
        assert all(KEY.match(key) and LABEL.match(value) for key, value in metadata["labels"].items())
        assert all(KEY.match(key) and isinstance(value, str) for key, value in metadata.get("annotations", {}).items())
    said = [one for manifest in found for one in manifest["metadata"].get("annotations", {}).values()]
    assert said.count(display_name) >= 2, "of both namespaces"
    told = [one["metadata"].get("annotations", {}).get(network_policies.REASON) for one in found]
    assert reason in told
    assert any(
        one["metadata"].get("annotations", {}).get(f"{namespaces.PREFIX}frozen-because") == reason for one in found
    )


@settings(max_examples=40)
@given(nasty.display_names(), nasty.reasons())
def test_free_text_is_in_annotations_and_nowhere_else(display_name: str, reason: str) -> None:
    """The same plan with other words differs in annotations only: no name, label, rule or number follows from them."""
    plain = [_without_annotations(one) for one in objects(planned("x", "because"))]
    assert [_without_annotations(one) for one in objects(planned(display_name, reason))] == plain


@settings(max_examples=40)
@given(nasty.display_names(), nasty.reasons())
def test_what_leaves_as_json_comes_back_the_same(display_name: str, reason: str) -> None:
    for shard in shards.plan(planned(display_name, reason), platforms.Side.EXTERNAL):
        document = json.loads(shard.to_json())
        assert document == json.loads(shard.to_json().encode("utf-8"))
        names = [name for one in shard.databases for name in (one.database, one.owner, one.rw, one.ro, one.access)]
        assert all(SQL_NAME.match(name) for name in names)


@given(nasty.lines(least=1, most=60))
def test_a_name_from_a_server_is_quoted_as_one_identifier(text: str) -> None:
    """What drift takes back names roles that it found: quoted, every name reads back as itself (PostgreSQL, 4.1.1)."""
    quoted = sql.Identifier(text).as_string(None)
    assert list(_identifiers(quoted)) == [text]
    query = sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(text), sql.Identifier("finance_prod_ledger_rw"))
    assert list(_identifiers(query.as_string(None))) == [text, "finance_prod_ledger_rw"]


def test_a_dedicated_databases_reason_reaches_no_object() -> None:
    spec = planned("x", "a reason that is looked for")
    (database,) = (one for one in spec.tenants[0].spec.environments[1].databases)
    assert database.tier is tenants.DatabaseTier.DEDICATED
    for manifest in objects(spec):
        assert "a reason that is looked for" not in json.dumps(manifest.get("spec", {}))


def _without_annotations(manifest: dict[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
    return {**manifest, "metadata": own}


def _identifiers(query: str) -> Iterator[str]:
    """The quoted identifiers in a statement, as PostgreSQL's scanner reads them; fails for one that does not end."""
    place = 0
    while (start := query.find('"', place)) >= 0:
        end, text = start + 1, ""
        while True:
            assert end < len(query), "the quotes do not end"
            if query[end] != '"':
                text += query[end]
            elif query[end + 1 : end + 2] == '"':
                text, end = text + '"', end + 1
            else:
                break
            end += 1
        yield text
        place = end + 1
