"""Against the real `ssh-keygen`."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Iterator

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import requests
from govcloud_cli.model import people
from govcloud_cli.run import process, signing
from tests.support import decisions

TEXT = 'govcloud request decision v1\n{"租户":"finance"}'


def known() -> tuple[people.Person, ...]:
    return decisions.persons(keys=True)


def person(identifier: str) -> people.Person:
    return next(one for one in known() if one.id == identifier)


def key(identifier: str) -> signing.Key:
    return signing.find_key(known(), decisions.key(identifier), {})


def wrong(text: str, signature: str, who: str, *, within: tuple[people.Person, ...] | None = None) -> str | None:
    with signing.verifier(known() if within is None else within) as verify:
        return verify(text, signature, who)


@pytest.fixture(scope="module")
def signature() -> str:
    return signing.sign(TEXT, key("zhao.min"), terminal=False)


def test_a_signature_holds_for_its_text_and_its_person(signature: str) -> None:
    assert wrong(TEXT, signature, "zhao.min") is None


@pytest.mark.parametrize(
    ("text", "who"),
    [(TEXT + " ", "zhao.min"), (TEXT.replace("v1", "v2"), "zhao.min"), (TEXT, "sun.tao"), (TEXT, "nobody")],
    ids=["another text", "another domain", "another person", "a stranger"],
)
def test_a_signature_holds_for_nothing_else(signature: str, text: str, who: str) -> None:
    assert wrong(text, signature, who) is not None


def test_a_signature_over_another_namespace_is_refused() -> None:
    other = signing.sign(TEXT, key("zhao.min"), terminal=False, namespace="file")
    assert wrong(TEXT, other, "zhao.min") is not None


def test_a_signature_by_a_key_that_is_gone_from_people_is_refused(signature: str) -> None:
    replaced = [person("zhao.min").model_copy(update={"keys": (decisions.public("sun.tao"),)})]
    assert wrong(TEXT, signature, "zhao.min", within=tuple(replaced)) is not None
    without = person("zhao.min").model_copy(update={"keys": ()})
    assert wrong(TEXT, signature, "zhao.min", within=(without,)) == "zhao.min has no key in people.yaml"


def test_answers_that_were_looked_for_beforehand_are_the_same(signature: str) -> None:
    with signing.verifier(known()) as verify:
        wanted = [(TEXT, signature, "zhao.min"), (TEXT, signature, "sun.tao")]
        answer = signing.beforehand(verify, wanted)
        assert answer(*wanted[0]) is None
        assert answer(*wanted[1]) is not None
        assert answer(TEXT + " ", signature, "zhao.min") is not None


@pytest.mark.parametrize("bad", ["", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"])
def test_what_is_no_signature_is_refused(bad: str) -> None:
    assert wrong(TEXT, bad, "zhao.min") is not None


def test_a_key_is_allowed_for_one_person_and_this_namespace_only_and_without_its_comment() -> None:
    bare = " ".join(decisions.public("zhao.min").split()[:2])
    allowed = signing._allowed_signers([person("zhao.min")], "govcloud-request@govcloud.io")
    assert allowed == f'zhao.min namespaces="govcloud-request@govcloud.io" {bare}\n'


def test_a_comment_of_a_key_gives_nobody_rights(signature: str) -> None:
    """A comment is free text; in the file of allowed signers it could be read as more than a comment."""
    sun = person("sun.tao").model_copy(update={"keys": (f"{decisions.public('sun.tao')} zhao.min * cert-authority",)})
    assert wrong(TEXT, signature, "sun.tao", within=(sun,)) is not None


def test_the_key_says_who_decides() -> None:
    assert key("zhao.min").person.id == "zhao.min"
    by_public_half = signing.find_key(known(), decisions.key("zhao.min").with_suffix(".min.pub"), {})
    assert by_public_half.file == decisions.key("zhao.min")


def test_a_key_of_nobody_is_refused() -> None:
    with pytest.raises(errors.UsageError, match=r"belongs to nobody in people\.yaml"):
        signing.find_key(decisions.persons(), decisions.key("zhao.min"), {})


def test_a_key_of_two_people_is_refused() -> None:
    shared = [one.model_copy(update={"keys": (decisions.public("zhao.min"),)}) for one in known()[:2]]
    with pytest.raises(errors.UsageError, match="one key is that of several people"):
        signing.find_key(shared, decisions.key("zhao.min"), {})


def test_a_key_without_its_public_half_says_how_to_make_it(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match="there is no public key") as refusal:
        signing.find_key(known(), tmp_path / "id_ed25519", {})
    assert "ssh-keygen -y" in str(refusal.value.remedy)


def home(folder: pathlib.Path, **keys: str) -> dict[str, str]:
    (folder / ".ssh").mkdir()
    for name, owner in keys.items():
        for suffix in ("", ".pub"):
            source = decisions.key(owner).with_name(owner + suffix)
            (folder / ".ssh" / (name + suffix)).write_bytes(source.read_bytes())
    return {"HOME": str(folder)}


def test_without_a_name_the_key_of_the_home_folder_is_taken(tmp_path: pathlib.Path) -> None:
    found = signing.find_key(known(), None, home(tmp_path, id_ed25519="sun.tao"))
    assert (found.person.id, found.file) == ("sun.tao", tmp_path / ".ssh" / "id_ed25519")


def test_keys_of_two_people_in_one_home_folder_are_not_guessed_between(tmp_path: pathlib.Path) -> None:
    environ = home(tmp_path, id_ed25519="sun.tao", id_ed25519_sk="zhao.min")
    with pytest.raises(errors.UsageError, match=r"keys of several people here: sun\.tao, zhao\.min"):
        signing.find_key(known(), None, environ)


def test_no_key_at_all_says_what_to_do(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match=r"no key .* belongs to anybody") as refusal:
        signing.find_key(known(), None, {"HOME": str(tmp_path)})
    assert "--key FILE" in str(refusal.value.remedy)


@pytest.fixture
def agent(tmp_path: pathlib.Path) -> Iterator[dict[str, str]]:
    """An agent that holds the key of zhao.min."""
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as process:
        try:
            while not socket.exists():
                pass
            environ = {"SSH_AUTH_SOCK": str(socket), "HOME": str(tmp_path)}
            argv = ["ssh-add", "-q", str(decisions.key("zhao.min"))]
            subprocess.run(argv, env=environ | {"PATH": "/usr/bin:/bin"}, check=True)
            yield environ
        finally:
            process.terminate()


def test_a_key_in_the_agent_signs(agent: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", agent["SSH_AUTH_SOCK"])
    found = signing.find_key(known(), None, agent)
    assert (found.person.id, found.file) == ("zhao.min", None)
    assert wrong(TEXT, signing.sign(TEXT, found, terminal=False), "zhao.min") is None


def test_a_locked_key_without_a_terminal_says_what_to_do() -> None:
    locked = decisions.key("zhao.min", passphrase="correct horse")
    offered = signing.Key(person=person("zhao.min"), public=decisions.public("zhao.min"), file=locked)
    with pytest.raises(errors.GovcloudError, match="did not sign") as refusal:
        signing.sign(TEXT, offered, terminal=False)
    assert "ssh-add" in str(refusal.value.remedy)


def test_a_key_pair_whose_halves_do_not_belong_together_signs_nothing() -> None:
    mixed = signing.Key(person=person("zhao.min"), public=decisions.public("zhao.min"), file=decisions.key("sun.tao"))
    with pytest.raises(errors.GovcloudError, match="not the one beside it"):
        signing.sign(TEXT, mixed, terminal=False)


def test_ctrl_c_at_the_passphrase_is_no_wrong_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "attached", lambda _: 130)
    with pytest.raises(errors.RunInterrupted, match="nothing was changed"):
        signing.sign(TEXT, key("zhao.min"), terminal=True)


def test_at_a_terminal_the_key_may_ask_there() -> None:
    assert wrong(TEXT, signing.sign(TEXT, key("zhao.min"), terminal=True), "zhao.min") is None


CASES = sorted((pathlib.Path(__file__).parents[1] / "cases" / "requests").glob("*/*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_what_was_signed_once_holds_for_ever(path: pathlib.Path) -> None:
    """Written by the first GovCloud that signed: a later one that computes another text would void every approval."""
    request = requests.parse(path.read_text(encoding="utf-8"))
    text, decision = requests.signed(request), request.decision
    assert text is not None
    assert decision is not None
    key_line = path.with_name("key.pub").read_text().strip()
    approver = person("zhao.min").model_copy(update={"keys": (key_line,)})
    assert wrong(text, decision.signature, "zhao.min", within=(approver,)) is None
