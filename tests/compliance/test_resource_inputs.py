from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import pulumi

from govcloud_cli.compliance import inputs, resource_inputs, subjects
from govcloud_cli.model import platforms, policies
from govcloud_cli.plan import credentials, plans, shards
from stacks.components import databases
from stacks.network import program as network_program
from tests.support import engine, inventories, tenant_inventories

ACCESS = databases.Access(host="10.8.0.10", root_certificate="ca", client_certificate="crt", client_key="key")
VALUES = credentials.resolver(master=bytes(32), ca="PEM")
SIDE = platforms.Side.EXTERNAL
DATABASES = shards.plan(tenant_inventories.golden(), SIDE, count=1)[0].databases


def side() -> plans.SidePlan:
    return next(one for one in inventories.lab_plan().sides if one.side is SIDE)


def registered(program: Callable[[], None]) -> dict[tuple[str, str], dict[str, Any]]:
    """What a program registers, without components: type and name -> inputs."""
    found = engine.run(program)
    return {(one.type, one.name): one.inputs for one in found if not one.type.startswith("govcloud:")}


def told(found: Iterable[resource_inputs.Resource]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(kind, name): given for kind, name, given in found}


def test_databases_are_told_as_the_program_registers_them() -> None:
    frozen = dataclasses.replace(DATABASES[0], database="frozen", owner="o", rw="w", ro="r", access="a", frozen=True)
    planned = (*DATABASES, frozen)

    def program() -> None:
        provider = ACCESS.provider()
        for database in planned:
            databases.Database(database, values=VALUES, opts=pulumi.ResourceOptions(provider=provider))

    made = registered(program)
    provider = made.pop(("pulumi:providers:postgresql", "postgresql"))
    assert (provider["sslmode"], str(provider["superuser"]).lower()) == ("verify-full", "false")
    for inputs_made in made.values():
        if "password" in inputs_made:
            inputs_made["password"] = resource_inputs.SECRET
    assert told(one for database in planned for one in resource_inputs.of_database(database)) == made


def test_the_labs_network_is_told_as_the_program_registers_it() -> None:
    network = side().network
    assert network is not None
    made = registered(lambda: network_program.program(network))
    judged = told(resource_inputs.lab(network))
    assert set(judged) == set(made)
    for key, given in judged.items():
        # Where the side is on this host, and what only the provider knows, is nobody's rule.
        assert given == {name: value for name, value in made[key].items() if name in given}


def test_the_platform_signs_in_to_servers_with_their_names_checked() -> None:
    (shared,) = resource_inputs.providers(side())
    assert shared[:2] == ("pulumi:providers:postgresql", "postgresql")
    assert shared[2] == {
        "host": "172.31.20.11",
        "username": "govcloud_admin",
        "superuser": False,
        "sslmode": "verify-full",
    }


def lab() -> dict[str, subjects.Subject]:
    found = inputs.of_plan(inventories.lab_plan(), defaults={}, folder="lab")
    return {one.key: one for one in found if one.input is policies.Input.RESOURCE}


def test_no_password_is_told() -> None:
    roles = [one for one in lab().values() if one.document["type"].endswith(":Role")]
    hidden = [one.document["inputs"]["password"] for one in roles if "password" in one.document["inputs"]]
    assert set(hidden) == {resource_inputs.SECRET}
    assert len(hidden) * 2 == len(roles), "owner and access role never log in"


def test_a_tenants_resource_is_said_in_the_tenants_file() -> None:
    one = lab()["pulumi:postgresql:index/database:Database/approval_hall_prod_cases"]
    assert one.place == subjects.Place(file="lab/tenants/approval-hall.yaml", path=("spec", "environments"))


def test_both_sides_segments_have_keys_of_their_own() -> None:
    keys = [key for key in lab() if key.endswith("/management")]
    assert keys == ["pulumi:lab:index:Switch/internal/management", "pulumi:lab:index:Switch/external/management"]


def test_every_database_machine_has_its_provider() -> None:
    machines = [one.id for plan in inventories.lab_plan().sides for one in plan.databases]
    assert len([key for key in lab() if key.startswith("pulumi:pulumi:providers:")]) == len(machines)
