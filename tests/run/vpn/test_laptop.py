from __future__ import annotations

import dataclasses
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.vpn import laptop, profile, register
from tests.run.vpn.test_register import issued
from tests.support import vpn


def found(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, machine: str) -> laptop.Laptop:
    place = vpn.place(tmp_path, monkeypatch)
    return laptop.of(place.site, place.side, machine)


def test_a_client_machine_of_the_side_is_taken(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(tmp_path, monkeypatch, "internet-client").machine == "internet-client"


@pytest.mark.parametrize(
    ("machine", "remedy"),
    [
        ("internet-clent", "did you mean internet-client?"),
        ("gateway", "choose from: external-client, internet-client"),
        ("internal-client", "did you mean internet-client?"),
    ],
)
def test_any_other_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, machine: str, remedy: str
) -> None:
    with pytest.raises(errors.UsageError, match="there is no client machine") as caught:
        found(tmp_path, monkeypatch, machine)
    assert caught.value.remedy in {remedy, "did you mean external-client?"}


def test_hosts_of_ones_own_get_no_software_token(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = vpn.place(tmp_path, monkeypatch)
    platform = place.site.spec.platform
    theirs = platform.model_copy(update={"spec": platform.spec.model_copy(update={"substrate": "existing"})})
    site = dataclasses.replace(place.site, spec=dataclasses.replace(place.site.spec, platform=theirs))
    with pytest.raises(errors.UsageError, match="--machine is for the lab"):
        laptop.of(site, place.side, "internet-client")


@pytest.mark.parametrize("pin", ["", "123", "x" * 65, "12 34", "一二三四", "12;34"])
def test_a_pin_that_is_none_is_refused_before_anything_is_asked(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    one = found(tmp_path, monkeypatch, "internet-client")
    with pytest.raises(errors.UsageError, match="a PIN is 4 to 64"):
        one.issue(vpn.office(tmp_path / "o").desk, vpn.LI, pin=pin, replace=False)


def test_another_token_needs_replace_because_the_one_before_is_gone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, office = found(tmp_path, monkeypatch, "internet-client"), vpn.office(tmp_path / "o")
    with register.opened(office.folder) as book:
        book.issue(issued("aa"), now=office.now)
    with pytest.raises(errors.UsageError, match="has a valid certificate already") as caught:
        one.issue(office.desk, vpn.LI, pin="24680", replace=False)
    assert "--replace" in str(caught.value.remedy)


def test_its_files_are_scripts_that_a_shell_takes(tmp_path: pathlib.Path) -> None:
    made = laptop.files(profile.of(vpn.PLAN, issued("aa"), server_ca="-----BEGIN CERTIFICATE-----\n").files)
    assert made["openconnect.conf"].endswith("\nscript=./tunnel.sh\n")
    assert (
        'SOFTHSM2_CONF="$PWD/softhsm2.conf" openconnect --config openconnect.conf "$@" 10.30.0.22:443'
        in (made["connect.sh"])
    )
    for name in ("connect.sh", "tunnel.sh", "see.sh"):
        script = tmp_path / name
        script.write_text(made[name], encoding="utf-8")
        process.run(["bash", "-n", str(script)])
