"""Samples of measured use on disk."""

from __future__ import annotations

import datetime
import json
import pathlib

import pytest

from govcloud_cli.governance import usage
from govcloud_cli.run import usage as run_usage

NOW = datetime.datetime(2026, 11, 1, 12, 0, 5, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def sample(at: datetime.datetime, tenant: str = "finance", ratio: float = 0.5) -> usage.Sample:
    return usage.Sample(tenant=tenant, environment="test", at=at, ratios={"cpu": ratio, "pods": 0.123456})


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / ".govcloud" / "town" / "external"


def test_what_is_recorded_is_read_again_and_is_for_its_owner_alone(folder: pathlib.Path) -> None:
    assert run_usage.record(folder, [sample(NOW), sample(NOW, "taxation", 0.25)], NOW)

    found = run_usage.read(folder)
    assert [(one.tenant, one.environment, one.at) for one in found] == [
        ("finance", "test", NOW),
        ("taxation", "test", NOW),
    ]
    assert found[1].ratios == {"cpu": 0.25, "pods": 0.1235}
    assert [one.tenant for one in run_usage.read(folder, tenant="taxation")] == ["taxation"]
    assert run_usage.read(folder, tenant="tax") == ()
    assert (folder / "usage.jsonl").stat().st_mode & 0o777 == 0o600


def test_where_nothing_was_recorded_there_is_nothing(folder: pathlib.Path) -> None:
    assert run_usage.read(folder) == ()
    assert not run_usage.record(folder, [], NOW)
    assert not folder.exists()


def test_a_second_look_within_hours_is_not_kept(folder: pathlib.Path) -> None:
    hour = datetime.timedelta(hours=1)

    assert run_usage.record(folder, [sample(NOW)], NOW)
    assert not run_usage.record(folder, [sample(NOW + 11 * hour)], NOW + 11 * hour)
    assert run_usage.record(folder, [sample(NOW + 12 * hour)], NOW + 12 * hour)
    assert len(run_usage.read(folder)) == 2


def test_samples_older_than_sixty_days_are_dropped(folder: pathlib.Path) -> None:
    for day in range(80):
        run_usage.record(folder, [sample(NOW + day * DAY)], NOW + day * DAY)

    found = run_usage.read(folder)

    assert len(found) == 61
    assert found[0].at == NOW + 19 * DAY


def test_a_clock_that_ran_ahead_does_not_stop_the_record(folder: pathlib.Path) -> None:
    run_usage.record(folder, [sample(NOW + 900 * DAY)], NOW + 900 * DAY)

    assert run_usage.record(folder, [sample(NOW)], NOW)
    assert [one.at for one in run_usage.read(folder)] == [NOW]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "\x00",
        '{"at":"yesterday, at noon ","used":{}}',
        '{"at":"2026-11-01T00:00:00Z"}',
        '{"at":"2026-11-01T00:00:00Z","used":[]}',
        '{"at":"2026-11-01T00:00:00Z","used":{"finance":{"test":{"cpu":"much"}}}}',
        '{"at":"2026-11-01T00:00:00Z","used":{"finance":{"test":7}}}',
        '{"at":"2026-11-01T00:00:00Z","used":{"finance":["test"]}}',
        '{"at":"2026-11-01T00:00:00Z","used":{"finance":{"te',
    ],
)
@pytest.mark.parametrize("tenant", [None, "finance"])
def test_a_line_that_cannot_be_read_is_passed_over(folder: pathlib.Path, line: str, tenant: str | None) -> None:
    run_usage.record(folder, [sample(NOW)], NOW)
    path = folder / "usage.jsonl"
    path.write_text(f"{line}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")

    assert [one.at for one in run_usage.read(folder, tenant=tenant)] == [NOW]
    assert run_usage.record(folder, [sample(NOW + DAY)], NOW + DAY)


@pytest.mark.parametrize("ratio", ["NaN", "Infinity", "-1"])
def test_a_ratio_that_is_none_is_left_out(folder: pathlib.Path, ratio: str) -> None:
    folder.mkdir(parents=True)
    line = f'{{"at":"2026-11-01T00:00:00Z","used":{{"finance":{{"test":{{"cpu":{ratio},"pods":0.5}}}}}}}}\n'
    (folder / "usage.jsonl").write_text(line, encoding="utf-8")

    (found,) = run_usage.read(folder)

    assert found.ratios == {"pods": 0.5}


def test_a_moment_is_one_line(folder: pathlib.Path) -> None:
    run_usage.record(folder, [sample(NOW), sample(NOW, "taxation")], NOW)

    (line,) = (folder / "usage.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["used"]["finance"] == {"test": {"cpu": 0.5, "pods": 0.1235}}
