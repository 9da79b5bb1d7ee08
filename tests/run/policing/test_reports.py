"""An answer as files: each form says of the run what only this host knows."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from govcloud_cli import __version__
from govcloud_cli.model import policies
from govcloud_cli.run import policies as run_policies
from govcloud_cli.run.policing import books, reports
from tests.inventory import cases
from tests.support import policy_folders

BEGAN = datetime.datetime(2026, 11, 1, 8, tzinfo=datetime.UTC)
ENDED = BEGAN + datetime.timedelta(seconds=2)


@pytest.fixture
def answer(here: Path) -> run_policies.Answer:
    policy_folders.write(here / "web.yaml", policy_folders.pod())
    environment = cases.build(here, kind="accepted", name=cases.names("accepted")[0])
    policy_folders.waiver(books.beside(environment))
    question = run_policies.Question(paths=("web.yaml",), environment=environment)
    return run_policies.check(question, today=BEGAN.date())


def render(form: str, answer: run_policies.Answer) -> str:
    return reports.render(form, answer, exit_code=3, began=BEGAN, ended=ENDED)


def test_sarif_has_places_relative_to_the_current_folder_and_the_reason_of_a_waiver(
    answer: run_policies.Answer,
) -> None:
    (run,) = json.loads(render("sarif", answer))["runs"]

    assert run["tool"]["driver"]["version"] == __version__
    assert run["invocations"][0]["exitCode"] == 3
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "web.yaml"
    assert "The old system moves out" in run["results"][0]["suppressions"][0]["justification"]
    assert [one["name"] for one in run["taxonomies"]] == ["MLPS-2.0-L3"]


def test_junit_fails_only_what_denies(here: Path) -> None:
    policy_folders.policy(here / "policies", "own-rule-of-pods", severity="medium")
    policy_folders.write(here / "own.yaml", policy_folders.pod())
    question = run_policies.Question(paths=("own.yaml",), rules=("own-rule-of-pods",))
    found = run_policies.check(question, today=BEGAN.date())

    assert "<failure" not in render("junit", found)
    told = reports.render("junit", found, exit_code=3, began=BEGAN, ended=ENDED, threshold=policies.Severity.MEDIUM)
    assert "<failure" in told


def test_oscal_says_when_and_of_what(answer: run_policies.Answer) -> None:
    document = json.loads(render("oscal", answer))["assessment-results"]

    assert document["results"][0]["start"] == "2026-11-01T08:00:00Z"
    assert document["results"][0]["end"] == "2026-11-01T08:00:02Z"
    assert document["metadata"]["title"].endswith("web.yaml")
    assert answer.digest in json.dumps(document)


@pytest.mark.parametrize("form", reports.FORMS)
def test_every_form_names_what_was_found(form: str, answer: run_policies.Answer) -> None:
    assert "k8s:core/Pod/a/web" in render(form, answer)


def test_there_is_no_other_form(answer: run_policies.Answer) -> None:
    with pytest.raises(ValueError, match="no form pdf"):
        render("pdf", answer)
