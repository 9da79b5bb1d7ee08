"""Check, diff, forms and configuration, decided without a server; each case is a few lines of YAML under `cases/`."""

from __future__ import annotations

import json
import pathlib
import threading
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.providers import keycloak, resource, wire
from govcloud_cli.providers.keycloak import configuration, failures, forms, realm, session, shape

_CASES = pathlib.Path(__file__).parent / "cases"
_CONFIGURATION = {"url": "https://nowhere.invalid", "clientId": "govcloud-engine", "clientSecret": "very-secret-text"}
_HANDLERS = {
    token.rpartition(":")[2]: handler
    for token, handler in keycloak.configure(_CONFIGURATION, threading.Event()).items()
}
TEXTS = strategies.text(strategies.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NAMES = strategies.text("abcdefg-.:", min_size=1, max_size=8)


def _cases(folder: str) -> list[Any]:
    return [
        pytest.param(case, id=case["says"])
        for path in sorted((_CASES / folder).glob("*.yaml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
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


def test_a_clients_secret_is_secret_even_if_the_program_forgot_to_say_so() -> None:
    new = {"realmId": "r", "clientId": "c", "accessType": "CONFIDENTIAL", "clientSecret": "very-secret-text"}
    checked = _HANDLERS["Client"].check(new, old={}, name="c")
    assert checked.inputs["clientSecret"] == wire.Secret("very-secret-text")
    assert "very-secret-text" not in repr(checked)
    preview = _HANDLERS["Client"].create(new, preview=True)
    assert preview.outputs["clientSecret"] == wire.Secret("very-secret-text")


def test_a_deletion_of_a_protected_realm_is_refused_before_anything_is_sent() -> None:
    state = resource.State(id="r", outputs={}, inputs={"realm": "r", "terraformDeletionProtection": True})
    with pytest.raises(errors.GovcloudError, match="protected") as caught:
        _HANDLERS["Realm"].delete(state)
    assert caught.value.where == "realm r"


@pytest.mark.parametrize("name", sorted(_CONFIGURATION))
def test_the_configuration_needs_each_of_its_three(name: str) -> None:
    given = {key: value for key, value in _CONFIGURATION.items() if key != name}
    assert [failure.property for failure in configuration.check(given).failures] == [name]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("url", "http://localhost:8080", "https://"),
        ("tlsInsecureSkipVerify", True, "always verified"),
        ("tlsInsecureSkipVerify", "true", "always verified"),
        ("username", "admin", "not served"),
        ("password", "admin", "not served"),
        ("accessToken", "x", "not served"),
    ],
)
def test_the_configuration_signs_in_one_way_only(name: str, value: object, words: str) -> None:
    (failure,) = configuration.check({**_CONFIGURATION, name: value}).failures
    assert failure.property == name
    assert words in failure.reason


def test_the_configurations_secret_is_secret() -> None:
    assert "very-secret-text" not in repr(configuration.check(_CONFIGURATION))
    connection = configuration.Connection({**_CONFIGURATION, "rootCaCertificate": "no certificate"}, threading.Event())
    with pytest.raises(errors.UsageError, match="no PEM") as caught:
        _ = connection.session
    assert "very-secret-text" not in repr(vars(caught.value))


@pytest.mark.parametrize("url", ["http://a.example", "https://", "https://u:p@a.example", "https://a.example?x=1", "a"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(errors.UsageError):
        session.Session(url, "c", "s")


def test_names_are_one_segment_of_a_path() -> None:
    assert session.quoted("a/../b?c#d e") == "a%2F..%2Fb%3Fc%23d%20e"


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (409, {"errorMessage": "Client x already exists"}, failures.ConflictError, "Client x already exists"),
        (404, {"error": "Realm not found."}, failures.NotFoundError, "Realm not found."),
        (503, "", failures.BusyError, None),
        (401, {"error": "invalid_client", "error_description": "Bad"}, failures.ApiError, "invalid_client: Bad"),
        (400, {"field": "email", "errorMessage": "error-x"}, failures.ApiError, "email: error-x"),
        (
            400,
            {"errors": [{"field": "a", "errorMessage": "b"}, {"errorMessage": "c"}]},
            failures.ApiError,
            "a: b; c",
        ),
        (500, "<html>stack trace</html>", failures.ApiError, None),
        (400, {"errorMessage": "password very-secret-text is weak"}, failures.ApiError, "password (withheld) is weak"),
    ],
)
def test_a_refusal_is_told_in_keycloaks_own_words(
    status: int, body: Any, kind: type[failures.ApiError], told: str | None
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    error = failures.refusal(what="POST /x", status=status, body=text, hidden=("very-secret-text", ""))
    assert type(error) is kind
    assert (error.status, error.cause, error.where) == (status, told, "POST /x")


@pytest.mark.parametrize("text", ["", "45", "s", "1s1m", "-5m", "1.5h", "10 m", "5d"])
def test_what_is_no_duration(text: str) -> None:
    assert forms.seconds(text) is None


@hypothesis.given(strategies.integers(min_value=0, max_value=10**8))
def test_durations_have_one_form(whole: int) -> None:
    assert forms.seconds(forms.duration(whole)) == whole
    assert forms.duration(forms.seconds(f"{whole}s") or 0) == forms.duration(whole)


@pytest.mark.parametrize(
    ("kind", "form", "value", "there"),
    [
        ("flag", "", True, True),
        ("flag", "text", False, "false"),
        ("flag", "config", True, ["true"]),
        ("number", "config", -1, ["-1"]),
        ("duration", "", "8h0m0s", 28800),
        ("duration", "ms-config", "5s", ["5000"]),
        ("set", "", ["a", "b"], ["a", "b"]),
        ("set", "##", ["https://a/", "https://b/"], "https://a/##https://b/"),
        ("set", "comma-config", ["inetOrgPerson", "person"], ["inetOrgPerson, person"]),
        ("map", "", {"a": "b"}, {"a": "b"}),
        ("map", "lists", {"a": "b##c"}, {"a": ["b", "c"]}),
        ("text", "config", "x", ["x"]),
    ],
)
def test_a_value_is_written_and_read_back(kind: str, form: str, value: Any, there: Any) -> None:
    assert forms.written(kind, form, value, {}) == there
    assert forms.read(kind, form, there, {}) == value


@hypothesis.given(strategies.dictionaries(NAMES, TEXTS, max_size=4), strategies.booleans(), TEXTS)
def test_a_realm_reads_back_as_it_was_written(attributes: dict[str, str], flag: bool, text: str) -> None:
    new = {
        "realm": "r",
        "displayName": text,
        "rememberMe": flag,
        "attributes": attributes,
        "securityDefenses": {"bruteForceDetection": {"maxLoginFailures": 5}},
    }
    inputs = shape.check(realm.Realm.SHAPE, new).inputs
    live = shape.properties(realm.Realm.SHAPE, shape.represented(realm.Realm.SHAPE, inputs))
    seen = shape.observed(realm.Realm.SHAPE, inputs, live)
    assert shape.difference(realm.Realm.SHAPE, old=seen, new=inputs).changed == ()


def test_lockout_that_somebody_turned_off_is_no_lockout() -> None:
    inputs = shape.check(realm.Realm.SHAPE, {"realm": "r", "securityDefenses": {"bruteForceDetection": {}}}).inputs
    live = {**shape.represented(realm.Realm.SHAPE, inputs), "bruteForceProtected": False}
    seen = shape.observed(realm.Realm.SHAPE, inputs, shape.properties(realm.Realm.SHAPE, live))
    assert shape.difference(realm.Realm.SHAPE, old=seen, new=inputs).changed == ("securityDefenses",)


def test_what_the_program_does_not_say_is_not_looked_at() -> None:
    seen = shape.observed(realm.Realm.SHAPE, {"realm": "r"}, {"realm": "r", "displayName": "somebody's"})
    assert seen == {"realm": "r"}
