"""One side's realm, its groups and clients."""

from __future__ import annotations

import datetime
import pathlib

import pulumi

from govcloud_cli import errors
from govcloud_cli.governance import lifecycle
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, identity
from stacks.components import manifests, realms


def program(plan: identity.IdentityPlan, *, access: realms.Access, values: manifests.Values) -> None:
    """Register the realm, as `plan.identity.plan` gives it. `values` gives each secret's value."""
    realms.Realm(plan, values=values, opts=pulumi.ResourceOptions(provider=access.provider()))


def configured() -> None:
    """Register what the stack's configuration names; `Pulumi.yaml` describes it."""
    config = pulumi.Config()
    today = datetime.datetime.now(datetime.UTC).date()
    inventory = lifecycle.settled(loading.load(pathlib.Path(config.require("inventory"))), today=today)
    side = platforms.Side(config.require("side"))
    planned = identity.plan(inventory, side)
    if planned is None:
        raise errors.UsageError(f"the {side.value} side has no identity service", remedy="choose the other side")
    authority = pathlib.Path(config.require("rootCertificate")).read_text(encoding="ascii")
    folder = pathlib.Path(config.require("secrets"))

    def value_of(reference: credentials.SecretRef) -> str:
        if reference.kind is credentials.Kind.FILE:
            return (folder / reference.name).read_text(encoding="ascii").strip()
        master = bytes.fromhex((folder / "master").read_text(encoding="ascii").strip())
        return credentials.resolver(master=master, ca=authority)(reference)

    access = realms.Access(
        url=planned.admin_url, client_secret=config.require_secret("clientSecret"), root_certificate=authority
    )
    program(planned, access=access, values=value_of)
