"""The documents say what the code does: verbs, JSON fields, paths, links."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import govcloud_cli
from govcloud_cli import errors, main, resources

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "policies").rglob("*.md")],
    key=lambda path: path.relative_to(ROOT),
)
MACHINE_PATHS = re.compile(r"(?<![\w.~…/-])/(?:root|work|home|Users|dev/shm|tmp)\b")
REGISTRIES = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|proxy\.golang\.org|sum\.golang\.org|deb\.debian\.org|get\.pulumi\.com|registry\.\S+"
    r"|docker\.io|ghcr\.io|quay\.io|repo\.maven\S*|npmjs\.\w+|artifactory\S*|nexus\.\S+)"
)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(document: Path, heading: str) -> str:
    """What stands under the `## ` heading that begins with `heading`."""
    found = re.search(rf"^## {re.escape(heading)}.*?$(.*?)(?=^## |\Z)", text(document), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{document.name} has no section {heading}"
    return found[1]


def rows(part: str) -> list[list[str]]:
    """The cells of a section's table rows, without head and rule."""
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def command(verb: str) -> click.Command:
    found = main.cli.get_command(click.Context(main.cli), verb)
    assert found is not None
    return found


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


# -- verbs


def test_the_readme_lists_every_verb_and_no_other() -> None:
    listed = [cells[0].strip("`") for cells in rows(section(README, "Verbs"))]

    assert sorted(listed) == sorted(main.VERBS)


@pytest.mark.parametrize("verb", main.VERBS)
def test_every_verb_has_a_sentence_of_help_and_examples(verb: str) -> None:
    found = command(verb)

    assert found.get_short_help_str(limit=200).endswith("."), f"{verb}: the short help is a sentence"
    told = re.split(r"^\s*Examples?:$", found.help or "", maxsplit=1, flags=re.MULTILINE)
    assert len(told) == 2, f"{verb} --help has no examples"
    assert f"govcloud {verb}" in told[1], f"{verb} --help shows another verb"


@pytest.mark.parametrize("verb", main.VERBS)
def test_the_overview_says_of_a_verb_what_the_verb_says_of_itself(verb: str) -> None:
    assert main._SHORT_HELP[verb] == command(verb).get_short_help_str(limit=200)


def test_the_overview_has_no_verb_that_is_none() -> None:
    assert main._SHORT_HELP.keys() == main.VERBS.keys()


# -- paths, links, names of hosts


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_a_document_names_no_machine_and_no_registry(document: Path) -> None:
    found = [*MACHINE_PATHS.findall(text(document)), *REGISTRIES.findall(text(document))]

    assert found == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_link_to_a_file_or_a_heading_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(document)):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        path = (document.parent / place).resolve() if place else document
        assert path.exists(), f"{relative(document)}: {target}"
        if anchor:
            assert anchor in anchors(path), f"{relative(document)}: {target}"


def anchors(path: Path) -> set[str]:
    """A document's headings, as a forge turns them into anchors."""
    heads = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text(path), flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_where_do_i_add_names_paths_that_are_there() -> None:
    part = section(README, "Where do I add")
    named = re.findall(r"`([\w.<>/-]+/[\w.<>/-]*)`", part)

    assert len(named) > 10
    for path in named:
        assert list(ROOT.glob(re.sub(r"<\w+>", "*", path.rstrip("/")))), f"README: there is no {path}"


def test_where_do_i_add_names_tables_that_are_in_the_code() -> None:
    from govcloud_cli.commands import tenant
    from govcloud_cli.governance import chain, changes
    from govcloud_cli.inventory import crosschecks
    from govcloud_cli.model import platforms
    from govcloud_cli.plan import services

    part = section(README, "Where do I add")
    for name, place in (
        ("CHECKS", crosschecks),
        ("Service", platforms),
        ("OFFERS", services),
        ("FIELDS", changes),
        ("Action", chain),
        ("WORDS", tenant),
        ("VERBS", main),
        ("_SHORT_HELP", main),
    ):
        assert f"`{name}`" in part
        assert hasattr(place, name), f"{place.__name__} has no {name}"


def test_the_architecture_names_paths_that_are_there() -> None:
    named = re.findall(
        r"`((?:govcloud_cli|stacks|roles|inventories|policies|docs)(?:/[\w./]*)?)`", text(ROOT / "docs/architecture.md")
    )

    assert len(named) > 10
    for path in named:
        assert (ROOT / path).exists(), f"docs/architecture.md: there is no {path}"


def test_the_architecture_tells_the_import_direction_as_the_linter_holds_it() -> None:
    layers = re.search(r"^layers =\n((?:    .*\n)+)", text(ROOT / ".importlinter"), re.MULTILINE)
    assert layers is not None
    names = [line.strip(" ()").replace("govcloud_cli.", "") for line in layers[1].splitlines()]
    told = re.search(r"^main > .*$", text(ROOT / "docs/architecture.md"), re.MULTILINE)

    assert told is not None
    # Brackets are for layers that may be missing, and only one is.
    assert re.sub(r"[()]", "", told[0]).split(" > ") == names
    assert re.findall(r"\((\w+)\)", told[0]) == [one for one in names if not _is_layer(one)]


def _is_layer(name: str) -> bool:
    places = [place / name for place in (ROOT, ROOT / "govcloud_cli")]
    return any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)


# -- versions, exit codes, folders


def test_the_changelog_has_an_entry_for_the_version() -> None:
    assert f"\n## [{govcloud_cli.__version__}]" in text(ROOT / "CHANGELOG.md")


def test_every_exit_code_is_told_where_people_and_programs_look() -> None:
    told = {int(cells[0]) for cells in rows(section(ROOT / "docs/json.md", "Exit codes"))}

    assert told == {int(code) for code in errors.ExitCode}
    assert main.cli.epilog is not None
    assert set(map(int, re.findall(r"\b(\d+) [a-z]", main.cli.epilog.partition("Exit codes:")[2]))) == told


def test_the_licence_is_the_one_that_the_package_declares() -> None:
    assert "Apache License\n                           Version 2.0" in text(ROOT / "LICENSE")


def test_every_folder_of_ours_is_in_the_checkout() -> None:
    for name in resources.FOLDERS:
        assert resources.folder(name).is_dir()
