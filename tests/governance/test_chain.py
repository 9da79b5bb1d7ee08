"""One record and its lines, byte for byte: a log that was written today must verify in ten years."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from typing import Any

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import strategies

from govcloud_cli.governance import chain, chain_details, chain_lines

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = chain.public(KEY.public_key())
ENTRY = chain.Entry(
    number=1,
    time="2026-03-01T08:00:00.000Z",
    actor=chain.Actor(person="李伟", source="os"),
    action="deploy-began",
    environment="prod",
    side="internal",
    tenant="finance",
    details={"digest": "ab", "probes": 3},
)
START = chain.start("prod", "internal", PUBLIC.fingerprint)
RECORD = chain.seal(ENTRY, previous=START, key=KEY)
LINE = chain_lines.encode(RECORD)
HEAD = RECORD.head(PUBLIC.fingerprint)


def test_the_format_is_the_one_of_every_log_that_was_written() -> None:
    assert LINE.startswith(b'{"action":"deploy-began","actor":{"person":"\\u674e\\u4f1f","source":"os"},"chain":"')
    assert hashlib.sha256(LINE).hexdigest() == "57d538d1b0e8e095d94f7c0f22af626e4be7dde0c973b83cbee6b6703716efc9"
    assert (
        hashlib.sha256(chain_lines.encode_head(HEAD)).hexdigest()
        == "fdffd9959d67695fed787f7616918a3dc38a507cddd23c13ba80c399bad76035"
    )


def test_chain_values_can_be_computed_by_hand() -> None:
    said = json.loads(LINE)
    for name in ("chain", "previous", "signature", "v"):
        del said[name]
    text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    leaf = hashlib.sha256(b"govcloud/audit/record/v1\0" + text).digest()
    joined = hashlib.sha256(b"govcloud/audit/link/v1\0" + bytes.fromhex(RECORD.previous) + leaf)
    assert joined.hexdigest() == RECORD.chain


def test_a_record_and_a_head_come_back_as_they_were() -> None:
    assert chain_lines.decode(LINE) == RECORD
    assert chain_lines.decode_head(chain_lines.encode_head(HEAD)) == HEAD
    assert chain.is_signed(HEAD, PUBLIC)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(chain.Head)])
def test_every_field_of_a_head_is_signed(field: str) -> None:
    value: Any = getattr(HEAD, field)
    changed = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
    told: dict[str, Any] = {**vars(HEAD), field: changed}
    assert not chain.is_signed(chain.Head(**told), PUBLIC)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(chain.Entry)])
def test_every_field_of_an_entry_is_chained(field: str) -> None:
    other: Any = {"number": 2, "actor": chain.Actor(person="李伟", source="git"), "details": {}}.get(field, "other")
    assert chain.link(START, dataclasses.replace(ENTRY, **{field: other})) != RECORD.chain


def test_no_two_logs_begin_alike() -> None:
    others = (("lab", "internal", "k"), ("prod", "external", "k"), ("prod", "internal", "l"))
    assert len({START, *(chain.start(*one) for one in others)}) == 4


def test_a_signature_of_one_kind_never_stands_for_another() -> None:
    as_record = KEY.sign(b"govcloud/audit/record/v1\0" + chain.canonical(vars(HEAD))).hex()
    assert not chain.is_signed(dataclasses.replace(HEAD, signature=as_record), PUBLIC)


def test_another_key_signed_nothing() -> None:
    other = chain.public(ed25519.Ed25519PrivateKey.generate().public_key())
    assert not chain.is_signed(HEAD, other)
    assert not chain.is_signed(dataclasses.replace(HEAD, key=other.fingerprint), other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b""),
        (b"\n", b"\r\n"),
        (b"{", b" {"),
        (b'"number":1', b'"number":01'),
        (b'"number":1', b'"number":1.0'),
        (b'"number":1', b'"number":0'),
        (b'"number":1', b'"number":true'),
        (b'"number":1', b'"number":' + b"9" * 5000),
        (b'"number":1', b'"number":"1"'),
        (b'"probes":3', b'"probes":3e0'),
        (b'"probes":3', b'"probes":NaN'),
        (b'"probes":3', b'"probes":"\\ud800"'),
        (b'"probes":3', b'"probes":' + b"[" * 20 + b"]" * 20),
        (b'"probes":3', b'"probes":3,"probes":3'),
        (b'{"digest":"ab","probes":3}', b"[]"),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"deploy-began"', b'"Deploy began"'),
        (b'"source":"os"', b'"source":"os","x":1'),
        (b'"actor":{', b'"actor":[{'),
        (b"T08:00:00.000Z", b"T08:00:00Z"),
        (b"03-01T", b"13-01T"),
        (b"T08", "T\u0660\u0668".encode()),
        (b'"tenant":"finance"', b'"tenant":""'),
        (b"\\u674e", "李".encode()),
        (b"\\u674e", b"\\u674E"),
    ],
)
def test_what_is_not_written_as_records_are_is_no_record(old: bytes, new: bytes) -> None:
    assert old in LINE
    with pytest.raises(chain_lines.MalformedError):
        chain_lines.decode(LINE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b""),
        (b":", b": "),
        (b'"number":1', b'"number":-1'),
        (b'"number":1', b'"number":1,"number":1'),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"environment":"prod"', b'"environment":""'),
        (b'"side":"internal"', b'"side":7'),
    ],
)
def test_what_is_not_written_as_heads_are_is_no_head(old: bytes, new: bytes) -> None:
    line = chain_lines.encode_head(HEAD)
    assert old in line
    with pytest.raises(chain_lines.MalformedError):
        chain_lines.decode_head(line.replace(old, new, 1))


def test_a_message_about_a_line_holds_nothing_of_it() -> None:
    for line in (b"\x1b[31mred\n", b'{"action":"\\u001b[31mred"}\n', b'{"number":"\\u202e"}\n'):
        with pytest.raises(chain_lines.MalformedError) as told:
            chain_lines.decode(line)
        assert "red" not in str(told.value)
        assert str(told.value).isprintable()


def test_a_line_has_a_most() -> None:
    long = LINE.replace(b'"ab"', b'"' + b"a" * chain_lines.MAX_LINE + b'"')
    with pytest.raises(chain_lines.MalformedError, match="longer than"):
        chain_lines.decode(long)
    assert not chain_lines.is_torn_record(long[:-1])


def test_only_the_beginning_of_a_record_is_what_an_interrupted_write_leaves() -> None:
    for length in range(len(LINE)):
        assert chain_lines.is_torn_record(LINE[:length])
        assert chain_lines.is_torn_record(LINE[:length] + b"\0" * 40)
    for rest in (b"garbage", b'{"chain":"', b"\0x", b" {"):
        assert not chain_lines.is_torn_record(rest)
    assert chain_lines.is_torn_head(chain_lines.encode_head(HEAD)[:40])
    assert not chain_lines.is_torn_head(LINE[:40])


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        chain.timestamp(datetime.datetime(2026, 1, 1))  # noqa: DTZ001 - meant


@hypothesis.given(data=strategies.binary(max_size=200))
def test_no_bytes_at_all_upset_the_reader(data: bytes) -> None:
    for read in (chain_lines.decode, chain_lines.decode_head):
        with pytest.raises(chain_lines.MalformedError):
            read(data)


_VALUES = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats() | strategies.text(),
    lambda inner: strategies.lists(inner, max_size=4) | strategies.dictionaries(strategies.text(), inner, max_size=4),
    max_leaves=12,
)


@hypothesis.given(
    details=strategies.dictionaries(strategies.text(), _VALUES, max_size=5),
    person=strategies.text(min_size=1, max_size=300),
    tenant=strategies.none() | strategies.sampled_from(["finance", "a\nb", "\x1b"]),
)
def test_whatever_a_caller_tells_becomes_a_record_that_reads_back(
    details: dict[str, Any], person: str, tenant: str | None
) -> None:
    actor = chain.Actor(person=chain_details.text(person, most=200), source="ci")
    entry = dataclasses.replace(ENTRY, actor=actor, tenant=tenant, details=chain_details.plain(details))
    line = chain_lines.encode(chain.seal(entry, previous=START, key=KEY))
    assert line.count(b"\n") == 1
    assert chain_lines.decode(line).entry == entry
