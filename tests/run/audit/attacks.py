"""What can be done to an audit log: the words of `tests/cases/audit/attacks.yaml`."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import gc
import json
import pathlib
import shutil
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from govcloud_cli.governance import chain, chain_lines
from govcloud_cli.model import platforms
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import log, places

START = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.UTC)
LI = chain.Actor(person="li", source="os")
RECORDS = 50


def write(root: pathlib.Path, *, environment: str, side: platforms.Side, records: int) -> places.Places:
    """A log of `records` records as a deploy would write it; its places."""
    folder = workspace.SideFolder(path=root / ".govcloud" / environment / side.value, side=side)
    where = places.of(folder, environment=environment, copy_to=root / "second")
    writer = log.Log.open(folder, environment=environment, copy_to=where.second, now=START)
    for number in range(1, records + 1):
        writer.append(
            actor=LI,
            action=chain.Action.DEPLOY_BEGAN,
            tenant="finance",
            details={"n": number},
            now=START + datetime.timedelta(minutes=number),
        )
    return where


def scenes(root: pathlib.Path) -> None:
    """Three logs: the victim `lab`/internal, and those of another side and another environment."""
    write(root, environment="lab", side=platforms.Side.INTERNAL, records=RECORDS)
    write(root, environment="lab", side=platforms.Side.EXTERNAL, records=RECORDS)
    write(root, environment="other", side=platforms.Side.INTERNAL, records=RECORDS)


def victim(root: pathlib.Path) -> places.Places:
    """The places of the log that is attacked."""
    side = platforms.Side.INTERNAL
    folder = workspace.SideFolder(path=root / ".govcloud" / "lab" / side.value, side=side)
    return places.of(folder, environment="lab", copy_to=root / "second")


class Attacker:
    """Has read and write access to the log, and to the second place where a row says so."""

    def __init__(self, root: pathlib.Path, others: pathlib.Path) -> None:
        self.others = others
        self.where = victim(root)
        self.lines = self.where.log.read_bytes().splitlines(keepends=True)
        self.heads = self.where.heads.read_bytes().splitlines(keepends=True)
        self.stolen = _key(self.where.private)

    def apply(self, steps: list[list[Any]]) -> None:
        """Do all of `steps`, and write what came of it."""
        gone = set()
        for name, *arguments in steps:
            if name.startswith("delete_"):
                gone.add(name)
            else:
                getattr(self, name)(*arguments)
        for path, lines, deleted in (
            (self.where.log, self.lines, "delete_log"),
            (self.where.heads, self.heads, "delete_heads"),
        ):
            if deleted in gone:
                path.unlink()
            else:
                path.write_bytes(b"".join(lines))

    # -- one record

    def edit(self, number: int, field: str, value: Any) -> None:
        found = json.loads(self.lines[number - 1])
        found[field] = "0" * len(found[field]) if value == "zeros" else value
        self.lines[number - 1] = chain.canonical(found) + b"\n"

    def rehash(self, number: int) -> None:
        found = chain_lines.decode(self.lines[number - 1])
        changed = dataclasses.replace(found, chain=chain.link(found.previous, found.entry))
        self.lines[number - 1] = chain_lines.encode(changed)

    def flip(self, number: int, position: int) -> None:
        self.lines[number - 1] = _flipped(self.lines[number - 1], position)

    def replace(self, number: int, old: str, new: str) -> None:
        assert old.encode() in self.lines[number - 1]
        self.lines[number - 1] = self.lines[number - 1].replace(old.encode(), new.encode(), 1)

    def line_ends(self) -> None:
        self.lines = [line.replace(b"\n", b"\r\n") for line in self.lines]

    # -- lines

    def drop(self, number: int) -> None:
        del self.lines[number - 1]

    def renumber(self) -> None:
        for index, line in enumerate(self.lines):
            found = json.loads(line)
            found["number"] = index + 1
            self.lines[index] = chain.canonical(found) + b"\n"

    def gap(self, number: int) -> None:
        for index in range(number - 1, len(self.lines)):
            self.edit(index + 1, "number", index + 2)

    def double(self, number: int) -> None:
        self.lines.insert(number, self.lines[number - 1])

    def replay(self, number: int) -> None:
        self.lines.append(self.lines[number - 1])

    def insert_forged(self, after: int) -> None:
        last = chain_lines.decode(self.lines[after - 1])
        entry = dataclasses.replace(last.entry, number=after + 1, action="request-approved")
        forged = chain.seal(entry, previous=last.chain, key=ed25519.Ed25519PrivateKey.generate())
        self.lines.insert(after, chain_lines.encode(forged))

    def swap(self, one: int, other: int) -> None:
        lines = self.lines
        lines[one - 1], lines[other - 1] = lines[other - 1], lines[one - 1]

    def insert(self, number: int, text: str) -> None:
        self.lines.insert(number - 1, text.encode())

    def insert_long(self, number: int) -> None:
        self.insert(number, '{"action":"' + "x" * 3 * chain_lines.MAX_LINE + '"}\n')

    def insert_deep(self, number: int) -> None:
        # What earlier tests left would be finalised at the depth to which the reader goes, and could not be there.
        gc.collect()
        self.insert(number, "[" * 60000 + "\n")

    def add(self, text: str) -> None:
        self.lines.append(text.encode())

    # -- the end

    def truncate(self, count: int) -> None:
        del self.lines[-count:]

    def truncate_bytes(self, count: int) -> None:
        self.lines[-1] = self.lines[-1][:-count]

    def roll_back(self, count: int) -> None:
        self.truncate(count)

    def tear(self, length: int) -> None:
        entry = dataclasses.replace(chain_lines.decode(self.lines[-1]).entry, number=len(self.lines) + 1)
        self.lines.append(chain_lines.encode(self._sealed(entry, self.lines[-1]))[:length])

    # -- everything

    def rehash_from(self, number: int) -> None:
        previous = chain_lines.decode(self.lines[number - 2]).chain if number > 1 else "0" * 64
        for index in range(number - 1, len(self.lines)):
            found = chain_lines.decode(self.lines[index])
            first = found.previous if index == 0 else previous
            changed = dataclasses.replace(
                found, previous=first, chain=chain.link(first, found.entry), signature="a" * 128
            )
            self.lines[index] = chain_lines.encode(changed)
            previous = changed.chain

    def new_key(self) -> None:
        """Put a new key in the place of the old one, both halves."""
        self.stolen = ed25519.Ed25519PrivateKey.generate()
        plain = serialization.NoEncryption()
        self.where.private.write_bytes(
            self.stolen.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
        self.where.public.write_bytes(_public(self.stolen))

    def replace_public(self) -> None:
        self.where.public.write_bytes(_public(ed25519.Ed25519PrivateKey.generate()))

    def rewrite(self, number: int) -> None:
        """Chain and sign everything from `number` on with the key at hand."""
        first = chain_lines.decode(self.lines[0]).entry
        fingerprint = chain.public(self.stolen.public_key()).fingerprint
        previous = chain.start(first.environment, first.side, fingerprint)
        for index, line in enumerate(self.lines):
            record = chain_lines.decode(line)
            if index >= number - 1:
                record = chain.seal(record.entry, previous=previous, key=self.stolen)
                self.lines[index] = chain_lines.encode(record)
            previous = record.chain

    def rewrite_with_other_key(self, number: int) -> None:
        self.stolen = ed25519.Ed25519PrivateKey.generate()
        self.rewrite(number)

    def continue_with_key(self, count: int) -> None:
        for _ in range(count):
            entry = chain_lines.decode(self.lines[-1]).entry
            another = dataclasses.replace(entry, number=entry.number + 1, action="drift-found")
            self.lines.append(chain_lines.encode(self._sealed(another, self.lines[-1])))

    def splice_branch(self, number: int) -> None:
        lines = copy.copy(self.lines)
        self.edit(number - 1, "tenant", "archives")
        self.rewrite(number - 1)
        lines[number - 1] = self.lines[number - 1]
        self.lines = lines

    def clock_back(self, seconds: int) -> None:
        entry = chain_lines.decode(self.lines[-1]).entry
        time = chain.timestamp(chain.moment(entry.time) - datetime.timedelta(seconds=seconds))
        record = self._sealed(dataclasses.replace(entry, number=entry.number + 1, time=time), self.lines[-1])
        self.lines.append(chain_lines.encode(record))
        self.heads.append(chain_lines.encode_head(record.head(chain.public(self.stolen.public_key()).fingerprint)))

    def _sealed(self, entry: chain.Entry, last: bytes) -> chain.Record:
        return chain.seal(entry, previous=chain_lines.decode(last).chain, key=self.stolen)

    # -- other logs

    def splice(self, other: str, number: int) -> None:
        self.lines[number - 1] = self._other(other).log.read_bytes().splitlines(keepends=True)[number - 1]

    def take_log(self, other: str) -> None:
        self.lines = self._other(other).log.read_bytes().splitlines(keepends=True)

    def take_key(self, other: str) -> None:
        shutil.copy(self._other(other).public, self.where.public)
        shutil.copy(self._other(other).private, self.where.private)

    def take_heads(self, other: str) -> None:
        self.heads = self._other(other).heads.read_bytes().splitlines(keepends=True)

    def mix_heads(self, other: str) -> None:
        self.heads.append(self._other(other).heads.read_bytes().splitlines(keepends=True)[-1])

    def _other(self, name: str) -> places.Places:
        side = platforms.Side.EXTERNAL if name == "other-side" else platforms.Side.INTERNAL
        environment = "lab" if name == "other-side" else "other"
        folder = workspace.SideFolder(path=self.others / ".govcloud" / environment / side.value, side=side)
        return places.of(folder, environment=environment, copy_to=self.others / "second")

    # -- the second place; its first line is head 0

    def cut_heads(self, count: int) -> None:
        del self.heads[-count:]

    def flip_head(self, number: int, position: int) -> None:
        self.heads[number] = _flipped(self.heads[number], position)

    def edit_head(self, number: int, field: str, value: str) -> None:
        found = json.loads(self.heads[number])
        self.heads[number] = chain.canonical({**found, field: value}) + b"\n"

    def drop_head(self, number: int) -> None:
        del self.heads[number]

    def tear_head(self, number: int) -> None:
        self.heads[number] = self.heads[number][:100]

    def add_to_heads(self, text: str) -> None:
        self.heads.append(text.encode())

    def rewrite_heads(self) -> None:
        first = chain_lines.decode_head(self.heads[0])
        public = chain.public(self.stolen.public_key())
        begin = chain.start(first.environment, first.side, public.fingerprint)
        head = dataclasses.replace(first, chain=begin, key=public.fingerprint)
        heads = [dataclasses.replace(head, signature=chain.sign(head, self.stolen))]
        heads += [chain_lines.decode(line).head(public.fingerprint) for line in self.lines]
        self.heads = [chain_lines.encode_head(one) for one in heads]


def _flipped(line: bytes, position: int) -> bytes:
    return line[:position] + bytes([line[position] ^ 1]) + line[position + 1 :]


def _key(path: pathlib.Path) -> ed25519.Ed25519PrivateKey:
    found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(found, ed25519.Ed25519PrivateKey)
    return found


def _public(key: ed25519.Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def copy_victim(source: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
    """A copy of the log that may be tampered with."""
    old, new = victim(source), victim(target)
    for one, other in (
        (old.log, new.log),
        (old.public, new.public),
        (old.private, new.private),
        (old.heads, new.heads),
    ):
        other.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(one, other)
    return target
