"""How a failure becomes an exit code, and how fast `--help` is."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

import click
import pytest

from govcloud_cli import errors, main
from govcloud_cli.commands import runs
from tests.support import inventories
from tests.support.command_line import run

SLOW = ("pulumi", "pydantic", "rich", "yaml", "aiohttp", "cryptography", "grpc", "psycopg", "ansible")


def fail(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Every verb that needs a site fails with this."""

    def site(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(runs, "site", site)


@pytest.mark.parametrize("verb", main.VERBS)
def test_every_verb_has_a_command_that_explains_itself_with_examples(verb: str) -> None:
    module = importlib.import_module(f"govcloud_cli.commands.{main.VERBS[verb][1]}")
    command = getattr(module, verb, None) or getattr(module, f"{verb}_")
    assert isinstance(command, click.Command)
    told = command.short_help or str(command.help).partition("\n")[0]
    assert told == main._SHORT_HELP[verb], "`--help` tells the same without importing it"
    assert re.search("Examples?:", str(command.help))
    assert f"govcloud {verb}" in str(command.help)
    shown = run(verb, "--help")
    assert shown.code == 0
    assert shown.stdout.startswith(f"Usage: govcloud {verb} ")


def test_help_lists_every_verb_and_the_exit_codes() -> None:
    shown = run("--help")
    assert shown.code == 0
    assert all(f"  {verb} " in shown.stdout for verb in main.VERBS)
    for code in errors.ExitCode:
        assert str(int(code)) in shown.stdout.rpartition("Exit codes")[2]


def test_help_imports_nothing_that_is_slow() -> None:
    code = (
        "import sys; from govcloud_cli import main\n"
        "for words in (['--help'], *([verb, '--help'] for verb in main.VERBS)):\n"
        "    sys.argv[1:] = words; assert main._run() == 0\n"
        f"print([name for name in {SLOW} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_help_is_there_at_once() -> None:
    """Processor time, so that a busy machine does not look like a slow start."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "govcloud_cli", "--help"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.5


@pytest.mark.parametrize(("written", "meant"), [("depoly", "deploy"), ("verfy", "verify"), ("aply", "apply")])
def test_an_unknown_verb_is_bad_usage_and_the_nearest_is_named(written: str, meant: str) -> None:
    result = run(written)
    assert result.code == errors.ExitCode.BAD_INPUT
    assert result.stdout == ""
    assert f"there is no verb '{written}'" in result.stderr
    assert f"did you mean '{meant}'?" in result.stderr


def test_a_verb_that_resembles_none_leads_to_the_list() -> None:
    assert "govcloud --help" in run("xyzzy").stderr


@pytest.mark.parametrize("alias", ["up", "apply"])
def test_others_words_for_deploy_are_understood(alias: str) -> None:
    assert "Bring the platform to what the inventory says" in run(alias, "--help").stdout


@pytest.mark.parametrize("words", [("--no-such",), ("plan", "--no-such"), ("plan", "--side", "outer"), ("exec",)])
def test_bad_usage_is_2(words: tuple[str, ...]) -> None:
    assert run(*words).code == errors.ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.GovcloudError("x"), 1),
        (errors.UsageError("x"), 2),
        (errors.InventoryError(()), 2),
        (errors.LockedError("x"), 5),
        (errors.RunInterrupted("x"), 130),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), 255),
        (OSError("x"), 255),
    ],
)
@pytest.mark.parametrize("json_wanted", [False, True])
def test_every_failure_has_its_code_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, json_wanted: bool
) -> None:
    fail(monkeypatch, error)
    result = run("status", *(["--json"] if json_wanted else []))
    assert result.code == code
    if json_wanted:
        assert result.document["ok"] is False
        assert result.document["error"]["exitCode"] == code
        assert result.document["schemaVersion"] == 1
    else:
        assert result.stdout == ""
        assert result.stderr.strip()
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "words",
    [("depoly", "--json"), ("plan", "--no-such", "--json"), ("--json", "plan"), ("plan", "--env", "nowhere", "--json")],
)
def test_with_json_bad_usage_is_one_document_too(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.code == errors.ExitCode.BAD_INPUT
    assert result.document["error"]["exitCode"] == 2
    assert result.document["error"]["message"]


def test_words_after_two_dashes_are_anothers(tmp_path: pathlib.Path) -> None:
    result = run("exec", "--env", str(inventories.copy("lab", tmp_path)), "no-such-machine", "--", "kubectl", "--json")
    assert result.stdout == ""
    assert "there is no machine" in result.stderr


def test_a_bug_says_how_to_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, ZeroDivisionError("by nought"))
    result = run("status")
    assert "this is a bug of ours: ZeroDivisionError: by nought" in result.stderr
    assert "GOVCLOUD_DEBUG=1" in result.stderr
    monkeypatch.setenv("GOVCLOUD_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("status")


def test_what_is_printed_of_an_error_is_what_happened_where_why_and_what_next(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(
        monkeypatch, errors.GovcloudError("it broke", where="border", cause="one\ntwo", remedy="mend it", log="/x/log")
    )
    assert run("status").stderr.splitlines() == [
        "error: it broke",
        "  where: border",
        "  cause: one",
        "    two",
        "  fix: mend it",
        "  log: /x/log",
    ]


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_ctrl_c_and_a_request_to_end_are_130_and_say_how_to_go_on(number: signal.Signals, option: list[str]) -> None:
    code = (
        "import time; from govcloud_cli import main; from govcloud_cli.commands import runs\n"
        "def site(*_, **__): print('ready', flush=True, file=__import__('sys').stderr); time.sleep(60)\n"
        "runs.site = site; main.main()"
    )
    argv = [sys.executable, "-c", code, "status", *option]
    # A shell's background job, as a whole test run may be one, ignores SIGINT, and so would its children.
    with subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no threads run here
    ) as child:
        assert child.stderr is not None
        assert child.stderr.readline() == "ready\n"
        child.send_signal(number)
        stdout, stderr = child.communicate(timeout=10)
    assert child.returncode == 130
    assert "run the same command again" in (json.loads(stdout)["error"]["remedy"] if option else stderr)


@pytest.mark.parametrize("words", [("schema", "platform"), ("tenant", "list"), ("tenant", "list", "--json")])
def test_a_reader_who_goes_away_is_no_failure(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    argv = [sys.executable, "-m", "govcloud_cli", *words]
    done = subprocess.run(argv, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ("policy", "check", "nothere"),
        ("policy", "check", "nothere", "--json"),
        ("depoly",),
        ("plan", "--no-such"),
        ("plan", "--env", "nowhere"),
    ],
)
def test_an_error_that_nobody_reads_keeps_its_exit_code(words: tuple[str, ...]) -> None:
    """`2>&1 | true`: a pipeline with `pipefail` asks for the code all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    argv = [sys.executable, "-m", "govcloud_cli", *words]
    done = subprocess.run(argv, stdout=writing, stderr=writing, check=False)
    os.close(writing)
    assert done.returncode == errors.ExitCode.BAD_INPUT


def test_an_error_as_json_on_a_full_disk_is_told_where_there_is_room() -> None:
    argv = [sys.executable, "-m", "govcloud_cli", "policy", "check", "nothere", "--json"]
    with pathlib.Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == errors.ExitCode.FAILED
    assert "no space is left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_a_full_disk_is_told_and_is_no_bug(option: tuple[str, ...]) -> None:
    argv = [sys.executable, "-m", "govcloud_cli", "tenant", "list", *option]
    with pathlib.Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == errors.ExitCode.FAILED
    assert "no space is left" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_stops_at_a_question_reads_that_nothing_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, click.exceptions.Abort())
    stopped = run("status")
    assert stopped.code == errors.ExitCode.INTERRUPTED
    assert "nothing was changed" in stopped.stderr
    fail(monkeypatch, KeyboardInterrupt())
    assert "nothing was changed" not in run("status").stderr, "in the middle of a run nobody knows that"


def test_files_that_are_made_are_for_their_owner_alone() -> None:
    code = "import os; from govcloud_cli import main; main._run = lambda: os.umask(0); main.main()"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0o077
