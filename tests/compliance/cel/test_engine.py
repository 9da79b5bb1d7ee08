"""The engine: what it compiles, what it evaluates to, and what it is held to."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from govcloud_cli.compliance.cel import documents, engine, failures

ENGINE = engine.Engine({"registries": ["registry.internal", "it's"]})
CONTEXT = ENGINE.context({"flag": True, "text": "x", "number": 1, "none": None, "list": [None, 1]})


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("object.flag == true", "bool"),
        ("'a' + 'b'", "string"),
        ("object.flag", "dyn"),
        ("1", "INT"),
        ("quantity('1')", "kubernetes.Quantity"),
        ("cidr('10.0.0.0/8').ip()", "net.IP"),
    ],
)
def test_the_type_of_an_expression_is_known(source: str, kind: str) -> None:
    assert ENGINE.compile(source).type == kind


@pytest.mark.parametrize(
    ("source", "value"),
    [("object.flag", True), ("object.text", "x"), ("object.text + object.text", "xx"), ("!object.flag", False)],
)
def test_a_bool_and_a_text_are_values(source: str, value: object) -> None:
    assert ENGINE.compile(source).evaluate(CONTEXT) == value


@pytest.mark.parametrize(
    "source", ["object.number", "object.none", "object.list", "object", "object.missing", "type(object)", "1.5", "b'x'"]
)
def test_anything_else_is_a_failure_however_often_it_is_asked(source: str) -> None:
    """Often: to take null out of the engine costs Python's None a reference, and in the end the process."""
    expression = ENGINE.compile(source)
    for _ in range(1000):
        assert isinstance(expression.evaluate(CONTEXT), failures.Failure)


def test_only_true_holds() -> None:
    for source, holds in {
        "object.flag": True,
        "!object.flag": False,
        "object.flag && true": True,
        "object.missing == 1": False,
        "object.text == 1": False,
    }.items():
        assert ENGINE.compile(f"{source} && true").holds(CONTEXT) is holds


@pytest.mark.parametrize(
    "source",
    [
        "object.",
        "nowhere == 1",
        "1 + 'a'",
        "quantity('1') < quantity('2')",
        "quantity('1') == 1",
        "quantity('1').isLessThan(semver('1.0.0'))",
        "cidr('10.0.0.0/8').containsIP(cidr('10.0.0.0/8'))",
        "isIP(1)",
        "['a'].sum()",
        "'a'.reverse()",
        "math.greatest(1, 2)",
        "base64.encode(b'x')",
        "quantity('1').sign()",
    ],
)
def test_what_the_api_server_would_refuse_does_not_compile(source: str) -> None:
    with pytest.raises(engine.CompileError):
        ENGINE.compile(source)
    with pytest.raises(engine.CompileError):
        ENGINE.guarded(source)


def test_settings_are_an_expression() -> None:
    source = f"{ENGINE.settings}.registries == ['registry.internal', \"it's\"]"
    assert ENGINE.compile(source).evaluate(CONTEXT) is True


def test_a_document_that_cannot_be_read_as_it_is_has_no_context() -> None:
    with pytest.raises(documents.DocumentError):
        ENGINE.context({"text": "a\0b"})


@pytest.mark.parametrize("document", [None, True, 1, "x", [], {}])
def test_a_document_may_be_any_json(document: Any) -> None:
    assert ENGINE.compile("object == object").holds(ENGINE.context(document))


def test_a_number_that_no_integer_of_the_engine_holds_is_an_error_and_no_other_number() -> None:
    context = ENGINE.context({"large": 2**64, "flag": True})
    assert isinstance(ENGINE.compile("object.large == 0").evaluate(context), failures.Failure)


def test_functions_of_one_name_are_told_apart_by_what_they_are_given() -> None:
    mixed = ENGINE.context({"a": "1Gi", "b": "1.2.3"})
    for source, wanted in {
        "[quantity(object.a)].all(q, q.isLessThan(quantity('2Gi')))": True,
        "[semver(object.b)].all(v, v.isLessThan(semver('1.2.4')))": True,
        "dyn(semver(object.b)).compareTo(dyn(semver('1.2.3'))) == 0": True,
        "dyn(semver(object.b)).compareTo(dyn(quantity('1'))) == 0": None,
    }.items():
        found = ENGINE.compile(source).evaluate(mixed)
        assert (found if isinstance(found, bool) else None) is wanted


def test_an_expression_that_takes_all_memory_is_a_failure_and_the_next_one_is_asked() -> None:
    """A text of 4 KiB, doubled 24 times, where there is 1 GiB; a failure makes the run end with 2, not as a bug."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from govcloud_cli.compliance.cel import engine\n"
        "text = repr('x' * 4096)\n"
        "for number in range(24): text = f'cel.bind(v{number}, {text}, v{number} + v{number})'\n"
        "asked = engine.Engine({}); context = asked.context({})\n"
        "greedy = asked.compile(f'{text}.size() > 3')\n"
        "print(greedy.holds(context), greedy.evaluate(context).reason, asked.compile('true').evaluate(context))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False takes more memory than there is True"
