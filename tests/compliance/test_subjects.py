"""How places in what is judged are written, and what is said of values that are not known."""

from __future__ import annotations

import pytest

from govcloud_cli.compliance import subjects
from govcloud_cli.model import policies

IMAGE = ("spec", "containers", 0, "image")


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (IMAGE, "spec.containers[0].image"),
        (("metadata", "annotations", "govcloud.io/waive"), "metadata.annotations['govcloud.io/waive']"),
        (("limit-range", "a_b"), "limit-range.a_b"),
        (("",), "['']"),
        ((), ""),
    ],
)
def test_a_path_is_written_as_people_write_it(path: subjects.Path, written: str) -> None:
    assert subjects.written(path) == written


def test_a_key_without_end_is_cut() -> None:
    written = subjects.written(("a" * 1000,))

    assert len(written) == 200
    assert written.endswith("...")


@pytest.mark.parametrize(
    ("unknown", "path", "told"),
    [
        ((IMAGE,), (), ": spec.containers[0].image"),
        ((IMAGE, ("metadata", "name")), ("spec", "containers"), ": spec.containers[0].image"),
        ((IMAGE, ("metadata", "name")), ("spec", "volumes"), ": spec.containers[0].image, metadata.name"),
        ((("spec",), ("metadata", "name")), ("spec", "volumes"), ": spec"),
        (tuple(("data", f"k{number}") for number in range(5)), (), ": data.k0, data.k1, data.k2 and 2 more"),
        (((),), (), ""),
    ],
)
def test_the_values_that_something_hangs_on_are_those_nearest_to_where_it_looks(
    unknown: tuple[subjects.Path, ...], path: subjects.Path, told: str
) -> None:
    one = subjects.Subject(input=policies.Input.RESOURCE, key="resource:a", document={}, unknown=unknown)

    assert subjects.not_known(one, path) == f"hangs on a value that is not known yet{told}"
