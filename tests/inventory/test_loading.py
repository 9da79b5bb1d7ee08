"""Refusals that no case folder can hold (links, sizes, folder names), and what a whole inventory looks like."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from tests.inventory import cases

TENANT = (cases.ROOT / "good" / "tenants" / "vault.yaml").read_text(encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return Path(shutil.copytree(cases.ROOT / "good", tmp_path / "town"))


def faults(folder: Path) -> tuple[errors.Fault, ...]:
    with pytest.raises(errors.InventoryError) as caught:
        loading.load(folder)
    return caught.value.faults


def codes(folder: Path) -> list[str]:
    return [fault.code for fault in faults(folder)]


@pytest.mark.parametrize("environment", ["lab", "example"])
def test_the_shipped_inventories_are_accepted(environment: str) -> None:
    read = loading.load(resources.folder("inventories") / environment)

    assert read.environment == environment
    assert read.sides == (platforms.Side.INTERNAL, platforms.Side.EXTERNAL)
    assert [tenant.metadata.id for tenant in read.tenants] == sorted(tenant.metadata.id for tenant in read.tenants)


def test_the_lab_has_a_countys_departments_in_all_zones() -> None:
    read = loading.load(resources.folder("inventories") / "lab")

    assert len(read.tenants) >= 14
    assert {tenant.spec.zone for tenant in read.tenants} == {"internal", "external", "internet"}
    assert {machine.id for machine in read.platform.spec.machines} == {
        "border", "external-db", "external-k8s", "external-identity", "gateway", "external-client", "internet-client",
        "internal-db", "internal-k8s", "internal-client",
    }  # fmt: skip


def test_the_lab_has_its_people_and_one_for_each_duty_and_nobody_decides() -> None:
    read = loading.load(resources.folder("inventories") / "lab")

    assert sorted(person.duty for person in read.people if person.duty is not None) == ["audit", "security", "system"]
    assert not read.needs_approval
    groups = {member.group for tenant in read.tenants for member in tenant.spec.members}
    assert {group for person in read.people for group in person.groups} <= groups, "as the tenants name them"


def test_a_symbolic_link_is_refused_even_within_the_folder(town: Path) -> None:
    (town / "tenants" / "twin.yaml").symlink_to(town / "tenants" / "vault.yaml")

    assert codes(town) == ["GC1001"]


def test_a_link_to_a_folder_of_tenants_is_not_followed(town: Path, tmp_path: Path) -> None:
    (town / "tenants").rename(tmp_path / "elsewhere")
    (town / "tenants").symlink_to(tmp_path / "elsewhere")

    assert codes(town) == ["GC1205", "GC1014"], "and the freeze's tenant is nowhere else"


@pytest.mark.parametrize("name", ["freezes", "requests"])
def test_a_link_to_another_folder_of_the_inventory_is_not_followed(town: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "vault.yaml").write_text("not read", encoding="utf-8")
    shutil.rmtree(town / name, ignore_errors=True)
    (town / name).symlink_to(tmp_path / "elsewhere")

    assert codes(town) == ["GC1014"]


def test_a_link_in_place_of_people_is_refused(town: Path, tmp_path: Path) -> None:
    (town / "people.yaml").rename(tmp_path / "people.yaml")
    (town / "people.yaml").symlink_to(tmp_path / "people.yaml")

    assert codes(town) == ["GC1001"]


def test_a_file_named_like_the_folder_of_requests_is_refused(town: Path) -> None:
    (town / "requests").write_text("{}", encoding="utf-8")

    assert codes(town) == ["GC1014"]


def test_people_and_freezes_are_read_in_order(town: Path) -> None:
    freeze = (town / "freezes" / "purse.yaml").read_text(encoding="utf-8")
    (town / "freezes" / "vault.yaml").write_text(freeze.replace("purse", "vault"), encoding="utf-8")

    read = loading.load(town)

    assert [person.id for person in read.people] == ["chen.jie", "li.na", "wang.fang"]
    assert [one.metadata.id for one in read.freezes] == ["purse", "vault"]
    assert read.freezes[0].spec.since == datetime.date(2026, 6, 30)
    assert read.needs_approval


def test_without_people_and_freezes_nobody_has_to_approve(town: Path) -> None:
    (town / "people.yaml").unlink()
    shutil.rmtree(town / "freezes")

    read = loading.load(town)

    assert (read.people, read.freezes, read.needs_approval) == ((), (), False)


def test_on_hosts_of_ones_own_somebody_is_named_who_decides(tmp_path: Path) -> None:
    town = cases.build(tmp_path, kind="accepted", name="a-vlan-twice")
    people = (town / "people.yaml").read_text(encoding="utf-8")
    (town / "people.yaml").unlink()

    (missing,) = faults(town)
    assert (missing.code, missing.field) == ("GC1802", "spec.substrate")

    (town / "people.yaml").write_text(people.replace("displayName", "name", 1), encoding="utf-8")
    assert {fault.code for fault in faults(town)} == {"GC1101", "GC1102"}, "one that cannot be read is not missing"


def test_a_fifo_is_refused_without_waiting_for_a_writer(town: Path) -> None:
    os.mkfifo(town / "tenants" / "pipe.yaml")

    assert codes(town) == ["GC1001"]


def test_a_folder_named_like_a_tenant_is_refused(town: Path) -> None:
    (town / "tenants" / "folder.yaml").mkdir()

    assert codes(town) == ["GC1001"]


def test_more_than_four_megabytes_are_refused_unread(town: Path) -> None:
    (town / "tenants" / "vault.yaml").write_text(TENANT + "#" * 4 * 1024 * 1024, encoding="utf-8")

    assert codes(town) == ["GC1002"]


def test_three_megabytes_of_comment_are_accepted(town: Path) -> None:
    (town / "tenants" / "vault.yaml").write_text(TENANT + "# x\n" * 700_000, encoding="utf-8")

    assert len(loading.load(town).tenants) == 3


def test_too_many_values_are_refused(town: Path) -> None:
    (town / "tenants" / "vault.yaml").write_text("- 1\n" * 60_000, encoding="utf-8")

    assert codes(town) == ["GC1007"]


def test_a_folder_without_platform_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert codes(tmp_path / "empty") == ["GC1016"]


def test_a_folder_whose_name_is_no_environment_is_refused(town: Path) -> None:
    assert codes(town.rename(town.parent / "Town_2")) == ["GC1018"]


@pytest.mark.parametrize("identifier", ["postgres", "pg", "kube-x", "vault-prod", "internal"])
def test_a_reserved_tenant_is_refused(town: Path, identifier: str) -> None:
    text = TENANT.replace("{id: vault,", f"{{id: {identifier},")
    (town / "tenants" / f"{identifier}.yaml").write_text(text, encoding="utf-8")

    assert codes(town) == ["GC1202"]


@pytest.mark.parametrize(("identifier", "refused"), [("vau1t", True), ("va-ult", True), ("vaults", False)])
def test_a_tenant_that_looks_like_another_is_refused(town: Path, identifier: str, refused: bool) -> None:
    text = TENANT.replace("{id: vault,", f"{{id: {identifier},")
    (town / "tenants" / f"{identifier}.yaml").write_text(text, encoding="utf-8")

    if refused:
        assert codes(town) == ["GC1203"]
    else:
        assert len(loading.load(town).tenants) == 4


@pytest.mark.parametrize(
    ("zones", "refused"),
    [(("district-offices-a", "district-offices-b"), ["GC1204"]), (("district-off-a", "district-off-b"), [])],
)
def test_zones_whose_interfaces_would_share_a_name_are_refused(
    town: Path, zones: tuple[str, str], refused: list[str]
) -> None:
    platform = town / "platform.yaml"
    entries, clients = "", ""
    for number, zone in enumerate(zones, 4):
        prefixes = f'cidr: 10.{number}0.0.0/24, cidr6: "fd{number}0::/64"'
        entries += f"    - {{id: {zone}, kind: external, displayName: x, {prefixes}}}\n"
        clients += (
            f"    - id: {zone}-client\n      services: [client]\n      management: 172.31.20.{number}0\n"
            f'      management6: "fdff:20::{number}0"\n'
            f'      interfaces: [{{zone: {zone}, address: 10.{number}0.0.9, address6: "fd{number}0::9"}}]\n'
        )
    text = platform.read_text(encoding="utf-8").replace("  machines:\n", f"{entries}  machines:\n{clients}")
    platform.write_text(text, encoding="utf-8")

    if refused:
        assert codes(town) == refused
    else:
        assert len(loading.load(town).platform.spec.zones) == 5


def test_faults_of_all_files_come_at_once(town: Path) -> None:
    (town / "tenants" / "vault.yaml").write_text(TENANT.replace("mlps: 3", "mlps: three"), encoding="utf-8")
    purse = town / "tenants" / "purse.yaml"
    purse.write_text(purse.read_text(encoding="utf-8").replace("owner: li.na", "owner: no"), encoding="utf-8")
    platform = town / "platform.yaml"
    platform.write_text(platform.read_text(encoding="utf-8").replace("172.31.20.11", "172.31.20.12"), encoding="utf-8")

    found = faults(town)

    assert [(Path(one.file).name, one.code) for one in found] == [
        ("platform.yaml", "GC1304"),
        ("purse.yaml", "GC1011"),
        ("vault.yaml", "GC1104"),
    ], "and the treasury's wish towards the unreadable purse is not judged"


def test_a_fault_names_file_line_column_field_found_allowed_and_remedy(town: Path) -> None:
    vault = town / "tenants" / "vault.yaml"
    vault.write_text(TENANT.replace("dataClass: core", "dataClass: cor"), encoding="utf-8")

    (fault,) = faults(town)

    assert fault == errors.Fault(
        code="GC1104",
        message="dataClass cannot be 'cor'",
        file=str(vault),
        line=7,
        column=14,
        field="spec.dataClass",
        found="'cor'",
        allowed="general, important, core",
        remedy="did you mean 'core'?",
    )


@pytest.mark.parametrize(
    ("group", "remedy"), [("purse:ownres", "did you mean 'purse:owners'?"), ("wallet:owners", "name it in a tenant's")]
)
def test_a_group_of_nobodys_names_the_one_that_may_be_meant(town: Path, group: str, remedy: str) -> None:
    path = town / "people.yaml"
    text = path.read_text(encoding="utf-8")
    given = f'displayName: 李娜\n      organisation: money\n      groups: ["{group}"]'
    path.write_text(text.replace("displayName: 李娜", given), encoding="utf-8")
    with pytest.raises(errors.InventoryError) as caught:
        loading.load(town)
    (fault,) = caught.value.faults
    assert fault.code == "GC1809"
    assert fault.remedy.startswith(remedy)
