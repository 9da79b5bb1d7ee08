from __future__ import annotations

import base64
import json
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import profiles
from tests.run.login.test_transport import pem
from tests.support import control_plane
from tests.support.identity_answers import ISSUER

AUTHORITY = pem(control_plane._authority())
PROFILE = profiles.Profile(
    name="test",
    issuer=ISSUER,
    authority=AUTHORITY,
    server="https://k8s.gov.invalid:6443",
    server_authority=AUTHORITY,
    connect=("127.0.0.1", 8443),
)


@pytest.fixture(autouse=True)
def _home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_a_profile_is_read_as_it_was_saved_and_is_its_owners_alone() -> None:
    folder = profiles.save(PROFILE)
    assert profiles.load("test") == PROFILE
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o600}
    assert profiles.load("another") is None


def test_the_kubeconfig_holds_no_secret_and_asks_us_for_tokens() -> None:
    document = json.loads(profiles.save(PROFILE).kubeconfig.read_text())
    plugin = document["users"][0]["user"]["exec"]
    assert plugin["args"][-4:] == ["login", "--credential", "--profile", "test"]
    assert plugin["args"][0] == "-P", "or a folder `govcloud_cli` where kubectl is called would be run"
    assert plugin["interactiveMode"] == "Never"
    cluster = document["clusters"][0]["cluster"]
    assert cluster["server"] == "https://k8s.gov.invalid:6443"
    assert base64.b64decode(cluster["certificate-authority-data"]).decode() == AUTHORITY
    assert set(document["users"][0]["user"]) == {"exec"}


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "a" * 81, "a\n", "-a", "身份"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(errors.UsageError):
        profiles.locate(name)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"issuer": "http://identity.gov"},
        {"authority": "nonsense"},
        {"server": "http://k8s.gov"},
        {"server": None},
        {"connect": [1]},
        {"connect": "x"},
        {"more": "x"},
    ],
    ids=str,
)
def test_a_profile_that_was_changed_into_what_cannot_be_is_refused(change: dict[str, object]) -> None:
    path = profiles.save(PROFILE).profile
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(errors.GovcloudError):
        profiles.load("test")


def test_a_profile_that_others_may_change_is_refused() -> None:
    profiles.save(PROFILE).profile.chmod(0o622)
    with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
        profiles.load("test")
