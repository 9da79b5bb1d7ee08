"""Lines of values, looked up a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from govcloud_cli.inventory import composing, lines

TEXT = """\
# a comment
apiVersion: v1
kind: Pod
metadata:
  name: one
spec:
  containers:
    - name: a
      image: x
    - {name: b,
       image: y}
---
---
apiVersion: v1
kind: List
items:
  - kind: Pod
    spec: &base
      hostNetwork: true
  - kind: Pod
    spec:
      <<: *base
      hostPID: true
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "pods.yaml").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "pods.yaml")


@pytest.mark.parametrize(
    ("number", "path", "expected"),
    [
        (0, (), 2),
        (0, ("metadata", "name"), 5),
        (0, ("spec", "containers", 0, "image"), 9),
        (0, ("spec", "containers", 1), 10),
        (0, ("spec", "containers", 1, "image"), 11),
        (0, ("spec", "containers", 1, "securityContext", "privileged"), 10),
        (0, ("spec", "containers", 7), 7),
        (0, ("spec", "containers", "name"), 7),
        (0, ("spec", "hostNetwork"), 6),
        (0, ("metadata", "name", "below"), 5),
        (2, ("items", 0, "spec", "hostNetwork"), 19),
        (2, ("items", 1, "spec", "hostPID"), 23),
        (2, ("items", 1, "spec", "hostNetwork"), 19),
        (3, (), None),
    ],
)
def test_the_line_of_a_value_or_of_what_is_nearest_above_it(
    file: str, number: int, path: tuple[str | int, ...], expected: int | None
) -> None:
    assert lines.Lines().line(file, number, path) == expected


def test_documents_asked_for_in_order_are_read_once(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    compose = composing.compose

    def counted(text: str) -> Iterator[yaml.Node]:
        opened.append(text)
        return compose(text)

    monkeypatch.setattr(composing, "compose", counted)
    asked = lines.Lines()

    assert [asked.line(file, 0, ()), asked.line(file, 0, ("kind",)), asked.line(file, 2, ())] == [2, 3, 14]
    assert len(opened) == 1
    assert asked.line(file, 0, ()) == 2
    assert len(opened) == 2


def test_json_has_lines_too(tmp_path: Path) -> None:
    (tmp_path / "pod.json").write_text(
        '{\n\t"kind": "Pod",\n\t"spec": {\n\t\t"hostPID": true\n\t}\n}', encoding="utf-8"
    )

    assert lines.Lines().line(str(tmp_path / "pod.json"), 0, ("spec", "hostPID")) == 4


def test_standard_input_has_lines() -> None:
    assert lines.Lines(stdin=TEXT).line("-", 0, ("kind",)) == 3


@pytest.mark.parametrize("text", [None, "a: [", "", "\t\t:"])
def test_a_file_that_has_changed_since_has_no_lines(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "pod.yaml").write_text(text, encoding="utf-8")

    assert lines.Lines().line(str(tmp_path / "pod.yaml"), 0, ("spec",)) in {None, 1}
