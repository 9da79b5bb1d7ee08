"""A namespace as one resource, with a cluster in memory."""

from __future__ import annotations

import dataclasses
import itertools
import json
import threading
from collections.abc import Mapping
from typing import Any, cast

import pytest

from govcloud_cli import errors
from govcloud_cli.providers import objects, resource, wire
from govcloud_cli.providers.kubernetes import bundle, client, failures, handler, kinds

RBAC = "rbac.authorization.k8s.io"


@dataclasses.dataclass
class Cluster:
    """Keeps what is applied, in order; refuses what it is told to."""

    live: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    calls: list[str] = dataclasses.field(default_factory=list)
    refused: set[str] = dataclasses.field(default_factory=set)
    numbers: Any = dataclasses.field(default_factory=itertools.count)

    async def apply(self, manifest: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
        assert force
        key = objects.key_of(manifest)
        self.calls.append(f"apply {key}")
        if key in self.refused:
            raise failures.ApiError(f"{key} is refused", status=422, reason="Invalid")
        uid = self.live[key]["metadata"]["uid"] if key in self.live else f"uid-{next(self.numbers)}"
        self.live[key] = json.loads(json.dumps({**manifest, "metadata": {**manifest["metadata"], "uid": uid}}))
        return self.live[key]

    async def get(self, _version: str, kind: str, name: str, *, namespace: str | None) -> dict[str, Any] | None:
        assert namespace == (None if kind == "Namespace" else "finance-prod")
        return self.live.get(f"{kind}/{name}")

    async def delete(self, _version: str, kind: str, name: str, *, uid: str | None, **_: Any) -> None:
        self.calls.append(f"delete {kind}/{name} {uid}")
        self.live.pop(f"{kind}/{name}", None)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def served_by(cluster: Cluster) -> bundle.Bundle:
    """A run of its own: what was written in another one is not known."""
    session = handler.Session(
        client=cast(client.Client, cluster), cancelled=threading.Event(), namespace="default", force=True
    )
    return bundle.Bundle([handler.Handler(kind, session) for kind in kinds.SERVED], session)


def manifest(kind: str, name: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    metadata = {"name": name} if kind == "Namespace" else {"name": name, "namespace": "finance-prod"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


NAMESPACE = manifest("Namespace", "finance-prod")
SETTINGS = manifest("ConfigMap", "settings", data={"a": "1"})
ACCOUNT = manifest("ServiceAccount", "default", automountServiceAccountToken=False)


def binding(role: str) -> dict[str, Any]:
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    return manifest("RoleBinding", "owner", f"{RBAC}/v1", roleRef=reference, subjects=[])


def inputs(*manifests: dict[str, Any], name: str = "finance-prod") -> resource.Properties:
    return {"name": name, "objects": {objects.key_of(one): objects.text_of(one) for one in manifests}}


def recorded(created: resource.State, wanted: resource.Properties) -> resource.State:
    return resource.State(id=created.id, outputs=created.outputs, inputs=wanted)


def made(cluster: Cluster, wanted: resource.Properties) -> resource.State:
    """Created by an earlier run."""
    state = recorded(served_by(cluster).create(wanted, preview=False), wanted)
    cluster.calls.clear()
    return state


def test_the_namespace_is_applied_before_what_is_in_it(cluster: Cluster) -> None:
    state = served_by(cluster).create(inputs(SETTINGS, ACCOUNT, NAMESPACE), preview=False)
    assert cluster.calls[0] == "apply Namespace/finance-prod"
    assert sorted(cluster.calls[1:]) == ["apply ConfigMap/settings", "apply ServiceAccount/default"]
    assert state.id == "finance-prod"
    assert set(state.outputs["uids"]) == set(cluster.live)


def test_a_preview_changes_nothing(cluster: Cluster) -> None:
    state = served_by(cluster).create(inputs(NAMESPACE), preview=True)
    assert not cluster.calls
    assert wire.has_unknown(state.outputs)


def test_only_what_differs_is_applied_and_only_what_went_is_deleted(cluster: Cluster) -> None:
    old = made(cluster, inputs(NAMESPACE, SETTINGS, ACCOUNT))
    uid = old.outputs["uids"]["ServiceAccount/default"]
    wanted = inputs(NAMESPACE, {**SETTINGS, "data": {"a": "2"}})
    state = served_by(cluster).update(old, wanted, preview=False)
    assert cluster.calls == ["apply ConfigMap/settings", f"delete ServiceAccount/default {uid}"]
    assert set(state.outputs["uids"]) == {"Namespace/finance-prod", "ConfigMap/settings"}


def test_what_cannot_be_changed_is_made_anew(cluster: Cluster) -> None:
    old = made(cluster, inputs(NAMESPACE, binding("viewer")))
    uid = old.outputs["uids"]["RoleBinding/owner"]
    state = served_by(cluster).update(old, inputs(NAMESPACE, binding("owner")), preview=False)
    assert cluster.calls == [f"delete RoleBinding/owner {uid}", "apply RoleBinding/owner"]
    assert state.outputs["uids"]["RoleBinding/owner"] != uid


def test_an_object_that_fails_stops_no_other_and_is_done_again(cluster: Cluster) -> None:
    cluster.refused = {"ConfigMap/settings"}
    wanted = inputs(NAMESPACE, SETTINGS, ACCOUNT)
    with pytest.raises(resource.PartlyDone) as caught:
        served_by(cluster).create(wanted, preview=False)
    reached = caught.value.state
    assert set(reached.inputs["objects"]) == {"Namespace/finance-prod", "ServiceAccount/default"}
    again = served_by(cluster).diff(reached, wanted)
    assert again.changed == ('objects["ConfigMap/settings"]',)
    assert not again.replace
    cluster.refused.clear()
    cluster.calls.clear()
    served_by(cluster).update(reached, wanted, preview=False)
    assert cluster.calls == ["apply ConfigMap/settings"]


def test_of_a_failed_change_the_words_before_it_stay_recorded(cluster: Cluster) -> None:
    before = inputs(NAMESPACE, SETTINGS)
    old = made(cluster, before)
    cluster.refused = {"ConfigMap/settings"}
    with pytest.raises(resource.PartlyDone) as caught:
        served_by(cluster).update(old, inputs(NAMESPACE, {**SETTINGS, "data": {"a": "2"}}), preview=False)
    assert caught.value.state.inputs == before


def test_without_its_namespace_nothing_is_tried(cluster: Cluster) -> None:
    cluster.refused = {"Namespace/finance-prod"}
    with pytest.raises(failures.ApiError, match="is refused"):
        served_by(cluster).create(inputs(NAMESPACE, SETTINGS), preview=False)
    assert cluster.calls == ["apply Namespace/finance-prod"]


def test_several_failures_are_one_error_that_counts_them(cluster: Cluster) -> None:
    cluster.refused = {"ConfigMap/settings", "ServiceAccount/default"}
    with pytest.raises(resource.PartlyDone) as caught:
        served_by(cluster).create(inputs(NAMESPACE, SETTINGS, ACCOUNT), preview=False)
    assert "1 more objects of finance-prod failed" in caught.value.error.message


def test_reading_keeps_the_recorded_words_where_they_are_still_true(cluster: Cluster) -> None:
    wanted = inputs(NAMESPACE, SETTINGS)
    old = made(cluster, wanted)
    seen = served_by(cluster).read(old)
    assert seen is not None
    assert seen.inputs == wanted
    assert seen.outputs == old.outputs


def test_reading_shows_what_was_changed_and_leaves_out_what_is_gone(cluster: Cluster) -> None:
    wanted = inputs(NAMESPACE, SETTINGS, ACCOUNT)
    old = made(cluster, wanted)
    cluster.live["ConfigMap/settings"]["data"] = {"a": "by hand"}
    del cluster.live["ServiceAccount/default"]
    seen = served_by(cluster).read(old)
    assert seen is not None
    assert json.loads(seen.inputs["objects"]["ConfigMap/settings"])["data"] == {"a": "by hand"}
    assert set(seen.outputs["uids"]) == {"Namespace/finance-prod", "ConfigMap/settings"}
    assert set(served_by(cluster).diff(seen, wanted).changed) == {
        'objects["ConfigMap/settings"]',
        'objects["ServiceAccount/default"]',
    }


def test_a_namespace_that_is_gone_is_no_resource_any_more(cluster: Cluster) -> None:
    old = made(cluster, inputs(NAMESPACE, SETTINGS))
    del cluster.live["Namespace/finance-prod"]
    assert served_by(cluster).read(old) is None


def test_an_import_is_refused(cluster: Cluster) -> None:
    with pytest.raises(errors.UsageError, match="cannot be imported"):
        served_by(cluster).read(resource.State(id="finance-prod", outputs={}))


def test_the_namespace_is_deleted_by_its_uid_and_takes_the_rest_along(cluster: Cluster) -> None:
    old = made(cluster, inputs(NAMESPACE, SETTINGS))
    uid = old.outputs["uids"]["Namespace/finance-prod"]
    served_by(cluster).delete(old)
    assert cluster.calls == [f"delete Namespace/finance-prod {uid}"]


def test_what_this_run_brought_under_another_name_is_not_deleted_under_the_old_one(cluster: Cluster) -> None:
    old = made(cluster, inputs(NAMESPACE, SETTINGS))
    served = served_by(cluster)
    served.create(inputs(NAMESPACE, SETTINGS), preview=False)
    cluster.calls.clear()
    served.delete(old)
    assert not cluster.calls


def test_another_name_is_another_resource(cluster: Cluster) -> None:
    old = resource.State(id="finance-prod", outputs={}, inputs=inputs(NAMESPACE))
    difference = served_by(cluster).diff(old, inputs(manifest("Namespace", "finance-test"), name="finance-test"))
    assert difference.replace == ("name",)


@pytest.mark.parametrize(
    "wanted",
    [
        inputs(SETTINGS),
        {"name": "finance-prod"},
        {"name": 7, "objects": {}},
        inputs(NAMESPACE, {**SETTINGS, "metadata": {"name": "settings", "namespace": "archives-prod"}}),
        inputs(NAMESPACE, manifest("Pod", "x")),
        inputs(NAMESPACE, {**SETTINGS, "status": {}}),
        inputs(NAMESPACE, {**SETTINGS, "apiVersion": "v2"}),
        {"name": "finance-prod", "objects": inputs(NAMESPACE)["objects"] | {"ConfigMap/a": objects.text_of(SETTINGS)}},
        {"name": "finance-prod", "objects": inputs(NAMESPACE)["objects"] | {"ConfigMap/settings": "{"}},
        {"name": "finance-prod", "objects": inputs(NAMESPACE)["objects"] | {"ConfigMap/settings": "[]"}},
        {"name": "finance-prod", "objects": inputs(NAMESPACE)["objects"] | {"ConfigMap/settings": None}},
    ],
)
def test_what_is_not_one_namespace_with_served_objects_is_refused(
    cluster: Cluster, wanted: resource.Properties
) -> None:
    assert served_by(cluster).check(wanted, old={}, name="x").failures


def test_a_namespace_with_served_objects_is_taken_as_it_is(cluster: Cluster) -> None:
    wanted = inputs(NAMESPACE, SETTINGS, ACCOUNT, binding("viewer"))
    assert served_by(cluster).check(wanted, old={}, name="x") == resource.Checked(inputs=wanted)
