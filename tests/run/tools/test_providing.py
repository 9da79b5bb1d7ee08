"""Building tools into the cache, with a Go that takes no time."""

from __future__ import annotations

import pathlib
import threading
import time

import pytest

from govcloud_cli import errors
from govcloud_cli.run import tools
from govcloud_cli.run.tools import cache, catalog, installer
from tests.run.tools import conftest

KUBERNETES = ["kube-apiserver", "kube-controller-manager"]
MODULES = ["pulumi", *KUBERNETES]


def silent(_line: str) -> None:
    """Hears no progress."""


@pytest.fixture(autouse=True)
def _no_installer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "reachable", lambda: False)


def builds(tmp_path: pathlib.Path) -> int:
    """How often the fake Go has built."""
    record = tmp_path / "bin" / "builds"
    return len(record.read_text("utf-8").splitlines()) if record.exists() else 0


def test_what_is_missing_is_built_once_and_then_found(fake_go: pathlib.Path, tmp_path: pathlib.Path) -> None:
    lines: list[str] = []
    first = tools.provide(MODULES, install=True, report=lines.append)
    assert sorted(first) == sorted(MODULES)
    assert all(path.is_absolute() for path in first.values())
    assert builds(tmp_path) == 2, "one build per module, not per program"
    assert any("building with Go 1.99.0" in line for line in lines)

    assert tools.provide(MODULES, install=True, report=silent) == first
    assert builds(tmp_path) == 2
    found = tools.find("pulumi")
    assert isinstance(found, tools.Found)
    assert (found.source, found.version) == ("cache", catalog.PULUMI.version)


def test_no_install_refuses_and_names_what_is_missing(fake_go: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match=r"kube-apiserver >= 1\.34\.0") as caught:
        tools.provide(KUBERNETES, install=False, report=silent)
    assert caught.value.exit_code == errors.ExitCode.BAD_INPUT
    assert builds(tmp_path) == 0


def test_two_runs_share_one_build(fake_go: pathlib.Path, tmp_path: pathlib.Path) -> None:
    body = fake_go.read_text("utf-8").replace("echo build", "/bin/sleep 0.5; echo build")
    fake_go.write_text(body, "utf-8")
    results: list[dict[str, pathlib.Path]] = []

    def one_run() -> None:
        results.append(tools.provide(KUBERNETES, install=True, report=silent))

    runs = [threading.Thread(target=one_run) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(results) == 3
    assert results[0] == results[1] == results[2]
    assert builds(tmp_path) == 1


def test_a_failed_build_tells_cause_log_and_remedy_and_leaves_nothing(
    program: conftest.Program, cache_folder: pathlib.Path
) -> None:
    program(
        "go", '[ "$1" = env ] && { echo go1.99.0; exit 0; }\necho "verifying module: checksum mismatch" >&2; exit 1'
    )
    with pytest.raises(errors.GovcloudError) as caught:
        tools.provide(KUBERNETES, install=True, report=silent)
    assert "checksum mismatch" in (caught.value.cause or "")
    assert caught.value.remedy
    assert pathlib.Path(caught.value.log or "").read_text("utf-8").startswith("verifying")
    left = [path.name for path in (cache_folder / "tools").rglob("*") if path.name != ".lock"]
    assert left == [".kubernetes.building"]


def test_a_build_that_is_stopped_ends_soon_and_leaves_no_half_result(
    program: conftest.Program, cache_folder: pathlib.Path
) -> None:
    program("go", '[ "$1" = env ] && { echo go1.99.0; exit 0; }\nexec /bin/sleep 60')
    stopping = threading.Event()
    threading.Timer(0.5, stopping.set).start()
    started = time.monotonic()
    with pytest.raises(errors.RunInterrupted):
        tools.provide(KUBERNETES, install=True, report=silent, stopping=stopping)
    assert time.monotonic() - started < 10
    assert not list((cache_folder / "tools").glob("kubernetes-*"))


def test_what_a_killed_build_left_is_removed_by_the_next(fake_go: pathlib.Path, cache_folder: pathlib.Path) -> None:
    half = cache_folder / "tools" / ".kubernetes.building" / ".new-killed"
    half.mkdir(parents=True)
    tools.provide(KUBERNETES, install=True, report=silent)
    assert not half.exists()


def test_a_binary_that_is_not_what_was_built_is_built_again(fake_go: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = tools.provide(["kube-apiserver"], install=True, report=silent)["kube-apiserver"]
    path.write_text("#!/bin/sh\necho v6.6.6\n", "utf-8")
    assert cache.load(catalog.KUBERNETES) is None, "same size, other content, other time"
    tools.provide(["kube-apiserver"], install=True, report=silent)
    assert "9.9.9" in path.read_text("utf-8")
    assert builds(tmp_path) == 2


def test_a_copied_cache_is_accepted_after_its_digest_was_checked(fake_go: pathlib.Path) -> None:
    path = tools.provide(["kube-apiserver"], install=True, report=silent)["kube-apiserver"]
    path.touch()
    assert cache.load(catalog.KUBERNETES) is not None


def test_a_thorough_look_finds_what_size_and_time_do_not_show(fake_go: pathlib.Path) -> None:
    import os

    path = tools.provide(["kube-apiserver"], install=True, report=silent)["kube-apiserver"]
    before = path.stat()
    path.write_text("#!/bin/sh\necho v6.6.6\n", "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.load(catalog.KUBERNETES) is not None
    assert cache.load(catalog.KUBERNETES, thorough=True) is None


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"binaries": {}}', '{"binaries": 1, "version": 2}'])
def test_a_damaged_manifest_counts_as_no_build(fake_go: pathlib.Path, manifest: str) -> None:
    path = tools.provide(["kube-apiserver"], install=True, report=silent)["kube-apiserver"]
    (path.parent.parent / "manifest.json").write_text(manifest, "utf-8")
    assert cache.load(catalog.KUBERNETES) is None


def test_the_official_installer_is_preferred_where_it_can_be_reached(
    fake_go: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(root: pathlib.Path, **_: object) -> bool:
        (root / "bin").mkdir()
        (root / "bin" / "pulumi").write_text("#!/bin/sh\necho v3.250.0\n", "utf-8")
        (root / "bin" / "pulumi").chmod(0o755)
        return True

    monkeypatch.setattr(installer, "reachable", lambda: True)
    monkeypatch.setattr(installer, "install", install)
    tools.provide(["pulumi"], install=True, report=silent)
    entry = cache.load(catalog.PULUMI)
    assert entry is not None
    assert entry.built_by == "installer"
    assert builds(tmp_path) == 0


def test_a_failing_installer_falls_through_to_the_build(
    fake_go: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installer, "reachable", lambda: True)
    monkeypatch.setattr(installer, "install", lambda *_, **__: False)
    tools.provide(["pulumi"], install=True, report=silent)
    assert builds(tmp_path) == 1
