"""The reader against hostile and arbitrary text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from govcloud_cli.inventory import reader, scalars, sources

LIMIT = """
import sys, time
from pathlib import Path
from govcloud_cli.inventory import reader
start = time.process_time()
document = reader.read(Path(sys.argv[1]))
seconds = time.process_time() - start
# Not ru_maxrss: that one remembers the process that started this one.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
print(document.faults[0].code if document.faults else "none", round(seconds, 2), peak)
"""

LOLS = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 40))
HOSTILE = {
    "brackets": ("[" * 100_000, "GC1006"),
    "mappings in brackets": ("{a:" * 100_000, None),
    "mappings in brackets, spaced": ("{a: " * 100_000, "GC1006"),
    "dashes": ("- " * 100_000, "GC1006"),
    "question marks": ("? " * 100_000, "GC1013"),
    "four megabytes of brackets": ("[" * 4_000_000, "GC1006"),
    "four megabytes of empty lists": ("[" + "[]," * 1_300_000 + "]", "GC1007"),
    "four megabytes of items": ("- 1\n" * 1_000_000, "GC1007"),
    "four megabytes of one word": ("a" * 4_000_000, None),
    "four megabytes of digits": ("a: " + "9" * 4_000_000, "GC1017"),
    "four megabytes of a quoted word": ('"' + "a" * 4_000_000 + '"', None),
    "four megabytes of keys": ("".join(f"k{n}: 1\n" for n in range(350_000)), "GC1007"),
    "one key again and again": ("k: 1\n" * 20_000, "GC1010"),
    "an alias bomb": (f"l0: &l0 [x]\n{LOLS}", "GC1008"),
    "a merge bomb": ("a: &a {x: 1}\n" + "".join(f"b{n}: {{<<: *a}}\n" for n in range(5_000)), "GC1008"),
    "anchors": ("".join(f"- &a{n} x\n" for n in range(20_000)), "GC1008"),
    "tags": ("- !!python/object/apply:os.system [x]\n" * 5_000, "GC1009"),
    "directives": ("%YAML 1.1\n" * 300_000, "GC1005"),
    "documents": ("--- x\n" * 500_000, "GC1012"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_within_a_second_and_100_mb(name: str, tmp_path: Path) -> None:
    text, code = HOSTILE[name]
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", LIMIT, str(path)], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    seen, seconds, megabytes = done.stdout.split()
    assert code is None or seen == code
    assert float(seconds) < 1
    assert int(megabytes) < 100


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdefgh-xyz", min_size=2), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
@settings(deadline=None)
def test_what_safe_dump_writes_is_read_back_or_refused_by_name(value: object) -> None:
    document = reader.parse(yaml.safe_dump(value, allow_unicode=True), file="x.yaml")

    if document.faults:
        # Words such as `y` that PyYAML leaves bare, control characters, and keys like them.
        assert {fault.code for fault in document.faults} <= {"GC1004", "GC1005", "GC1011", "GC1013", "GC1017"}
    else:
        assert document.value == value


@given(st.text(st.characters(codec="utf-8")) | st.text("[]{}:,-?&*!|>'\"%@` \n\t#ab01~<", max_size=60))
@settings(deadline=None, max_examples=150)
def test_no_text_makes_the_reader_raise(text: str) -> None:
    document = reader.parse(text, file="x.yaml")

    assert document.complete or document.faults


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_make_the_reader_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "x.yaml"
    path.write_bytes(data)

    document = reader.read(path)

    assert document.complete or document.faults


@given(st.from_regex(r"[-+0-9a-zA-Z_.:~]{1,12}", fullmatch=True))
@settings(deadline=None, max_examples=200)
def test_an_accepted_word_means_the_same_to_yaml_1_1(word: str) -> None:
    if scalars.ambiguity(word) is None:
        assert scalars.resolve(word) == _yaml_1_1(word)


def _yaml_1_1(word: str) -> object:
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, word, (True, False))  # type: ignore[no-untyped-call]
    # A date is a person's text in both.
    return word if tag.endswith(":timestamp") else loader.construct_object(yaml.ScalarNode(tag, word))


def test_places_are_those_an_editor_shows() -> None:
    document = reader.parse("a:\n  - 财: 政\n    b: [1, 22]\n", file="x.yaml")

    assert document.marks[("a", 0, "财")] == reader.Mark(line=2, column=8, key_line=2, key_column=5)
    assert document.marks[("a", 0, "b", 1)] == reader.Mark(line=3, column=12)


def test_windows_line_ends_are_read_and_a_lone_carriage_return_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\r\nb: 2\r\n")
    assert reader.read(path).value == {"a": 1, "b": 2}
    path.write_bytes(b"a: 1\rb: 2\n")
    assert [fault.code for fault in reader.read(path).faults] == ["GC1004"]


def test_an_excerpt_of_something_unreadable_is_empty(tmp_path: Path) -> None:
    assert sources.excerpt(tmp_path, 1) == ""
    assert sources.excerpt(tmp_path / "none", 1) == ""
