from __future__ import annotations

import itertools
import json
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from govcloud_cli import resources
from govcloud_cli.compliance import host_inputs, inputs, subjects
from govcloud_cli.model import policies
from govcloud_cli.plan import hosts
from tests.support import inventories


def hosts_of_the_lab(defaults: dict[str, dict[str, Any]]) -> dict[str, subjects.Subject]:
    found = inputs.of_plan(inventories.lab_plan(), defaults=defaults, folder="lab")
    return {one.key: one for one in found if one.input is policies.Input.HOST}


def test_a_machine_has_its_roles_defaults_and_the_plans_variables_over_them() -> None:
    defaults = {
        "baseline": {"baseline_idle_seconds": 900, "baseline_ip_forward": False},
        "database": {"database_port": 5432},
    }
    found = hosts_of_the_lab(defaults)
    border, database = found["host:border"].document, found["host:external-db"].document
    assert border["variables"]["baseline_idle_seconds"] == 900
    assert border["variables"]["baseline_ip_forward"] is True
    assert database["variables"]["baseline_ip_forward"] is False
    assert database["variables"]["database_port"] == 5432
    assert "database_port" not in border["variables"], "it has not that role"


def test_a_machine_says_where_it_stands() -> None:
    one = hosts_of_the_lab({})["host:border"]
    assert one.place == subjects.Place(file="lab/platform.yaml", path=("spec", "machines", 0))
    told = {key: value for key, value in one.document.items() if key not in {"variables", "zones"}}
    assert told == {
        "id": "border",
        "side": "external",
        "substrate": "embedded",
        "services": ["border", "time"],
        "roles": ["baseline", "zone_firewall"],
        "interfaces": [
            {"zone": "external", "address": "10.20.0.1", "address6": "fd20::1", "device": "external"},
            {"zone": "internet", "address": "10.30.0.1", "address6": "fd30::1", "device": "internet"},
        ],
        "management": ["172.31.20.10", "fdff:20::10"],
        "managementNetwork": ["172.31.20.0/24", "fdff:20::/64"],
    }
    assert [zone["kind"] for zone in one.document["zones"]] == ["external", "internet"]


def test_a_file_of_the_run_is_told_by_its_name() -> None:
    variables, unknown = host_inputs.resolved(
        {
            "a": hosts.ControllerFile(folder="pki", name="services-ca.crt"),
            "b": hosts.ControllerFile(folder="tools", name="kube-apiserver", digest=True),
        }
    )
    assert variables == {"a": "pki:services-ca.crt", "b": "tools:kube-apiserver (sha256)"}
    assert unknown == ()


def test_a_variable_that_is_another_ones_name_has_its_value() -> None:
    given = {"a": "{{ b }}", "b": ["{{c}}", 1], "c": "x", "d": {"e": "{{ a }}"}}
    variables, unknown = host_inputs.resolved(given)
    assert variables == {"a": ["x", 1], "b": ["x", 1], "c": "x", "d": {"e": ["x", 1]}}
    assert unknown == ()


@pytest.mark.parametrize(
    "text", ["{{ b | int }}", "{{ missing }}", "x{{ b }}", "{% if b %}y{% endif %}", "{{ lookup('env', 'HOME') }}"]
)
def test_what_only_ansible_can_tell_is_unknown(text: str) -> None:
    variables, unknown = host_inputs.resolved({"a": [1, text], "b": 2})
    assert variables == {"a": [1, subjects.UNKNOWN_TEXT], "b": 2}
    assert unknown == (("a", 1),)


def test_variables_that_go_in_a_circle_are_unknown() -> None:
    variables, unknown = host_inputs.resolved({"a": "{{ b }}", "b": "{{ a }}"})
    assert set(variables.values()) == {subjects.UNKNOWN_TEXT}
    assert set(unknown) == {("a",), ("b",)}


def test_variables_that_double_each_other_come_to_an_end() -> None:
    names = [chr(ord("a") + number) for number in range(26)]
    given = {name: [f"{{{{ {after} }}}}"] * 2 for name, after in itertools.pairwise(names)} | {"z": "x"}
    _, unknown = host_inputs.resolved(given)
    assert len(unknown) < 3000


def test_an_unknown_variables_path_leads_into_the_document() -> None:
    found = hosts_of_the_lab({"baseline": {"baseline_sysctl": {"vm/x": "{{ x + 1 }}"}}})["host:border"]
    assert found.unknown == (("variables", "baseline_sysctl", "vm/x"),)
    assert found.document["variables"]["baseline_sysctl"] == {"vm/x": subjects.UNKNOWN_TEXT}


def test_of_the_roles_as_they_are_everything_is_known() -> None:
    roles = resources.folder("roles")
    defaults = {
        path.parent.parent.name: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in roles.glob("*/defaults/main.yml")
    }
    for one in hosts_of_the_lab(defaults).values():
        assert one.unknown == ()
        json.dumps(one.document)


@hypothesis.given(
    strategies.dictionaries(
        strategies.sampled_from("abc"),
        strategies.recursive(
            strategies.sampled_from(["{{ a }}", "{{ b }}", "{{", "x", 1, None]),
            lambda inner: strategies.lists(inner, max_size=2) | strategies.dictionaries(strategies.just("k"), inner),
            max_leaves=4,
        ),
    )
)
def test_variables_always_come_to_an_end(given: dict[str, Any]) -> None:
    json.dumps(host_inputs.resolved(given)[0])
