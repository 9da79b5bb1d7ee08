"""`govcloud policy coverage`: every control with what checks it, and never a certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors
from tests.support import command_line


@pytest.mark.usefixtures("here")
def test_what_nothing_checks_stands_first_and_no_certificate_is_claimed() -> None:
    text = command_line.run("policy", "coverage", "--framework", "mlps").stdout

    rows = [line for line in text.splitlines() if line.startswith("  ")]
    assert [row.split()[2] for row in rows] == ["L3-CES1-24", "L3-CES1-17"]
    assert rows[0].endswith("nothing checks it")
    assert rows[1].endswith("1 policy, 0 checks")
    assert "2 controls: 1 automated, 0 partial, 1 manual, 1 uncovered, 0 gaps" in text
    assert "It is no certification" in text
    assert "不构成认证" in text


@pytest.mark.usefixtures("here")
def test_one_control_is_told_with_what_is_behind_it() -> None:
    text = command_line.run("policy", "coverage", "--control", "L3-CES1-17").stdout

    assert "    why: What the checks see" in text
    assert "    policy pod-privileged: Containers do not run privileged" in text
    assert "AC-6" not in text


@pytest.mark.usefixtures("here")
def test_json_has_every_framework() -> None:
    document = command_line.run("policy", "coverage", "--json").document

    assert [one["framework"] for one in document["frameworks"]] == ["mlps", "nist"]
    assert document["frameworks"][0]["summary"]["uncovered"] == 1


def test_a_page_is_written_instead_of_text(here: Path) -> None:
    result = command_line.run("policy", "coverage", "--html", "out/coverage.html")

    assert result.stdout == "+ out/coverage.html\n"
    page = (here / "out" / "coverage.html").read_text("utf-8")
    assert "L3-CES1-17" in page
    assert "不构成认证" in page


@pytest.mark.usefixtures("here")
def test_an_unknown_control_suggests_the_nearest() -> None:
    result = command_line.run("policy", "coverage", "--control", "L3-CES1-71")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "did you mean 'L3-CES1-17'?" in result.stderr
