"""`govcloud policy check`: what it judges, how it ends, what it leaves, and how it refuses."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from govcloud_cli import errors
from govcloud_cli.inventory import manifests
from govcloud_cli.run.policing import files
from tests.support import command_line, policy_folders

CLEAN, DENIED, UNJUDGED = 0, 3, 2


@pytest.fixture
def bad(here: Path) -> Path:
    return policy_folders.write(here / "deploy" / "web.yaml", policy_folders.pod())


@pytest.fixture
def good(here: Path) -> Path:
    return policy_folders.write(here / "deploy" / "web.yaml", policy_folders.pod(privileged=False))


# -- how it ends


@pytest.mark.usefixtures("good")
def test_what_holds_all_policies_is_clean() -> None:
    result = command_line.run("policy", "check", "deploy")

    assert result.code == CLEAN
    assert "PASSED (符合)" in result.stdout
    assert result.stderr == ""


@pytest.mark.usefixtures("bad")
def test_a_finding_denies_and_says_where() -> None:
    result = command_line.run("policy", "check", "deploy")

    assert result.code == DENIED
    assert "  - deploy/web.yaml:5 k8s:core/Pod/a/web: a container is privileged" in result.stdout


@pytest.mark.parametrize(("severity", "threshold", "code"), [
    ("medium", "high", CLEAN), ("medium", "medium", DENIED), ("low", "medium", CLEAN), ("critical", "critical", DENIED),
    ("high", "critical", CLEAN),
])  # fmt: skip
def test_the_threshold_decides_which_findings_deny(
    severity: str, threshold: str, code: int, bad: Path, shipped: Path
) -> None:
    policy_folders.policy(shipped, severity=severity)

    assert command_line.run("policy", "check", str(bad), "--fail-on", threshold).code == code


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "kind: Pod\napiVersion: v1\nmetadata: {name: {{ x }}}",
        "\x00",
        "kind: Pod\napiVersion: v1\nkind: Pod\n",
        "",
    ],
)
def test_what_cannot_be_read_wins_over_findings_and_these_are_still_told(text: str, bad: Path) -> None:
    bad.with_name("broken.yaml").write_text(text, encoding="utf-8")

    result = command_line.run("policy", "check", "deploy")

    # An empty file holds nothing that could have been judged.
    assert result.code == (UNJUDGED if text else DENIED)
    assert "a container is privileged" in result.stdout


def test_a_folder_without_manifests_is_not_clean(here: Path) -> None:
    (here / "empty").mkdir()

    result = command_line.run("policy", "check", "empty")

    assert result.code == UNJUDGED
    assert "empty: no Kubernetes object in it" in result.stdout


@pytest.mark.usefixtures("bad")
def test_a_rule_that_fails_to_evaluate_is_no_pass(shipped: Path) -> None:
    path = shipped / "pods" / "pod-privileged" / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("object.spec.containers.all", "object.spec.missing.all"), "utf-8")

    result = command_line.run("policy", "check", "deploy")

    assert result.code == UNJUDGED
    assert "not judged (未能判定) k8s:core/Pod/a/web by 1 rule" in result.stdout
    assert "  - deploy/web.yaml:5 the rule reads missing, which is not there (at spec.containers)" in result.stdout
    assert "  rules: pod-privileged" in result.stdout
    assert "INCOMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("spec", "place", "told"),
    [
        ("spec: hello", "deploy/web.yaml:4", "spec is a text, Kubernetes has a mapping there"),
        ("spec:\n  replicas: 3", "deploy/web.yaml:4", "spec.template is missing"),
        (
            "spec:\n  template:\n    spec:\n      containers: 5",
            "deploy/web.yaml:7",
            "spec.template.spec.containers is a number, Kubernetes has a list there",
        ),
    ],
)
def test_a_malformed_object_is_one_block_that_names_the_path(
    spec: str, place: str, told: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(here)
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a}\n"
    policy_folders.write(here / "deploy" / "web.yaml", f"{head}{spec}\n")

    result = command_line.run("policy", "check", "deploy")

    assert result.code == UNJUDGED
    blocks = [line for line in result.stdout.splitlines() if line.startswith("not judged")]
    assert len(blocks) == 1
    assert re.fullmatch(r"not judged \(未能判定\) k8s:apps/Deployment/a/web by [3-5][0-9] rules", blocks[0])
    assert f"  - {place} {told}" in result.stdout
    assert re.search("rules: [a-z, -]+ and [0-9]+ more", result.stdout)
    assert not re.search(r"_\+_|iter_range|types do not fit", result.stdout)
    assert ("kubectl kustomize DIR | govcloud policy check -" in result.stdout) == ("missing" in told)
    # Who writes rules finds the engine's words there.
    assert "the rule " in command_line.run("policy", "check", "deploy", "--json").stdout


def test_a_finding_points_at_the_container(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(here)
    text = policy_folders.pod(privileged=False) + "    - name: two\n      securityContext: {privileged: true}\n"
    policy_folders.write(here / "deploy" / "web.yaml", text)

    result = command_line.run("policy", "check", "deploy", "--rule", "pod-privileged", "--json")

    assert [(one["line"], one["path"]) for one in result.document["findings"]] == [(9, ["spec", "containers", 1])]


# -- what it judges


def test_standard_input_is_judged(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "standard_input", lambda *_, **__: policy_folders.pod())

    assert "  - -:5 k8s:core/Pod/a/web" in command_line.run("policy", "check", "-").stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "-: standard input is empty (标准输入为空); did the command before the pipe fail?"),
        (" \n", "-: standard input is empty (标准输入为空); did the command before the pipe fail?"),
        ("a: 1\n", "-: no Kubernetes object in it; pipe manifests into it, e.g. those of `helm template`"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_pipe_without_manifests_says_what_may_have_gone_wrong(
    text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "standard_input", lambda *_, **__: text)

    result = command_line.run("policy", "check", "-")

    assert result.code == UNJUDGED
    assert f"could not judge (无法判定): {told}" in result.stdout.splitlines()


def test_standard_input_that_is_no_text_cannot_be_judged() -> None:
    assert files.standard_input(io.TextIOWrapper(io.BytesIO(b"\xff\xfe")), most=10) == "\udcff\udcfe"
    assert len(files.standard_input(io.TextIOWrapper(io.BytesIO(b"x" * 100)), most=10)) == 11
    assert files.standard_input(io.StringIO("abc"), most=2) == "abc"


def test_a_preview_of_pulumi_is_judged(here: Path) -> None:
    state = {
        "urn": "urn:pulumi:a::b::kubernetes:core/v1:Pod::web",
        "custom": True,
        "type": "kubernetes:core/v1:Pod",
        "inputs": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "a"},
            "spec": {"containers": [{"name": "app", "securityContext": {"privileged": True}}]},
        },
    }
    document = {"config": {}, "steps": [{"op": "create", "newState": state}], "changeSummary": {"create": 1}}
    policy_folders.write(here / "preview.json", json.dumps(document))

    result = command_line.run("policy", "check", "preview.json")

    assert result.code == DENIED
    assert "k8s:core/Pod/a/web: a container is privileged" in result.stdout


def test_a_preview_that_failed_is_no_verdict(here: Path) -> None:
    document = {"config": {}, "steps": [], "diagnostics": [{"severity": "error", "message": "x"}], "changeSummary": {}}
    policy_folders.write(here / "preview.json", json.dumps(document))

    result = command_line.run("policy", "check", "preview.json")

    assert result.code == UNJUDGED
    assert "preview.json: the preview failed, so it may lack resources" in result.stdout


@pytest.mark.usefixtures("here")
def test_without_a_path_the_environment_is_judged(environment: Path) -> None:
    result = command_line.run("policy", "check", "--env", str(environment), "--json")

    assert result.code == CLEAN, result.stdout + result.stderr
    tenants = len(list((environment / "tenants").glob("*.yaml")))
    assert {"name": "tenant", "seen": tenants, "judged": tenants} in result.document["summary"]["inputs"]


@pytest.mark.usefixtures("here")
def test_a_finding_of_an_environment_names_the_file_and_line_of_its_inventory(environment: Path, shipped: Path) -> None:
    path = shipped / "tenants" / "tenant-named" / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("!= ''", "== ''"), "utf-8")
    policy_folders.write(path, path.read_text("utf-8") + "      pointer: metadata.displayName\n")

    result = command_line.run("policy", "check", "--env", str(environment), "--json")

    assert result.code == DENIED
    found = result.document["findings"][0]
    line = Path(found["file"]).read_text("utf-8").splitlines()[found["line"] - 1]
    assert "displayName" in line


def test_policies_of_the_current_folder_count_too(bad: Path, here: Path) -> None:
    policy_folders.policy(here / "policies", "own-rule-of-pods", severity="high")

    result = command_line.run("policy", "check", str(bad))

    assert "high own-rule-of-pods: " in result.stdout
    assert ", 2 rules, " in result.stdout


def test_a_folder_policies_of_another_tool_is_left_alone(bad: Path, here: Path) -> None:
    policy_folders.write(here / "policies" / "deny.rego", "package main")

    assert command_line.run("policy", "check", str(bad)).code == DENIED


def test_only_named_rules_are_asked(bad: Path, shipped: Path) -> None:
    policy_folders.policy(shipped, "another-rule-of-pods", severity="low")

    result = command_line.run("policy", "check", str(bad), "--rule", "another-rule-of-pods")

    assert result.code == CLEAN
    assert ", 1 rule, " in result.stdout


# -- what lets findings be


@pytest.mark.usefixtures("bad")
def test_a_waiver_lets_a_finding_be_until_its_last_day(environment: Path) -> None:
    policy_folders.waiver(environment.parent.parent / "policies", expires="2026-11-01")

    result = command_line.run("policy", "check", "deploy", "--all", "--env", str(environment))

    assert result.code == CLEAN
    assert "waived by W-2026-001 pod-privileged: " in result.stdout
    assert "waiver (豁免) W-2026-001 of pod-privileged: it ends today" in result.stdout


@pytest.mark.usefixtures("bad")
def test_waivers_that_lie_beside_what_is_judged_count_for_nothing(here: Path) -> None:
    """One pull request could bring both."""
    policy_folders.waiver(here / "policies", expires="2026-11-01")

    result = command_line.run("policy", "check", "deploy")

    assert result.code == DENIED
    assert "waivers count for an environment: name its inventory with --env" in result.stdout


@pytest.mark.usefixtures("bad")
def test_a_waiver_that_ended_lets_nothing_be(environment: Path) -> None:
    policy_folders.waiver(environment.parent.parent / "policies", expires="2026-10-31")

    result = command_line.run("policy", "check", "deploy", "--env", str(environment))

    assert result.code == DENIED
    assert "1 finding at or above high, 1 exception to renew or remove" in result.stdout


@pytest.mark.usefixtures("good")
def test_a_waiver_that_ended_denies_even_what_is_clean(environment: Path) -> None:
    policy_folders.waiver(environment.parent.parent / "policies", expires="2026-10-31")

    assert command_line.run("policy", "check", "deploy", "--env", str(environment)).code == DENIED


@pytest.mark.usefixtures("bad")
def test_waivers_that_came_with_govcloud_let_nothing_be(shipped: Path) -> None:
    policy_folders.waiver(shipped)

    result = command_line.run("policy", "check", "deploy")

    assert result.code == DENIED
    assert "W-2026-001" not in result.stdout


@pytest.mark.usefixtures("bad")
def test_with_an_environment_its_own_waivers_count_and_those_of_the_current_folder_do_not(
    here: Path, environment: Path
) -> None:
    words = ("policy", "check", "deploy", "--env", str(environment))
    policy_folders.waiver(here / "policies")
    denied = command_line.run(*words)
    policy_folders.waiver(environment.parents[1] / "policies")

    assert (denied.code, command_line.run(*words).code) == (DENIED, CLEAN)


@pytest.mark.usefixtures("bad")
def test_with_an_environment_its_profile_counts(environment: Path, shipped: Path) -> None:
    path = shipped / "pods" / "pod-privileged" / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("profile: baseline", "profile: mlps-l3"), "utf-8")
    platform = environment / "platform.yaml"
    platform.write_text(platform.read_text("utf-8") + "  policies: {profile: baseline}\n", "utf-8")
    words = ("policy", "check", "deploy", "--env", str(environment))

    judged = command_line.run(*words)
    assert judged.code == errors.ExitCode.BAD_INPUT
    assert "nothing was judged" in judged.stdout
    assert command_line.run(*words, "--profile", "mlps-l3").code == DENIED


def test_an_annotation_only_asks(bad: Path) -> None:
    text = bad.read_text("utf-8").replace(
        "namespace: a}", 'namespace: a, annotations: {govcloud.io/waive.pod-privileged: "old driver"}}'
    )
    bad.write_text(text, "utf-8")

    result = command_line.run("policy", "check", "deploy")

    assert result.code == DENIED
    assert "asked to be waived: 'old driver'" in result.stdout


@pytest.mark.usefixtures("bad")
def test_a_baseline_lets_what_was_there_be_and_nothing_new(here: Path, shipped: Path) -> None:
    policy_folders.policy(shipped, severity="high")

    written = command_line.run("policy", "check", "deploy", "--write-baseline", "b.json", "--until", "2026-12-01")
    again = command_line.run("policy", "check", "deploy", "--baseline", "b.json")
    policy_folders.write(here / "deploy" / "new.yaml", policy_folders.pod("new"))
    new = command_line.run("policy", "check", "deploy", "--baseline", "b.json")

    assert (written.code, again.code, new.code) == (CLEAN, CLEAN, DENIED)
    assert "+ b.json: 1 finding until 2026-12-01" in written.stderr
    assert "1 baselined" in again.stdout
    assert (here / "b.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.usefixtures("bad")
def test_a_baseline_lets_nothing_critical_be() -> None:
    result = command_line.run("policy", "check", "deploy", "--write-baseline", "b.json", "--until", "2026-12-01")

    assert result.code == DENIED


# -- what it leaves


@pytest.mark.usefixtures("bad")
def test_reports_are_written_together_and_stdout_stays_text(here: Path) -> None:
    words = [word for form in ("sarif", "junit", "oscal", "html") for word in (f"--{form}", f"out/report.{form}")]

    result = command_line.run("policy", "check", "deploy", *words)

    assert result.code == DENIED
    assert result.stdout.startswith("critical pod-privileged")
    assert [line for line in result.stderr.splitlines() if line] == [f"+ {name}" for name in words[1::2]]
    (run,) = json.loads((here / "out" / "report.sarif").read_text("utf-8"))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert run["invocations"][0]["exitCode"] == DENIED
    for name in words[1::2]:
        assert "pod-privileged" in (here / name).read_text("utf-8")


@pytest.mark.usefixtures("bad")
def test_the_text_is_the_same_with_colours_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def text() -> list[str]:
        told = command_line.run("policy", "check", "deploy").stdout
        return re.sub(r"\x1b\[[0-9;]*m", "", told).splitlines()[:-1]

    plain = text()
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert text() == plain
    assert "\x1b[" in command_line.run("policy", "check", "deploy").stdout


@pytest.mark.usefixtures("bad")
def test_json_is_one_document_and_says_how_it_ended() -> None:
    result = command_line.run("policy", "check", "deploy", "--json", "--junit", "a.xml")

    assert result.code == DENIED
    assert next(iter(result.document)) == "schemaVersion"
    assert result.document["summary"]["exitCode"] == DENIED
    assert result.document["findings"][0]["rule"] == "pod-privileged"
    assert result.document["digests"]["inputs"].startswith("sha256:")


@pytest.mark.usefixtures("bad")
def test_a_report_that_cannot_be_written_is_no_success() -> None:
    result = command_line.run("policy", "check", "deploy", "--sarif", "deploy/web.yaml/x")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "cannot be written" in result.stderr


# -- how it refuses


REFUSED = {
    "a path that is not there": (["deplyo"], "did you mean 'deploy'?"),
    "no name at all": ([""], "there is no file or folder ''"),
    "an unknown rule": (["deploy", "--rule", "pod-privilged"], "did you mean 'pod-privileged'?"),
    "several rules in one word": (
        ["deploy", "--rule", "pod-privileged,tenant-named"],
        "say it for each: --rule pod-privileged --rule tenant-named",
    ),
    "a rule of another input": (["deploy", "--rule", "tenant-named"], "it looks at input tenant"),
    "a baseline without an end": (["deploy", "--write-baseline", "b"], "--write-baseline needs --until"),
    "an end of no baseline": (["deploy", "--until", "2026-12-01"], "--until is of --write-baseline"),
    "an end that is no day": (["deploy", "--write-baseline", "b", "--until", "soon"], "--until soon: not a day"),
    "an end too far away": (["deploy", "--write-baseline", "b", "--until", "2029-01-01"], "longer than 180 days"),
    "an end that is over": (["deploy", "--write-baseline", "b", "--until", "2026-10-01"], "would have ended"),
    "a baseline upon a baseline": (
        ["deploy", "--write-baseline", "b", "--until", "2026-12-01", "--baseline", "c"],
        "do not go together",
    ),
    "a baseline that is none": (["deploy", "--baseline", "deploy/web.yaml"], "is no baseline"),
    "a baseline that is not there": (["deploy", "--baseline", "b"], "cannot be read"),
    "a report on standard output": (["deploy", "--sarif", "-"], "--sarif needs the name of a file"),
    "a report over a folder": (["deploy", "--junit", "deploy"], "not a regular file"),
    "two reports in one file": (["deploy", "--html", "x", "--oscal", "./x"], "name the same file"),
    "an environment that is none": (["deploy", "--env", "lob"], "did you mean 'lab'?"),
    "a threshold that is none": (["deploy", "--fail-on", "bad"], "'bad' is not one of"),
    "a profile that is none": (["deploy", "--profile", "mlps"], "'mlps' is not one of"),
}


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_is_refused_with_what_helps(case: str, here: Path) -> None:
    words, told = REFUSED[case]
    before = sorted(here.rglob("*"))

    result = command_line.run("policy", "check", *words)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert told in result.stderr
    assert result.stdout == ""
    assert sorted(here.rglob("*")) == before


@pytest.mark.usefixtures("bad")
def test_a_broken_policy_of_ones_own_is_shown_with_its_line_and_a_caret(here: Path) -> None:
    path = policy_folders.policy(here / "policies", "own-rule-of-pods")
    path.write_text(path.read_text("utf-8").replace("object.spec", "objekt.spec"), "utf-8")

    result = command_line.run("policy", "check", "deploy")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "--> policies/pods/own-rule-of-pods/policy.yaml:17:19  (spec.validations[0].expression)" in result.stderr
    assert "undeclared reference to 'objekt" in result.stderr
    assert any(line.startswith(" | ") and line.endswith("^") for line in result.stderr.splitlines())


@pytest.mark.usefixtures("bad")
def test_a_policy_of_ones_own_takes_no_place_of_govclouds(here: Path) -> None:
    policy_folders.policy(here / "policies", severity="low")

    result = command_line.run("policy", "check", "deploy")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "policy 'pod-privileged' is in" in result.stderr


@pytest.mark.usefixtures("bad")
def test_no_sample_or_secret_of_the_input_is_echoed(here: Path) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n"
    policy_folders.write(here / "deploy" / "secret.yaml", text)

    result = command_line.run("policy", "check", "deploy", "--all", "--json", "--html", "a.html", "--oscal", "a.json")

    assert "hunter2" not in result.stdout + (here / "a.html").read_text("utf-8") + (here / "a.json").read_text("utf-8")


def test_a_reader_of_everything_who_goes_away_changes_nothing_about_the_verdict(bad: Path, shipped: Path) -> None:
    """`2>&1 | true`: what is told on standard error finds nobody either."""
    code = (
        "import pathlib, sys; from govcloud_cli import main, resources\n"
        "shipped = pathlib.Path(sys.argv.pop())\n"
        "resources.folder = lambda name, **_: shipped\n"
        "main.main()"
    )
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        [sys.executable, "-c", code, "policy", "check", str(bad), "--sarif", "x.sarif", str(shipped)],
        stdout=write,
        stderr=write,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=bad.parent.parent,
    ) as process:
        os.close(write)
        assert process.wait() == DENIED


def test_a_reader_who_goes_away_changes_nothing_about_the_verdict(bad: Path, shipped: Path) -> None:
    code = (
        "import pathlib, sys; from govcloud_cli import main, resources\n"
        "shipped = pathlib.Path(sys.argv.pop())\n"
        "resources.folder = lambda name, **_: shipped\n"
        "main.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "policy", "check", str(bad), str(shipped)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=bad.parent.parent,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == DENIED


@pytest.mark.usefixtures("bad")
def test_an_interrupted_check_is_no_verdict_and_leaves_no_report(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(manifests, "read", stopped)

    result = command_line.run("policy", "check", "deploy", "--sarif", "a.sarif")

    assert result.code == errors.ExitCode.INTERRUPTED
    assert result.stdout == ""
    assert "interrupted before there was a verdict" in result.stderr
    assert "a check changes nothing" in result.stderr
    assert "goes on where it was" not in result.stderr, "that is of deploys"
    assert not (here / "a.sarif").exists()


def test_help_imports_neither_models_nor_rich() -> None:
    code = (
        "import sys, click.testing as t; from govcloud_cli.commands import policy\n"
        "[t.CliRunner().invoke(policy.policy, [word, '--help']) for word in policy.WORDS]\n"
        "sys.exit(sum(name in sys.modules for name in ('pydantic', 'rich', 'yaml', 'cel_expr_python')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
