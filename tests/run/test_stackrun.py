"""Which program a stack's name means, and what it is given; the real engine runs them in tests/stacks."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, identity
from govcloud_cli.run import stackrun, stacks, workspace
from stacks.components import realms
from stacks.identity import program
from tests.support import identity_inventories, inventories

PLAN = identity.plan(identity_inventories.served(), platforms.Side.EXTERNAL)


def job(folder: pathlib.Path, *, plugins: str = "builtin", planned: identity.IdentityPlan | None = PLAN) -> stacks.Job:
    side = dataclasses.replace(inventories.lab_plan().sides[0], identity=planned)
    place = workspace.SideFolder(path=folder, side=platforms.Side.EXTERNAL)
    for below in (place.secrets, place.pki):
        below.mkdir(parents=True, exist_ok=True)
    (place.secrets / identity.ENGINE_SECRET).write_text("engines\n")
    (place.secrets / identity.VPN_SECRET).write_text("gateways\n")
    (place.secrets / "master").write_text("ab" * 32)
    (place.pki / "services-ca.crt").write_text("PEM")
    return stacks.Job(
        side=side,
        stacks=("identity",),
        operation=stacks.Operation.UP,
        folder=place,
        pulumi="pulumi",
        plugins=plugins,
        backend="file:///x",
        kubeconfig="",
    )


def given(one: stacks.Job, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def ran(plan: identity.IdentityPlan, *, access: realms.Access, values: credentials.Resolver) -> None:
        found.update(plan=plan, access=access, values=values)

    monkeypatch.setattr(program, "program", ran)
    stackrun._program(one, "identity")
    return found


def test_the_identity_stack_signs_in_over_the_management_network(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = given(job(tmp_path), monkeypatch)
    access = found["access"]
    assert found["plan"] is PLAN
    assert (access.url, access.client_id) == ("https://10.8.0.21:8443", "govcloud-engine")
    assert (access.client_secret, access.root_certificate) == ("engines", "PEM")
    assert "engines" not in repr(access)


def test_secrets_are_files_or_follow_from_the_master_secret(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = given(job(tmp_path), monkeypatch)["values"]
    assert values(credentials.file_ref("vpn-client")) == "gateways"
    derived = credentials.resolver(master=bytes.fromhex("ab" * 32), ca="PEM")
    reference = credentials.application_ref("finance-prod-ledger")
    assert values(reference) == derived(reference)


def test_a_missing_secret_is_told_by_its_place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = given(job(tmp_path), monkeypatch)["values"]
    with pytest.raises(errors.GovcloudError, match="missing") as caught:
        values(credentials.file_ref("directory"))
    assert str(caught.value.where).endswith("secrets/directory")


def test_a_side_without_the_service_has_an_empty_stack(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert given(job(tmp_path, planned=None), monkeypatch) == {}


def test_the_provider_is_served_where_there_is_something_for_it(tmp_path: pathlib.Path) -> None:
    assert stacks._providers(job(tmp_path)) == ("keycloak", "kubernetes", "postgresql")
    assert "keycloak" not in stacks._providers(job(tmp_path, planned=None))
    assert stacks._providers(job(tmp_path, plugins="official")) == ()
