"""`docs/policies.md` shows what happens: its commands run in its order, with its waiver; so do the JSON tables."""

from __future__ import annotations

import datetime
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from govcloud_cli import resources
from govcloud_cli.commands import output, runs
from govcloud_cli.inventory import rulebook
from tests.docs import documented, test_ci
from tests.inventory import cases
from tests.support import command_line, policy_folders

DOCUMENT = Path(__file__).parents[2] / "docs" / "policies.md"
NOW = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
_MARK = "\N{HORIZONTAL ELLIPSIS}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A department's repository, on a fixed day."""
    policy_folders.read_once(monkeypatch)
    monkeypatch.setattr(runs, "now", lambda: NOW)
    monkeypatch.chdir(tmp_path)
    policy_folders.write(tmp_path / "deploy" / "web.yaml", re.sub(r"app@sha256:\w+", "app:1.0", test_ci.CLEAN))
    (tmp_path / "inventories").mkdir()
    cases.build(tmp_path / "inventories", kind="accepted", name=cases.names("accepted")[0])
    return tmp_path


def blocks() -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each command of a block with the lines below it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def shows(line: str, printed: str) -> bool:
    """Whether a line of the document is the printed one, `…` standing for anything."""
    return re.fullmatch(".*".join(re.escape(part) for part in line.split(_MARK)), printed) is not None


def hold(told: list[str], printed: list[str]) -> None:
    """Hold what a block shows to what was printed: in its order, with gaps only where it says so."""
    place, gap = 0, False
    for line in told:
        if line == _MARK:
            gap = True
            continue
        left = printed[place:]
        found = next((number for number, one in enumerate(left) if shows(line, one)), None) if gap else 0
        assert found is not None, f"not printed: {line}"
        assert found < len(left), f"not printed: {line}"
        assert shows(line, left[found]), f"told {line!r}, printed {left[found]!r}"
        place, gap = place + found + 1, False
    assert gap or place == len(printed), f"printed too: {printed[place:]}"


def test_what_the_document_shows_is_what_is_printed(here: Path) -> None:
    ran = 0
    for kind, block in blocks():
        if kind == "yaml":
            waiver = "kind: Waiver\n" in block
            policy_folders.write(here / "policies" / ("waivers/one.yaml" if waiver else "approvers.yaml"), block)
            continue
        for command, told in commands(block):
            if "pip install" in command:
                continue
            result = command_line.run(*shlex.split(command)[1:])
            assert result.stderr.startswith("+ ") or not result.stderr, result.stderr
            hold(told, (result.stdout + result.stderr).splitlines())
            ran += 1

    assert ran >= 10


def test_every_word_of_the_verb_is_in_the_document() -> None:
    from govcloud_cli.commands import policy

    assert [word for word in policy.WORDS if f"govcloud policy {word}" not in DOCUMENT.read_text("utf-8")] == []


# -- docs/json.md


def printed(*words: str) -> dict[str, Any]:
    document = command_line.run("policy", *words, "--json").document
    assert document.pop("schemaVersion") == output.SCHEMA_VERSION
    return document


def test_check(here: Path) -> None:
    policy_folders.waiver(here / "policies", rule="image-digest", resource="k8s:core/Pod/finance-prod/web")
    policy_folders.write(here / "broken.yaml", "a: [")
    policy_folders.waiver(here / "policies", "W-2026-002", rule="image-digest", expires="2026-10-30")

    documented.agree("policy check", printed("check", "deploy", "broken.yaml"))


def test_list() -> None:
    documented.agree("policy list", printed("list", "--control", "L3-CES1-17"))


def test_explain(here: Path) -> None:
    known = rulebook.load([resources.folder("policies")]).policies
    # One that has everything there is to tell.
    chosen = next(one for one in known if one.spec.match_conditions and one.spec.variables and one.spec.waivable)
    policy_folders.waiver(here / "policies", rule=chosen.metadata.id)
    document = printed("explain", chosen.metadata.id)
    listed = printed("list")["policies"][0]
    alike = documented.rows("policy list")
    entry = {"policies": [{key: document.pop(key) for key in listed}]}

    assert set(documented.fields(entry, alike)) == set(alike)
    documented.agree("policy explain", document)


def test_coverage() -> None:
    documented.agree("policy coverage", printed("coverage"))


def test_test(here: Path) -> None:
    folder = policy_folders.policy(here / "policies", "own-rule-of-pods").parent
    policy_folders.write(folder / "denied" / "pod.yaml", policy_folders.pod(privileged=False))

    documented.agree("policy test", printed("test", "own-rule-of-pods"))


def test_new() -> None:
    documented.agree("policy new", printed("new", "own-rule", "--area", "pods"))
