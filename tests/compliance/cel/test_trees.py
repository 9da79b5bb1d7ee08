"""What is bound to a name is what it says, whatever loops came before it."""

from __future__ import annotations

from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance.cel import engine, texts, tokens

ENGINE = engine.Engine({})
DOCUMENT: dict[str, Any] = {"items": [["a"], ["b", "c"]], "one": 1}
AFTER_A_LOOP = "[1, 1].all(v, v == 2) || cel.bind(t, 3, t == 3)"


def test_the_engine_takes_what_a_loop_left_for_a_variable() -> None:
    """If this fails, the engine is mended, and `trees.BOUND` can go."""
    config = cel.NewEnvConfigFromYaml("extensions: [{name: bindings}]")
    environment = cel.NewEnv(config=config)
    assert environment.compile(AFTER_A_LOOP).eval(environment.Activation({})).value() is False
    assert ENGINE.compile(AFTER_A_LOOP).evaluate(ENGINE.context({})) is True


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("[1, 1].all(v, v == 2) || cel.bind(t, 1 / 0, t == 1)", None),
        ("[1, 1].exists(v, v == 1) && cel.bind(t, 3, t == 3)", True),
        ("[1, 1].exists(v, v == 1) && cel.bind(t, object.items, t.size() == 2)", True),
        ("[1, 1].all(v, v == 2) || optional.of(3).optMap(t, t == 3).orValue(false)", True),
        ("[1, 1].all(v, v == 2) || optional.of(3).optFlatMap(t, optional.of(t == 4)).orValue(true)", False),
        ("[[1, 1].all(v, v == 2), cel.bind(t, 3, t == 3)][1]", True),
        ("cel.bind(a, [1, 2].map(v, v), [5, 6].all(w, a.size() == 2 && w > 4))", True),
        ("cel.bind(t, 1 / 0, true || t == 1)", True),
        ("cel.bind(t, 1 / 0, [1, 2].exists(v, v == 2 || t == 1))", True),
        ("cel.bind(t, 1 / 0, t == 1 && true)", None),
        ("cel.bind(t, 1 / 0, t == 1 && false)", False),
        ("cel.bind(t, object.missing, [1, 2].all(v, t == v))", None),
    ],
)
def test_what_is_bound_is_read_rightly(expression: str, wanted: object) -> None:
    found = ENGINE.compile(expression).evaluate(ENGINE.context(DOCUMENT))
    assert (found if isinstance(found, bool) else None) is wanted


def test_a_name_of_the_loops_behind_it_is_refused() -> None:
    for name in ("#unused", "#bound_"):
        with pytest.raises(tokens.TextError, match="kept for the engine"):
            texts.read(f"object.x == '{name}'", {})


VALUES = st.sampled_from(["1", "2", "object.one", "object.missing", "object.items", "1 / 0", "[1, 1]"])
LOOPS = st.builds(
    "dyn({}).{}(v, dyn(v) == dyn({}))".format,
    st.sampled_from(["[1, 1]", "[1, 2]", "object.items", "[]"]),
    st.sampled_from(["all", "exists", "exists_one"]),
    VALUES,
)
PLAIN = st.recursive(
    LOOPS | st.builds("dyn(@) == dyn({})".format, VALUES) | st.builds("dyn([@, {}])[1] == @".format, VALUES),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("[1, 1].exists(w, {})".format, inner),
    ),
    max_leaves=6,
)


@given(PLAIN, VALUES)
def test_a_variable_is_as_good_as_its_expression(body: str, value: str) -> None:
    context = ENGINE.context(DOCUMENT)
    inlined = ENGINE.compile(f"true && ({body.replace('@', f'dyn({value})')})").evaluate(context)
    bound = ENGINE.compile(f"cel.bind(t, dyn({value}), true && ({body.replace('@', 't')}))").evaluate(context)
    late = ENGINE.compile(f"true && cel.bind(t, dyn({value}), {body.replace('@', 't')})").evaluate(context)
    for found in (bound, late):
        assert (found if isinstance(found, bool) else None) is (inlined if isinstance(inlined, bool) else None)
