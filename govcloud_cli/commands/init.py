"""`govcloud init`: a starter inventory for a repository of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from govcloud_cli.commands import options

STARTER_TENANTS = ("education", "archives", "tourism")
"""Of the lab's: one for each zone, none that needs another's consent."""


@click.command(short_help="Write a commented starter inventory.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--env", "environment", default="lab", show_default=True, metavar="NAME", help="Name of the environment.")
@options.as_json
def init(folder: Path, environment: str, as_json: bool) -> None:
    """Write a commented starter inventory into DIR/inventories/. Overwrites nothing.

    \b
    Examples:
      govcloud init my-cloud
      cd my-cloud
      govcloud validate
    """
    from govcloud_cli import errors, resources
    from govcloud_cli.commands import output
    from govcloud_cli.inventory import schemas

    if not environment.replace("-", "").isalnum():
        raise errors.UsageError(
            f"'{environment}' cannot be the name of an environment", remedy="use letters and dashes"
        )
    source = resources.folder("inventories") / "lab"
    target = folder / "inventories" / environment
    files = {target / "platform.yaml": (source / "platform.yaml").read_text(encoding="utf-8")}
    for tenant in STARTER_TENANTS:
        name = f"{tenant}.yaml"
        files[target / "tenants" / name] = (source / "tenants" / name).read_text(encoding="utf-8")
    for document in schemas.DOCUMENTS:
        files[folder / "inventories" / "schema" / schemas.file_name(document)] = schemas.text(document)
    _write(files)
    if as_json:
        output.print_json({"ok": True, "environment": environment, "files": [str(path) for path in files]})
        return
    console = output.console()
    for path in files:
        console.print(f"+ {path}", soft_wrap=True)
    suffix = "" if environment == "lab" else f" --env {environment}"
    steps = "\n".join(f"  govcloud {verb}{suffix}" for verb in ("validate", "plan", "deploy"))
    console.print(f"\nNext:\n  cd {folder}\n{steps}", soft_wrap=True)


def _write(files: dict[Path, str]) -> None:
    """Write all files, or none if one is there already."""
    from govcloud_cli import errors

    there = [path for path in files if path.exists() or path.is_symlink()]
    if there:
        raise errors.UsageError(
            f"{there[0]} is there already",
            cause=f"{len(there)} of {len(files)} files exist; init overwrites nothing",
            remedy="name another folder",
        )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
