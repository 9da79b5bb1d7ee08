"""`govcloud policy list`: what is demanded, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import counting, errors
from govcloud_cli.commands import options, output
from govcloud_cli.commands.policy import choosing

if TYPE_CHECKING:
    from govcloud_cli.model import policies


@click.command("list", short_help="List the policies, by control, profile or input.")
@click.option("--control", metavar="ID", help="Only those that stand for it, e.g. L3-CES1-17, AC-6, 5.2.2.")
@click.option("--profile", type=click.Choice(choosing.PROFILES), help="Only those of this profile.")
@click.option("--input", "about", type=click.Choice(choosing.INPUTS), help="Only those that look at this.")
@options.as_json
def list_(control: str | None, profile: str | None, about: str | None, as_json: bool) -> None:
    """List the policies (策略): GovCloud's own, and those of policies/ in the current folder.

    \b
    Examples:
      govcloud policy list
      govcloud policy list --control L3-CES1-17
      govcloud policy list --profile pss-restricted --json
    """
    from govcloud_cli.compliance import profiles
    from govcloud_cli.model import policies
    from govcloud_cli.run.policing import books

    known = books.of(None).policies
    found = [one for one in known if about is None or one.spec.input.value == about]
    if profile is not None:
        found = list(profiles.choose(policies.Profile(profile), found))
    if control is not None:
        found = _of_control(known, found, control)
    if as_json:
        output.print_json({"policies": [entry(one) for one in found]})
    else:
        _print(found)


def entry(policy: policies.Policy) -> dict[str, Any]:
    """One policy as JSON documents hold it."""
    spec = policy.spec
    return {
        "id": policy.metadata.id,
        "title": policy.metadata.title.model_dump(),
        "severity": spec.severity.value,
        "profile": spec.profile.value,
        "podSecurity": None if spec.pod_security is None else spec.pod_security.value,
        "input": spec.input.value,
        "waivable": spec.waivable,
        "cluster": spec.cluster,
        "controls": {name: list(ids) for name, ids in spec.controls.model_dump().items()},
    }


def _of_control(
    known: tuple[policies.Policy, ...], found: list[policies.Policy], control: str
) -> list[policies.Policy]:
    named = {one for policy in known for one in _controls(policy)}
    if control not in named:
        raise errors.UsageError(f"no policy stands for a control '{control}'", remedy=_which(control, named))
    return [policy for policy in found if control in _controls(policy)]


def _which(control: str, named: set[str]) -> str:
    import difflib

    near = difflib.get_close_matches(control, named, n=1)
    return f"did you mean '{near[0]}'?" if near else "`govcloud policy coverage` lists all controls"


def _controls(policy: policies.Policy) -> tuple[str, ...]:
    named = policy.spec.controls
    return (*named.mlps, *named.nist, *named.cis)


def _print(found: list[policies.Policy]) -> None:
    console = output.console()
    width = max((len(one.metadata.id) for one in found), default=0)
    for one in found:
        title, spec = one.metadata.title, one.spec
        facts = f"{spec.severity.value:<8}  {spec.profile.value:<8}  {spec.input.value:<11}"
        console.print(f"{one.metadata.id:<{width}}  {facts}  {title.en} ({title.zh})", soft_wrap=True)
    console.print(counting.counted(len(found), "policy", "policies"))
