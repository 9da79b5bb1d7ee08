"""Roles' defaults, as judging reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.run.policing import roles


def test_every_role_is_there_with_its_variables() -> None:
    found = roles.defaults()

    assert set(found) == {path.parents[1].name for path in resources.folder("roles").glob("*/tasks/main.yml")}
    assert all(name.startswith(f"{role}_") for role, values in found.items() for name in values)


@pytest.mark.parametrize("text", ["- a list\n", "a: [", "", "a: !!python/object:os.system {}\n"])
def test_defaults_that_cannot_be_read_are_no_defaults(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken" / "defaults" / "main.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")

    with pytest.raises(errors.GovcloudError, match="defaults cannot be read"):
        roles.defaults(tmp_path)
