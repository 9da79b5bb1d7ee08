"""Has the gateway let a person in who just got a certificate, without waiting for the next deploy."""

from __future__ import annotations

import dataclasses

import jinja2

from govcloud_cli import errors, resources
from govcloud_cli.plan import vpn
from govcloud_cli.run import machines
from govcloud_cli.run.vpn import gateway

FOLDER = "/etc/ocserv/people"
"""Where the role `sslvpn` keeps a file per person; who has none is refused."""
_TIMEOUT = 45.0


def text(plan: vpn.VpnPlan, person: str) -> str:
    """The person's file, to the letter as the role writes it, so that the next deploy finds nothing to do.

    Raises `errors.UsageError` for who belongs to no group.
    """
    member = next((one for one in plan.members if one.person == person), None)
    if member is None:
        raise errors.UsageError(f"{person} is in no VPN group", where="spec.vpn of platform.yaml")
    # Ansible's settings, and its filter's plain form.
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    environment.filters["comment"] = lambda told: f"#\n# {told}\n#"
    source = resources.folder("roles") / "sslvpn" / "templates" / "person.j2"
    template = environment.from_string(source.read_text(encoding="utf-8"))
    groups = [dataclasses.asdict(one) for one in plan.groups]
    item = {"person": member.person, "group": member.group}
    return template.render(ansible_managed="Ansible managed", sslvpn_groups=groups, item=item)


def admit(plan: vpn.VpnPlan, way: gateway.Gateway, person: str) -> None:
    """Write the person's file on the gateway. Raises `errors.GovcloudError` if it does not answer."""
    if not way.is_there:
        raise errors.GovcloudError(f"the gateway {way.machine} is not running", remedy="run `govcloud deploy`")
    argument = {"path": f"{FOLDER}/{person}", "text": text(plan, person)}
    asked = machines.run_script("vpn_admit", {way.machine: argument}, folder=way.folder, way=way.way, timeout=_TIMEOUT)
    answer = asked[way.machine]
    if isinstance(answer, errors.GovcloudError):
        raise answer
