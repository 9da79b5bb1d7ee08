"""The machines' base image, with an mmdebstrap that takes no time."""

from __future__ import annotations

import datetime
import os
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run import image

FAKE = """#!/bin/sh
echo "$*" >>"$0.calls"
for root; do :; done
mkdir -p "$root/usr/lib/systemd" "$root/usr/sbin" "$root/usr/bin" "$root/etc" "$root/var/lib/dpkg"
for file in usr/lib/systemd/systemd usr/sbin/sshd usr/bin/python3 etc/passwd etc/shadow var/lib/dpkg/status; do
    echo x >"$root/$file"
done
"""


def silent(_line: str) -> None:
    """Hears no progress."""


@pytest.fixture
def mmdebstrap(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A fake on PATH, an empty cache, and we are root."""
    path = tmp_path / "bin" / "mmdebstrap"
    path.parent.mkdir()
    path.write_text(FAKE, "utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GOVCLOUD_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    # Not the whole machine's disks for a handful of empty files.
    monkeypatch.setattr(os, "sync", lambda: None)
    return path


def calls(mmdebstrap: pathlib.Path) -> list[str]:
    """The fake's argument lists so far."""
    return mmdebstrap.with_name("mmdebstrap.calls").read_text("utf-8").splitlines()


def test_an_image_is_built_once(mmdebstrap: pathlib.Path) -> None:
    assert image.find() is None
    root = image.provide(report=silent)
    assert image.provide(report=silent) == root
    found = image.find()
    assert found is not None
    assert found.root == root
    assert len(calls(mmdebstrap)) == 1


def test_packages_are_one_list_in_a_fixed_order(mmdebstrap: pathlib.Path) -> None:
    image.provide(packages=("sudo", "acl", "sudo"), report=silent)
    assert "--include=acl,sudo bookworm" in calls(mmdebstrap)[0]
    assert image.digest(("sudo", "acl")) == image.digest(("acl", "sudo", "acl"))
    assert image.digest(("sudo",)) != image.digest(("acl",))


def test_a_refreshed_image_stands_beside_the_old_one_because_machines_may_stand_on_it(
    mmdebstrap: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = image.provide(report=silent)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=40)

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Clock:
            return cls.fromtimestamp(later.timestamp(), tz)

    with monkeypatch.context() as patch:
        patch.setattr(datetime, "datetime", Clock)
        new = image.provide(report=silent, refresh=True)
    assert old.is_dir()
    assert new != old
    assert image.provide(report=silent) == new, "new machines get the newest"


def test_an_image_that_somebody_wrote_into_is_not_used(mmdebstrap: pathlib.Path) -> None:
    root = image.provide(report=silent)
    (root / "etc/shadow").write_text("root::0\n", "utf-8")
    assert image.find() is None


def test_what_a_killed_build_left_is_removed_by_the_next(mmdebstrap: pathlib.Path, tmp_path: pathlib.Path) -> None:
    half = tmp_path / "cache" / "govcloud" / "images" / ".new-killed"
    half.mkdir(parents=True)
    image.provide(report=silent)
    assert not half.exists()


def test_a_failed_build_tells_mmdebstraps_own_words_and_leaves_nothing(
    mmdebstrap: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    mmdebstrap.write_text("#!/bin/sh\necho 'I: running' >&2; echo 'E: no mirror' >&2; exit 25\n", "utf-8")
    with pytest.raises(errors.GovcloudError) as caught:
        image.provide(report=silent)
    assert caught.value.cause == "E: no mirror"
    assert caught.value.log
    assert [path.name for path in (tmp_path / "cache" / "govcloud" / "images").iterdir()] == [".lock"]


def test_who_is_not_root_is_told_so(mmdebstrap: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(errors.GovcloudError, match="only root"):
        image.provide(report=silent)


def test_a_mirror_of_ones_own_is_passed_on(mmdebstrap: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVCLOUD_DEBIAN_MIRROR", "file:///srv/mirror")
    assert image.command(("sudo",), root=pathlib.Path("/r"))[-3:] == ["bookworm", "/r", "file:///srv/mirror"]


def test_the_age_is_told_in_whole_days() -> None:
    built = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    one = image.Image(root=pathlib.Path("/"), built=built)
    assert one.age(built + datetime.timedelta(days=31, hours=23)) == 31
