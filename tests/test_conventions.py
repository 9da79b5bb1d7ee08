"""What this repository holds itself to, and no linter checks."""

from __future__ import annotations

import ast
import functools
import pathlib

import pytest
import yaml

from govcloud_cli import resources

ROOT = pathlib.Path(__file__).parent.parent
SOURCES = ("govcloud_cli", "stacks")
MODULES = sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))
ROLES = sorted(path for path in resources.folder("roles").iterdir() if path.is_dir() and not path.name.startswith("."))
TESTS = sorted(path for path in (ROOT / "tests").rglob("test_*.py") if "cases" not in path.parts)
MOST_LINES = 250
LONGER = {
    "govcloud_cli/compliance/baselines.py": 260,
    "govcloud_cli/governance/approvals.py": 255,
    "govcloud_cli/governance/requests.py": 355,
    "govcloud_cli/inventory/reader.py": 295,
    "govcloud_cli/inventory/wording.py": 345,
    "govcloud_cli/providers/kubernetes/client.py": 260,
    "govcloud_cli/providers/kubernetes/ownership.py": 265,
    "govcloud_cli/run/people/syncing.py": 265,
    "govcloud_cli/run/policies.py": 265,
    "govcloud_cli/run/probing/token_probes.py": 265,
    "govcloud_cli/run/process.py": 315,
    "govcloud_cli/run/remote/tunnels.py": 385,
    "govcloud_cli/run/request_desk.py": 260,
}
"""Modules that are longer, and how long they may be; the list only shrinks."""
MOST_LINES_OF_A_FUNCTION = 40
LONGER_FUNCTIONS = {
    "govcloud_cli/commands/audit.py:show",
    "govcloud_cli/commands/deploy.py:deploy",
    "govcloud_cli/commands/request/deciding.py:_decide",
    "govcloud_cli/commands/status.py:_document",
    "govcloud_cli/commands/tenant/drafting.py:_lines",
    "govcloud_cli/commands/vpn/profiles.py:profile",
    "govcloud_cli/plan/cluster.py:_governed_labels",
    "govcloud_cli/run/destroy.py:_side",
    "govcloud_cli/run/policies.py:_answer",
    "govcloud_cli/run/policing/reports.py:render",
    "govcloud_cli/run/process.py:run",
    "stacks/components/realms.py:_realm",
}
"""Functions that are longer without their docstring; the list only shrinks."""


def name(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def parsed(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def nodes(path: pathlib.Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(parsed(path)))


def load(path: pathlib.Path) -> object:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_documents_every_variable_that_it_has(role: pathlib.Path) -> None:
    defaults = load(role / "defaults" / "main.yml")
    specs = load(role / "meta" / "argument_specs.yml")
    assert isinstance(defaults, dict)
    assert isinstance(specs, dict)
    options = specs["argument_specs"]["main"]["options"]
    assert set(defaults) == set(options)
    assert all(name.startswith(f"{role.name}_") for name in options)
    assert [name for name, option in options.items() if not option.get("description")] == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_goes_through_the_same_phases_and_has_tests(role: pathlib.Path) -> None:
    tasks = {path.stem for path in (role / "tasks").glob("*.yml")}
    assert tasks >= {"main", "preflight", "install", "configure", "verify"}
    included = (role / "tasks" / "main.yml").read_text(encoding="utf-8")
    positions = [included.index(f"{phase}.yml") for phase in ("preflight", "install", "configure", "verify")]
    assert positions == sorted(positions)
    assert list((role / "tests").glob("test_*.py"))


def test_the_playbook_has_every_role() -> None:
    text = (resources.folder("roles") / "site.yml").read_text(encoding="utf-8")
    assert [role.name for role in ROLES if role.name not in text] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_short_says_what_it_is_for_and_asserts_nothing(path: pathlib.Path) -> None:
    text = path.read_text(encoding="utf-8")
    if any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in nodes(path)):
        assert text.count("\n") <= LONGER.get(name(path), MOST_LINES), "split it"
    if text.strip():
        assert ast.get_docstring(parsed(path)), "a module says in its first line what it is for"
    asserts = [node.lineno for node in nodes(path) if isinstance(node, ast.Assert)]
    assert asserts == [], "asserts go away with -O; raise"
    assert path.stem != "utils"


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without decorators and docstring."""
    told = function.body[0] if ast.get_docstring(function) is not None else None
    docstring = 0 if told is None else (told.end_lineno or 0) - told.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_function_is_short(path: pathlib.Path) -> None:
    functions = [node for node in nodes(path) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    longer = {f"{name(path)}:{one.name}" for one in functions if lines_of(one) > MOST_LINES_OF_A_FUNCTION}
    assert longer == {one for one in LONGER_FUNCTIONS if one.startswith(f"{name(path)}:")}, (
        "split it, or shrink the list"
    )


def test_no_module_is_excused_that_is_short() -> None:
    assert [one for one in LONGER if (ROOT / one).read_text(encoding="utf-8").count("\n") <= MOST_LINES] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_public_thing_of_a_module_is_documented(path: pathlib.Path) -> None:
    tree = parsed(path)
    public = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    documented = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(node)
    }
    assert [one for one in public if one not in documented] == []


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_test_module_mirrors_what_it_tests(path: pathlib.Path) -> None:
    """`tests/plan/test_flows.py` for `govcloud_cli/plan/flows.py`, or `test_<folder>…` for a folder as a whole."""
    folder = path.parent.relative_to(ROOT / "tests")
    # What of a module's tests needs a real server stands in a file of its own.
    about = path.stem.removeprefix("test_").removesuffix("_engine")
    # Lab and bench are about the whole, and hosts of one's own (`substrate: existing`) go through many modules.
    if about in {"conventions", "existing"} or folder.parts[:1] in {("lab",), ("bench",)}:
        return
    sources = [ROOT / "govcloud_cli" / folder, ROOT / folder]
    assert any(source.is_dir() for source in sources), f"there is no source folder {folder}"
    known = {found.stem for source in (*sources, ROOT / "tests") if source.is_dir() for found in source.iterdir()}
    assert about in known or about.startswith(folder.name), f"nothing in {folder} is called {about}"


def test_nothing_in_the_sources_starts_a_shell() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.keyword) and node.arg == "shell"
    ]
    assert found == []
