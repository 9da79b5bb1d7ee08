"""A role's template as Ansible would write it, for tests that run what is in it."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import jinja2
import yaml

from govcloud_cli import resources


def render(role: str, template: str, **variables: Any) -> str:
    """The text of `roles/<role>/templates/<template>` with the role's defaults and `variables`."""
    folder = resources.folder("roles") / role
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder / "templates"),
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["to_json"] = json.dumps
    environment.filters["comment"] = lambda text: f"# {text}"
    environment.globals["lookup"] = _lookup
    defaults = yaml.safe_load((folder / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return environment.get_template(template).render(ansible_managed="Ansible", **{**defaults, **variables})


def _lookup(plugin: str, path: str) -> str:
    assert plugin == "ansible.builtin.file"
    # Ansible takes the last line's end away.
    return pathlib.Path(path).read_text(encoding="utf-8").rstrip()
