"""Values that are not known yet: what is certain in spite of them, and that nothing else is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.cel import engine, failures, texts

ENGINE = engine.Engine({})
DOCUMENT: dict[str, Any] = {
    "name": "web",
    "image": "?",
    "labels": {"app": "?", "tier": "front"},
    "containers": [{"name": "a", "image": "?", "privileged": True}, {"name": "b", "image": "x:1", "privileged": False}],
    "args": ["?", "--port"],
    "limit": "?",
}
UNKNOWN: tuple[subjects.Path, ...] = (
    ("image",),
    ("labels", "app"),
    ("containers", 0, "image"),
    ("args", 0),
    ("limit",),
)
CERTAIN = {
    "object.name == 'web'": True,
    "object.containers.all(c, c.privileged)": False,
    "object.containers.exists(c, c.image == 'x:1')": True,
    "object.containers.exists(c, c.privileged && c.name == 'a')": True,
    "object.containers.filter(c, c.privileged).size() == 1": True,
    "(object.containers + object.?initContainers.orValue([])).size() == 2": True,
    "object.name == 'db' && object.image == 'x'": False,
    "object.image == 'x' && object.name == 'db'": False,
    "object.image.startsWith('x') || object.name == 'web'": True,
    "object.args.size() == 2": True,
    "'tier' in object.labels && object.labels.tier == 'front'": True,
    "object.labels.?tier.orValue('') == 'front'": True,
    "has(object.labels.tier) && !has(object.labels.other)": True,
    "object.containers.map(c, c.name).join(',') == 'a,b'": True,
    "object.containers[1].image == 'x:1'": True,
    "has(object.limit) && false": False,
}
UNCERTAIN = (
    "object.image == 'x'",
    "object.image != 'x'",
    "object.image.startsWith('x')",
    "has(object.image)",
    "!has(object.image)",
    "object.?image.hasValue()",
    "object.?image.orValue('x') == 'x'",
    "object[?'image'].orValue('x') == 'x'",
    "'image' in object",
    "'app' in object.labels",
    "object.labels.size() == 2",
    "object.labels.all(k, k != 'x')",
    "object.labels.exists(k, v, v == 'front' && k == 'x')",
    "object.labels == {'app': 'a', 'tier': 'front'}",
    "object.containers.all(c, c.image == 'x:1')",
    "object.containers.exists(c, c.image == 'x:2')",
    "object.containers.all(c, has(c.image))",
    "object.containers.map(c, c.image).size() == 2",
    "object.containers.exists_one(c, c.image == 'x:1')",
    "object.containers == []",
    "object.containers[0] in [{}]",
    "'--x' in object.args",
    "'--port' in object.args",
    "object.args.exists(a, a == '--x')",
    "object.args.indexOf('--port') == 1",
    "object.args.distinct().size() == 2",
    "sets.contains(object.args, ['x'])",
    "type(object.image) == string",
    "quantity(object.limit).isGreaterThan(quantity('0'))",
    "isQuantity(object.limit)",
    "[object.image].size() == 1",
    "[object.labels['app']].size() == 1",
    "{'a': object.image}.size() == 1",
    "optional.of(object.image).hasValue()",
    "(object.image == 'x' ? 'a' : 'a') == 'a'",
    "object.image",
)


def verdict(source: str, document: object, unknown: tuple[subjects.Path, ...]) -> bool | str | failures.Failure:
    body = texts.read(source, {}).body
    asked = ENGINE.guarded(body) if unknown else ENGINE.compile(body)
    return asked.evaluate(ENGINE.context(document, unknown))


@pytest.mark.parametrize(("source", "wanted"), CERTAIN.items(), ids=list(CERTAIN))
def test_what_hangs_on_no_unknown_value_is_certain(source: str, wanted: bool) -> None:
    assert verdict(source, DOCUMENT, UNKNOWN) is wanted


@pytest.mark.parametrize("source", UNCERTAIN)
def test_what_may_hang_on_an_unknown_value_is_not(source: str) -> None:
    assert isinstance(verdict(source, DOCUMENT, UNKNOWN), failures.Failure)


@pytest.mark.parametrize("path", [(), ("nowhere", "at", "all"), ("containers", 7, "image"), ("name", "of")])
def test_nothing_is_known_below_a_path_that_is_not_there(path: subjects.Path) -> None:
    top = path[0] if path else "name"
    assert isinstance(verdict(f"has(object.{top})", DOCUMENT, (path,)), failures.Failure)


FIELDS = st.sampled_from(["a", "b", "c"])
LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "a"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(FIELDS, VALUES, min_size=1, max_size=3)


def terms(variables: tuple[str, ...] = ("object",)) -> st.SearchStrategy[str]:
    base = st.sampled_from(variables)
    return st.recursive(
        st.one_of(base, st.sampled_from(["1", "'x'", "true", "[]", "{}", "['x', 'a']"])),
        lambda inner: st.one_of(
            st.builds("{}.{}".format, base, FIELDS),
            st.builds("{}.{}.{}".format, base, FIELDS, FIELDS),
            st.builds("{}.?{}.?{}.orValue({})".format, base, FIELDS, FIELDS, inner),
            st.builds("dyn({})[0]".format, inner),
            st.builds("(dyn({}) + dyn({}))".format, inner, inner),
            st.builds("[dyn({}), dyn({})]".format, inner, inner),
            st.builds("size(dyn({}))".format, inner),
            st.builds("dyn({}).map(v, dyn(v))".format, inner),
            st.builds("dyn({}).filter(v, v == dyn({}))".format, inner, inner),
        ),
        max_leaves=4,
    )


TERMS = terms()
EXPRESSIONS = st.recursive(
    st.one_of(
        st.builds("dyn({}) == dyn({})".format, TERMS, TERMS),
        st.builds("dyn({}) in dyn({})".format, TERMS, TERMS),
        st.builds("has(object.{})".format, FIELDS),
        st.builds("has(object.{}.{})".format, FIELDS, FIELDS),
        st.builds("object.?{}.hasValue()".format, FIELDS),
        st.builds("dyn({})".format, TERMS),
        st.builds("dyn({}).all(v, dyn(v) == dyn({}))".format, TERMS, terms(("object", "v"))),
        st.builds("dyn({}).exists(v, dyn(v).{} == dyn({}))".format, TERMS, FIELDS, terms(("object", "v"))),
        st.builds("dyn({}).all(k, v, dyn(v) != dyn(k))".format, TERMS),
        st.builds("type(dyn({})) == string".format, TERMS),
    ),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("cel.bind(w, dyn({}), {} || w == w)".format, TERMS, inner),
    ),
    max_leaves=4,
)


def paths(value: Any, here: subjects.Path = ()) -> list[subjects.Path]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for step, inner in steps for path in ((*here, step), *paths(inner, (*here, step)))]


def replaced(document: Any, path: subjects.Path, values: list[Any]) -> Any:
    """The document with the value at `path` replaced; left out if there is none, and it can be."""
    found = copy.deepcopy(document)
    holder = found
    for step in path[:-1]:
        holder = holder[step]
    if values:
        holder[path[-1]] = values[0]
    elif isinstance(holder, dict):
        del holder[path[-1]]
    return found


@settings(max_examples=100)
@given(DOCUMENTS, EXPRESSIONS, st.data())
def test_what_comes_to_a_verdict_does_so_whatever_the_value_will_be(
    document: dict[str, Any], source: str, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(paths(document)))
    try:
        body = f"({source}) && true"
        asked, guarded = ENGINE.compile(body), ENGINE.guarded(body)
    except engine.CompileError:
        return
    certain = guarded.evaluate(ENGINE.context(document, (path,)))
    if isinstance(certain, failures.Failure):
        return
    for values in [[], *([value] for value in data.draw(st.lists(VALUES, min_size=1, max_size=4)))]:
        found = asked.evaluate(ENGINE.context(replaced(document, path, values)))
        assert found is certain, (source, path, values)
