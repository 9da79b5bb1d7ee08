"""What Ansible is told, read back as Ansible would read it."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from govcloud_cli import errors, resources
from govcloud_cli.model import platforms
from govcloud_cli.plan import hosts
from govcloud_cli.run import ansible, workspace
from tests.support import inventories

HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    "{% for x in y %}",
    "$(id) `id` ; rm -rf /",
    '"; flush ruleset; add rule x "',
    "!unsafe x",
    "!!python/object/apply:os.system [id]",
    "&a *a <<: {}",
    "no: yes # comment",
    "  '  ",
    "云溪市 · يۈنشى",
]


class Unsafe(str):
    """Text that came with the tag."""

    __slots__ = ()


class Loader(yaml.SafeLoader):
    """Keeps the tag that Ansible looks at."""


Loader.add_constructor("!unsafe", lambda loader, node: Unsafe(loader.construct_scalar(node)))  # type: ignore[arg-type]


def resolve(file: hosts.ControllerFile) -> str:
    return f"/{file.folder}/{file.name}"


def read(chosen: list[hosts.Host], **options: Any) -> dict[str, Any]:
    text = ansible.inventory_text(chosen, ssh_config=pathlib.Path("/ssh/config"), resolve=resolve, **options)
    document: dict[str, Any] = yaml.load(text, Loader=Loader)
    return document["all"]  # type: ignore[no-any-return]


def texts(value: Any) -> list[str]:
    """Every text in a value; keys are ours."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in texts(item)]


def host(**variables: Any) -> hosts.Host:
    return hosts.Host(name="border", address="1.2.3.4", user="root", port=22, roles=("baseline",), variables=variables)


@pytest.mark.parametrize("reason", HOSTILE)
def test_a_hostile_reason_arrives_letter_by_letter_and_is_never_a_template(reason: str) -> None:
    spec = inventories.lab()
    flows = tuple(
        platforms.Flow.model_validate_json(
            json.dumps({**json.loads(flow.model_dump_json(by_alias=True, exclude_none=True)), "reason": reason})
        )
        for flow in spec.platform.spec.flows
    )
    (side, _) = inventories.plan(inventories.with_spec(spec, flows=flows)).sides
    found = read(list(side.hosts))["hosts"]["internal-db"]
    (pair,) = found["zone_firewall_input_pairs"]
    assert pair["flows"][0]["reason"] == reason
    assert isinstance(pair["flows"][0]["reason"], Unsafe)


def test_every_text_of_every_machines_variables_is_unsafe() -> None:
    for side in inventories.plan(inventories.lab()).sides:
        for own in read(list(side.hosts))["hosts"].values():
            variables = {name: value for name, value in own.items() if not name.startswith("ansible_")}
            found = texts(variables)
            assert found
            assert all(isinstance(text, Unsafe) for text in found)


@hypothesis.given(
    strategies.recursive(
        strategies.one_of(
            strategies.text(strategies.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=20),
            strategies.integers(),
            strategies.booleans(),
            strategies.none(),
        ),
        lambda inner: (
            strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.sampled_from("abc"), inner)
        ),
        max_leaves=6,
    )
)
def test_a_variable_of_any_shape_is_read_back_as_it_was(value: Any) -> None:
    found = read([host(baseline_x=value)])["hosts"]["border"]["baseline_x"]
    assert found == value
    assert all(isinstance(text, Unsafe) for text in texts(found))


def test_there_is_a_group_per_role() -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    children = read(list(side.hosts))["children"]
    assert set(children) == {"baseline", "zone_firewall", "database", "kubernetes", "identity", "sslvpn"}
    assert set(children["database"]["hosts"]) == {"external-db"}
    assert set(children["baseline"]["hosts"]) == {host.name for host in side.hosts}


def test_only_the_machines_that_are_due_are_in_it() -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    found = read(list(side.hosts), only=["external-db"])
    assert set(found["hosts"]) == {"external-db"}
    assert "kubernetes" not in found["children"]


def test_files_are_named_by_their_path() -> None:
    found = read([host(a=hosts.ControllerFile(folder="pki", name="database.key"))])["hosts"]["border"]
    assert found["a"] == "/pki/database.key"


def test_the_users_own_settings_have_no_say(tmp_path: pathlib.Path) -> None:
    folder = workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)
    found = ansible.environment(folder, "mitogen_linear")
    assert pathlib.Path(found["ANSIBLE_CONFIG"]).read_text() == ""
    assert pathlib.Path(found["ANSIBLE_CONFIG"]).is_relative_to(folder.path)
    assert found["ANSIBLE_HOST_KEY_CHECKING"] == "True"
    assert found["ANSIBLE_STRATEGY"] == "mitogen_linear"
    assert (pathlib.Path(found["ANSIBLE_STRATEGY_PLUGINS"]) / "mitogen_linear.py").is_file()
    assert pathlib.Path(found["ANSIBLE_ROLES_PATH"]) == resources.folder("roles")
    assert [path.name for path in pathlib.Path(found["ANSIBLE_CALLBACK_PLUGINS"]).iterdir()] == ["ansible_callback.py"]
    assert ansible.environment(folder, "mitogen_linear") == found, "a second time changes nothing"


def test_the_written_inventory_is_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    folder = workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)
    path = ansible.write_inventory([host(a="b")], folder=folder, only=(), resolve=resolve, name="inventory.yml")
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(folder.ssh / "config") in path.read_text()


def play(lines: list[dict[str, Any]], tmp_path: pathlib.Path, *, code: int = 0) -> tuple[ansible.Outcome, list[str]]:
    """What comes of a playbook that tells these events and ends with a code."""
    events = "".join(json.dumps(line) + "\n" for line in lines)
    script = f"cat >&\"${{GOVCLOUD_ANSIBLE_EVENTS#fd:}}\" <<'END'\n{events}END\nexit {code}\n"
    told: list[str] = []
    outcome = ansible._play(["bash", "-c", script], environment={}, log=tmp_path / "log", report=told.append)
    return outcome, told


def test_events_become_an_outcome_per_host(tmp_path: pathlib.Path) -> None:
    outcome, told = play(
        [
            {"event": "task", "role": "baseline", "task": "install"},
            {"event": "changed", "host": "a", "role": "baseline", "task": "install"},
            {"event": "ok", "host": "b", "role": "baseline", "task": "install"},
            {"event": "failed", "host": "b", "role": "database", "task": "start", "message": "no"},
            {"event": "failed", "host": "b", "role": "database", "task": "stop", "message": "later"},
            {"event": "unreachable", "host": "c", "task": "", "message": "gone"},
        ],
        tmp_path,
        code=2,
    )
    assert told == ["baseline: install"]
    assert outcome.changed == {"a": ("baseline: install",)}
    assert outcome.failed == {"b": "database: start: no", "c": "play: : gone"}
    assert outcome.reached == {"a": {"baseline"}, "b": {"baseline", "database"}}


def test_a_playbook_that_could_not_begin_is_an_error_with_its_log(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.GovcloudError, match="could not run") as caught:
        play([], tmp_path, code=4)
    assert caught.value.log == str(tmp_path / "log")
