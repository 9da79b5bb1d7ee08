"""`govcloud schema`, and that editors' copies are the models'."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from govcloud_cli import resources
from govcloud_cli.commands import schema
from govcloud_cli.inventory import reader, schemas

INVENTORIES = resources.folder("inventories")
KINDS = ("*/platform.yaml", "*/people.yaml", "*/tenants/*.yaml", "*/freezes/*.yaml")
SAMPLES = [path for kind in KINDS for path in sorted(INVENTORIES.glob(kind))]


@pytest.mark.parametrize("document", schemas.DOCUMENTS)
def test_the_schema_is_printed_and_is_one(document: str) -> None:
    printed = json.loads(CliRunner().invoke(schema.schema, [document]).stdout)

    jsonschema.Draft202012Validator.check_schema(printed)
    assert printed["$schema"] == schemas.DRAFT
    assert printed["additionalProperties"] is False


@pytest.mark.parametrize("document", schemas.DOCUMENTS)
def test_the_shipped_schema_is_current(document: str) -> None:
    """If not: `govcloud schema --write inventories/schema`."""
    shipped = (INVENTORIES / "schema" / schemas.file_name(document)).read_text(encoding="utf-8")

    assert shipped == schemas.text(document)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: "-".join(path.relative_to(INVENTORIES).parts))
def test_every_sample_names_its_schema_and_keeps_to_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    named = path.parent / first.partition("=")[2]

    jsonschema.Draft202012Validator(json.loads(named.read_text(encoding="utf-8"))).validate(reader.read(path).value)


def test_every_field_is_described() -> None:
    spec = schemas.schema("tenant")["$defs"]["TenantSpec"]["properties"]

    assert spec["technicalLead"]["description"] == "Runs it; not the owner."


def test_all_are_written_into_a_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(schema.schema, ["--write", str(tmp_path / "new")])

    assert result.exit_code == 0
    written = {path.name for path in (tmp_path / "new").iterdir()}
    assert written == {schemas.file_name(document) for document in schemas.DOCUMENTS}


def test_nothing_named_is_bad_usage() -> None:
    assert CliRunner().invoke(schema.schema, []).exit_code == 2
