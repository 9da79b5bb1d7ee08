"""Signatures of people: `ssh-keygen -Y`, with the Ed25519 keys that they have (in a file, an agent, or on a USB key).

The private key is never read by us, and the public ones that count are those of `people.yaml`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures

from govcloud_cli import errors
from govcloud_cli.governance import approvals, requests
from govcloud_cli.model import people
from govcloud_cli.run import process, workspace

_PROGRAM = "ssh-keygen"
_INTERRUPTED = 130
_DEFAULT_NAMES = ("id_ed25519", "id_ed25519_sk")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Key:
    """A key that somebody offers to sign with."""

    person: people.Person
    """Whose it is, by `people.yaml`."""
    public: str
    """Type and key, without comment."""
    file: pathlib.Path | None
    """The private half; None if an agent holds it."""


def find_key(known: Sequence[people.Person], given: pathlib.Path | None, environ: Mapping[str, str]) -> Key:
    """The key to sign with: `given`, else the first of `~/.ssh` and the agent that belongs to a person.

    Raises `errors.UsageError` where none does, or more than one person would be meant.
    """
    if given is not None:
        file = given.with_suffix("") if given.suffix == ".pub" else given
        public = _public_half(file)
        owner = _owner(known, public)
        if owner is None:
            raise _nobodys(f"{given} belongs to nobody")
        return Key(person=owner, public=public, file=file if file.exists() else None)
    offered = [*_of_the_home(environ), *_of_the_agent(environ)]
    found = [
        Key(person=owner, public=public, file=file)
        for file, public in offered
        if (owner := _owner(known, public)) is not None
    ]
    if not found:
        raise _nobodys("no key in ~/.ssh or in the agent belongs to anybody")
    names = sorted({key.person.id for key in found})
    if len(names) > 1:
        raise errors.UsageError(
            f"there are keys of several people here: {', '.join(names)}", remedy="choose one with --key FILE"
        )
    return found[0]


def sign(text: str, key: Key, *, terminal: bool, namespace: str = requests.NAMESPACE) -> str:
    """The armored SSHSIG of `text`. On a `terminal`, ssh-keygen may ask for a passphrase or a touch.

    Raises `errors.GovcloudError` where the key does not sign, or signs as somebody else.
    """
    with _folder() as folder:
        workspace.write(folder / "decision", text)
        named = key.file
        if named is None:
            named = folder / "key.pub"
            workspace.write(named, key.public + "\n")
        argv = [_PROGRAM, "-q", "-Y", "sign", "-f", str(named), "-n", namespace, str(folder / "decision")]
        failure = _run(argv, terminal=terminal)
        written = folder / "decision.sig"
        if failure is not None or not written.exists():
            raise errors.GovcloudError(
                f"the key {named if key.file is not None else 'in the agent'} did not sign",
                cause=failure,
                remedy="run it on a terminal, or load the key first: ssh-add"
                if not terminal
                else "check the passphrase and run it again",
            )
        signature = written.read_text(encoding="ascii")
    with verifier([key.person], namespace=namespace) as verify:
        wrong = verify(text, signature, key.person.id)
    if wrong is not None:
        raise errors.GovcloudError(
            "the key that signed is not the one beside it (.pub)", cause=wrong, remedy="make the .pub file anew"
        )
    return signature


@contextlib.contextmanager
def verifier(known: Sequence[people.Person], *, namespace: str = requests.NAMESPACE) -> Iterator[approvals.Verify]:
    """Yield what `approvals.Rules.verify` wants: signatures against the keys that people have now."""
    with _folder() as folder:
        allowed = folder / "allowed_signers"
        workspace.write(allowed, _allowed_signers(known, namespace))

        def verify(text: str, signature: str, person: str) -> str | None:
            if not any(one.id == person and one.keys for one in known):
                return f"{person} has no key in people.yaml"
            return _verify(text, signature, person, allowed=allowed, namespace=namespace)

        yield verify


def beforehand(verify: approvals.Verify, wanted: Sequence[tuple[str, str, str]]) -> approvals.Verify:
    """The same answers as `verify`, those to `wanted` looked for side by side now: a thousand tenants are a thousand
    processes."""
    with futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        answers = dict(zip(wanted, pool.map(lambda one: verify(*one), wanted), strict=True))

    def answer(text: str, signature: str, person: str) -> str | None:
        asked = (text, signature, person)
        return answers[asked] if asked in answers else verify(*asked)

    return answer


def _verify(text: str, signature: str, person: str, *, allowed: pathlib.Path, namespace: str) -> str | None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=allowed.parent, suffix=".sig") as file:
        file.write(signature)
        file.flush()
        done = process.run(
            [_PROGRAM, "-Y", "verify", "-f", str(allowed), "-I", person, "-n", namespace, "-s", file.name],
            stdin=text,
            check=False,
            timeout=30,
        )
    if done.returncode == 0:
        return None
    return f"it is not a signature by a key that {person} has in people.yaml, of what the file says now"


def _allowed_signers(known: Sequence[people.Person], namespace: str) -> str:
    """One line per key (ssh-keygen(1), ALLOWED SIGNERS). Comments stay out: they are free text."""
    return "".join(f'{person.id} namespaces="{namespace}" {_bare(key)}\n' for person in known for key in person.keys)


def _bare(line: str) -> str:
    return " ".join(line.split()[:2])


def _owner(known: Sequence[people.Person], public: str) -> people.Person | None:
    found = [person for person in known if public in {_bare(key) for key in person.keys}]
    if len(found) > 1:
        raise errors.UsageError(
            f"one key is that of several people: {', '.join(person.id for person in found)}",
            where="people.yaml",
            remedy="a key says who decides: leave it with one of them",
        )
    return found[0] if found else None


def _nobodys(what: str) -> errors.UsageError:
    return errors.UsageError(
        f"{what} in people.yaml",
        remedy="name your key with --key FILE, or have its public half added under your keys in people.yaml",
    )


def _public_half(file: pathlib.Path) -> str:
    public = file.with_name(file.name + ".pub")
    try:
        words = public.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.UsageError(
            f"there is no public key {public}",
            remedy=f"name a key pair with --key FILE; a public half is made by: ssh-keygen -y -f {file} > {public}",
        ) from error
    return " ".join(words[:2])


def _of_the_home(environ: Mapping[str, str]) -> Iterator[tuple[pathlib.Path, str]]:
    folder = pathlib.Path(environ.get("HOME", "/nonexistent")) / ".ssh"
    for name in _DEFAULT_NAMES:
        if (folder / name).is_file() and (folder / f"{name}.pub").is_file():
            yield folder / name, _public_half(folder / name)


def _of_the_agent(environ: Mapping[str, str]) -> Iterator[tuple[None, str]]:
    if not environ.get("SSH_AUTH_SOCK"):
        return
    try:
        done = process.run(["ssh-add", "-L"], environment=dict(environ), check=False, timeout=10)
    except errors.ProcessError:
        return
    if done.returncode == 0:
        yield from ((None, _bare(line)) for line in done.stdout.splitlines() if line.strip())


def _run(argv: Sequence[str], *, terminal: bool) -> str | None:
    """Run it; None if it succeeded, else its words. Only with our own terminal can it ask anything."""
    if terminal:
        code = process.attached(argv)
        if code == _INTERRUPTED:
            raise errors.RunInterrupted(
                "stopped before the key signed (已取消): nothing was changed", remedy="run the same command again"
            )
        return None if code == 0 else f"exit code {code}"
    # Whoever runs this without a terminal gets no window either.
    quiet = {"SSH_ASKPASS_REQUIRE": "never"}
    done = process.run(argv, environment=quiet, check=False, timeout=60)
    return None if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"


@contextlib.contextmanager
def _folder() -> Iterator[pathlib.Path]:
    """A folder of our own (0700), for as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="govcloud-") as folder:
        yield pathlib.Path(folder)
