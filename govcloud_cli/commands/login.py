"""`govcloud login`: be yourself towards the cluster, by the identity service."""

from __future__ import annotations

import functools
import json
import pathlib
import shlex
import time
import urllib.parse
from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, profile_options

if TYPE_CHECKING:
    from govcloud_cli.run.login import device, profiles, tokens


@click.command(short_help="Log in to the cluster as yourself; prints a kubeconfig's path.")
@profile_options.which
@click.option("--issuer", metavar="URL", help="The identity service, where there is no inventory.")
@click.option("--ca", "authority", metavar="FILE", help="PEM: the authority of --issuer, and of --server.")
@click.option("--server", metavar="URL", help="The API server, where there is no inventory.")
@click.option("--server-ca", "server_authority", metavar="FILE", help="PEM: the authority of --server, if another.")
@click.option("--browser", is_flag=True, help="Use a browser on this machine, and no code.")
@click.option("--port", type=click.IntRange(1024, 65535), help="With --browser: listen on this port of 127.0.0.1.")
@click.option("--credential", is_flag=True, hidden=True)
@options.as_json
@click.pass_context
def login(
    ctx: click.Context,
    *,
    environment: str,
    side: str,
    profile_name: str | None,
    issuer: str | None,
    authority: str | None,
    server: str | None,
    server_authority: str | None,
    browser: bool,
    port: int | None,
    credential: bool,
    as_json: bool,
) -> None:
    """Log in with your account, password and one-time code (统一身份登录).

    A code and an address are shown; any browser that reaches the address will do, also on another machine. Afterwards
    kubectl works with the printed kubeconfig until the session ends (30 minutes without use, 8 hours at most), as a
    member of your own groups.

    \b
    Examples:
      export KUBECONFIG=$(govcloud login)
      govcloud login --browser
      govcloud login --issuer https://identity.gov/realms/govcloud --ca gov-ca.pem --server https://k8s.gov:6443
      govcloud logout
    """
    if credential:
        _print_credential(profile_name)
        return
    if port is not None and not browser:
        raise errors.UsageError("--port is for --browser", remedy="leave it out, or add --browser")
    if issuer or authority or server or server_authority:
        profile = _given(profile_name, issuer, authority, server, server_authority)
    else:
        profile = profile_options.chosen(ctx, environment, side, profile_name)
    found = _log_in(profile, browser=browser, port=port or 0)
    _tell(profile, found, as_json=as_json)


def _given(
    name: str | None, issuer: str | None, authority: str | None, server: str | None, server_authority: str | None
) -> profiles.Profile:
    from govcloud_cli.run.login import profiles

    if not (issuer and authority and server):
        raise errors.UsageError("--issuer, --ca and --server go together", remedy="name all three, or --env alone")
    own = _pem(authority)
    return profiles.check(
        profiles.Profile(
            name=name or profile_options.DEFAULT,
            issuer=issuer,
            authority=own,
            server=server,
            server_authority=_pem(server_authority) if server_authority else own,
        )
    )


def _pem(path: str) -> str:
    try:
        with pathlib.Path(path).open(encoding="ascii") as file:
            return file.read(256 * 1024)
    except (OSError, UnicodeDecodeError) as error:
        raise errors.UsageError(
            f"{path} cannot be read as PEM", cause=type(error).__name__, remedy="name a readable file"
        ) from None


def _log_in(profile: profiles.Profile, *, browser: bool, port: int) -> tokens.Tokens:
    """Nothing is written before it has succeeded, so Ctrl-C leaves nothing."""
    from govcloud_cli.run.login import browser as browser_flow
    from govcloud_cli.run.login import clocks, device, endpoints, profiles, sessions

    clock = clocks.Clock(now=time.time, monotonic=time.monotonic, sleep=time.sleep)
    asked = profile.transport()
    place = endpoints.discover(profile.issuer, asked)
    if browser:
        address = functools.partial(_show_address, way=profile.connect)
        found = browser_flow.log_in(asked, place, clock=clock, invite=address, port=port)
    else:
        code = functools.partial(_show_code, way=profile.connect)
        found = device.log_in(asked, place, clock=clock, invite=code)
    profiles.save(profile)
    sessions.save(profile, found)
    return found


def _show_code(invitation: device.Invitation, way: tuple[str, int] | None) -> None:
    minutes = max(invitation.seconds // 60, 1)
    url = invitation.whole_url or invitation.url
    click.echo("Log in with any browser (请用浏览器打开):", err=True)
    click.echo(f"  {url}", err=True)
    _show_way(url, way)
    click.echo(f"and check that it shows this code (核对验证码): {invitation.code}", err=True)
    click.echo(f"Waiting, at most {minutes} minutes (等待登录); Ctrl-C stops.", err=True)


def _show_address(url: str, way: tuple[str, int] | None) -> None:
    click.echo("Open this in a browser on this machine (请在本机浏览器打开):", err=True)
    click.echo(f"  {url}", err=True)
    _show_way(url, way)
    click.echo("Waiting, at most 5 minutes (等待登录); Ctrl-C stops.", err=True)


def _show_way(url: str, way: tuple[str, int] | None) -> None:
    """In the lab no name leads to the identity service, and this host alone has a way: say how a browser takes it.

    The address itself is pasted there: a command line is everybody's on this machine to read, and whoever has the
    address can end the log-in as himself, so that the person works with his account.
    """
    if way is None:
        return
    parts = urllib.parse.urlsplit(url)
    rule = f"MAP {parts.hostname}:{parts.port or 443} {way[0]}:{way[1]}"
    told = shlex.join(["chromium", f"--host-resolver-rules={rule}"])
    click.echo(
        f"In the lab only this host has a way to it, {way[0]}:{way[1]} (实验环境); paste it, for example, into:",
        err=True,
    )
    click.echo(f"  {told}", err=True)


def _tell(profile: profiles.Profile, found: tokens.Tokens, *, as_json: bool) -> None:
    from govcloud_cli.run.login import profiles

    path = str(profiles.locate(profile.name).kubeconfig)
    if as_json:
        output.print_json({"person": found.person, "profile": profile.name, "kubeconfig": path})
        return
    click.echo(f"Logged in as {found.person} (登录成功). For kubectl:", err=True)
    click.echo(path)


def _print_credential(name: str | None) -> None:
    """For kubectl, which shows our standard error to whoever called it."""
    from govcloud_cli.run.login import clocks, sessions

    clock = clocks.Clock(now=time.time, monotonic=time.monotonic, sleep=time.sleep)
    try:
        profile = profile_options.saved(name or profile_options.DEFAULT)
        if profile is None:
            raise errors.GovcloudError("nobody is logged in here (尚未登录)", remedy="run `govcloud login`")
        found = sessions.current(profile, profile.transport(), clock=clock)
    except errors.GovcloudError as error:
        # One line, because kubectl prints it between its own.
        text = f"{error.message}: {error.remedy}" if error.remedy else error.message
        short = errors.GovcloudError(text)
        short.exit_code = error.exit_code
        raise short from None
    click.echo(json.dumps(sessions.credential(found)))
