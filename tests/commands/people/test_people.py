"""The verbs about people as they are typed, with an identity service in memory."""

from __future__ import annotations

import pathlib
import stat
from typing import Any

import pytest

from govcloud_cli.commands.people import pictures
from govcloud_cli.plan import identity_places
from govcloud_cli.run import rotations, side_secrets
from govcloud_cli.run.audit import places, reading
from tests.support import command_line, inventories, people_service
from tests.support.command_line import run

LI = {"id": "li.wei", "displayName": "李伟", "organisation": "yunxi-finance", "groups": ["finance:owners"]}
WANG = {"id": "wang.fang", "displayName": "王芳", "organisation": "yunxi-tax"}
MANY = tuple({"id": f"p{number}", "displayName": "P", "organisation": "yunxi-tax"} for number in range(12))


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> people_service.Environment:
    return people_service.environment(tmp_path, monkeypatch)


def recorded(world: people_service.Environment) -> list[tuple[str, Any]]:
    where = places.of_site(world.site, world.site.sides[0])
    found = reading.of_side(where, environment="lab", side="external")
    return [] if found is None else [(one.entry.action, one.entry.details) for one, right in found.records() if right]


def with_password(password: str, *words: str) -> command_line.Result:
    """Run with the password in a file."""
    path = pathlib.Path(words[-1])
    path.write_text(password)
    return run("people", "enrol", "li.wei", "--password-file", *words)


def test_sync_says_what_it_would_do_and_then_does_exactly_that(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service.add("gone", "org:yunxi-finance", "finance:maintainers")
    world.says(monkeypatch, LI)
    planned = run("people", "sync", "--plan")
    assert planned.code == 0, planned.stderr
    assert "- gone leaves (not in people.yaml): finance:maintainers" in planned.stdout
    assert "+ li.wei joins (李伟): finance:owners, org:yunxi-finance" in planned.stdout
    assert "database passwords 数据库口令: finance" in planned.stdout
    assert (world.service.calls, recorded(world)) == ([], [])
    done = run("people", "sync")
    assert "external: 2 changes to 1 account\n" in planned.stdout
    assert "external: 1 joined 入职, 1 left 离职" in done.stdout
    assert done.code == 0, done.stderr
    assert world.service.user("gone")["enabled"] is False
    assert world.service.user("gone")["groups"] == {"org:yunxi-finance"}
    assert rotations.load(world.folder).generations == {"finance": 2}
    actions = [action for action, _ in recorded(world)]
    assert actions[:3] == ["people-sync-began", "people-leaving", "person-left"]
    again = run("people", "sync")
    assert (again.code, "1 account is as people.yaml says" in again.stdout) == (0, True)
    assert [action for action, _ in recorded(world)] == actions


def test_an_account_called_as_a_probe_is_no_way_past_the_sync(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.says(monkeypatch, LI)
    world.service.add("govcloud-probe-hidden", "finance:owners")
    running = world.service.add("govcloud-probe-running", "finance:owners")
    world.service.users[running]["made"] = people_service.NOW.timestamp() - 60
    done = run("people", "sync")
    assert done.code == 0, done.stderr
    assert {one["username"] for one in world.service.users.values()} == {"li.wei", "govcloud-probe-running"}
    assert rotations.load(world.folder).generations == {}, "nobody knew a password by it"


def test_a_mass_leave_is_refused_before_anything_is_done(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.says(monkeypatch, *MANY)
    assert run("people", "sync").code == 0
    world.says(monkeypatch, WANG)
    before = len(world.service.calls)
    refused = run("people", "sync")
    assert refused.code == 2
    assert "12 of 12 accounts would be disabled at once" in refused.stderr
    assert run("people", "sync", "--leavers", "11").code == 2
    assert len(world.service.calls) == before
    assert "sync needs --leavers 12" in run("people", "sync", "--plan").stderr
    assert run("people", "sync", "--leavers", "12").code == 0


def test_what_failed_is_told_and_done_next_time(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = world.service.add("gone", "org:yunxi-tax")
    world.says(monkeypatch, WANG)
    world.service.refuses = lambda _, path: gone in path
    partly = run("people", "sync", "--json")
    assert partly.code == 6
    assert partly.document["sides"][0]["failures"] == ["gone: Keycloak refused (HTTP 500)"]
    assert recorded(world)[-1][1]["result"] == "partly"
    failed = run("people", "sync")
    assert failed.code == 1
    assert "run it again" in failed.stderr
    world.service.refuses = lambda *_: False
    assert run("people", "sync").code == 0


def test_somebody_else_holds_the_lock(world: people_service.Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    from govcloud_cli.run import lock

    world.says(monkeypatch, LI)
    with lock.held(world.site.space, verb="deploy", now=people_service.NOW):
        assert run("people", "sync").code == 5
        assert run("people", "sync", "--plan").code == 0


def test_list_tells_file_service_and_difference(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service.add("gone", "org:yunxi-tax")
    world.service.add("left", "org:yunxi-tax", enabled=False)
    world.service.add("wang.fang", "org:yunxi-tax", shown="王芳")
    world.says(monkeypatch, LI, WANG)
    rows = {row["person"]: row["state"] for row in run("people", "list", "--json").document["people"]}
    assert rows == {"gone": "leaves", "left": "disabled", "wang.fang": "as-planned", "li.wei": "joins"}
    shown = run("people", "list", "--different").stdout
    assert "LEAVES 待离职" in shown
    assert "wang.fang" not in shown


def test_show_tells_everything_about_one_person(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service.add("li.wei", "org:yunxi-finance", shown="李伟")
    world.says(monkeypatch, LI)
    shown = run("people", "show", "li.wei")
    assert "people.yaml: displayName 李伟, organisation yunxi-finance" in shown.stdout
    assert "session 会话: from 10.20.0.9" in shown.stdout
    assert run("people", "show", "nobody").code == 2


def test_a_person_is_enrolled_and_the_code_is_printed_once(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    world.says(monkeypatch, LI)
    run("people", "sync")
    file = str(tmp_path / "password")
    done = with_password("Correct-Horse-77\n", file)
    assert done.code == 0, done.stderr
    assert "otpauth://totp/" in done.stdout
    assert world.service.user("li.wei")["password"] == "Correct-Horse-77"
    details = recorded(world)
    assert [action for action, _ in details][-2:] == ["person-enrolling", "person-enrolled"]
    assert "Correct-Horse" not in str(details)
    assert "secret=" not in str(details)
    first = done.stdout.partition("secret=")[2][:32]
    again = run("people", "enrol", "li.wei", "--code-only", "--json")
    assert first not in again.stdout
    kinds = sorted(one["type"] for one in world.service.user("li.wei")["credentials"])
    assert kinds == ["otp", "password"]
    for path in world.site.space.path.rglob("*"):
        if path.is_file():
            assert "Correct-Horse" not in path.read_text(errors="replace")
            assert first not in path.read_text(errors="replace")


def test_what_cannot_be_enrolled_is_refused(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    world.says(monkeypatch, LI)
    run("people", "sync")
    file = str(tmp_path / "password")
    weak = with_password("Short-1", file)
    assert weak.code == 2
    assert "Short-1" not in weak.stderr
    assert "not good enough" in weak.stderr
    assert world.service.user("li.wei")["credentials"] == [], "a refused password leaves no code that nobody has"
    assert with_password("two\nlines\n", file).code == 2
    assert with_password("", file).code == 2
    assert run("people", "enrol", "li.wei", "--password-file", str(tmp_path / "none")).code == 2
    assert run("people", "enrol", "li.wei", "--password-file", file, "--code-only").code == 2
    nobody = run("people", "enrol", "li.wie", "--code-only")
    assert "did you mean 'li.wei'?" in nobody.stderr
    assert "no terminal" in run("people", "enrol", "li.wei").stderr
    alone = run("people", "enrol", "li.wei", "--code-only")
    assert (alone.code, "has no password yet" in alone.stderr, alone.stdout) == (2, True, "")
    assert world.service.user("li.wei")["credentials"] == []
    world.service.user("li.wei")["enabled"] = False
    assert "is disabled" in run("people", "enrol", "li.wei", "--code-only").stderr


@pytest.mark.parametrize(
    ("row", "typed", "told"),
    [
        (LI, "li.wei", "people.yaml has the person, and no sync ran since: `govcloud people sync`"),
        (LI, "li.wie", "did you mean 'li.wei'?"),
        (LI, "zhou.haitao", "put the person into people.yaml"),
        ({"id": "li.wei", "displayName": "李伟"}, "li.wei", "name the person's `organisation`"),
        ({**LI, "leavesOn": "2026-11-20"}, "li.wei", "the last day was 2026-11-20"),
    ],
)
def test_who_has_no_account_yet_is_told_the_way_to_one(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch, row: dict[str, Any], typed: str, told: str
) -> None:
    world.says(monkeypatch, row)
    refused = run("people", "enrol", typed, "--code-only")
    assert (refused.code, f"'{typed}' has no account" in refused.stderr) == (2, True)
    assert told in refused.stderr.replace("\n", " ")


def test_what_enrol_prints_fits_a_terminal_of_80_columns(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    world.says(monkeypatch, LI)
    run("people", "sync")
    printed = with_password("Correct-Horse-77", str(tmp_path / "password")).stdout
    uri = next(line for line in printed.splitlines() if "otpauth" in line).strip()
    assert "issuer=GovCloud%20lab%20external" in uri
    longest = uri.replace("lab", "e" * 40).replace("li.wei", "p" * 40)
    assert max(map(len, pictures.qr(longest).splitlines())) <= 80


def test_who_comes_from_the_directory_takes_a_code_and_keeps_its_password(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    world.says(monkeypatch, LI)
    world.service.add("li.wei", "org:yunxi-finance")
    world.service.user("li.wei")["federationLink"] = "staff"
    refused = with_password("Correct-Horse-77\n", str(tmp_path / "password"))
    assert (refused.code, "use --code-only" in refused.stderr) == (2, True)
    assert world.service.calls == []
    done = run("people", "enrol", "li.wei", "--code-only")
    assert done.code == 0, done.stderr
    assert "otpauth://totp/" in done.stdout
    assert [one["type"] for one in world.service.user("li.wei")["credentials"]] == ["otp"]


def test_break_glass_is_on_record_before_it_is_shown_and_worthless_after_it_is_sealed(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service.add("break-glass")
    side_secrets.ensure(world.folder)
    assert run("people", "break-glass").code == 2
    assert run("people", "break-glass", "--reason", "because").code == 2
    opened = run("people", "break-glass", "--reason", "nobody can log in, incident 31", "--json")
    assert opened.code == 0, opened.stderr
    action, details = recorded(world)[-1]
    assert (action, details) == ("break-glass-opened", {"reason": "nobody can log in, incident 31"})
    password = opened.document["password"]
    assert password == side_secrets.break_glass(world.folder)
    assert not (world.folder.secrets / identity_places.BREAK_GLASS_SECRET).exists()
    assert run("people", "break-glass", "--seal").code == 0
    assert world.service.user("break-glass")["password"] == side_secrets.break_glass(world.folder) != password
    assert recorded(world)[-1] == ("break-glass-sealed", {"generation": 2})
    # Who cannot be on record does not get it.
    log = places.of_site(world.site, world.site.sides[0]).log
    log.write_bytes(b"")
    refused = run("people", "break-glass", "--reason", "nobody can log in, incident 31")
    assert refused.code == 1
    assert side_secrets.break_glass(world.folder) not in refused.stdout


def test_people_come_from_a_table_into_the_file(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    file = folder / "people.yaml"
    before = file.read_text()
    table = tmp_path / "staff.csv"
    table.write_bytes(
        "id,displayName,organisation,groups,leavesOn\nnew.one,新人,yunxi-tax,,2027-06-30\n".encode("gb18030")
    )
    looked = run("people", "import", str(table), "--env", str(folder))
    assert looked.code == 0, looked.stderr
    assert "+    - id: new.one" in looked.stdout
    assert "1 person read as GB18030" in looked.stdout
    assert file.read_text() == before
    written = run("people", "import", str(table), "--env", str(folder), "--write")
    assert written.code == 0, written.stderr
    assert file.read_text().startswith(before.rstrip("\n"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert "says the same already" in run("people", "import", str(table), "--env", str(folder), "--write").stdout
    table.write_text("id,displayName,organisation\nnew.one,=1+1,nowhere\n")
    refused = run("people", "import", str(table), "--env", str(folder), "--write")
    assert (refused.code, "run this as a formula" in refused.stderr) == (2, True)
    table.write_text("id,displayName,organisation\nnew.one,新人,nowhere\n")
    assert "no organisation 'nowhere'" in run("people", "import", str(table), "--env", str(folder)).stderr
    assert run("people", "import", str(tmp_path / "none.csv"), "--env", str(folder)).code == 2


def test_a_telephone_can_read_the_picture() -> None:
    drawn = pictures.qr("otpauth://totp/x:y?secret=GEZDGNBV")
    assert len(drawn.splitlines()) > 10
    assert "secret" not in drawn
