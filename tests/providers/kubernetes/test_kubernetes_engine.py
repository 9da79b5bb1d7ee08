"""The provider under the real Pulumi engine, against a real API server."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_kubernetes
import pytest
from pulumi import automation

from govcloud_cli.providers.kubernetes import client as client_
from govcloud_cli.run import checkpoints, process
from tests.providers.kubernetes import conftest

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("default")]
k8s: Any = pulumi_kubernetes  # its types know no plain dictionaries that hold outputs
_ROOT = pathlib.Path(__file__).parents[3]


def tenant(kubeconfig: str, name: str, **choices: Any) -> Callable[[], None]:
    """Return a program for one tenant's namespace and ten objects of several kinds in it."""

    def program() -> None:
        provider = k8s.Provider(f"{name}-cluster", kubeconfig=pulumi.Output.secret(kubeconfig))
        cluster = pulumi.ResourceOptions(provider=provider)
        labels = {"tenant": name, **choices.get("labels", {})}
        namespace = k8s.core.v1.Namespace(name, metadata={"name": name, "labels": labels}, opts=cluster)
        inside = {"namespace": namespace.metadata.name}
        k8s.core.v1.ResourceQuota(
            f"{name}-quota",
            metadata={"name": "quota", **inside},
            spec={"hard": {"pods": choices.get("pods", "10"), "limits.cpu": "4000m"}},
            opts=cluster,
        )
        k8s.core.v1.Secret(
            f"{name}-secret",
            metadata={"name": "database", **inside},
            string_data=choices.get("secret", {"password": "correct-horse"}),
            opts=cluster,
        )
        k8s.networking.v1.NetworkPolicy(
            f"{name}-deny",
            metadata={"name": "deny", **inside},
            spec={
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 5432}]}],
            },
            opts=cluster,
        )
        role = k8s.rbac.v1.Role(
            f"{name}-role",
            metadata={"name": choices.get("role", "reader"), **inside},
            rules=[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}],
            opts=cluster,
        )
        k8s.rbac.v1.RoleBinding(
            f"{name}-binding",
            metadata={"name": "binding", **inside},
            role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
            subjects=[{"kind": "Group", "name": name}],
            opts=cluster,
        )
        for number in range(choices.get("maps", 5)):
            k8s.core.v1.ConfigMap(
                f"{name}-map-{number}",
                metadata={"name": f"map-{number}", **inside},
                data={"uid": namespace.metadata.uid, "n": str(number)},
                opts=cluster,
            )
        pulumi.export("uid", namespace.metadata.uid)

    return program


def changes(result: automation.UpResult) -> Mapping[str, int]:
    """Return the counts of what an update did, without `same`."""
    counts = result.summary.resource_changes or {}
    return {
        str(getattr(kind, "value", kind)): number for kind, number in counts.items() if "same" not in str(kind).lower()
    }


def refreshed(stack: automation.Stack) -> Mapping[str, int]:
    counts = stack.refresh().summary.resource_changes or {}
    return {
        str(getattr(kind, "value", kind)): number for kind, number in counts.items() if "same" not in str(kind).lower()
    }


def test_the_life_of_a_tenant(engine: conftest.Engine, ask: conftest.Ask) -> None:
    stack = engine.stack("life", tenant(engine.kubeconfig, "life"))
    preview = stack.preview()
    assert sum(preview.change_summary.values()) == 13, "with the stack and the provider itself"
    assert ask(lambda client: client.get("v1", "Namespace", "life")) is None, "a preview changes nothing"

    first = stack.up()
    assert changes(first) == {"create": 13}
    namespace = ask(lambda client: client.get("v1", "Namespace", "life"))
    assert first.outputs["uid"].value == namespace["metadata"]["uid"]
    assert changes(stack.up()) == {}, "nothing changed"
    assert refreshed(stack) == {}, "what the server fills in is no drift"

    changed = engine.stack("life", tenant(engine.kubeconfig, "life", pods="20", labels={"level": "three"}, maps=4))
    assert changes(changed.up()) == {"update": 2, "delete": 1}
    quota = ask(lambda client: client.get("v1", "ResourceQuota", "quota", namespace="life"))
    assert quota["spec"]["hard"] == {"pods": "20", "limits.cpu": "4"}
    assert changes(engine.stack("life", tenant(engine.kubeconfig, "life", maps=4)).up()) == {"update": 2}
    namespace = ask(lambda client: client.get("v1", "Namespace", "life"))
    assert "level" not in namespace["metadata"]["labels"], "what the program drops is removed"

    stack.destroy()
    assert ask(lambda client: client.get("v1", "Namespace", "life")) is None, "destroy waits until it is gone"


def test_what_cannot_change_is_replaced(engine: conftest.Engine, ask: conftest.Ask) -> None:
    engine.stack("swap", tenant(engine.kubeconfig, "swap", maps=0)).up()
    stack = engine.stack("swap", tenant(engine.kubeconfig, "swap", maps=0, role="writer"))
    kinds = changes(stack.up())
    assert kinds == {"replace": 2}, "the role has a new name and the binding another role"
    binding = ask(lambda client: client.get("rbac.authorization.k8s.io/v1", "RoleBinding", "binding", namespace="swap"))
    assert binding["roleRef"]["name"] == "writer"
    stack.destroy()


def test_secrets_are_secret_in_the_state_and_dropped_keys_go(engine: conftest.Engine, ask: conftest.Ask) -> None:
    both = {"password": "correct-horse", "old": "battery-staple"}
    engine.stack("hush", tenant(engine.kubeconfig, "hush", maps=0, secret=both)).up()
    stack = engine.stack("hush", tenant(engine.kubeconfig, "hush", maps=0))
    stack.up()
    secret = ask(lambda client: client.get("v1", "Secret", "database", namespace="hush"))
    assert secret["data"] == {"password": base64.b64encode(b"correct-horse").decode()}
    assert refreshed(stack) == {}
    state = (engine.folder / "state/.pulumi/stacks/test/hush.json").read_text()
    assert "hush-secret" in state
    for text in ("correct-horse", base64.b64encode(b"correct-horse").decode(), "battery-staple", "client-key-data"):
        assert text not in state
    stack.destroy()


def test_drift_is_shown_by_refresh_and_mended_by_the_next_update(engine: conftest.Engine, ask: conftest.Ask) -> None:
    stack = engine.stack("drift", tenant(engine.kubeconfig, "drift", maps=2))
    stack.up()

    async def spoil(client: client_.Client) -> None:
        await _patch(client, "/api/v1/namespaces/drift/resourcequotas/quota", {"spec": {"hard": {"pods": "99"}}})
        await _patch(
            client,
            "/apis/networking.k8s.io/v1/namespaces/drift/networkpolicies/deny",
            {"spec": {"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}},
        )
        await client.delete("v1", "ConfigMap", "map-0", namespace="drift")

    ask(spoil)
    assert refreshed(stack) == {"update": 2, "delete": 1}
    assert changes(stack.up()) == {"update": 2, "create": 1}
    quota = ask(lambda client: client.get("v1", "ResourceQuota", "quota", namespace="drift"))
    assert quota["spec"]["hard"]["pods"] == "10", "a field of ours is taken back from whoever changed it"
    policy = ask(lambda client: client.get("networking.k8s.io/v1", "NetworkPolicy", "deny", namespace="drift"))
    assert "to" not in policy["spec"]["egress"][0]
    assert refreshed(stack) == {}
    stack.destroy()


def test_a_field_of_another_manager_is_a_conflict_that_names_both(engine: conftest.Engine, ask: conftest.Ask) -> None:
    async def theirs(client: client_.Client) -> None:
        await client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shared"}})
        path = "/api/v1/namespaces/shared/configmaps"
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}, "data": {"k": "theirs"}}
        await _send(client, "POST", path, body)

    def program(annotations: dict[str, str]) -> Callable[[], None]:
        def run() -> None:
            opts = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=engine.kubeconfig))
            metadata = {"name": "map", "namespace": "shared", "annotations": annotations}
            k8s.core.v1.ConfigMap("map", metadata=metadata, data={"k": "ours"}, opts=opts)

        return run

    ask(theirs)
    with pytest.raises(automation.CommandError) as refused:
        engine.stack("conflict", program({})).up()
    assert "`somebody` owns .data.k" in str(refused.value)
    stack = engine.stack("conflict", program({"pulumi.com/patchForce": "true"}))
    stack.up()
    live = ask(lambda client: client.get("v1", "ConfigMap", "map", namespace="shared"))
    assert live["data"] == {"k": "ours"}
    stack.destroy()


def test_a_lost_state_is_found_again_by_adoption(engine: conftest.Engine, ask: conftest.Ask) -> None:
    program = tenant(engine.kubeconfig, "lost", maps=2)
    engine.stack("lost", program).up()
    before = ask(lambda client: client.get("v1", "Namespace", "lost"))
    again = engine.stack("lost-again", program)
    assert changes(again.up()) == {"create": 10}
    after = ask(lambda client: client.get("v1", "Namespace", "lost"))
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    again.destroy()


def test_renaming_a_resource_in_the_program_keeps_the_object(engine: conftest.Engine, ask: conftest.Ask) -> None:
    def program(name: str) -> Callable[[], None]:
        def run() -> None:
            opts = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=engine.kubeconfig))
            k8s.core.v1.Namespace(name, metadata={"name": "kept"}, opts=opts)

        return run

    engine.stack("rename", program("one")).up()
    stack = engine.stack("rename", program("two"))
    stack.up()
    assert ask(lambda client: client.get("v1", "Namespace", "kept"))["status"]["phase"] == "Active"
    stack.destroy()


def test_an_object_is_imported(engine: conftest.Engine, ask: conftest.Ask) -> None:
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "brought", "labels": {"a": "b"}}}
    ask(lambda client: _send(client, "POST", "/api/v1/namespaces", manifest))

    def program() -> None:
        provider = k8s.Provider("cluster", kubeconfig=engine.kubeconfig)
        opts = pulumi.ResourceOptions(provider=provider, import_="brought")
        k8s.core.v1.Namespace("brought", metadata=manifest["metadata"], opts=opts)

    stack = engine.stack("import", program)
    result = stack.up()
    assert changes(result).get("import") == 1, result.stdout
    assert "do not match" not in result.stdout
    assert changes(stack.up()) == {}
    stack.destroy()
    assert ask(lambda client: client.get("v1", "Namespace", "brought")) is None


def test_a_type_that_is_not_served_is_named_with_those_that_are(engine: conftest.Engine) -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=engine.kubeconfig))
        k8s.core.v1.Pod("pod", spec={"containers": [{"name": "a", "image": "a"}]}, opts=opts)

    with pytest.raises(automation.CommandError) as refused:
        engine.stack("unserved", program).up()
    assert "`kubernetes:core/v1:Pod` is not served" in str(refused.value)
    assert "kubernetes:core/v1:Namespace" in str(refused.value)


def test_a_refused_secret_does_not_show_its_text(engine: conftest.Engine) -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=k8s.Provider("cluster", kubeconfig=engine.kubeconfig))
        metadata = {"name": "bad", "namespace": "default"}
        k8s.core.v1.Secret("bad", metadata=metadata, data={"k": "not base64: hunter2"}, opts=opts)

    with pytest.raises(automation.CommandError) as refused:
        engine.stack("refused", program).up()
    assert "Secret default/bad" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_killed_midway_the_next_run_converges(engine: conftest.Engine, ask: conftest.Ask) -> None:
    script = engine.folder / "deploy.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"sys.path.insert(0, {str(_ROOT)!r})\n"
        "from tests.providers.kubernetes import conftest, test_kubernetes_engine as tests\n"
        "given = json.load(sys.stdin)\n"
        "engine = conftest.Engine(**{**given, 'folder': pathlib.Path(given['folder'])})\n"
        "engine.stack('killed', tests.tenant(engine.kubeconfig, 'killed', maps=120)).up()\n"
    )
    given = {
        "folder": str(engine.folder),
        "pulumi": engine.pulumi,
        "kubeconfig": engine.kubeconfig,
        "port": engine.port,
    }
    # Marked as deploys are: the engine's own processes outlive what started them.
    environment = {**os.environ, **engine.environment(), "GOVCLOUD_RUN": str(engine.folder)}
    run = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, env=environment, text=True, start_new_session=True
    )
    assert run.stdin is not None
    run.stdin.write(json.dumps(given))
    run.stdin.close()
    deadline = time.monotonic() + 120
    while ask(lambda client: client.get("v1", "ConfigMap", "map-5", namespace="killed")) is None:
        assert run.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    process.end_leftovers(str(engine.folder))

    checkpoints.mend(engine.folder / "state", "killed")
    stack = engine.stack("killed", tenant(engine.kubeconfig, "killed", maps=120))
    stack.cancel()
    stack.up()
    assert changes(stack.up()) == {}
    assert refreshed(stack) == {}

    async def count(client: client_.Client) -> int:
        maps = client.list_kind("v1", "ConfigMap", namespace="killed")
        return len([item async for item in maps if item["metadata"]["name"].startswith("map-")])

    assert ask(count) == 120
    stack.destroy()


@pytest.mark.bench
def test_eight_tenants_of_ten_objects(engine: conftest.Engine) -> None:
    def program() -> None:
        for number in range(8):
            tenant(engine.kubeconfig, f"bench-{number}", maps=5)()

    stack = engine.stack("bench", program)
    started = time.monotonic()
    created = changes(stack.up())
    middle = time.monotonic()
    assert changes(stack.up()) == {}
    unchanged = time.monotonic() - middle
    seconds = middle - started
    number = created["create"]
    print(f"\n{number} resources: created in {seconds:.1f} s ({number / seconds:.0f}/s), unchanged {unchanged:.1f} s")  # noqa: T201
    stack.destroy()


async def _patch(client: client_.Client, path: str, body: dict[str, Any]) -> None:
    await _send(client, "PATCH", path, body)


async def _send(client: client_.Client, method: str, path: str, body: dict[str, Any]) -> None:
    """Write as another field manager, as `kubectl edit` would."""
    from govcloud_cli.providers.kubernetes import transport

    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    call = transport.Call(
        method=method, path=path, what=path, query={"fieldManager": "somebody"}, body=body, content_type=kind
    )
    await client._transport.request(call)
