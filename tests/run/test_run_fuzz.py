"""Free text of people in every file that is written from it: what is read back is what was said, and nothing else."""

from __future__ import annotations

import functools
import json
import pathlib
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import hypothesis
import jinja2
import pytest
import yaml
from ansible.plugins.filter import core as filters
from ansible.plugins.filter import mathstuff
from ansible.plugins.test import core as checks
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import strategies as st

from govcloud_cli import resources
from govcloud_cli.commands.tenant import drafting
from govcloud_cli.governance import chain, chain_details, chain_lines, requests
from govcloud_cli.inventory import reader
from govcloud_cli.model import people
from govcloud_cli.run import freezes, renderings, signing
from tests.support import decisions, inventories, nasty, tenant_inventories

FLOW = {"id": "ledger", "source": {"zone": "external"}, "destination": {"machine": "external-db"}, "ports": [6432]}
ELEMENT = re.compile(r"      \S+ \. \S+ \. (?:tcp|udp) \. \d+ comment \"([^\"\\\n]{1,120})\" : accept,")
FEW = hypothesis.settings(max_examples=25)


# -- files of the inventory


@hypothesis.given(nasty.reasons())
def test_a_freeze_reads_back_as_it_was_said(reason: str) -> None:
    text = freezes.document("finance", environments=["dev"], reason=reason, by="li.na", today=decisions.TODAY)
    found = reader.parse(text, file="x")
    assert found.faults == ()
    assert found.value == {
        "apiVersion": "govcloud/v1",
        "kind": "Freeze",
        "metadata": {"id": "finance"},
        "spec": {"environments": ["dev"], "reason": reason, "by": "li.na", "since": "2026-07-01"},
    }


@hypothesis.given(st.lists(nasty.lines(least=1, most=60), min_size=10, max_size=10))
def test_a_new_tenants_file_has_each_answer_in_its_own_field(said: list[str]) -> None:
    """Whatever is typed, also where only an id would be taken: the checks that refuse it are told of one value."""
    keys = ("display_name", "organisation", "zone", "data_class", "owner", "technical_lead", "mailbox", "phone")
    answers = dict(zip(keys, said, strict=False))
    draft = drafting.Draft(
        id=said[8],
        **answers,
        mlps=2,
        environments=(drafting.Environment(name=said[9], quota=said[0], databases=(said[1],)),),
        expires_on=said[2],
        members=((said[3], said[4]),),
    )
    found = reader.parse(drafting.text(draft), file="x")
    assert found.faults == ()
    value: Any = found.value
    assert value["metadata"] == {"id": said[8], "displayName": said[0]}
    spec = value["spec"]
    assert [spec[key] for key in ("organisation", "zone", "dataClass", "owner", "technicalLead")] == said[1:6]
    assert spec["contact"] == {"mailbox": said[6], "phone": said[7]}
    (environment,) = spec["environments"]
    assert (environment["name"], environment["quota"], environment["expiresOn"]) == (said[9], said[0], said[2])
    assert environment["databases"] == [{"id": said[1], "connections": 10, "sizeGi": 5}]
    assert spec["members"] == [{"group": said[3], "role": said[4]}]
    assert spec.keys().isdisjoint({"network"})


@FEW
@hypothesis.given(nasty.display_names(), nasty.reasons())
def test_a_request_reads_back_and_its_signed_text_is_one_line_of_its_own(name: str, comment: str) -> None:
    tenant = decisions.finance(displayName=name)
    asked = decisions.asked(tenant, within=decisions.spec(tenant))
    decided = requests.advance(
        asked, requests.State.APPROVED, by="zhao.min", at=decisions.LATER, reason=comment, signature=decisions.ARMORED
    )
    again = requests.parse(requests.render(decided))
    assert again == decided
    text = requests.signed(again)
    assert text is not None
    head, line = text.split("\n", 1)
    assert head == "govcloud request decision v1"
    assert json.loads(line)["reason"] == comment
    assert (
        requests.payload(asked, verdict=requests.State.APPROVED, approver="zhao.min", at=decisions.LATER, reason="x")
        != text
    )


@FEW
@hypothesis.given(nasty.display_names(), nasty.reasons())
def test_a_rendering_reads_back_as_the_objects_that_are_applied(name: str, reason: str) -> None:
    allow = [{"direction": "inbound", "peer": {"zone": "citizens"}, "ports": [443], "reason": reason}]
    tenant = tenant_inventories.tenant("finance", displayName=name, allow=allow)
    spec = tenant_inventories.inventory_of(tenant)
    found = renderings.of(spec, "finance", today=decisions.TODAY)
    documents = list(yaml.safe_load_all(renderings.text(found)))
    assert documents == json.loads(json.dumps(found.manifests, default=str))


# -- the audit log


@FEW
@hypothesis.given(nasty.lines(least=1, most=60), st.sampled_from(nasty.FRAGMENTS), nasty.reasons())
def test_an_audit_record_is_one_line_of_printable_ascii(person: str, fragment: str, reason: str) -> None:
    entry = chain.Entry(
        number=1,
        time=chain.timestamp(decisions.NOW),
        actor=chain.Actor(person=person, source="os"),
        action="deploy-began",
        environment="unit",
        side="external",
        tenant=None,
        details=chain_details.plain({"reason": reason, fragment: [fragment]}),
    )
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    line = chain_lines.encode(chain.seal(entry, previous="0" * 64, key=key))
    assert re.fullmatch(rb"[\x20-\x7e]+\n", line)
    again = chain_lines.decode(line).entry
    assert (again.actor.person, again.details["reason"]) == (person, reason)


# -- keys


@hypothesis.given(nasty.lines(least=1, most=60))
def test_a_keys_comment_grants_nothing_in_the_list_of_signers(comment: str) -> None:
    """Whatever follows the key in people.yaml, e.g. another principal, options or a whole key."""
    line = f"{decisions.public('zhao.min').rsplit(' ', 1)[0]} {comment}"
    document = {"id": "zhao.min", "displayName": "x", "keys": [line]}
    person = people.Person.model_validate_json(json.dumps(document))
    written = signing._allowed_signers([person], "n@x")
    assert written.count("\n") == 1
    assert written.split() == ["zhao.min", 'namespaces="n@x"', *decisions.public("zhao.min").split()[:2]]


# -- the firewall


COUNT = 4


@functools.cache
def border() -> str:
    """The variables of a machine's firewall as JSON, in which the reason of each of `COUNT` flows is `<number>`."""
    flows = [
        {**FLOW, "id": f"flow-{number}", "ports": [6000 + number], "reason": f"<{number:02}>"}
        for number in range(COUNT)
    ]
    plan = inventories.new_plan(inventories.with_flows(flows))
    host = next(one for side in plan.sides for one in side.hosts if one.name == "external-db")
    own = {key: value for key, value in host.variables.items() if key.startswith("zone_firewall_")}
    return json.dumps(own)


@functools.cache
def template() -> tuple[jinja2.Template, dict[str, Any]]:
    role = resources.folder("roles") / "zone_firewall"
    own: dict[str, Any] = {}
    for kind in ("defaults", "vars"):
        own |= yaml.safe_load((role / kind / "main.yml").read_text(encoding="utf-8"))
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters.update(filters.FilterModule().filters() | mathstuff.FilterModule().filters())
    # Of Jinja: Ansible's own knows undefined values of its own templating alone.
    environment.filters["default"] = jinja2.filters.FILTERS["default"]
    environment.tests.update(checks.TestModule().tests())
    settings = {key: value for key, value in own.items() if "{{" not in str(value)}
    return environment.from_string((role / "templates" / "ruleset.nft.j2").read_text(encoding="utf-8")), settings


def rule_set(reasons: Sequence[str]) -> str:
    """The rule set of a machine of a lab whose flows have these reasons."""
    found, settings = template()
    said = {f"<{number:02}>": one for number, one in enumerate(reasons)}
    variables = json.loads(
        border(), object_hook=lambda one: {key: _in_its_place(value, said) for key, value in one.items()}
    )
    return found.render(ansible_managed="test", **{**settings, **variables})


def _in_its_place(value: Any, said: Mapping[str, str]) -> Any:
    return said.get(value, value) if isinstance(value, str) else value


@FEW
@hypothesis.given(st.lists(nasty.reasons(), min_size=COUNT, max_size=COUNT))
def test_a_flows_reason_is_a_comment_of_its_own_elements_and_nothing_else(reasons: list[str]) -> None:
    """With any reasons the rule set is the one with plain reasons, but for what stands between the comment's quotes."""
    plain = rule_set(["because"] * COUNT).splitlines()
    found = rule_set(reasons).split("\n")[:-1]
    assert len(found) == len(plain)
    for line, expected in zip(found, plain, strict=True):
        if "because" not in expected:
            assert line == expected
            continue
        comment = ELEMENT.fullmatch(line)
        assert comment is not None, ascii(line)
        assert line.replace(comment[1], "x") == expected.replace(str(ELEMENT.fullmatch(expected)[1]), "x")  # type: ignore[index]
        assert len(comment[1].encode()) <= 128


@pytest.mark.engine
def test_the_kernel_holds_each_comment_as_it_was_written(tmp_path: pathlib.Path) -> None:
    """In a network namespace of its own: `nft -c` takes it, and what is listed has every comment and nothing more."""
    tried = [f"because {one} of it" for one in nasty.FRAGMENTS] + ["财" * 66, "\"'\\`" * 20, "x" * 200]
    said = [one for one in tried if nasty.is_line(one)]
    for start in range(0, len(said) - COUNT + 1, COUNT):
        text = rule_set(said[start : start + COUNT])
        file = tmp_path / f"rules-{start}.nft"
        file.write_text(text, encoding="utf-8")
        script = 'nft -c -f "$1" && nft -f "$1" && nft -j list ruleset'
        argv = ["unshare", "--net", "sh", "-c", script, "sh", str(file)]
        listed = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)["nftables"]
        assert [one["table"]["name"] for one in listed if "table" in one] == ["govcloud"]
        held = {one["elem"]["comment"] for entry in listed if "map" in entry for one, _ in entry["map"].get("elem", [])}
        assert held == {match[1] for match in ELEMENT.finditer(text)}
        assert len([one for one in held if not one.startswith("platform-")]) == COUNT
