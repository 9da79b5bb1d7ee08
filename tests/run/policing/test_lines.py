"""Lines of findings: of what is written where it is found, and of what was planned from it."""

from __future__ import annotations

from pathlib import Path

from govcloud_cli.compliance import subjects
from govcloud_cli.model import policies
from govcloud_cli.run.policing import lines

TEXT = "metadata: {id: a}\nspec:\n  machines:\n    - id: one\n      zone: x\n    - id: two\n"


def test_a_path_leads_to_its_line_in_what_is_written_there(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT, encoding="utf-8")
    line = lines.of_files()

    assert line(subjects.Place(file=str(path)), ("spec", "machines", 0, "zone")) == 5
    assert line(subjects.Place(file=str(path), path=("spec", "machines", 1)), ("id",)) == 6


def test_of_what_was_planned_the_origin_is_told_whatever_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT, encoding="utf-8")
    origin = lines.Origin(file=str(path), path=("spec",))

    assert lines.of_files()(origin, ("machines", 0, "zone")) == 2


def test_standard_input_has_lines_too() -> None:
    assert lines.of_files(stdin=TEXT)(subjects.Place(file="-"), ("spec", "machines")) == 3


def test_a_file_that_is_gone_has_none(tmp_path: Path) -> None:
    assert lines.of_files()(subjects.Place(file=str(tmp_path / "gone")), ()) is None


def test_planned_objects_get_an_origin_and_written_documents_keep_their_place() -> None:
    place = subjects.Place(file="a.yaml", path=("spec",))
    found = [
        subjects.Subject(input=kind, key="k", document={}, place=None if kind is policies.Input.ENVIRONMENT else place)
        for kind in policies.Input
    ]

    origins = {one.input for one in lines.planned(found) if isinstance(one.place, lines.Origin)}

    assert origins == {policies.Input.KUBERNETES, policies.Input.HOST, policies.Input.RESOURCE}
    assert all(one.place.path == ("spec",) for one in lines.planned(found) if one.place is not None)
