"""Ready-made CI jobs do what they say: each command is taken out of its file and run, on clean and on bad input."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from govcloud_cli import errors
from tests.support import command_line, policy_folders

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "ci"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

CLEAN = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: finance-prod, labels: {app: web}}
spec:
  automountServiceAccountToken: false
  hostUsers: false
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: app
      image: hub.yunxi.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 200m, memory: 128Mi}}
"""
BAD = CLEAN.replace("allowPrivilegeEscalation: false", "privileged: true")


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    policy_folders.read_once(monkeypatch)


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def github() -> list[str]:
    (job,) = parsed(FOLDER / "github-actions.yml")["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


def gitlab() -> list[str]:
    job = parsed(FOLDER / "gitlab-ci.yml")["policies"]
    return [*job["before_script"], *job["script"]]


def jenkins() -> list[str]:
    return re.findall(r"^\s*sh '([^']+)'$", (FOLDER / "Jenkinsfile").read_text(encoding="utf-8"), re.MULTILINE)


def pre_commit() -> list[str]:
    (hook,) = parsed(HOOKS)
    return [shlex.join([*shlex.split(hook["entry"]), *hook["args"]])]


def one_liner() -> list[str]:
    text = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\$ (.*pip install .*&& .*)$", text, re.MULTILINE)
    return [part.strip() for part in line.split("&&")]


JOBS: dict[str, Callable[[], list[str]]] = {
    "github": github,
    "gitlab": gitlab,
    "jenkins": jenkins,
    "pre-commit": pre_commit,
    "one-liner": one_liner,
}
REPORTS = {"github": "govcloud.sarif", "gitlab": "govcloud.xml", "jenkins": "govcloud.xml"}
"""What each job hands to its platform."""


def command(job: str) -> list[str]:
    """The words after `govcloud` of the one command that a job calls."""
    found = [shlex.split(line) for line in JOBS[job]() if re.search(r"(^|/)govcloud ", line)]
    assert len(found) == 1, f"{job}: one command of ours"
    return found[0][1:]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(
    ("manifest", "code"), [(CLEAN, errors.ExitCode.DONE), (BAD, errors.ExitCode.POLICY_DENIED), ("a: [", 2)]
)
def test_the_command_of_a_job_judges_and_leaves_its_report(
    job: str, manifest: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web.yaml").write_text(manifest, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    result = command_line.run(*command(job))

    assert result.code == code, result.stdout + result.stderr
    if job in REPORTS:
        assert (tmp_path / REPORTS[job]).stat().st_size > 100
        # A report of the run before is no input of the next.
        assert command_line.run(*command(job)).code == code


@pytest.mark.parametrize("job", sorted(REPORTS))
def test_a_job_hands_on_the_report_also_after_a_denial(job: str) -> None:
    if job == "github":
        steps = next(iter(parsed(FOLDER / "github-actions.yml")["jobs"].values()))["steps"]
        upload = next(step for step in steps if "upload-sarif" in step.get("uses", ""))
        assert upload["with"]["sarif_file"] == REPORTS[job]
        assert "!cancelled()" in upload["if"]
    elif job == "gitlab":
        artifacts = parsed(FOLDER / "gitlab-ci.yml")["policies"]["artifacts"]
        assert artifacts["when"] == "always"
        assert artifacts["reports"]["junit"] == REPORTS[job]
    else:
        text = (FOLDER / "Jenkinsfile").read_text(encoding="utf-8")
        assert f"junit '{REPORTS[job]}'" in text[text.index("always {") :]


def test_every_job_of_the_folder_is_run_here() -> None:
    told = {"github-actions.yml", "gitlab-ci.yml", "Jenkinsfile"}

    assert {path.name for path in FOLDER.iterdir()} == told
    assert all(name in (ROOT / "docs" / "policies.md").read_text("utf-8") for name in told)


@pytest.mark.parametrize("job", ["github", "gitlab", "jenkins", "one-liner"])
def test_a_job_installs_from_wherever_the_runner_is_told_to(job: str) -> None:
    (line,) = [line for line in JOBS[job]() if "pip install" in line]

    assert not re.search(r"https?:|index-url", line)


def test_the_hook_is_for_manifests_and_judges_them_together() -> None:
    (hook,) = parsed(HOOKS)

    assert hook["pass_filenames"] is False
    assert hook["language"] == "python"
    assert set(hook["types_or"]) == {"yaml", "json"}
