"""Verbs of several words: their tables say what their commands say, and nothing is imported too early."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import click
import pytest

from govcloud_cli import errors, main
from govcloud_cli.commands import groups
from tests.support.command_line import run

SLOW = ("pulumi", "pydantic", "rich", "yaml", "aiohttp", "cryptography", "grpc", "psycopg", "ansible")


def verbs() -> list[tuple[str, groups.Words]]:
    """Every verb that has second words in a table."""
    found = ((verb, main.cli.get_command(click.Context(main.cli), verb)) for verb in main.VERBS)
    return [(verb, command) for verb, command in found if isinstance(command, groups.Words)]


PAIRS = [(verb, group, word) for verb, group in verbs() for word in group.table]


@pytest.mark.parametrize(("verb", "group", "word"), PAIRS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_second_word_has_a_command_that_explains_itself_with_examples(
    verb: str, group: groups.Words, word: str
) -> None:
    command = group.get_command(click.Context(group), word)

    assert command is not None
    assert command.name == word
    assert command.get_short_help_str(limit=200) == group.table[word][1], "the overview tells the same"
    assert group.table[word][1].endswith(".")
    told = re.split(r"^\s*Examples?:$", command.help or "", maxsplit=1, flags=re.MULTILINE)
    assert len(told) == 2, f"{verb} {word} --help has no examples"
    assert f"govcloud {verb} {word}" in told[1]
    assert run(verb, word, "--help").code == 0


@pytest.mark.parametrize("verb", [verb for verb, _ in verbs()])
def test_the_overview_lists_every_second_word(verb: str) -> None:
    shown = run(verb, "--help")

    assert shown.code == 0
    group = dict(verbs())[verb]
    assert [word for word in group.table if f"  {word} " not in shown.stdout] == []
    assert group.list_commands(click.Context(group)) == list(group.table)


def test_the_overview_imports_none_of_them() -> None:
    code = (
        "import sys; from govcloud_cli import main\n"
        "sys.argv[1:] = ['tenant', '--help']; assert main._run() == 0\n"
        "print([name for name in sys.modules if name.startswith('govcloud_cli.commands.tenant.')], file=sys.stderr)\n"
        "sys.argv[1:] = ['tenant', 'validate', '--help']; assert main._run() == 0\n"
        f"print([name for name in {SLOW} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n[]\n"


@pytest.mark.parametrize(("written", "remedy"), [("shwo", "did you mean 'show'?"), ("xyzzy", "govcloud tenant --help")])
def test_an_unknown_second_word_is_bad_usage_and_the_nearest_is_named(written: str, remedy: str) -> None:
    result = run("tenant", written)

    assert result.code == errors.ExitCode.BAD_INPUT
    assert f"there is no '{written}' of `govcloud tenant`" in result.stderr
    assert remedy in result.stderr


def test_a_table_that_names_no_command_is_a_bug_and_no_unknown_word(monkeypatch: pytest.MonkeyPatch) -> None:
    group = groups.Words(table={"output": ("output", "Nothing.")}, name="broken")

    assert group.get_command(click.Context(group), "nothing") is None
    with pytest.raises(TypeError, match="has no command output"):
        group.get_command(click.Context(group), "output")
    importlib.import_module("govcloud_cli.commands.output")
