"""100,000 names: each is refused, or is a plain label that means nothing to any system below."""

from __future__ import annotations

import json
import os
import pathlib
import re

import pydantic
import pytest

from govcloud_cli.inventory import crosschecks, findings
from govcloud_cli.model import names, platforms, tenants
from govcloud_cli.plan import belongings, databases
from tests.support import nasty, tenant_inventories

COUNT = 100_000
LABEL = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])\Z", re.ASCII)
"""RFC 1123, section 2.1, and RFC 1035, section 2.3.1: a letter first, so that no name is a number or an option."""
METADATA = pydantic.TypeAdapter(platforms.Metadata)


@pytest.fixture(scope="module")
def taken() -> tuple[str, ...]:
    """The names that the model takes, each once, by the way that they enter: as JSON."""
    found: dict[str, None] = {}
    for text in nasty.candidates(COUNT, seed=4):
        try:
            made = METADATA.validate_json(json.dumps({"id": text, "displayName": "x"}))
        except pydantic.ValidationError:
            continue
        assert made.id == text
        found[text] = None
    return tuple(found)


def test_100_000_names_are_refused_or_are_plain_labels(taken: tuple[str, ...]) -> None:
    assert len(taken) > 10_000, "a fuzz that nothing passes proves nothing"
    assert len(taken) < COUNT * 0.6
    for text in taken:
        assert LABEL.match(text), ascii(text)
        assert "--" not in text


def test_an_accepted_name_is_one_component_of_a_path_and_stays_where_it_is_put(taken: tuple[str, ...]) -> None:
    for text in taken:
        assert os.path.normpath(f"/inventory/tenants/{text}.yaml") == f"/inventory/tenants/{text}.yaml"
        assert pathlib.PurePosixPath(text).parts == (text,)


def test_names_of_systems_below_and_look_alikes_are_refused_by_the_inventory(taken: tuple[str, ...]) -> None:
    """All accepted names at once, as if each had a file: those without a finding are all told apart by eye."""
    everyone = tuple(_tenant(text) for text in taken)
    world = findings.World(platform=_platform(), tenants=everyone)
    refused = {finding.found for finding in crosschecks.check(world, _ID_CHECKS)}
    free = [text for text in taken if text not in refused]
    assert len(free) > 5_000
    assert not names.RESERVED & set(free)
    assert not [text for text in free if text.startswith(("kube-", "pg-", "govcloud-"))]
    namespaces = [text for text in free if text.rpartition("-")[2] in nasty.ENVIRONMENTS]
    assert namespaces == [], "one tenant would be called like another one's namespace"
    assert len({names.skeleton(text) for text in free}) == len(free)


def test_what_is_derived_from_accepted_names_belongs_to_one_tenant_alone(taken: tuple[str, ...]) -> None:
    """Namespaces, databases and roles of ids that begin alike, e.g. `finance` and `finance-tax`, are never shared."""
    free = [text for text in taken if not names.is_reserved(text)]
    owners: dict[str, str] = {}
    for text in free:
        for environment in nasty.ENVIRONMENTS:
            for name in (f"{text}-{environment}", databases.database_name(text, environment, "ledger")):
                assert owners.setdefault(name, text) == text
    for one, other in zip(free, sorted(free), strict=True):
        namespace, database = f"{other}-prod", databases.database_name(other, "prod", "rw")
        mine = one == other
        assert belongings.is_namespace_of(one, namespace) is mine
        assert belongings.is_database_of(one, database) is mine
        assert belongings.is_role_of(one, f"{database}_owner") is mine


def test_a_tenant_whose_id_another_one_begins_with_owns_nothing_of_it() -> None:
    words = ("finance", "tax", "dev", "prod", "rw", "a")
    ids = [text for text in _joined(words) if not names.is_reserved(text)]
    assert "finance-prod-tax" in ids
    for other in ids:
        for identifier in ("rw", "prod", "dev", "owner"):
            database = databases.database_name(other, "prod", identifier)
            own = [one for one in ids if belongings.is_database_of(one, database)]
            assert own == [other], f"{database} is somebody's too"
            for role in ("owner", "rw", "ro", "access"):
                assert [one for one in ids if belongings.is_role_of(one, f"{database}_{role}")] == [other]


def _joined(words: tuple[str, ...]) -> list[str]:
    pairs = [f"{one}-{other}" for one in words for other in words]
    return [*words, *pairs, *(f"{pair}-{word}" for pair in pairs for word in words)]


_ID_CHECKS = tuple(check for check in crosschecks.CHECKS if check.__name__.startswith("ids_"))


def _platform() -> platforms.Platform:
    return platforms.Platform.model_validate_json(json.dumps(tenant_inventories.PLATFORM))


_ONE = tenant_inventories.tenant("anyone")


def _tenant(identifier: str) -> tenants.Tenant:
    metadata = platforms.Metadata.model_construct(id=identifier, display_name="x")
    return _ONE.model_copy(update={"metadata": metadata})
