"""`govcloud vpn profile`: what a person's client needs to connect."""

from __future__ import annotations

import pathlib

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.vpn import offices


@click.command(short_help="Write what a person's client needs to connect (客户端配置).")
@click.option(
    "--person",
    metavar="ID",
    shell_complete=options.complete_person,
    required=True,
    help="Whose certificate the client is to use.",
)
@click.option(
    "--out", metavar="FOLDER", type=click.Path(path_type=pathlib.Path, file_okay=False), help="Left out: print it."
)
@click.option("--machine", metavar="MACHINE", help="Lab: put it on this client machine, beside the token there.")
@options.environment
@options.as_json
def profile(*, person: str, out: pathlib.Path | None, machine: str | None, environment: str, as_json: bool) -> None:
    """Write the client's configuration (客户端配置): for openconnect, and as AnyConnect XML. Nothing of it is secret.

    \b
    Examples:
      govcloud vpn profile --person li.wei --out li.wei
      sh li.wei/connect.sh
      govcloud vpn profile --person li.wei --machine internet-client
    """
    if machine is not None and out is not None:
        raise errors.UsageError("name either --out or --machine")
    from govcloud_cli.run.vpn import laptop, register
    from govcloud_cli.run.vpn import profile as run_profile

    place, now = offices.find(environment), runs.now()
    theirs = [
        one
        for one in register.read(register.path_of(place.folder))
        if one.person == person and one.counts(now) and one.delivered
    ]
    if not theirs:
        raise errors.UsageError(
            f"{person} has no valid certificate",
            remedy=f"govcloud vpn issue --person {person} {f'--machine {machine}' if machine else '--token LABEL'}",
        )
    try:
        server_ca = (place.folder.pki / "services-ca.crt").read_text(encoding="ascii")
    except FileNotFoundError:
        raise errors.GovcloudError(
            "the authority of the gateway's own certificate is not made yet", remedy="run `govcloud deploy`"
        ) from None
    made = run_profile.of(place.plan, max(theirs, key=lambda one: one.not_after), server_ca=server_ca)
    files, folder = made.files, None if out is None else str(out)
    if machine is not None:
        files = laptop.files(made.files)
        folder = f"{machine}:{laptop.of(place.site, place.side, machine).write(person, files)}"
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in made.files.items():
            (out / name).write_text(text, encoding="utf-8")
    if as_json:
        output.print_json({"ok": True, "person": person, "files": files, "folder": folder})
    elif machine is not None:
        told = f"govcloud exec{options.flag(environment)} {machine} -- {person}/connect.sh --background"
        output.console().print(f"wrote {', '.join(files)} to {folder}\nNext: {told}", soft_wrap=True)
    elif out is not None:
        output.console().print(f"wrote {', '.join(str(out / name) for name in made.files)}", soft_wrap=True)
    else:
        click.echo("\n".join(f"# --- {name} ---\n{text}" for name, text in made.files.items()), nl=False)
