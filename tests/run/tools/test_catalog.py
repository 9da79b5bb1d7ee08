"""Which tools suit, and what identifies a build: everything that can be decided without one."""

from __future__ import annotations

import pytest

from govcloud_cli import resources
from govcloud_cli.run.tools import catalog

SOURCES = {"go.mod": b"module m\n\ngo 1.25.11\n", "go.sum": b"", "tools.go": b"package tools\n"}


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("v3.250.0", (3, 250, 0)),
        ("3.272.0-alpha.1+x", (3, 272, 0)),
        ("Kubernetes v1.36.3", (1, 36, 3)),
        ("go1.26.8", (1, 26, 8)),
        ("go1.26rc1", (1, 26, 0)),
        ("", None),
        ("unknown", None),
    ],
)
def test_a_version_is_read_from_what_a_program_answers(answer: str, version: catalog.Version | None) -> None:
    assert catalog.parse_version(answer) == version


@pytest.mark.parametrize(
    ("name", "version", "suits"),
    [
        ("pulumi", (3, 199, 9), False),
        ("pulumi", (3, 200, 0), True),
        ("pulumi", (4, 0, 0), False),
        ("kube-apiserver", (1, 33, 9), False),
        ("kube-apiserver", (1, 34, 0), True),
        ("kube-controller-manager", (1, 40, 1), True),
    ],
)
def test_a_tool_suits_within_its_range_of_versions(name: str, version: catalog.Version, *, suits: bool) -> None:
    assert catalog.TOOLS[name].suits(version) is suits


def test_every_build_makes_the_tools_that_name_it() -> None:
    for tool in catalog.TOOLS.values():
        assert tool.name in tool.build.files


def test_a_distribution_is_pinned_to_one_version_and_one_content() -> None:
    tool = catalog.TOOLS["keycloak"]
    assert isinstance(tool.build, catalog.Distribution)
    assert len(bytes.fromhex(tool.build.sha256)) == 32
    version = catalog.parse_version(tool.build.version)
    assert version is not None
    assert tool.suits(version)


@pytest.mark.parametrize(
    "module",
    [catalog.PULUMI, catalog.KUBERNETES, catalog.KUBECTL, catalog.CONFTEST, catalog.KUBE_SCORE],
    ids=lambda module: module.name,
)
def test_every_module_pins_the_version_that_it_says_it_builds(module: catalog.Module) -> None:
    folder = resources.folder("toolchain") / module.name
    go_mod = (folder / "go.mod").read_text("utf-8")
    assert f" v{module.version}\n" in go_mod, "the catalog and go.mod name different versions"
    assert (folder / "go.sum").stat().st_size > 0, "without go.sum nothing verifies the sources"
    assert catalog.required_go(go_mod) >= (1, 20, 0)
    for package in module.packages:
        assert f'"{package}"' in (folder / "tools.go").read_text("utf-8")


def test_a_build_is_reproducible_and_never_writes_to_its_module() -> None:
    assert {"-trimpath", "-mod=readonly", "-buildvcs=false"} <= set(catalog.PULUMI.flags)


def test_the_digest_changes_with_sources_flags_and_platform() -> None:
    digests = [
        catalog.digest(catalog.PULUMI, sources=SOURCES, platform="linux-x86_64"),
        catalog.digest(catalog.PULUMI, sources=SOURCES, platform="linux-aarch64"),
        catalog.digest(catalog.PULUMI, sources=SOURCES | {"go.sum": b"x"}, platform="linux-x86_64"),
        catalog.digest(catalog.KUBERNETES, sources=SOURCES, platform="linux-x86_64"),
    ]
    assert len(set(digests)) == len(digests)
    assert digests[0] == catalog.digest(catalog.PULUMI, sources=SOURCES, platform="linux-x86_64")
