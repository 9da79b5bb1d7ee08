"""Kubeconfig, configuration, errors and the small rules of the kubernetes provider, without a cluster."""

from __future__ import annotations

import decimal
import importlib.util
import json
import pathlib
import threading
from typing import Any

import pytest
import yaml

from govcloud_cli import errors
from govcloud_cli.providers import kubernetes, wire
from govcloud_cli.providers.kubernetes import access, configuration, failures, kinds, manifest, ownership
from tests.support import control_plane

SERVER = "https://127.0.0.1:6443"


@pytest.fixture(scope="module")
def kubeconfig() -> str:
    return control_plane.kubeconfig_text(SERVER, control_plane._authority(), "admin", ["system:masters"])


def test_a_kubeconfig_is_taken_as_contents_or_as_a_path(kubeconfig: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "config"
    path.write_text(kubeconfig)
    for given in (kubeconfig, str(path)):
        seen = access.load(given)
        assert (seen.server, seen.namespace, seen.token) == (SERVER, "default", None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"current-context": ""}, "no `current-context`"),
        ({"current-context": "other"}, "no context named `other` (it has: test)"),
        ({"clusters": [{"name": "test", "cluster": {"server": "http://x"}}]}, "server is `http://x`"),
        (
            {"clusters": [{"name": "test", "cluster": {"server": SERVER, "insecure-skip-tls-verify": True}}]},
            "`insecure-skip-tls-verify` of the cluster is not served",
        ),
        ({"users": [{"name": "admin", "user": {"exec": {"command": "x"}}}]}, "`exec` of the user is not served"),
        ({"users": [{"name": "admin", "user": {"client-certificate-data": "%"}}]}, "is not base64"),
    ],
)
def test_a_kubeconfig_that_cannot_be_served_is_refused_with_the_reason(
    kubeconfig: str, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(errors.UsageError) as refused:
        access.load(yaml.safe_dump({**json.loads(kubeconfig), **change}))
    assert told in refused.value.message


def test_a_broken_kubeconfig_is_never_quoted() -> None:
    with pytest.raises(errors.UsageError) as refused:
        access.load("client-key-data: [hunter2\n")
    assert "hunter2" not in f"{refused.value.message}{refused.value.cause}"


@pytest.mark.parametrize(
    ("config", "refused"),
    [
        ({"enableServerSideApply": "true", "upsertExistingObjects": "true", "enablePatchForce": "false"}, []),
        ({"namespace": wire.UNKNOWN, "kubeClientSettings": '{"qps": 50}', "version": "4.34.2"}, []),
        ({"enableServerSideApply": "false"}, ["enableServerSideApply"]),
        ({"renderYamlToDirectory": "out", "deleteUnreachable": True}, ["renderYamlToDirectory", "deleteUnreachable"]),
        ({"nonsense": "x"}, ["nonsense"]),
        ({"kubeconfig": "/nowhere/kubeconfig"}, ["kubeconfig"]),
    ],
)
def test_a_provider_configuration_is_accepted_or_refused_by_name(config: dict[str, Any], refused: list[str]) -> None:
    assert [failure.property for failure in configuration.check(config).failures] == refused


def test_the_kubeconfig_is_secret_in_the_state(kubeconfig: str) -> None:
    assert configuration.check({"kubeconfig": kubeconfig}).inputs["kubeconfig"] == wire.Secret(kubeconfig)


def test_new_credentials_update_a_provider_and_another_cluster_replaces_it(kubeconfig: str) -> None:
    renewed = control_plane.kubeconfig_text(SERVER, control_plane._authority(), "admin")
    elsewhere = control_plane.kubeconfig_text("https://127.0.0.2:6443", control_plane._authority(), "admin")
    old = {"kubeconfig": kubeconfig}
    assert configuration.diff(old, {"kubeconfig": renewed}).replace == ()
    assert configuration.diff(old, {"kubeconfig": elsewhere}).replace == ("kubeconfig",)
    named, renamed = {**old, "clusterIdentifier": "a"}, {"kubeconfig": elsewhere, "clusterIdentifier": "b"}
    assert configuration.diff(named, {**renamed, "clusterIdentifier": "a"}).replace == ()
    assert configuration.diff(named, renamed).replace == ("clusterIdentifier",)


def test_a_provider_without_kubeconfig_uses_no_ambient_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/etc/kubernetes/admin.conf")
    with pytest.raises(errors.UsageError, match="no kubeconfig"):
        kubernetes.package().configure({}, threading.Event())


def test_a_conflict_names_managers_and_fields() -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using v1', "field": ".data.a"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using v1', "field": ".data.b"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "helm" using v1', "field": ".data.c"},
    ]
    body = json.dumps({"kind": "Status", "reason": "Conflict", "message": "m", "details": {"causes": causes}})
    error = failures.refusal(what="ConfigMap x/y", kind="ConfigMap", status=409, body=body)
    assert isinstance(error, failures.ConflictError)
    assert "`helm` owns .data.c; `kubectl-edit` owns .data.a, .data.b" in error.message


@pytest.mark.parametrize(
    "document",
    [
        {"reason": "BadRequest", "message": "illegal base64 data: hunter2"},
        {
            "reason": "Invalid",
            "message": "hunter2",
            "details": {"causes": [{"field": "data[k]", "message": "hunter2"}]},
        },
        {"message": "hunter2"},
    ],
)
def test_a_refused_secret_is_never_quoted(document: dict[str, Any]) -> None:
    error = failures.refusal(what="Secret a/b", kind="Secret", status=422, body=json.dumps(document))
    assert "hunter2" not in f"{error.message} {error.cause} {error.remedy} {error.causes!r}"


def test_retry_after_is_understood() -> None:
    error = failures.refusal(what="x", kind="", status=429, body="busy", after="3")
    assert isinstance(error, failures.OverloadedError)
    assert error.after == 3.0


@pytest.mark.parametrize(
    ("one", "other"),
    [("1000m", "1"), ("1Gi", "1024Mi"), ("0.5", "500m"), ("1e3", "1k"), ("2E", "2000P"), ("1Ei", "1024Pi"), ("10", 10)],
)
def test_equal_quantities_are_equal(one: str, other: str | int) -> None:
    assert ownership.quantity(one) == ownership.quantity(other) != decimal.Decimal(0)


def test_what_is_no_quantity_is_none() -> None:
    assert ownership.quantity("1 GiB") is ownership.quantity(".") is None


@pytest.mark.parametrize(
    ("field", "ours"),
    [
        (".spec.hard.limits.cpu", True),
        (".spec.hard.limits", False),
        (".metadata.labels.a.b/c", True),
        (".metadata.labels.a.b", False),
        ('.spec.ports[port=80,protocol="TCP"].targetPort', True),
        (".spec.other", False),
    ],
)
def test_a_conflicting_field_is_ours_only_if_the_recorded_inputs_have_it(field: str, ours: bool) -> None:
    recorded = {
        "metadata": {"labels": {"a.b/c": "x"}},
        "spec": {"hard": {"limits.cpu": "1"}, "ports": [{"port": 80}]},
    }
    assert ownership.declares(recorded, field) is ours


def test_texts_of_a_secret_go_to_the_server_as_data_so_that_dropped_keys_are_removed() -> None:
    inputs = {"metadata": {"name": "a"}, "stringData": {"k": "x"}, "data": {"raw": "eQ=="}, "__internal": {}}
    assert manifest.build(inputs) == {"metadata": {"name": "a"}, "data": {"raw": "eQ==", "k": "eA=="}}


@pytest.mark.parametrize("kind", kinds.SERVED, ids=lambda kind: kind.name)
def test_a_token_is_the_one_that_the_sdk_sends(kind: kinds.Kind) -> None:
    spec = importlib.util.find_spec("pulumi_kubernetes")
    assert spec is not None
    assert spec.origin is not None
    group, _, version = kind.token.split(":")[1].partition("/")
    source = pathlib.Path(spec.origin).parent / group.split(".")[0] / version / f"{kind.name}.py"
    assert f'@pulumi.type_token("{kind.token}")' in source.read_text()
