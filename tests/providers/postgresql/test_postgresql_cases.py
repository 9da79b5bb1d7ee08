"""Check, diff and configuration, decided without a server; each case is a few lines of YAML under `cases/`."""

from __future__ import annotations

import pathlib
import threading
from typing import Any

import hypothesis
import psycopg
import pytest
import yaml
from hypothesis import strategies
from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.providers import postgresql, resource, wire
from govcloud_cli.providers.postgresql import acl, configuration, failures, privileges, scram, shape

_CASES = pathlib.Path(__file__).parent / "cases"
_HANDLERS = {
    token.rpartition(":")[2]: handler
    for token, handler in postgresql.configure({"host": "nowhere.invalid"}, threading.Event()).items()
}


def _cases(folder: str) -> list[Any]:
    return [
        pytest.param(case, id=case["says"])
        for path in sorted((_CASES / folder).glob("*.yaml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    return wire.UNKNOWN if value == "<unknown>" else value


@pytest.mark.parametrize("case", _cases("check"))
def test_check(case: dict[str, Any]) -> None:
    checked = _HANDLERS[case["type"]].check(_known(case["new"]), old={}, name="thing")
    seen = {failure.property: failure.reason for failure in checked.failures}
    expected = case.get("failures", {})
    assert set(seen) == set(expected), seen
    for name, words in expected.items():
        assert words in seen[name]
    if "inputs" in case:
        assert checked.inputs == case["inputs"]


@pytest.mark.parametrize("case", _cases("diff"))
def test_diff(case: dict[str, Any]) -> None:
    old = resource.State(id="thing", outputs={}, inputs=case["old"])
    difference = _HANDLERS[case["type"]].diff(old, _known(case["new"]))
    assert set(difference.changed) == set(case.get("changed", []))
    assert set(difference.replace) == set(case.get("replace", []))
    assert difference.delete_before_replace == bool(case.get("replace"))


@pytest.mark.parametrize(
    ("config", "refused"),
    [
        (
            {
                "host": "h",
                "port": "5432",
                "clientcert": '{"cert":"a","key":"b","sslinline":true}',
                "superuser": "false",
            },
            None,
        ),
        ({"host": wire.UNKNOWN}, None),
        ({}, "host"),
        ({"host": "h", "port": "0"}, "port"),
        ({"host": "h", "sslmode": "sometimes"}, "sslmode"),
        ({"host": "h", "clientcert": '{"cert":"a"}'}, "clientcert"),
        ({"host": "h", "awsRdsIamAuth": "true"}, "awsRdsIamAuth"),
        ({"host": "h", "scheme": "awspostgres"}, "scheme"),
    ],
)
def test_configuration_is_refused_by_property(config: dict[str, Any], refused: str | None) -> None:
    seen = [failure.property for failure in configuration.check(config).failures]
    assert seen == ([] if refused is None else [refused])


def test_settings_are_read_from_json_text_and_hide_secrets() -> None:
    config = {
        "host": "h",
        "port": "6000",
        "password": "hush-hush",
        "connectTimeout": "9",
        "clientcert": '{"cert":"c","key":"k"}',
    }
    settings = configuration.settings(config)
    assert (settings.port, settings.connect_timeout, settings.certificate) == (6000, 9, "c")
    assert "hush-hush" not in repr(settings)
    with pytest.raises(errors.GovcloudError, match="not known yet"):
        configuration.settings({"host": wire.UNKNOWN})


def test_a_preview_needs_no_server() -> None:
    state = _HANDLERS["Role"].create({"name": "a", "password": wire.UNKNOWN}, preview=True)
    assert (state.id, state.outputs["password"]) == ("", wire.Secret(wire.UNKNOWN))


def test_an_unreachable_server_is_told_with_a_remedy() -> None:
    with pytest.raises(errors.GovcloudError) as refusal, failures.told("database a"):
        raise psycopg.OperationalError("connection refused")
    assert refusal.value.where == "database a"
    assert "certificates" in str(refusal.value.remedy)


def test_a_verifier_is_known_from_its_password() -> None:
    # RFC 7677, section 3: the password `pencil`.
    keys = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    stored = f"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${keys}"
    assert scram.matches("pencil", stored)
    assert not scram.matches("pencils", stored)
    assert not scram.matches("pencil", "md5abc")
    assert not scram.matches("pencil", None)


@hypothesis.given(strategies.text())
def test_a_name_is_refused_or_stays_one_identifier(name: str) -> None:
    if shape.identifier_fault(name) is not None:
        return
    written = acl.target({"objectType": "schema", "schema": name}).as_string()
    quoted = written.removeprefix("SCHEMA ")
    assert quoted[0] == quoted[-1] == '"'
    assert '"' not in quoted[1:-1].replace('""', ""), "no quote ends the identifier early"
    assert quoted[1:-1].replace('""', '"') == name


@hypothesis.given(strategies.text())
def test_only_everyone_is_unquoted(name: str) -> None:
    hypothesis.assume(shape.identifier_fault(name) is None)
    written = privileges.grantee(name).as_string()
    assert written == ("PUBLIC" if name.lower() == "public" else sql.Identifier(name).as_string())


@hypothesis.given(strategies.lists(strategies.text()))
def test_only_known_words_become_privileges(words: list[str]) -> None:
    written = privileges.listed([*words, "SELECT"]).as_string()
    assert set(written.split(", ")) <= set(privileges.WORDS)
