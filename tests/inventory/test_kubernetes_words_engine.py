"""A real API server reads the same YAML: what it stores of a ControllerRevision's `data` is JSON of any shape."""

from __future__ import annotations

import base64
import json
import pathlib
import random
import ssl
import urllib.error
import urllib.request
from typing import Any

import pytest
import yaml

from govcloud_cli.inventory import manifests
from tests.inventory import test_kubernetes_words
from tests.support import control_plane

pytestmark = pytest.mark.engine

HEAD = "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {name: words}\nrevision: 1\ndata:\n"
DOCUMENTS = (
    "  {1: a, 010: b, yes: c, true1: d}",
    "  base: &base {a: 1, b: [2]}\n  other: *base\n  merged: {<<: *base, a: 3}\n  several: {<<: [{z: 1, a: 9}, *base]}",
    "  a: !!str 5\n  b: !!int '5'\n  c: !!float 2\n  d: !!bool yes\n  e: ! 5\n  f: !!map {}",
    "  a: \u00e9 !\n  b: ! 5\n  c: [! yes, ! \n   ~]\n  d: 7\n  e: &x ! 8\n  f: &y 9",
    "  a: |\n    text\n    more\n  b: >-\n    folded\n    text\n  c: 'quoted 0644'\n  d: \"\\u00e9\\n\"",
    "  a: [y, no, 0644, 1_000, 1e3, 0o17, 1:30, 2026-03-01, ~, '']",
)
REFUSED = ("  a: .inf", "  a: .nan", "  ~: x", "  [a]: x", "  a: !!int text", "  a: [", "  {a: {{ b }}}")


class Server:
    """Asks what it would make of a manifest, without keeping anything."""

    def __init__(self, plane: control_plane.ControlPlane, folder: pathlib.Path) -> None:
        config = yaml.safe_load(plane.kubeconfig.read_text(encoding="utf-8"))
        user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
        pem = folder / "client.pem"
        parts = (user["client-certificate-data"], user["client-key-data"])
        pem.write_bytes(b"".join(base64.b64decode(part) for part in parts))
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._context = ssl.create_default_context(cadata=authority)
        self._context.load_cert_chain(pem)
        self._url = f"{plane.server}/apis/apps/v1/namespaces/default/controllerrevisions?dryRun=All"

    def reads(self, text: str) -> Any:
        """The `data` of a manifest as the server has it; None if it refuses the manifest."""
        request = urllib.request.Request(
            self._url, data=text.encode(), headers={"Content-Type": "application/yaml"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, context=self._context) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError:
            return None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("plane")
    with control_plane.running(folder, controllers=("namespace-controller",)) as plane:
        yield Server(plane, folder)


def ours(text: str) -> Any:
    found = manifests.read([pathlib.Path("-")], stdin=text)
    return None if found.problems else found.objects[0].document["data"]


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_words_are_what_the_server_makes_of_them(server: Server) -> None:
    words = list(test_kubernetes_words.WORDS)
    text = HEAD + "".join(f"  k{number}: [{word}]\n" for number, word in enumerate(words) if word not in {"-", "+"})

    seen = server.reads(text)

    expected = ours(text)
    assert seen is not None
    assert {words[int(key[1:])]: value for key, value in seen.items() if not same(value, expected[key])} == {}


def test_generated_words_are_what_the_server_makes_of_them(server: Server) -> None:
    draw = random.Random(5)
    alphabets = ("0123456789+-._eExXoObBaAfFnNyY", "01.5_eE-+", "0178_xXoObB")
    words = {"".join(draw.choices(draw.choice(alphabets), k=draw.randint(1, 7))) for _ in range(8000)}
    lines = {
        f"k{number}": word for number, word in enumerate(sorted(words)) if not word.startswith(("-", "---", "..."))
    }
    texts = {key: f"{HEAD}  {key}: [{word}]\n" for key, word in lines.items()}
    good = {key: value for key, text in texts.items() if (value := ours(text)) is not None}

    seen = server.reads(HEAD + "".join(f"  {key}: [{lines[key]}]\n" for key in good))

    assert len(good) > 2000
    assert {lines[key]: seen[key] for key in good if not same(seen[key], good[key][key])} == {}


@pytest.mark.parametrize("text", DOCUMENTS)
def test_documents_are_what_the_server_makes_of_them(text: str, server: Server) -> None:
    assert ours(HEAD + text) is not None
    assert ours(HEAD + text) == server.reads(HEAD + text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_server_refuses_is_a_problem(text: str, server: Server) -> None:
    assert server.reads(HEAD + text) is None
    assert ours(HEAD + text) is None
