"""Whether a realm drifted, as far as no Keycloak is needed."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from govcloud_cli.plan import steps
from govcloud_cli.run import applied, drift, reach, sites
from govcloud_cli.run.drift import looking, realms
from tests.support import inventories

GROUP = "Group/finance:owners"
DUTY = "Group/govcloud:auditors"
CLIENT = "Client/govcloud-vpn"


@dataclasses.dataclass
class Service:
    """An identity service as it was deployed."""

    subject: drift.Subject
    parts: dict[str, dict[str, Any]]
    version: str = "26.4.0"

    @property
    def live(self) -> dict[str, Any]:
        return {"parts": {part: dict(fields) for part, fields in self.parts.items()}, "version": self.version}

    def told(self) -> list[tuple[str, str, str, str]]:
        found = realms.compare(self.subject, self.live).found
        return [(one.subject, one.field, one.what.value, one.step) for one in found]


@pytest.fixture
def service(tmp_path: pathlib.Path) -> Service:
    site = sites.load(inventories.copy("lab", tmp_path), side="external")
    (plan,) = sites.plan(site, today=inventories.TODAY).sides
    folder = site.space.side(plan.side)
    ordered = steps.of(plan, sites.facts(plan, folder))
    record = applied.Applied(folder=folder, entries={one.name: dict(one.entries) for one in ordered})
    record.digests = {one.name: one.digest for one in ordered}
    subject = drift.Subject(plan=plan, steps=ordered, record=record, folder=folder, way=reach.Reach(namespace=None))
    entries = record.entries["identity"]
    there: dict[str, dict[str, Any]] = {part: {"name": part} for part in (*entries, *realms._EXPLAINED)}
    there[CLIENT] |= {"redirectUris": [], "secret": "sealed:1"}
    there["Realm/govcloud"] |= {"passwordPolicy": "length(12)"}
    made = Service(subject, there)
    realms.keep(subject, made.live)
    return made


def replan(service: Service, entry: str) -> None:
    """Have the plan change one entry, and the stack apply it."""
    (step,) = (one for one in service.subject.steps if one.name == "identity")
    changed = dataclasses.replace(step, entries={**step.entries, entry: "another"})
    others = [one for one in service.subject.steps if one.name != "identity"]
    service.subject = dataclasses.replace(service.subject, steps=(*others, changed))


def apply(service: Service) -> None:
    (step,) = (one for one in service.subject.steps if one.name == "identity")
    service.subject.record.entries["identity"] = dict(step.entries)
    service.subject.record.digests["identity"] = step.digest


def test_a_realm_that_is_as_it_was_left_has_not_drifted(service: Service) -> None:
    seen = realms.compare(service.subject, service.live)
    assert (seen.found, seen.stale) == ((), False)
    assert seen.count == len(service.parts)
    assert not realms.is_outdated(service.subject)


def test_each_field_that_somebody_changed_is_named_with_the_step_that_restores_it(service: Service) -> None:
    service.parts["Realm/govcloud"]["passwordPolicy"] = "length(1)"
    service.parts[CLIENT] |= {"redirectUris": ["*"], "adminUrl": "https://evil.example"}
    del service.parts[GROUP]
    service.parts["Realm/master"]["bruteForceProtected"] = False
    assert service.told() == [
        (CLIENT, "adminUrl", "extra", "identity"),
        (CLIENT, "redirectUris", "changed", "identity"),
        (GROUP, "", "missing", "identity"),
        ("Realm/govcloud", "passwordPolicy", "changed", "identity"),
        ("Realm/master", "bruteForceProtected", "extra", "roles"),
    ]


@pytest.mark.parametrize(
    "part",
    [
        *("Client/backdoor", "Client/master/backdoor", "Group/evil", "Group//org:yunxi/finance:owners"),
        *("IdentityProvider/evil", "User/mallory", "User/master/eve", "Realm/another"),
    ],
)
def test_what_no_plan_explains_is_told_and_left_to_people_however_often_one_deploys(
    part: str, service: Service
) -> None:
    service.parts[part] = {"name": "x"}
    assert service.told() == [(part, "", "extra", "")]
    realms.keep(service.subject, service.live)
    assert service.told() == [(part, "", "extra", "")]
    (service.subject.folder.path / realms.NAME).unlink()
    realms.keep(service.subject, service.live)
    assert service.told() == [(part, "", "extra", "")], "not even a first record makes it planned"


def test_of_a_secret_only_that_it_differs_is_told(service: Service) -> None:
    service.parts[CLIENT]["secret"] = "sealed:2"
    (found,) = realms.compare(service.subject, service.live).found
    assert (found.withheld, found.expected, found.found) == (True, None, None)


def test_rights_that_a_group_got_are_taken_back_by_the_run_where_no_stack_manages_them(service: Service) -> None:
    for group in (GROUP, DUTY):
        service.parts[group]["clientRoles.realm-management"] = ["realm-admin"]
    by_group = {one.subject: one.mend for one in realms.compare(service.subject, service.live).found}
    assert by_group == {GROUP: {"kind": "no-roles", "group": "finance:owners"}, DUTY: None}


def test_what_the_plan_changes_is_pending_and_no_drift(service: Service) -> None:
    service.parts[CLIENT]["redirectUris"] = ["*"]
    replan(service, CLIENT)
    assert realms.pending(service.subject) == (CLIENT,)
    assert service.told() == []


def test_a_deploy_records_what_its_plan_changed_and_lets_no_other_change_in(service: Service) -> None:
    replan(service, CLIENT)
    apply(service)
    assert realms.is_outdated(service.subject)
    service.parts[CLIENT]["redirectUris"] = ["https://planned.example"]
    service.parts["Realm/govcloud"]["smtpServer.host"] = "evil.example"
    realms.keep(service.subject, service.live)
    assert not realms.is_outdated(service.subject)
    assert service.told() == [("Realm/govcloud", "smtpServer.host", "extra", "identity")]


def test_without_a_record_the_stack_has_to_look_for_itself(service: Service) -> None:
    (service.subject.folder.path / realms.NAME).write_text("{")
    seen = realms.compare(service.subject, service.live)
    assert (seen.found, seen.stale) == ((), True)
    service.parts["Client/backdoor"] = {}
    assert service.told() == [("Client/backdoor", "", "extra", "")]
    (told,) = looking.unknown("external", looking.ServicesLook(stale=("identity",)))
    assert (told.subject, told.steps) == ("realm", ("identity",))


def test_another_version_of_the_server_is_recorded_anew(service: Service) -> None:
    service.version = "27.0.0"
    service.parts["Realm/govcloud"]["newField"] = 1
    assert realms.compare(service.subject, service.live).stale
    realms.keep(service.subject, service.live)
    assert service.told() == []


def test_what_the_role_settled_anew_is_no_drift_of_the_administration(service: Service) -> None:
    machine = service.subject.plan.identity.machine  # type: ignore[union-attr]
    service.subject.record.entries["roles"][f"Host/{machine}"] = "another"
    service.parts["Realm/master"]["name"] = "changed"
    assert service.told() == []
    assert realms.is_outdated(service.subject)
    realms.keep(service.subject, service.live)
    service.parts["Realm/master"]["name"] = "again"
    assert service.told() == [("Realm/master", "name", "changed", "roles")]


def test_a_realm_that_is_gone_is_told_once(service: Service) -> None:
    service.parts = {part: fields for part, fields in service.parts.items() if realms._is_administration(part)}
    assert service.told() == [("Realm/govcloud", "", "missing", "identity")]


def test_the_record_is_for_the_owner_alone(service: Service) -> None:
    assert (service.subject.folder.path / realms.NAME).stat().st_mode & 0o777 == 0o600
