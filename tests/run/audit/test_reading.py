"""Verification: the table of attacks, whole logs, and what a third party needs."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import hypothesis
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.governance import chain_check, chain_memory, chain_report
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import keys, log, reading
from tests.run.audit import attacks

CASES = pathlib.Path(__file__).parents[2] / "cases" / "audit" / "attacks.yaml"
ROWS: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
LATER = attacks.START + datetime.timedelta(hours=2)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("logs")
    attacks.scenes(root)
    return root


@pytest.fixture
def root(original: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    return attacks.copy_victim(original, tmp_path / "tampered")


def verify(root: pathlib.Path, *remembered: pathlib.Path) -> chain_report.Report:
    found = reading.of_side(attacks.victim(root), environment="lab", side="internal", remembered=remembered)
    assert found is not None
    return reading.verify(found)


def head_of(root: pathlib.Path, number: int, path: pathlib.Path) -> pathlib.Path:
    """What an auditor wrote down when the log had `number` records."""
    path.write_bytes(attacks.victim(root).heads.read_bytes().splitlines(keepends=True)[number])
    return path


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"].replace(" ", "-"))
def test_an_attack_is_found_and_the_first_bad_record_named(
    row: dict[str, Any], root: pathlib.Path, original: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    remembered = [head_of(root, row["remember"], tmp_path / "head")] if "remember" in row else []
    attacks.Attacker(root, original).apply(row["do"])
    report = verify(root, *remembered)

    assert report.verdict == row.get("verdict", "tampered"), report
    if row["finds"] == "nothing":
        assert report.findings == ()
    else:
        assert [report.findings[0].problem.value, report.findings[0].number] == row["finds"], report.findings
        # What is right ends before the first bad record, except where records are fine and only told of.
        if row["finds"][1] is not None and row["finds"][0] not in {"heads-behind", "clock-back"}:
            assert report.records == row["finds"][1] - 1 or row["finds"][0] in {"other-key", "foreign"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"].replace(" ", "-"))
def test_deploys_stop_where_the_end_of_the_log_was_touched(
    row: dict[str, Any], root: pathlib.Path, original: pathlib.Path
) -> None:
    attacks.Attacker(root, original).apply(row["do"])
    where = attacks.victim(root)
    before = {path: path.read_bytes() if path.exists() else None for path in (where.log, where.heads)}

    if row["writer"] == "goes on":
        append(root)
        if row.get("verdict", "tampered") in {"verified", "torn"} and "remember" not in row:
            assert verify(root).verdict == "verified", "the next writer mends what an interruption left"
    else:
        with pytest.raises(errors.GovcloudError) as refusal:
            append(root)
        assert refusal.value.remedy
        assert str(where.folder) in f"{refusal.value.where} {refusal.value.cause}", "it names the log"
        if row["do"] != [["replace_public"]]:
            assert str(where.second) in f"{refusal.value.where} {refusal.value.cause}", "and the second place"
        after = {path: path.read_bytes() if path.exists() else None for path in before}
        assert after == before, "a log that is refused is left as it was found"


def append(root: pathlib.Path) -> None:
    from govcloud_cli.model import platforms

    folder = workspace.SideFolder(path=attacks.victim(root).folder.parent, side=platforms.Side.INTERNAL)
    writer = log.Log.open(folder, environment="lab", copy_to=root / "second", now=LATER)
    writer.append(actor=attacks.LI, action="deploy-began", now=LATER)  # type: ignore[arg-type]


def test_an_untouched_log_is_verified_with_and_without_a_remembered_head(
    root: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    report = verify(root, head_of(root, 1, tmp_path / "one"), head_of(root, 50, tmp_path / "fifty"))

    assert report.verdict == "verified"
    assert (report.records, report.findings, report.notes) == (50, (), ())
    assert report.head is not None
    assert report.head.number == 50


def test_a_third_party_needs_the_log_the_public_key_and_a_head(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    where = attacks.victim(root)
    head = head_of(root, 45, tmp_path / "head")
    copy, public = tmp_path / "given.jsonl", tmp_path / "given.pub"
    copy.write_bytes(where.log.read_bytes())
    public.write_bytes(where.public.read_bytes())

    assert reading.verify(reading.of_file(copy, key=public, remembered=[head])).verdict == "verified"
    assert reading.verify(reading.of_file(copy, key=public)).verdict == "unproven"
    copy.write_bytes(b"".join(where.log.read_bytes().splitlines(keepends=True)[:44]))
    found = reading.verify(reading.of_file(copy, key=public, remembered=[head]))
    assert (found.findings[0].problem, found.findings[0].number) == (chain_report.Problem.CUT, 45)


def test_a_head_that_was_copied_by_hand_may_have_lost_its_newline(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    head = head_of(root, 45, tmp_path / "head")
    head.write_bytes(head.read_bytes().rstrip() + b"\r\n")
    assert verify(root, head).verdict == "verified"
    head.write_bytes(head.read_bytes().rstrip())
    assert verify(root, head).verdict == "verified"


def test_a_remembered_head_is_believed_only_if_the_key_signed_it(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    head = head_of(root, 45, tmp_path / "head")
    head.write_bytes(head.read_bytes().replace(b'"number":45', b'"number":44'))
    assert verify(root, head).findings[0].problem == "heads-damaged"


def test_a_missing_wrong_or_other_kind_of_key_is_an_error(
    root: pathlib.Path, original: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    where = attacks.victim(root)
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = curve.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for content in (None, b"", b"no key", pem, where.private.read_bytes(), where.log.read_bytes()):
        path = tmp_path / "key"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(errors.UsageError, match="no public key"):
            reading.of_file(where.log, key=path)
    other = attacks.Attacker(root, original)._other("other-side").public
    found = reading.of_side(where, environment="lab", side="internal", key=other)
    assert found is not None
    assert reading.verify(found).findings[0].problem == "other-key"


def test_a_log_or_a_file_of_heads_that_is_not_there_is_an_error(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    where = attacks.victim(root)
    with pytest.raises(errors.UsageError, match="cannot be read"):
        reading.of_file(tmp_path / "none.jsonl", key=where.public)
    with pytest.raises(errors.UsageError, match="cannot be read"):
        reading.of_file(where.log, remembered=[tmp_path / "none"])


def test_an_environment_that_never_recorded_anything_has_no_log(tmp_path: pathlib.Path) -> None:
    assert reading.of_side(attacks.victim(tmp_path), environment="lab", side="internal") is None
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"


def test_a_log_of_which_nothing_is_left_is_told_as_gone(root: pathlib.Path) -> None:
    where = attacks.victim(root)
    for path in (where.log, where.public, where.private):
        path.unlink()
    with pytest.raises(errors.GovcloudError, match="the audit log is gone"):
        reading.of_side(where, environment="lab", side="internal")


def test_a_file_of_remembered_heads_grows_and_is_believed(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    head = verify(root).head
    assert head is not None
    kept = tmp_path / "kept.jsonl"
    reading.remember(kept, head)
    reading.remember(kept, head)
    append(root)
    newer = verify(root, kept).head
    assert newer is not None
    reading.remember(kept, newer)

    assert len(kept.read_bytes().splitlines()) == 2
    assert verify(root, kept).verdict == "verified"
    kept.write_bytes(b"half")
    with pytest.raises(errors.UsageError, match="whole line"):
        reading.remember(kept, newer)


def test_a_lost_second_place_is_restored_with_a_head_that_was_remembered(root: pathlib.Path) -> None:
    where = attacks.victim(root)
    report = verify(root)
    where.heads.unlink()
    assert report.head is not None
    reading.remember(where.heads, report.head)
    append(root)
    assert verify(root).verdict == "verified"


def test_what_is_written_while_a_log_is_read_is_no_tampering(root: pathlib.Path) -> None:
    found = reading.of_side(attacks.victim(root), environment="lab", side="internal")
    assert found is not None
    records = found.records()
    next(records)
    append(root)
    assert len(list(records)) == 49
    assert found.report().verdict == "verified"


# -- any byte


@pytest.fixture(scope="module")
def written(original: pathlib.Path) -> tuple[bytes, bytes, pathlib.Path]:
    where = attacks.victim(original)
    return where.log.read_bytes(), where.heads.read_bytes(), where.public


def judged(log_bytes: bytes, heads: bytes, public: pathlib.Path) -> chain_report.Report:
    key = keys.load_public(public)
    memory = chain_memory.Memory("the second place", heads.splitlines(keepends=True), complete=True, key=key)
    check = chain_check.Check(key=key, memories=[memory], expected=("lab", "internal"))
    for _ in check.records(pieces(log_bytes)):
        pass
    return check.report()


def pieces(data: bytes) -> list[bytes]:
    """Lines as `files.lines` gives them: ended by line feeds only."""
    whole = [line + b"\n" for line in data.split(b"\n")]
    whole[-1] = whole[-1][:-1]
    return [line for line in whole if line]


@hypothesis.settings(max_examples=60)
@hypothesis.given(place=strategies.floats(0, 1, exclude_max=True), byte=strategies.integers(1, 255))
def test_any_changed_byte_is_found(written: tuple[bytes, bytes, pathlib.Path], place: float, byte: int) -> None:
    data, heads, public = written
    at = int(place * len(data))
    report = judged(data[:at] + bytes([data[at] ^ byte]) + data[at + 1 :], heads, public)

    assert report.verdict == "tampered"
    assert report.findings[0].number == data[:at].count(b"\n") + 1, "the first bad record is the one that was changed"


@hypothesis.settings(max_examples=20)
@hypothesis.given(place=strategies.floats(0, 1, exclude_max=True))
def test_any_cut_off_end_is_found_at_every_byte(written: tuple[bytes, bytes, pathlib.Path], place: float) -> None:
    data, heads, public = written
    at = int(place * len(data))
    report = judged(data[:at], heads, public)

    assert report.findings[0].problem == "cut"
    assert report.findings[0].number == data[:at].count(b"\n") + 1


@hypothesis.settings(max_examples=20)
@hypothesis.given(place=strategies.floats(0, 1, exclude_max=True), added=strategies.binary(min_size=1, max_size=40))
def test_any_inserted_bytes_are_found(written: tuple[bytes, bytes, pathlib.Path], place: float, added: bytes) -> None:
    data, heads, public = written
    at = int(place * len(data))
    changed = data[:at] + added + data[at:]
    assert judged(changed, heads, public).verdict in {"tampered", "torn"} or changed == data
