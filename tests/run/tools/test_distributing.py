"""Making a distribution's tar, with a Maven and a server that take no time."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import tarfile
import threading
import zipfile

import pytest

from govcloud_cli import errors
from govcloud_cli.run import tools
from govcloud_cli.run.tools import building, cache, catalog, distributing, finding, packages
from tests.run.tools import conftest

PREPARED = '#!/bin/sh\necho "$@" >"$(/usr/bin/dirname "$0")/../prepared"\n'


def silent(_line: str) -> None:
    """Hears no progress."""


def zipped(file: pathlib.Path, members: dict[str, str]) -> str:
    """Write a zip whose `bin/` is executable; return its SHA-256."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if "/bin/" in name else 0o100644) << 16
            archive.writestr(info, content)
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def distribution(
    tmp_path: pathlib.Path, program: conftest.Program, monkeypatch: pytest.MonkeyPatch
) -> catalog.Distribution:
    """Keycloak's place in the catalogue, taken by a small server that Maven and Java of this test provide."""
    artifact = tmp_path / "server.zip"
    digest = zipped(artifact, {"server-1/bin/kc.sh": PREPARED, "server-1/lib/a.jar": "a", "server-1/conf/x": "x"})
    program("java", 'echo "openjdk version \\"17.0.15\\"" >&2')
    program("sh", 'exec /bin/sh "$@"')
    program(
        "mvn",
        "for one; do case $one in -DoutputDirectory=*) to=${one#*=} ;; esac; done\n"
        f'/bin/mkdir -p "$to"; /bin/cp {artifact} "$to/"; echo fetched >>"$0.calls"',
    )
    small = dataclasses.replace(catalog.KEYCLOAK, sha256=digest)
    known = {**catalog.TOOLS, "keycloak": dataclasses.replace(catalog.TOOLS["keycloak"], build=small)}
    for module in (catalog, tools):
        monkeypatch.setattr(module, "TOOLS", known)
    return small


def fetched(tmp_path: pathlib.Path) -> int:
    """How often Maven was asked."""
    calls = tmp_path / "bin" / "mvn.calls"
    return len(calls.read_text("utf-8").splitlines()) if calls.exists() else 0


def test_it_is_fetched_and_prepared_once_and_then_found(
    distribution: catalog.Distribution, tmp_path: pathlib.Path
) -> None:
    missing = tools.find("keycloak")
    assert isinstance(missing, tools.Missing)
    assert "org.keycloak:keycloak-quarkus-dist:26.4.0:zip" in missing.would
    path = tools.provide(["keycloak"], install=True, report=silent)["keycloak"]
    assert tools.provide(["keycloak"], install=True, report=silent) == {"keycloak": path}
    assert fetched(tmp_path) == 1
    found = tools.find("keycloak", thorough=True)
    assert isinstance(found, tools.Found)
    assert (found.source, found.path, found.version) == ("cache", path, "26.4.0")
    entry = cache.load(distribution)
    assert entry is not None
    assert entry.built_by == "java 17.0.15"
    assert sorted(one.name for one in entry.folder.iterdir()) == ["keycloak.tar", "manifest.json"]


def test_the_tar_holds_the_prepared_server_and_nothing_of_this_host(distribution: catalog.Distribution) -> None:
    path = tools.provide(["keycloak"], install=True, report=silent)["keycloak"]
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        prepared = tar.extractfile("prepared")
        assert prepared is not None
        assert prepared.read().decode().split() == ["build", *distribution.options]
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "root", "root")}
    assert len({member.mtime for member in members}) == 1
    modes = {member.name: member.mode for member in members}
    assert (modes["bin/kc.sh"], modes["lib/a.jar"], modes["lib"]) == (0o755, 0o644, 0o755)


def test_packing_again_makes_the_same_tar(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "server"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "one").write_text("1", "utf-8")
    (folder / "a").write_text("2", "utf-8")
    distributing.pack(folder, tmp_path / "first.tar")
    (folder / "a").touch()
    (folder / "a").chmod(0o600)
    distributing.pack(folder, tmp_path / "second.tar")
    assert (tmp_path / "first.tar").read_bytes() == (tmp_path / "second.tar").read_bytes()


def test_an_artifact_that_is_not_what_was_pinned_is_refused_before_it_is_unpacked(
    distribution: catalog.Distribution, cache_folder: pathlib.Path
) -> None:
    other = dataclasses.replace(distribution, sha256="0" * 64)
    with pytest.raises(errors.GovcloudError, match="not what was pinned") as caught:
        building.obtain(other, report=silent, stopping=threading.Event())
    assert distribution.sha256 in (caught.value.cause or "")
    assert cache.load(other) is None
    assert not list((cache_folder / "tools").rglob("kc.sh"))


@pytest.mark.parametrize("name", ["../evil", "/evil", "server-1/../../evil"])
def test_no_member_of_an_artifact_leaves_its_folder(
    name: str, distribution: catalog.Distribution, tmp_path: pathlib.Path
) -> None:
    # Each pinned, so it is the unpacking that is tried.
    members = {"server-1/bin/kc.sh": PREPARED, name: "evil"}
    digest = zipped(tmp_path / "server.zip", members)
    evil = dataclasses.replace(distribution, sha256=digest)
    try:
        entry = building.obtain(evil, report=silent, stopping=threading.Event())
    except (errors.GovcloudError, ValueError):
        entry = None
    assert entry is None or entry.files["keycloak"].exists()
    outside = [path for path in tmp_path.rglob("evil") if ".keycloak.building" not in path.parts]
    assert outside == []


def test_a_maven_that_fails_tells_cause_log_and_remedy(
    distribution: catalog.Distribution, program: conftest.Program
) -> None:
    program("mvn", 'echo "[ERROR] Could not transfer artifact" >&2; exit 1')
    with pytest.raises(errors.GovcloudError, match=r"fetching keycloak 26\.4\.0 failed") as caught:
        tools.provide(["keycloak"], install=True, report=silent)
    assert "Could not transfer" in (caught.value.cause or "")
    assert caught.value.log
    assert caught.value.remedy


@pytest.mark.parametrize(("version", "suits"), [("17.0.1", True), ("21.0.2", True), ("11.0.20", False), ("", False)])
def test_java_17_or_newer_is_needed(
    version: str, *, suits: bool, distribution: catalog.Distribution, program: conftest.Program
) -> None:
    program("java", f"echo '{version}' >&2")
    if suits:
        assert tools.provide(["keycloak"], install=True, report=silent)
        return
    with pytest.raises(errors.GovcloudError, match="needs Java 17"):
        tools.provide(["keycloak"], install=True, report=silent)


def test_without_maven_and_java_both_are_named() -> None:
    with pytest.raises(errors.GovcloudError, match="without `mvn` and `java`"):
        tools.provide(["keycloak"], install=True, report=silent)


def test_nothing_on_path_stands_in_for_a_distribution(program: conftest.Program) -> None:
    program("keycloak", "echo 26.4.0")
    assert isinstance(finding.find("keycloak"), finding.Missing)


def test_a_tar_that_is_not_what_was_made_is_made_again(
    distribution: catalog.Distribution, tmp_path: pathlib.Path
) -> None:
    path = tools.provide(["keycloak"], install=True, report=silent)["keycloak"]
    path.write_bytes(b"x" * path.stat().st_size)
    assert cache.load(distribution) is None
    tools.provide(["keycloak"], install=True, report=silent)
    assert fetched(tmp_path) == 2


def test_what_is_made_depends_on_artifact_and_options() -> None:
    digests = {
        catalog.digest_of_distribution(one)
        for one in (
            catalog.KEYCLOAK,
            dataclasses.replace(catalog.KEYCLOAK, sha256="0" * 64),
            dataclasses.replace(catalog.KEYCLOAK, options=("--db=postgres",)),
        )
    }
    assert len(digests) == 3


def test_packages_to_make_it_are_asked_for_only_when_it_is_to_be_made() -> None:
    assert packages.to_make(["pulumi", "kube-apiserver"]) == ()
    assert packages.to_make(["keycloak"]) == ("maven", "openjdk-17-jre-headless")
