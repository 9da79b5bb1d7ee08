"""A small platform with people, their keys, and requests that they decided."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import pathlib
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli.governance import approvals, changes, drafts, requests
from govcloud_cli.model import inventory, people, tenants
from govcloud_cli.run import signing, sites, workspace
from tests.support import tenant_inventories

TODAY = datetime.date(2026, 7, 1)
NOW = datetime.datetime(2026, 7, 1, 8, 0, tzinfo=datetime.UTC)
AT = "2026-07-01T08:00:00Z"
LATER = "2026-07-01T09:30:00Z"
PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": "chen.jing", "displayName": "陈静", "accounts": {"git": ["chen.jing@qinghe.example"], "ci": ["chenjing"]}},
    {"id": "li.na", "displayName": "李娜", "accounts": {"git": ["li.na@qinghe.example"]}, "approves": ["qinghe-city"]},
    {"id": "wang.wei", "displayName": "王伟", "accounts": {"os": ["wangwei"]}, "approves": ["qinghe-city"]},
    {
        "id": "zhao.min",
        "displayName": "赵敏",
        "accounts": {"git": ["zhao.min@qinghe.example"], "os": ["zhaomin"]},
        "approves": ["qinghe-city"],
    },
    {"id": "sun.tao", "displayName": "孙涛", "accounts": {"os": ["suntao"]}, "approves": ["finance-bureau"]},
)
"""Who asks; the tenant's owner and technical lead; who decides for the root; who decides for another level."""


@functools.cache
def key_folder() -> pathlib.Path:
    """A folder with a key pair per person, for as long as the tests run."""
    folder = tempfile.TemporaryDirectory(prefix="gck")
    _KEPT.append(folder)
    return pathlib.Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def key(person: str, passphrase: str = "") -> pathlib.Path:
    """The private key file of a person."""
    path = key_folder() / (person + ("-locked" if passphrase else ""))
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", person, "-f", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


def public(person: str) -> str:
    """The public key line of a person."""
    return key(person).with_name(f"{person}.pub").read_text().strip()


def persons(entries: Sequence[Mapping[str, Any]] = PEOPLE, *, keys: bool = False) -> tuple[people.Person, ...]:
    """People as people.yaml reads; with `keys`, each has one."""
    made = [{**entry, **({"keys": [public(entry["id"])]} if keys else {})} for entry in entries]
    return tuple(people.Person.model_validate_json(json.dumps(entry)) for entry in made)


def spec(*wanted: tenants.Tenant, keys: bool = False) -> inventory.Inventory:
    """The small platform with these tenants and the people above."""
    return dataclasses.replace(tenant_inventories.inventory_of(*wanted), people=persons(keys=keys))


def finance(**fields: Any) -> tenants.Tenant:
    """A tenant of `li.na` and `wang.wei` with a test environment, unless `fields` say otherwise."""
    environments = [{"name": "test", "quota": "s", "expiresOn": "2026-10-01"}]
    return tenant_inventories.tenant("finance", **{"environments": environments, **fields})


def asked(
    now: tenants.Tenant,
    *,
    within: inventory.Inventory,
    number: int = 1,
    by: str = "chen.jing",
    original: tenants.Tenant | None = None,
    decommission: bool = False,
) -> requests.Request:
    """A request as `submit` would write it, that waits for a person unless a rule may decide."""
    requester = requests.Requester(person=by, source=requests.Source.GIT)
    after = None if decommission else now
    change = changes.classify(original, after, usage=None, today=TODAY, decided=original)
    wish = drafts.Wish(requester=requester, at=AT, number=number, decommission=decommission)
    return drafts.draft(now, wish, original=original, change=change, spec=within)


ARMORED = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"


def decided(
    request: requests.Request, *, by: str = "zhao.min", signature: str = ARMORED, reject: str | None = None
) -> requests.Request:
    """The request after a person's decision, signed with `signature`."""
    state = requests.State.REJECTED if reject else requests.State.APPROVED
    return requests.advance(request, state, by=by, at=LATER, reason=reject, signature=signature)


def trusting(_text: str, _signature: str, _person: str) -> str | None:
    """Takes every signature."""
    return None


def rules(within: inventory.Inventory, **fields: Any) -> approvals.Rules:
    """What the platform judges by; every signature holds unless `verify` says otherwise."""
    return approvals.Rules(**{"spec": within, "today": TODAY, "verify": trusting, **fields})


def site(within: inventory.Inventory, folder: pathlib.Path) -> sites.Site:
    """That environment on a host whose workspace is below `folder`."""
    space = workspace.Workspace(path=folder / ".govcloud" / within.environment)
    return sites.Site(spec=within, space=space, sides=within.sides)


def sign(request: requests.Request, *, by: str = "zhao.min", reject: str | None = None) -> requests.Request:
    """The request, decided with the real key of a person."""
    state = requests.State.REJECTED if reject else requests.State.APPROVED
    text = requests.payload(request, verdict=state, approver=by, at=LATER, reason=reject)
    owner = persons([{"id": by, "displayName": by}], keys=True)[0]
    made = signing.Key(person=owner, public=" ".join(public(by).split()[:2]), file=key(by))
    return decided(request, by=by, reject=reject, signature=signing.sign(text, made, terminal=False))
