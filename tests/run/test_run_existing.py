"""Hosts of one's own, as far as no host is needed: SSH, inventory, kubeconfigs, sides that went."""

from __future__ import annotations

import datetime
import json
import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.providers.lab import sweep
from govcloud_cli.run import (
    ansible,
    applied,
    deploy,
    destroy,
    image,
    lock,
    preparing,
    progress,
    siderun,
    sites,
    ssh,
    tools,
    workspace,
)
from govcloud_cli.run.audit import places
from tests.support import inventories

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
CLUSTER = {
    "clusters": [{"name": "c", "cluster": {"server": "https://10.1.1.1:6443"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    "current-context": "x",
}


class Quiet:
    """Shows nothing."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


def journal() -> progress.Journal:
    return progress.Journal(Quiet())


def run_deploy(site: sites.Site, logs: pathlib.Path) -> None:
    with lock.held(site.space, verb="deploy", now=NOW) as holding:
        order = deploy.Order(
            site=site,
            folder=site.space.path.parent.parent / "inventories" / "lab",
            request=siderun.Request(),
            holding=holding,
            clock=lambda: NOW,
            environ={},
            logs=logs,
        )
        deploy.deploy(order, journal=journal())


@pytest.fixture
def example(tmp_path: pathlib.Path) -> pathlib.Path:
    """The example with kubeconfigs beside the inventories."""
    folder = inventories.copy("example", tmp_path)
    platform = folder / "platform.yaml"
    text = platform.read_text(encoding="utf-8").replace("/etc/govcloud/", "../../clusters/")
    platform.write_text(text, encoding="utf-8")
    (tmp_path / "clusters").mkdir()
    for side in platforms.Side:
        (tmp_path / "clusters" / f"{side}.kubeconfig").write_text(json.dumps(CLUSTER), encoding="utf-8")
    return folder


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def provide(names: tuple[str, ...], **_: Any) -> dict[str, pathlib.Path]:
        asked.extend(names)
        return {name: pathlib.Path(f"/{name}") for name in names}

    monkeypatch.setattr(tools, "find", lambda name: pathlib.Path(f"/{name}"))
    monkeypatch.setattr(tools, "provide", provide)
    monkeypatch.setattr(image, "find", lambda: None)
    return asked


def without_internal(folder: pathlib.Path) -> None:
    """Take the internal side out of a copy of the lab."""
    path = folder / "platform.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    spec = document["spec"]
    spec["zones"] = [zone for zone in spec["zones"] if zone["kind"] != "internal"]
    spec["machines"] = [machine for machine in spec["machines"] if not machine["id"].startswith("internal-")]
    spec["flows"] = [flow for flow in spec["flows"] if not flow["id"].startswith("internal-")]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    found = {one.stem: yaml.safe_load(one.read_text(encoding="utf-8")) for one in (folder / "tenants").glob("*.yaml")}
    inventories.keep(folder, *(name for name, tenant in found.items() if tenant["spec"]["zone"] != "internal"))


def test_ssh_and_ansible_know_every_host_its_port_and_its_user(example: pathlib.Path) -> None:
    site = sites.load(example)
    plan = sites.plan(site, today=inventories.TODAY)
    (side,) = [side for side in plan.sides if side.side is platforms.Side.EXTERNAL]
    folder = site.space.side(side.side)
    ssh.configure(folder, side.hosts, host_keys={})
    config = ssh.config_path(folder).read_text(encoding="utf-8")
    assert "Host services-db 172.20.20.31\n    HostName 172.20.20.31\n    User govcloud\n    Port 2222\n" in config
    assert "Host border-1 border-1.lanhe.example" in config
    assert "IdentityFile" not in config, "the engineer's own key and known hosts count"
    text = ansible.inventory_text(
        side.hosts,
        ssh_config=ssh.config_path(folder),
        resolve=lambda file: sites.controller_file(folder, {"keycloak": example / "platform.yaml"}, file),
    )
    assert 'ansible_user: !unsafe "govcloud"' in text or "ansible_user: govcloud" in text
    assert "ens256.121" in text


def test_a_declared_kubeconfig_is_the_engines_and_is_found_from_the_inventory(
    example: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    # The example names a folder of the host's own.
    monkeypatch.setattr(places, "second_place_of", lambda _: tmp_path / "second")
    site = sites.load(example)
    for side in sites.plan(site, today=inventories.TODAY).sides:
        folder = site.space.side(side.side)
        path = preparing.engine_kubeconfig(side, folder)
        assert path.resolve() == example.parents[1] / "clusters" / f"{side.side}.kubeconfig"
        preparing.certify(site, side, now=NOW)
        assert json.loads(path.read_text(encoding="utf-8")) == CLUSTER, "it is the owner's, and is not written"


def test_only_what_is_needed_is_built_for_clusters_that_are_there(example: pathlib.Path, no_tools: list[str]) -> None:
    preparing.prepare(sites.load(example), install=True, report=lambda _: None)
    assert no_tools == ["pulumi", "keycloak"]


def test_a_kubeconfig_that_is_of_no_use_is_told_before_anything_happens(
    example: pathlib.Path, no_tools: list[str]
) -> None:
    (example.parents[1] / "clusters" / "internal.kubeconfig").unlink()
    with pytest.raises(errors.UsageError, match="kubeconfig cannot be used"):
        preparing.prepare(sites.load(example), install=True, report=lambda _: None)
    assert no_tools == []
    preparing.prepare(sites.load(example, side="external"), install=True, report=lambda _: None)


def test_a_side_that_went_stops_a_deploy_before_it_prepares(
    lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: pytest.fail("prepared"))
    workspace.make_folder(sites.load(lab).space.side(platforms.Side.INTERNAL).path)
    without_internal(lab)
    with pytest.raises(errors.UsageError, match="no longer has the internal side") as caught:
        run_deploy(sites.load(lab), tmp_path)
    assert "govcloud destroy --side internal" in str(caught.value.remedy)


def test_a_tenant_that_went_stops_a_deploy_before_it_prepares(
    lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: pytest.fail("prepared"))
    site = sites.load(lab)
    record = applied.load(site.space.side(platforms.Side.EXTERNAL))
    record.tenants = ["gone"]
    record.save()
    with pytest.raises(errors.UsageError, match="gone"):
        run_deploy(site, tmp_path)


def test_destroy_removes_a_side_that_the_inventory_no_longer_has(
    lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    swept: list[str] = []
    monkeypatch.setattr(sweep, "remove_all", lambda prefix, _: swept.append(prefix))
    monkeypatch.setattr(sweep, "remains", lambda *_: ())
    space = sites.load(lab).space
    for side in platforms.Side:
        workspace.make_folder(space.side(side).path)
    without_internal(lab)
    with pytest.raises(errors.UsageError, match="nothing on the internal side"):
        sites.load(lab, side="internal")
    site = sites.load(lab, side="internal", abandoned=True)
    assert destroy.destroy(site, journal=journal(), clock=lambda: NOW, environ={}, logs=tmp_path)
    assert swept == [f"{space.prefix}-int"]
    assert not space.side(platforms.Side.INTERNAL).path.exists()
    assert space.side(platforms.Side.EXTERNAL).path.exists()


def test_destroy_keeps_the_files_of_a_side_whose_machines_run_on(
    lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(sweep, "remove_all", lambda *_: ())
    monkeypatch.setattr(sweep, "remains", lambda prefix, _: (f"{prefix}-m-db",) if prefix.endswith("int") else ())
    site = sites.load(lab)
    for side in platforms.Side:
        workspace.make_folder(site.space.side(side).path)
    with pytest.raises(errors.GovcloudError, match="could not be removed"):
        destroy.destroy(site, journal=journal(), clock=lambda: NOW, environ={}, logs=tmp_path)
    assert site.space.side(platforms.Side.INTERNAL).path.exists()


def test_destroy_of_everything_takes_an_abandoned_side_along(
    lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(sweep, "remove_all", lambda *_: ())
    monkeypatch.setattr(sweep, "remains", lambda *_: ())
    space = sites.load(lab).space
    for side in platforms.Side:
        workspace.make_folder(space.side(side).path)
    without_internal(lab)
    destroy.destroy(sites.load(lab, abandoned=True), journal=journal(), clock=lambda: NOW, environ={}, logs=tmp_path)
    assert not space.path.exists()
