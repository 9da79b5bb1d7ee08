"""`govcloud logout`: end the session, here and at the identity service."""

from __future__ import annotations

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, profile_options


@click.command(short_help="End your session, here and at the identity service.")
@profile_options.which
@options.as_json
@click.pass_context
def logout(ctx: click.Context, environment: str, side: str, profile_name: str | None, as_json: bool) -> None:
    """End the session that `govcloud login` began (退出登录), and remove its tokens from this machine.

    \b
    Examples:
      govcloud logout
      govcloud logout --env production --side internal
    """
    from govcloud_cli.run.login import ending, sessions

    name = profile_options.name_of(ctx, environment, side, profile_name)
    try:
        profile = profile_options.saved(name)
    except errors.GovcloudError:
        # Whatever is wrong with the rest, the tokens do not stay.
        sessions.remove(name)
        raise
    ended = ending.Ended(person=None) if profile is None else ending.log_out(profile, profile.transport())
    if ended.unreached is not None:
        raise errors.PartlyDoneError(
            "the tokens are removed from this machine, but the session may still be open (会话可能仍有效)",
            cause=f"{ended.unreached.message}" + (f": {ended.unreached.cause}" if ended.unreached.cause else ""),
            remedy="it ends by itself after 30 minutes without use; the security administrator can end it at once",
        )
    if as_json:
        output.print_json({"person": ended.person, "profile": name, "ended": ended.person is not None})
    elif ended.person is None:
        click.echo("Nobody was logged in (未登录)", err=True)
    else:
        click.echo(f"The session of {ended.person} has ended (已退出登录)", err=True)
