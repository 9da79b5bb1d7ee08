"""The text of expressions: what may stand in it, and how variables come into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance.cel import engine, texts, tokens


def variable(name: str, source: str, *before: texts.Variable) -> texts.Variable:
    text = texts.read(source, {one.name: one for one in before})
    return texts.Variable(name=name, own=texts.own_name("test", name), text=text)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("oldObject == object", "oldObject"),
        ("request.userInfo.username == 'x'", "request"),
        ("authorizer.group('').check('get').allowed()", "authorizer"),
        ("params.x", "params"),
        ("namespaceObject.metadata.name == 'x'", "namespaceObject"),
        ("has(variables.x)", "not defined"),
        ("variables.x == 1", "not defined"),
        ("variables == {}", "as a whole"),
        ("variables['x'] == 1", "as a whole"),
        ("variables.?x.hasValue()", "as a whole"),
        ("object.all(variables, variables.x)", "as a whole"),
        ("cel.bind(x, 1, x == 1)", "cel.bind"),
        ("__gc_pods_x == 1", "kept"),
        ("'a'._match_('b')", "kept"),
        ("_compare_('1', '2') == 0", "kept"),
        ("true) || (true", "brackets"),
        ("[1}", "brackets"),
        ("(true", "brackets"),
        ("{'a': 1}.transformMap(k, v, v) == {}", "transformMap"),
        ("'unclosed", "cannot be read"),
        ("object # comment", "cannot be read"),
    ],
)
def test_an_expression_is_refused(source: str, said: str) -> None:
    with pytest.raises(tokens.TextError, match=said):
        texts.read(source, {})


@pytest.mark.parametrize(
    "source",
    [
        "object.request == 'field, not name'",
        "object.spec.?params.orValue('') == ''",
        "'request' in object && \"oldObject\" == r'oldObject'",
        "object.variables.all(v, v)",
        "{'cel': 1}.cel == 1 // request",
        "object.spec.cel.bind == 1",
        "'''a ) ' b''' == \"\"\"c \" ( d\"\"\"",
        r"'a\'b)' == 'c' && b'\x00' == b'' && r'\' == '\\'",
        "object.`odd-name` == 1",
    ],
)
def test_an_expression_is_taken_as_it_is(source: str) -> None:
    assert texts.read(source, {}).alone == source


def test_a_variable_is_bound_where_it_is_used_and_only_there() -> None:
    one, other = variable("one", "object.a"), variable("other", "object.b")
    both = variable("both", "variables.one + variables.other", one, other)
    text = texts.read("variables.both == 3 && size('variables.one') > 0", {"both": both})
    bound = texts.bound(text, (one, other, both))
    assert bound.count("cel.bind(") == 3
    assert texts.bound(texts.read("true", {}), (one, other, both)) == "(\ntrue\n)"
    asked = engine.Engine({})
    assert asked.compile(bound).evaluate(asked.context({"a": 1, "b": 2})) is True


def test_an_error_in_a_variable_matters_only_where_it_is_reached() -> None:
    broken = variable("broken", "object.missing == 1")
    asked, known = engine.Engine({}), {"broken": broken}
    context = asked.context({})
    for source, wanted in (("true || variables.broken", True), ("false && variables.broken", False)):
        found = asked.compile(texts.bound(texts.read(source, known), (broken,))).evaluate(context)
        assert found is wanted
    reached = asked.compile(texts.bound(texts.read("variables.broken", known), (broken,)))
    assert not isinstance(reached.evaluate(context), bool)


def test_a_comment_ends_before_what_is_put_around_the_expression() -> None:
    noted = variable("noted", "1 // one")
    text = texts.read("variables.noted == 1 // is it", {"noted": noted})
    asked = engine.Engine({})
    assert asked.compile(texts.bound(text, (noted,))).evaluate(asked.context({})) is True


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("quantity('1').isLessThan(quantity('2'))", "(_compare_('1', '2') < 0)"),
        ("quantity(object.a).compareTo(quantity('2'))", "_compare_(object.a, '2')"),
        ("!quantity( string(1) ) . isGreaterThan( quantity( '2' ) )", "!(_compare_(string(1), '2') > 0)"),
    ],
)
def test_comparing_quantities_makes_none(source: str, wanted: str) -> None:
    assert wanted.replace(" ", "") in texts.read(source, {}).body.replace(" ", "")


@pytest.mark.parametrize(
    "source",
    [
        "quantity('1').isLessThan(quantity('2').add(1))",
        "object.quantity('1').isLessThan(quantity('2'))",
        "quantity('1').add(quantity('2')).isLessThan(quantity('4'))",
        "quantity('1').isLessThan(object.limit)",
    ],
)
def test_what_is_no_plain_comparison_of_quantities_stays_as_it_is(source: str) -> None:
    assert "_compare_" not in texts.read(source, {}).body


@given(st.text(alphabet="ab'\"\\()[]{}rb/ \n,.?", max_size=20))
def test_no_text_reaches_out_of_the_brackets_around_it(source: str) -> None:
    try:
        body = texts.read(source, {}).body
    except tokens.TextError:
        return
    depth = [0]
    for piece in tokens.read(body):
        depth.append(depth[-1] + (piece.text in ("(", "[", "{")) - (piece.text in (")", "]", "}")))
    assert depth[-1] == 0
    assert 0 not in depth[1:-1]
