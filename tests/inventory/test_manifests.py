"""Manifests: each case folder holds what its `expected.yaml` says, and no text at all can stop the reader."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.inventory import composing, manifest_files, manifests, streams

CASES = Path(__file__).resolve().parents[1] / "cases" / "manifests"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
LOLS = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 40))
HOSTILE = {
    "brackets": "[" * 200_000,
    "mappings in brackets": "{a: " * 200_000,
    "dashes": "- " * 200_000,
    "question marks": "? " * 200_000,
    "dashes after a line break of YAML 1.1": "a:\x85" + "- " * 200_000,
    "dashes after a line break of old": "a:\r" + "- " * 200_000,
    "a million brackets that are closed": "[" * 500_000 + "]" * 500_000,
    "json of brackets": '{"a":' + "[" * 200_000 + "]" * 200_000 + "}",
    "aliases that multiply": f"apiVersion: v1\nkind: Pod\nl0: &l0 [x]\n{LOLS}\n",
    "merges that multiply": "apiVersion: v1\nkind: Pod\nm0: &m0 {a: [1, 2, 3, 4, 5]}\n"
    + "\n".join(f"m{n}: &m{n} {{b{n}: {{<<: *m{n - 1}}}, c{n}: {{<<: *m{n - 1}}}}}" for n in range(1, 40)),
    "a number of a million digits": f"apiVersion: v1\nkind: Pod\na: {'9' * 1_000_000}\n",
    "json of a number of a million digits": '{"apiVersion": "v1", "kind": "Pod", "a": ' + "9" * 1_000_000 + "}",
    "half a character in bytes of nobody": "\ud800",
    "control characters": "apiVersion: v1\nkind: Pod\na: \x00\x07\n",
}


def seen(found: manifests.Manifests) -> dict[str, Any]:
    """What was read, as `expected.yaml` writes it."""

    def place(one: manifests.Manifest) -> str:
        return f"{one.file}#{one.number}"

    def told(one: manifests.Manifest) -> str:
        path = f"{'.'.join(map(str, one.path))} " if one.path else ""
        return f"{place(one)} {path}{one.document['kind']}/{one.document['metadata']['name']}"

    everything = {
        "objects": [told(one) for one in found.objects],
        "previews": [place(one) for one in found.previews],
        "skipped": list(found.skipped),
        "problems": list(found.problems),
    }
    return {key: value for key, value in everything.items() if value}


def read_text(text: str) -> manifests.Manifests:
    return manifests.read([Path("-")], stdin=text)


def document(text: str) -> Any:
    """The one object that a text holds."""
    found = read_text(f"apiVersion: v1\nkind: Pod\n{text}")
    assert found.problems == ()
    [one] = found.objects
    return {key: value for key, value in one.document.items() if key not in {"apiVersion", "kind"}}


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_a_folder_holds_what_is_expected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / name / "input")
    expected = yaml.safe_load((CASES / name / "expected.yaml").read_text(encoding="utf-8"))

    assert seen(manifests.read([Path()])) == expected


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_a_problem_and_soon(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_UNFOLDED", 50_000)

    found = read_text(HOSTILE[name])

    assert found.objects == ()
    assert found.problems


def test_aliases_are_bounded_over_all_files_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_UNFOLDED", 1000)
    text = f"{POD}a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: [{', '.join(['*a'] * 40)}]\n"
    for number in range(3):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")

    found = manifests.read([tmp_path])

    assert [one.file for one in found.objects] == [f"{tmp_path}/0.yaml", f"{tmp_path}/1.yaml"]
    assert found.problems == (f"{tmp_path}/2.yaml:4: aliases unfold to more than 1,000 values.",)


@pytest.mark.parametrize("text", ["[" + "x, " * 200 + "]", "\n" + "- x\n" * 200])
def test_a_document_may_not_hold_too_many_values(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "MAX_NODES", 30)
    assert len(read_text(f"{POD}a: {text}\n").objects) == 1, "it is not counted where it cannot be too much"

    monkeypatch.setattr(composing, "_HARMLESS_CHARACTERS", 50)

    assert read_text(f"{POD}a: {text}\n").problems == ("-: a document holds more than 30 values.",)
    assert read_text("---\n".join([POD] * 20)).problems == (), "each document is counted by itself"


@pytest.mark.parametrize(("levels", "problems"), [(120, 0), (130, 1), (500, 1)])
def test_json_and_yaml_may_not_be_nested_too_deep(levels: int, problems: int) -> None:
    nested = "[" * levels + "]" * levels

    assert len(read_text(f'{{"apiVersion": "v1", "kind": "Pod", "a": {nested}}}').problems) == problems
    assert len(read_text(f"apiVersion: v1\nkind: Pod\na: {nested}\n").problems) == problems


@pytest.mark.parametrize("one", ['{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}', f"---\n{POD}"])
def test_a_file_may_not_hold_too_many_documents(one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MAX_DOCUMENTS", 100)

    assert read_text(one * 100).problems == ()
    assert len(read_text(one * 101).objects) == 100
    assert read_text(one * 101).problems == ("-: it holds more than 100 documents.",)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_text_raises(text: str) -> None:
    found = read_text(text)

    assert found.objects or found.previews or found.problems


@given(st.text(alphabet="[]{}:,-?&*!|>'\"%@ \n\tab0.~<#", max_size=80))
def test_no_odd_yaml_raises_and_what_comes_out_is_json(text: str) -> None:
    found = read_text(f"apiVersion: v1\nkind: Pod\nspec:\n  {text}")

    for one in found.objects:
        assert json.loads(json.dumps(one.document, allow_nan=False)) == one.document


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(JSON)
def test_json_is_read_as_it_is_but_for_keys_that_are_null(value: Any) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "Pod", "spec": {"x": value}})

    [one] = read_text(text).objects

    assert one.document["spec"] == without_nulls({"x": value})


@given(JSON)
def test_yaml_is_read_as_json_would_be(value: Any) -> None:
    """A wrapper makes it YAML: the same text, read by the other reader."""
    text = json.dumps(value)
    if "\\ud8" in text or "\\u" in text:
        return

    [one] = read_text(f"apiVersion: v1\nkind: Pod\nspec: {{x: {text}}}\n").objects

    assert one.document["spec"] == without_nulls({"x": value})


def test_half_characters_are_mended_as_go_mends_them() -> None:
    [one] = read_text('{"apiVersion": "v1", "kind": "Pod", "a": "x\\ud800y", "b": "\\ud83d\\ude00"}').objects

    assert one.document["a"] == "x\N{REPLACEMENT CHARACTER}y"
    assert one.document["b"] == "\N{GRINNING FACE}"


def test_keys_become_text_as_kubernetes_makes_them() -> None:
    assert document("a: {1: x, 010: z, yes: w, b: null}\n") == {"a": {"1": "x", "8": "z", "true": "w"}}


def test_keys_that_become_the_same_text_are_one_too_many() -> None:
    [problem] = read_text("apiVersion: v1\nkind: Pod\na:\n  1: x\n  '1': y\n").problems

    assert problem == "-:5: key '1' is here a second time; the first is on line 4."


def test_a_key_that_is_null_is_not_there() -> None:
    assert document("spec: {a: null, b: ~, c: , d: {e: null}, f: [null]}\n") == {"spec": {"d": {}, "f": [None]}}


NULL_TEXTS = [
    ("nodeSelector: {role: null, a: b}", {"nodeSelector": {"role": "", "a": "b"}}),
    ("labels: {role: }", {"labels": {"role": ""}}),
    ("podSelector: {matchLabels: {role: ~}}", {"podSelector": {"matchLabels": {"role": ""}}}),
    ("selector: {role: null}", {"selector": {"role": ""}}),
    ("selector: {matchLabels: null, matchExpressions: []}", {"selector": {"matchExpressions": []}}),
    ("spec: [{labels: null}]", {"spec": [{}]}),
]


@pytest.mark.parametrize(("text", "expected"), NULL_TEXTS, ids=[text for text, _ in NULL_TEXTS])
def test_null_among_labels_is_the_empty_text_that_the_api_server_makes_of_it(text: str, expected: Any) -> None:
    """Seen with 1.36: `nodeSelector: {node-role.kubernetes.io/control-plane: }` selects the control plane."""
    assert document(f"{text}\n") == expected
    # An alias makes the careful reader read it, and a file that begins with a brace that of JSON.
    assert document(f"{text}\nv: &v [1]\nw: *v\n") == {**expected, "v": [1], "w": [1]}
    as_json = json.dumps({"apiVersion": "v1", "kind": "Pod", **yaml.safe_load(text)})
    [one] = read_text(as_json).objects
    assert one.document == {"apiVersion": "v1", "kind": "Pod", **expected}


def test_a_merge_of_null_takes_a_value_away() -> None:
    """To Kubernetes' reader what is merged first in a list wins, null too: `runAsNonRoot: true` would be gone."""
    assert document("a: {<<: [{x: null, z: 1}, {x: true}]}\n") == {"a": {"z": 1}}
    assert document("a: {<<: {x: null}, x: true}\n") == {"a": {"x": True}}
    assert document("a: {<<: {<<: {x: 1}, x: null}}\n") == {"a": {}}


def test_a_merge_of_null_after_what_it_would_take_away_is_told() -> None:
    [problem] = read_text("apiVersion: v1\nkind: Pod\na: {x: true, <<: {x: null}}\n").problems

    assert problem == "-:3: a merge key after a key that it would change; readers disagree about which wins."


def test_aliases_and_merges_become_what_they_stand_for() -> None:
    text = "a: &a {x: 1, w: [2]}\nb: *a\nc: {<<: *a, x: 3}\nd: {<<: [{z: 1, x: 9}, *a]}\n"
    assert document("a: {<<: {x: 1}}\n") == {"a": {"x": 1}}
    assert document("a: {<<: {x: 1}, '<<': 2}\n") == {"a": {"x": 1, "<<": 2}}

    assert document(text) == {
        "a": {"x": 1, "w": [2]},
        "b": {"x": 1, "w": [2]},
        "c": {"x": 3, "w": [2]},
        "d": {"x": 9, "w": [2], "z": 1},
    }


def test_tags_of_plain_types_are_followed() -> None:
    text = "a: !!str 5\nb: !!int '5'\nc: !!float 2\nd: !!bool yes\ne: !!map {}\n"

    assert document(text) == {"a": "5", "b": 5, "c": 2, "d": True, "e": {}}
    assert document("a: !!str .inf\nb: !!str 9999999999999999999999\nc: !!str\n") == {
        "a": ".inf",
        "b": "9999999999999999999999",
        "c": "",
    }


def test_the_tag_that_makes_text_of_a_word_is_followed() -> None:
    text = "a: \N{LATIN SMALL LETTER E WITH ACUTE} !\nb: ! 5\nc: [! yes, !, ! \n~]\nd: 7\ne: &x ! 8\nf: &y 9\n"

    assert document(text) == {
        "a": "\N{LATIN SMALL LETTER E WITH ACUTE} !",
        "b": "5",
        "c": ["yes", "", "~"],
        "d": 7,
        "e": "8",
        "f": 9,
    }


def test_a_file_that_two_names_reach_is_judged_once(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD, encoding="utf-8")

    found = manifests.read([tmp_path, tmp_path / "pod.yaml"])

    assert [(len(one.objects), one.again) for one in found.sources] == [(1, 0), (0, 1)]
    assert found.problems == ()


def test_each_name_that_holds_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD, encoding="utf-8")
    (tmp_path / "empty").mkdir()

    found = manifests.read([tmp_path / "pod.yaml", tmp_path / "empty", tmp_path / "absent"])

    assert found.problems == (
        f"{tmp_path}/empty: no Kubernetes object in it; name a folder or file that holds manifests",
        f"{tmp_path}/absent: no such file or directory",
    )


def test_standard_input_that_nobody_gave_is_a_problem() -> None:
    assert manifests.read([Path("-")]).problems == ("-: no input was given",)


def test_a_named_file_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "pod.txt").write_text(POD, encoding="utf-8")

    assert len(manifests.read([tmp_path / "pod.txt"]).objects) == 1


def test_values_of_manifests_are_not_in_problems() -> None:
    texts = ("a: !!int s3cret-word\n", "a: .inf\nb: s3cret-word\n", "a: s3cret-word\na: s3cret-word\n")
    found = [read_text(f"apiVersion: v1\nkind: Pod\n{text}").problems for text in texts]

    assert all(found)
    assert not any("s3cret" in problem for problem in itertools.chain.from_iterable(found))


def test_a_file_may_not_be_too_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifest_files, "MAX_BYTES", 1024 * 1024)
    (tmp_path / "pod.yaml").write_text(POD + "#" * 1024 * 1024, encoding="utf-8")

    assert manifests.read([tmp_path]).problems == (f"{tmp_path}/pod.yaml: larger than 1 MB",)
