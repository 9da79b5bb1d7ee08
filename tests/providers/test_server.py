"""The shared provider server, over a real gRPC connection to itself."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from govcloud_cli import errors
from govcloud_cli.providers import callers, resource, server, wire

URN = "urn:pulumi:dev::project::toy:index:Thing::one"
OTHER_URN = "urn:pulumi:dev::project::toy:index:Nothing::one"


class Thing:
    """A toy resource that reflects its inputs."""

    def __init__(self, cancelled: threading.Event) -> None:
        self.cancelled = cancelled

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        failures = () if "size" in new else (resource.Failure(property="size", reason="is missing"),)
        return resource.Checked(inputs={"name": name, **new}, failures=failures)

    def diff(self, old: resource.State, new: resource.Properties) -> resource.Difference:
        changed = resource.changed(old.inputs, new)
        return resource.Difference(changed=changed, replace=tuple(name for name in changed if name == "name"))

    def create(self, new: resource.Properties, *, preview: bool) -> resource.State:
        if new.get("size") == "broken":
            raise errors.GovcloudError("it broke", cause="too small", remedy="take another")
        if new.get("size") == "half":
            raise resource.PartlyDone(errors.GovcloudError("half"), resource.State(id="h", outputs=dict(new)))
        if new.get("size") == "long":
            self.cancelled.wait(20)
            raise errors.RunInterrupted("stopped as asked")
        address = wire.UNKNOWN if preview else "10.0.0.1"
        copy = f"{new.get('password')}"
        return resource.State(id="" if preview else "one", outputs={**new, "address": address, "copy": copy})

    def read(self, old: resource.State) -> resource.State | None:
        return None if old.id == "gone" else resource.State(id=old.id, outputs=old.outputs)

    def update(self, old: resource.State, new: resource.Properties, *, preview: bool) -> resource.State:
        return resource.State(id=old.id, outputs=dict(new))

    def delete(self, old: resource.State) -> None:
        if old.id == "bug":
            raise KeyError("surprise")


def configure(config: resource.Properties, cancelled: threading.Event) -> Mapping[resource.Token, resource.Handler]:
    return {"toy:index:Thing": Thing(cancelled)}


@pytest.fixture
def served() -> Iterator[server.Served]:
    one = server.Served(resource.Package(name="toy", version="1.0.0", configure=configure))
    yield one
    one.stop()


@pytest.fixture
def stub(served: server.Served) -> Iterator[Any]:
    with grpc.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(args=wire.encode({"a": "b"})))
        yield stub


def test_the_handshake_asks_for_secrets_and_configure_for_previews(stub: Any) -> None:
    assert stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    assert stub.Configure(provider_pb2.ConfigureRequest()).supportsPreview


def test_check_fills_in_defaults_and_reports_every_failure(stub: Any) -> None:
    answer = stub.Check(provider_pb2.CheckRequest(urn=URN, news=wire.encode({"colour": "red"})))
    assert wire.decode(answer.inputs)[0] == {"name": "one", "colour": "red"}
    assert [(failure.property, failure.reason) for failure in answer.failures] == [("size", "is missing")]


def test_a_secret_input_stays_secret_in_the_outputs_and_where_its_text_reappears(stub: Any) -> None:
    given = wire.encode({"size": 1, "password": wire.Secret("correct horse")})
    answer = stub.Create(provider_pb2.CreateRequest(urn=URN, properties=given))
    outputs, secrecy = wire.decode(answer.properties)
    assert outputs["copy"] == "correct horse"
    assert secrecy.paths == {("password",), ("copy",)}


def test_a_preview_passes_unknown_values_both_ways(stub: Any) -> None:
    given = wire.encode({"size": wire.UNKNOWN})
    answer = stub.Create(provider_pb2.CreateRequest(urn=URN, properties=given, preview=True))
    outputs, _ = wire.decode(answer.properties)
    assert outputs["size"] is wire.UNKNOWN
    assert outputs["address"] is wire.UNKNOWN


def test_diff_names_what_changed_and_what_must_be_replaced(stub: Any) -> None:
    old, new = wire.encode({"name": "a", "size": 1}), wire.encode({"name": "b", "size": 2})
    answer = stub.Diff(provider_pb2.DiffRequest(id="one", urn=URN, old_inputs=old, olds=old, news=new))
    assert (list(answer.diffs), list(answer.replaces)) == (["name", "size"], ["name"])
    same = stub.Diff(provider_pb2.DiffRequest(id="one", urn=URN, old_inputs=old, olds=old, news=old))
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_reading_what_is_gone_answers_with_an_empty_id(stub: Any) -> None:
    assert stub.Read(provider_pb2.ReadRequest(id="gone", urn=URN)).id == ""
    assert stub.Read(provider_pb2.ReadRequest(id="one", urn=URN)).id == "one"


def test_an_error_reaches_the_engine_with_cause_and_remedy(stub: Any) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=wire.encode({"size": "broken"})))
    assert caught.value.details() == "it broke\ncause: too small\nremedy: take another"


def test_what_is_partly_done_is_recorded_by_the_engine(stub: Any) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=URN, properties=wire.encode({"size": "half"})))
    assert "grpc-status-details-bin" in dict(caught.value.trailing_metadata())


def test_a_bug_in_a_handler_is_told_with_its_traceback(stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="KeyError: 'surprise'"):
        stub.Delete(provider_pb2.DeleteRequest(id="bug", urn=URN))


def test_an_unknown_type_names_the_types_served(stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="served types: toy:index:Thing"):
        stub.Create(provider_pb2.CreateRequest(urn=OTHER_URN))


def test_what_is_not_served_says_so_in_a_sentence(stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="does not serve data source functions"):
        stub.Invoke(provider_pb2.InvokeRequest(tok="toy:index:getThing"))


def test_cancel_stops_a_running_operation(stub: Any) -> None:
    running = stub.Create.future(provider_pb2.CreateRequest(urn=URN, properties=wire.encode({"size": "long"})))
    time.sleep(0.2)
    stub.Cancel(empty_pb2.Empty())
    with pytest.raises(grpc.RpcError, match="stopped as asked"):
        running.result(timeout=10)


def test_a_socket_is_traced_to_its_user_in_both_ways() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        ours, theirs = client.getsockname()[1], listener.getsockname()[1]
        assert callers.owner_by_netlink(ours, theirs) == os.getuid()
        assert callers.owner_by_table(ours, theirs) == os.getuid()
        assert callers.owner_by_netlink(theirs, 1) is None
        assert callers.owner_by_table(theirs, 1) is None
        assert callers.belongs_to_us(f"ipv4:127.0.0.1:{ours}", port=theirs)


def test_a_socket_of_another_user_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = "{}: 0100007F:{:04X} 0100007F:1F40 01 00000000:00000000 00:00000000 00000000 {} 0 1 1\n"
    table = tmp_path / "tcp"
    table.write_text("header\n" + row.format(0, 40000, 77) + row.format(1, 40001, 78))
    assert callers.owner_by_table(40001, 8000, tables=(table,)) == 78
    assert callers.owner_by_table(40001, 8001, tables=(table,)) is None, "is connected elsewhere"
    monkeypatch.setattr(callers, "owner_by_netlink", lambda _source, _destination: os.getuid() + 1)
    assert not callers.belongs_to_us("ipv4:127.0.0.1:40001", port=8000)
    assert not callers.belongs_to_us("unix:/run/x", port=8000)


def test_every_call_is_guarded(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "belongs_to_us", lambda _peer, *, port: port == 0)
    with pytest.raises(grpc.RpcError, match="only the user who started it"):
        stub.Handshake(provider_pb2.ProviderHandshakeRequest())


def test_the_process_announces_its_ports_and_ends_with_its_parent() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "govcloud_cli.providers", "lab"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert set(json.loads(process.stdout.readline())) == {"lab"}
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()
