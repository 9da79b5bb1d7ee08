from __future__ import annotations

import dataclasses
import datetime
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.plan import steps
from govcloud_cli.providers.kubernetes import access
from govcloud_cli.run import image, preparing, sites, tools, workspace
from govcloud_cli.run.tools import host as tools_host
from govcloud_cli.run.tools import needs
from tests.support import inventories, vpn

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


def silent(_text: str) -> None:
    """Hears no progress."""


@pytest.fixture
def site(tmp_path: pathlib.Path) -> sites.Site:
    return sites.load(inventories.copy("lab", tmp_path))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A host that has all its tools but no image."""
    built: dict[str, Any] = {"images": 0}

    def build(**_: Any) -> None:
        built["images"] += 1

    monkeypatch.setattr(tools.packages, "ensure", lambda **_: ())
    monkeypatch.setattr(tools_host, "raise_inotify", lambda **_: ())
    monkeypatch.setattr(tools, "find", lambda name: pathlib.Path(f"/{name}"))
    monkeypatch.setattr(tools, "provide", lambda names, **_: {name: pathlib.Path(f"/{name}") for name in names})
    monkeypatch.setattr(image, "find", lambda: None)
    monkeypatch.setattr(image, "provide", build)
    return built


def test_what_is_missing_is_made_and_told(site: sites.Site, host: dict[str, Any]) -> None:
    prepared = preparing.prepare(site, install=True, report=silent)
    assert prepared.made == ("base image",)
    assert set(prepared.tools) == {"pulumi", "kube-apiserver", "kube-controller-manager", "keycloak"}
    assert host["images"] == 1


def test_what_may_not_be_installed_is_asked_for(site: sites.Site, host: dict[str, Any]) -> None:
    with pytest.raises(errors.UsageError, match="base image is not built"):
        preparing.prepare(site, install=False, report=silent)
    assert host["images"] == 0


def test_hosts_of_ones_own_need_no_image_but_a_kubeconfig_that_can_be_used(
    tmp_path: pathlib.Path, host: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = inventories.copy("example", tmp_path)
    platform = (folder / "platform.yaml").read_text("utf-8").replace("/etc/govcloud", str(tmp_path))
    (folder / "platform.yaml").write_text(platform, "utf-8")
    example = sites.load(folder)
    with pytest.raises(errors.UsageError, match="kubeconfig cannot be used"):
        preparing.prepare(example, install=False, report=silent)
    monkeypatch.setattr(access, "load", lambda _: None)
    assert preparing.prepare(example, install=False, report=silent).made == ()
    assert host["images"] == 0


def test_a_build_that_fails_stops_the_other(
    site: sites.Site, host: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(**given: Any) -> None:
        assert given["stopping"].wait(10), "the image's build was not told"

    def fails(*_: Any, **__: Any) -> None:
        raise errors.GovcloudError("go broke")

    monkeypatch.setattr(image, "provide", waits)
    monkeypatch.setattr(tools, "provide", fails)
    with pytest.raises(errors.GovcloudError, match="go broke"):
        preparing.prepare(site, install=True, report=silent)


def test_certificates_are_issued_once_and_the_kubeconfig_is_for_its_owner_alone(site: sites.Site) -> None:
    (side, _) = sites.plan(site, today=inventories.TODAY).sides
    folder = site.space.side(side.side)
    assert preparing.certify(site, side, now=NOW)
    path = preparing.engine_kubeconfig(side, folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "https://172.31.10.12:6443" in path.read_text()
    written = path.stat().st_mtime_ns
    assert preparing.certify(site, side, now=NOW) == ()
    assert path.stat().st_mtime_ns == written
    for key in folder.pki.rglob("*.key"):
        assert key.stat().st_mode & 0o777 == 0o600


def test_secrets_are_made_where_there_is_an_identity_service_and_nowhere_else(site: sites.Site) -> None:
    for side in sites.plan(site, today=inventories.TODAY).sides:
        folder = site.space.side(side.side)
        workspace.ensure_secret(folder.secrets / "master")
        before = sites.facts(side, folder).secrets
        made = set(preparing.certify(site, side, now=NOW)) & {"identity-engine", "vpn-client", "portal-client"}
        after = sites.facts(side, folder).secrets
        if side.identity is None:
            assert (made, dict(before), dict(after)) == (set(), {}, {})
        else:
            assert made == {"identity-engine", "vpn-client", "portal-client"}
            assert (dict(before), set(after)) == ({}, made | {"break-glass", steps.DERIVED})
            assert (folder.pki / "identity-external-identity.crt").exists()
            assert (folder.pki / "sslvpn-gateway.key").stat().st_mode & 0o777 == 0o600


def test_the_kubeconfig_for_people_leads_over_the_loopback(site: sites.Site) -> None:
    (side, _) = sites.plan(site, today=inventories.TODAY).sides
    folder = site.space.side(side.side)
    preparing.certify(site, side, now=NOW)
    preparing.write_kubeconfig(folder, port=40001)
    assert "https://127.0.0.1:40001" in folder.kubeconfig.read_text()
    assert isinstance(folder, workspace.SideFolder)


def test_a_side_with_a_gateway_gets_the_authority_of_peoples_certificates_and_a_list_of_the_day(
    site: sites.Site, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    side = inventories.plan(site.spec).sides[1]
    without = dataclasses.replace(side, vpn=None)
    assert "vpn-ca" not in preparing.certify(site, without, now=NOW), "no gateway, no authority"
    preparing.certify(site, without, now=NOW)
    side = dataclasses.replace(without, vpn=vpn.PLAN)
    assert preparing.certify(site, side, now=NOW)[1:] == ("vpn-ca", "vpn-ca.crl"), "after the gateway's own"
    assert preparing.certify(site, side, now=NOW) == ()
    assert preparing.certify(site, side, now=NOW + datetime.timedelta(days=1)) == ("vpn-ca.crl",)


def test_the_identity_service_is_made_with_its_packages_and_put_where_its_role_looks_for_it(
    site: sites.Site, host: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    tar = tmp_path / "keycloak.tar"
    tar.write_bytes(b"tar")
    missing = tools.Missing(name="keycloak", wanted="", would="")
    asked: list[str] = []
    seeded: dict[str, pathlib.Path] = {}

    def ensure(**given: Any) -> tuple[str, ...]:
        asked.extend(given["needed"])
        return ()

    monkeypatch.setattr(needs, "needed", lambda _: ("pulumi", "keycloak"))
    monkeypatch.setattr(tools, "find", lambda name: missing if name == "keycloak" else tar)
    monkeypatch.setattr(tools, "provide", lambda *_, **__: {"pulumi": tar, "keycloak": tar})
    monkeypatch.setattr(tools.packages, "ensure", ensure)
    monkeypatch.setattr(image, "find", lambda: image.Image(root=tmp_path, built=NOW))
    monkeypatch.setattr(image, "seed", lambda _, files: seeded.update(files))
    assert preparing.prepare(site, install=True, report=silent).made == ("keycloak",)
    assert {"mmdebstrap", "maven", "openjdk-17-jre-headless"} <= set(asked)
    assert seeded == {f"opt/keycloak/{sites.digest_of_tool(tar)}/keycloak": tar}
