"""Commands that README and documents show are commands that there are, with options that they have."""

from __future__ import annotations

import pathlib
import re
import shlex

import click
import pytest

from govcloud_cli import main
from tests.support import readme_tour

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINE = re.compile(r"^(?:\$ )?(?:[^\s#`|(]+ )*?(?:\./)?govcloud ([^|;>#\n)]*)")


def commands(document: pathlib.Path) -> list[str]:
    """What follows `govcloud` in blocks of shell text, without pipes and remarks."""
    blocks = re.findall(r"^```(?:console|sh)\n(.*?)^```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [
        found[1].strip() for line in lines if re.match(r"(\$ )?(\./)?govcloud ", line) and (found := LINE.match(line))
    ]


def unknown(told: str) -> list[str]:
    """The words and options of a command that the command line does not know."""
    words = shlex.split(told.replace("…", "").replace("'", " "))
    if "--" in words:
        words = words[: words.index("--")]
    found: click.Command = main.cli
    while isinstance(found, click.Group) and words:
        below = found.get_command(click.Context(found), words[0])
        if below is None:
            return words[:1]
        found, words = below, words[1:]
    known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    return [option for option in options if option not in known | {"--help", "-h"}]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_shows_only_commands_and_options_that_there_are(document: pathlib.Path) -> None:
    assert {told: unknown(told) for told in commands(document) if unknown(told)} == {}


def test_most_documents_show_commands() -> None:
    assert len(commands(ROOT / "README.md")) > 25


def test_an_option_that_is_none_is_found() -> None:
    assert unknown("vpn issue --persom li.wei --token x") == ["--persom"]
    assert unknown("vpn isue --person li.wei") == ["isue"]


def below(found: click.Command, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    """Every command that can be typed, by its words."""
    if not isinstance(found, click.Group):
        return {path: found}
    context = click.Context(found)
    known = [(name, found.get_command(context, name)) for name in found.list_commands(context)]
    return {
        words: command for name, one in known if one is not None for words, command in below(one, (*path, name)).items()
    }


WORDS = below(main.cli)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_every_word_shows_examples_of_itself_that_can_be_typed(words: tuple[str, ...]) -> None:
    told = re.split(r"^\s*Examples?:$", WORDS[words].help or "", maxsplit=1, flags=re.MULTILINE)
    assert len(told) == 2, f"{' '.join(words)} --help has no examples"
    shown = re.findall(r"^.*?\bgovcloud ([^|;>#\n)<]*)", re.sub(r"\\\n\s*", "", told[1]), re.MULTILINE)
    assert any(one.split()[: len(words)] == list(words) for one in shown)
    assert {one: unknown(one) for one in shown if unknown(one)} == {}


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_whoever_takes_a_person_or_tenant_of_the_inventory_completes_it(words: tuple[str, ...]) -> None:
    plain = {
        parameter.name
        for parameter in WORDS[words].params
        if parameter.name in {"person", "tenant"} and parameter._custom_shell_complete is None
    }
    assert plain == ({"tenant"} if words == ("tenant", "new") else set()), "a new tenant is in no inventory"


# -- the tour that `tests/lab/test_2_newcomer.py` walks


def test_the_tour_is_a_person_and_six_commands() -> None:
    assert "- id: li.wei" in readme_tour.person()
    assert len(readme_tour.steps()) == 6
    assert all(step.shown and step.command.startswith("./govcloud ") for step in readme_tour.steps())


def test_what_a_command_of_the_tour_shows_is_compared_line_by_line_and_in_order() -> None:
    step = readme_tour.Step(command="x", shown=("issued …, valid until … UTC", "Next: govcloud deploy"))
    assert step.missing("issued to li, valid until 2027 UTC\nNext: govcloud deploy\n") == []
    assert step.missing("Next: govcloud deploy\nissued to li, valid until 2027 UTC\n") == ["Next: govcloud deploy"]
    assert step.missing("issued to li\nvalid until 2027 UTC\nNext: govcloud deploy") == ["issued …, valid until … UTC"]
