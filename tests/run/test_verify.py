from __future__ import annotations

import json
import pathlib

import pytest

from govcloud_cli import errors, resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, probes
from govcloud_cli.run import machines, reach, verify, workspace
from tests.support import inventories

HERE = reach.Reach(namespace=None)


def folder(tmp_path: pathlib.Path) -> workspace.SideFolder:
    (side, _) = inventories.plan(inventories.lab()).sides
    return workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "internal", side=side.side)


def test_a_probe_that_came_out_otherwise_is_not_ok() -> None:
    assert verify.Checked(id="x", expected="open", seen="open").ok
    assert not verify.Checked(id="x", expected="blocked", seen="open").ok
    assert not verify.Checked(id="x", expected="blocked", seen="error: no answer").ok


def test_every_packet_is_sent_from_its_own_client_in_one_go(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, side) = inventories.plan(inventories.lab()).sides
    calls: list[dict[str, object]] = []

    def run_script(script: str, arguments: dict[str, dict[str, list[dict[str, str]]]], **_: object) -> object:
        calls.append({"script": script, "hosts": list(arguments)})
        return {host: {job["id"]: "blocked" for job in given["probes"]} for host, given in arguments.items()}

    monkeypatch.setattr(machines, "run_script", run_script)
    found = verify._packets(side, folder(tmp_path), HERE)
    assert calls == [{"script": "packets", "hosts": ["external-client", "internet-client"]}]
    packets = [probe for probe in side.probes if probe.kind is probes.Kind.PACKET]
    assert [check.id for check in found] == [probe.id for probe in packets]
    wrong = {check.id for check in found if not check.ok}
    assert wrong == {probe.id for probe in packets if probe.expected is not probes.Outcome.BLOCKED}, (
        "a platform that denies everything fails too"
    )


def test_a_client_that_is_dead_proves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (side, _) = inventories.plan(inventories.lab()).sides
    dead = errors.GovcloudError("machine internal-client does not answer")
    monkeypatch.setattr(machines, "run_script", lambda *_, **__: {"internal-client": dead})
    found = verify._packets(side, folder(tmp_path), HERE)
    assert found
    assert not any(check.ok for check in found), "not even where nothing was to come back"
    assert found[0].seen == "error: machine internal-client does not answer"


def test_a_role_signs_in_where_its_database_is(tmp_path: pathlib.Path) -> None:
    example = loading.load(resources.folder("inventories") / "example")
    (side,) = build.build(example, places={}, sides=[platforms.Side.EXTERNAL], today=inventories.TODAY).sides
    here = workspace.SideFolder(path=tmp_path, side=side.side)
    workspace.write(workspace.make_folder(here.secrets) / "master", "00" * 32)
    found = [verify._sign_in(probe, side, here) for probe in side.probes if probe.kind is probes.Kind.DATABASE]
    assert {(one["target"], one["host"], one["port"]) for one in found} == {
        ("exchange_prod_catalogue", "172.20.20.31", 6432),
        ("tax_lanhe_prod_collect", "172.20.20.32", 6432),
        ("tax_lanhe_staging_collect", "172.20.20.31", 6432),
        ("tax_lanhe_test_collect", "172.20.20.31", 6432),
    }


REPORT = """<testsuites><testsuite>
<testcase classname="baseline.tests.test_baseline" name="test_a[x]" />
<testcase classname="baseline.tests.test_baseline" name="test_b">
<failure message="assert 1 == 2&#10;more">…</failure></testcase>
<testcase classname="baseline.tests.test_baseline" name="test_c"><error message="" /></testcase>
<testcase classname="baseline.tests.test_baseline" name="test_d"><skipped message="no" /></testcase>
</testsuite></testsuites>"""


def test_the_roles_own_tests_are_read_and_what_was_skipped_proves_nothing(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT, encoding="utf-8")
    assert {check.id: (check.ok, check.seen) for check in verify._parsed(path)} == {
        "role/test_baseline/test_a[x]": (True, "passed"),
        "role/test_baseline/test_b": (False, "failure: assert 1 == 2"),
        "role/test_baseline/test_c": (False, "error: "),
        "role/test_baseline/test_d": (False, "skipped: no"),
    }


def test_what_went_wrong_is_listed_up_to_a_screenful(tmp_path: pathlib.Path) -> None:
    wrong = [verify.Checked(id=f"p{number}", expected="blocked", seen="open") for number in range(25)]
    error = verify.mismatch(wrong, logs=tmp_path)
    assert error.message.startswith("25 probes")
    assert str(error.cause).splitlines()[0] == "p0: expected blocked, seen open"
    assert str(error.cause).splitlines()[-1] == "… and 5 more"
    kept = json.loads(pathlib.Path(str(error.log)).read_text(encoding="utf-8"))
    assert [row["id"] for row in kept] == [check.id for check in wrong], (
        "what passes a minute later was seen all the same"
    )
