from __future__ import annotations

import pytest

from govcloud_cli.commands import progress
from govcloud_cli.run import progress as run_progress


def result(**fields: object) -> run_progress.StepResult:
    return run_progress.StepResult(name="external/roles", seconds=1.25, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "mark"),
    [({}, "="), ({"changed": True}, "~"), ({"failed": True}, "✗"), ({"changed": True, "failed": True}, "✗")],
)
def test_a_line_tells_how_a_step_went(fields: dict[str, bool], mark: str) -> None:
    line = progress.line(result(note="4 machines", **fields))
    assert line.startswith(f"{mark} external/roles ")
    assert line.endswith("1.2 s  4 machines")


def test_lines_without_a_terminal_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    lines = progress.Lines()
    lines.started("external/roles")
    lines.doing("external/roles", "baseline: install")
    lines.finished(result(note="[red]not markup[/red] " + "x" * 300))
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.count("\n") == 1, "neither cut nor wrapped"
    assert "[red]not markup[/red]" in seen.err
    assert "\r" not in seen.err
    assert "\x1b" not in seen.err


def test_what_takes_long_is_told_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = progress.Lines()
    monkeypatch.setattr(progress, "_HEARTBEAT", 0.0)
    lines.doing("prepare", "building kube-apiserver")
    assert capsys.readouterr().err == "  … prepare: building kube-apiserver\n"


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    silent = progress.Silent()
    silent.started("x")
    silent.doing("x", "y")
    silent.finished(result())
    assert capsys.readouterr() == ("", "")
