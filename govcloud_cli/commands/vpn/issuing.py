"""`govcloud vpn issue`: a certificate for a key that is made on a token and never leaves it."""

from __future__ import annotations

import pathlib
import sys
from typing import IO, TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs, steering
from govcloud_cli.commands.vpn import offices

if TYPE_CHECKING:
    from govcloud_cli.run.vpn import certificates, desk, issuing

_MOST_REQUEST = 65536
_MOST_PIN = 256
_PATIENCE = 3.0
"""Seconds for the identity service, which is asked for a warning only."""
_FILE = click.Path(path_type=pathlib.Path, dir_okay=False)


@click.command(short_help="Issue a certificate to a person's token (签发).")
@click.option(
    "--person",
    metavar="ID",
    required=True,
    help="Who it is for, as people.yaml calls them.",
    shell_complete=options.complete_person,
)
@click.option("--token", "label", metavar="LABEL", help="The token; left out: the only one that is plugged in.")
@click.option("--module", metavar="PATH", help="The PKCS#11 module of the token's maker; left out: OpenSC's.")
@click.option("--pin-file", type=click.File("r"), help="File with the token's PIN; `-` reads standard input.")
@click.option("--csr", "request", type=_FILE, help="Take the key of this request (PKCS#10, PEM) instead of a token.")
@click.option("--out", type=_FILE, help="With --csr: where the certificate goes; left out: standard output.")
@click.option("--machine", metavar="MACHINE", help="Lab: make a software token on this client machine, and use that.")
@click.option("--replace", is_flag=True, help="End every other certificate of the person.")
@options.environment
@options.as_json
def issue(
    *,
    person: str,
    label: str | None,
    module: str | None,
    pin_file: IO[str] | None,
    request: pathlib.Path | None,
    out: pathlib.Path | None,
    machine: str | None,
    replace: bool,
    environment: str,
    as_json: bool,
) -> None:
    """Issue a VPN certificate (签发证书): the key is made on the token, and no file ever holds it.

    The token asks for its PIN, on the terminal or from a file; a PIN is never a word of the command line. A person
    may have two certificates: the one in use, and its renewal. From then on the gateway lets the person in.

    \b
    Examples:
      govcloud vpn issue --person li.wei --token staff-017
      govcloud vpn issue --person li.wei --pin-file - --json <pin
      govcloud vpn issue --person li.wei --csr li.wei.csr --out li.wei.crt
      govcloud vpn issue --person li.wei --machine internet-client
    """
    from govcloud_cli.run.vpn import desk as run_desk

    _refuse(
        request=request, out=out, on_token=bool(module or pin_file), machine=machine, elsewhere=bool(module or label)
    )
    place = offices.find(environment)
    holder = run_desk.holder(place.site.spec, place.plan, person, today=runs.now().date())
    if machine is not None:
        result = _on_machine(place, holder, machine, pin_file=pin_file, replace=replace)
    elif request is not None:
        result = _by_request(place.desk(), holder, request, label=label or "", replace=replace)
    else:
        result = _on_token(place, holder, label=label, module=module, pin_file=pin_file, replace=replace)
    published = _publish(place, result)
    if request is not None and out is not None:
        _write(out, result)
    ours = options.flag(environment)
    _warn_unenrolled(place, person, ours)
    _print(
        result,
        following=f"--machine {machine}{ours}" if machine else f"--out {person}{ours}",
        published=published,
        as_json=as_json,
        to_stdout=request is not None and out is None,
    )


def _refuse(
    *, request: pathlib.Path | None, out: pathlib.Path | None, on_token: bool, machine: str | None, elsewhere: bool
) -> None:
    """Options that do not go together."""
    if request is None and out is not None:
        raise errors.UsageError("--out goes with --csr: a token gets its certificate itself")
    if request is not None and on_token:
        raise errors.UsageError("--csr needs no token here, so no --module and no --pin-file")
    if out is not None and not out.parent.is_dir():
        raise errors.UsageError(f"{out.parent} is no folder", remedy="make it first: the certificate goes there")
    if machine is not None and (request or elsewhere):
        raise errors.UsageError("--machine makes a token of its own, so no --token, no --module and no --csr")


def _write(file: pathlib.Path, result: issuing.Result) -> None:
    try:
        file.write_bytes(result.certificate)
    except OSError as error:
        raise errors.GovcloudError(
            f"the certificate cannot be written to {file}",
            cause=error.strerror or "",
            remedy="it is issued and counts: issue again with --replace, which ends it",
        ) from None


def _on_token(
    place: offices.Place,
    holder: certificates.Holder,
    *,
    label: str | None,
    module: str | None,
    pin_file: IO[str] | None,
    replace: bool,
) -> issuing.Result:
    from govcloud_cli.run.vpn import issuing as run_issuing
    from govcloud_cli.run.vpn import tokens

    reader = tokens.Reader(module=module or tokens.MODULE)
    token = reader.choose(label)
    if token.last:
        raise errors.GovcloudError(
            f"one try is left for the PIN of token '{token.label}'",
            remedy="have its holder log in to it once with the maker's program, so that a slip here cannot lock it",
        )
    pin = _pin(token.label, pin_file)
    return run_issuing.on_token(place.desk(), holder, reader=reader, token=token, pin=pin, replace=replace)


def _on_machine(
    place: offices.Place, holder: certificates.Holder, machine: str, *, pin_file: IO[str] | None, replace: bool
) -> issuing.Result:
    from govcloud_cli.run.vpn import laptop

    found = laptop.of(place.site, place.side, machine)
    pin = _pin(holder.person, pin_file, new=True)
    return found.issue(place.desk(), holder, pin=pin, replace=replace)


def _by_request(
    office: desk.Desk, holder: certificates.Holder, path: pathlib.Path, *, label: str, replace: bool
) -> issuing.Result:
    from govcloud_cli.run.vpn import issuing as run_issuing

    try:
        with path.open("rb") as file:
            pem = file.read(_MOST_REQUEST)
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be read", cause=error.strerror) from None
    return run_issuing.by_request(office, holder, pem, label=label, replace=replace)


def _pin(label: str, file: IO[str] | None, *, new: bool = False) -> str:
    if file is not None:
        pin = file.read(_MOST_PIN).strip("\r\n")
    elif sys.stdin.isatty():
        told = f"{'New PIN' if new else 'PIN'} of token '{steering.plain(label)}' (令牌口令)"
        again = "Again (再次输入)" if new else False
        pin = str(click.prompt(told, hide_input=True, confirmation_prompt=again, err=True))
    else:
        raise errors.UsageError("nobody is there to type the PIN", remedy="name a file with --pin-file, or `-`")
    if not pin:
        raise errors.UsageError("the PIN is empty")
    return pin


def _publish(place: offices.Place, result: issuing.Result) -> bool:
    """Have the gateway let the person in, and know what was replaced; False if it cannot be reached."""
    from govcloud_cli.run.vpn import admitting, cutting

    try:
        if result.revoked:
            # Whoever is connected stays: the new certificate is the same person's.
            cutting.publish(place.desk(), place.gateway())
        admitting.admit(place.plan, place.gateway(), result.issued.person)
    except errors.GovcloudError as error:
        output.console(stderr=True).print(
            f"warning 警告: {error.message}, so the gateway lets {result.issued.person} in only once it is told; "
            "run `govcloud deploy`",
            soft_wrap=True,
        )
        return False
    return True


def _warn_unenrolled(place: offices.Place, person: str, ours: str) -> None:
    """Say what else the person needs to come in, where the identity service can be asked; nothing hangs on it."""
    from govcloud_cli.run.people import enrolling, places

    if place.side.identity is None:
        return
    service = places.Place(site=place.site, plan=place.side, identity=place.side.identity)
    try:
        with service.opened(patience=_PATIENCE) as api:
            missing = enrolling.lacking(api, person)
    except errors.GovcloudError:
        return
    if missing:
        sync = f"govcloud people sync{ours}, then " if missing == ("account",) else ""
        output.console(stderr=True).print(
            f"warning 警告: {person} has no {' and no '.join(missing)} yet, so the certificate lets nobody in "
            f"(尚未登记); next: {sync}govcloud people enrol {person}{ours}",
            soft_wrap=True,
        )


def _print(result: issuing.Result, *, following: str, published: bool, as_json: bool, to_stdout: bool) -> None:
    issued, now = result.issued, runs.now()
    if as_json:
        output.print_json(
            {
                "ok": True,
                "certificate": offices.document(issued, now),
                "pem": result.certificate.decode("ascii"),
                "replaced": [one.serial for one in result.revoked],
                "published": published,
            }
        )
        return
    if to_stdout:
        click.echo(result.certificate.decode("ascii"), nl=False)
    offices_told = f"on token '{issued.token}'" if issued.token else "for the request's key"
    output.console(stderr=to_stdout).print(
        f"issued to {issued.person} ({issued.name}) {offices_told}, serial {issued.serial}, "
        f"valid until {issued.not_after:%Y-%m-%d %H:%M} UTC\n"
        f"Next: govcloud vpn profile --person {issued.person} {following}",
        soft_wrap=True,
    )
