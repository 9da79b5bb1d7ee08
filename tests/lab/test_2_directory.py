"""A staff directory behind the lab's firewalls: who is in it logs in with its password, and leaves by people.yaml."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from govcloud_cli.plan import identity
from tests.lab import driver, test_2_access
from tests.support import accounts, directory, vpn_pki

pytestmark = pytest.mark.lab

# A machine of the external zone stands for the office that keeps the directory.
HOST, ADDRESS = "external-client", "10.20.0.100"
PERSON = {"id": "wu.jun", "displayName": "吴军", "organisation": "yunxi-finance", "groups": ["finance:viewers"]}
FLOW = {
    "id": "staff-directory",
    "from": {"machine": "external-identity"},
    "to": {"machine": HOST},
    "ports": [636],
    "reason": "身份服务读取员工目录 - the identity service reads the staff directory",
}


def edit(path: pathlib.Path, change: Any) -> str:
    """Change a file of the inventory; return what it was."""
    before = path.read_text(encoding="utf-8")
    document = yaml.safe_load(before)
    change(document["spec"])
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_style=None), encoding="utf-8")
    return before


def browse(cloud: driver.Cloud, password: str, code: str) -> bool:
    """Whether the person comes through the log-in page, asked for in the office."""
    side = cloud.sides["external"].side
    given = {"address": "10.20.0.21", "host": "external-identity", "attempts": [[PERSON["id"], password, code]]}
    given["ca"] = str(cloud.space.side(side).pki / "services-ca.crt")
    command = ["ip", "netns", "exec", f"{cloud.space.prefix}-ext-m-{HOST}", sys.executable, "-c", test_2_access.BROWSER]
    done = subprocess.run(
        command, input=json.dumps(given), cwd=driver.ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return bool(json.loads(done.stdout)[0])


@pytest.fixture(scope="module")
def switched_on(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Cloud]:
    cloud: driver.Cloud = lab.cloud
    folder = tmp_path_factory.mktemp("directory")
    issuer = vpn_pki.Authority.new("a department's own authority")
    key = vpn_pki.new_key()
    (folder / "ca.crt").write_bytes(vpn_pki.pem(issuer.certificate))
    (folder / "server.crt").write_bytes(vpn_pki.pem(issuer.server(key, "directory", ADDRESS)))
    (folder / "server.key").write_bytes(vpn_pki.key_pem(key))
    secret = cloud.space.side(cloud.sides["external"].side).secrets / identity.DIRECTORY_SECRET
    secret.write_text(directory.READER_PASSWORD)
    secret.chmod(0o600)
    platform, people = cloud.inventory / "platform.yaml", cloud.inventory / "people.yaml"
    with directory.standing(
        folder, people=(str(PERSON["id"]),), namespace=f"{cloud.space.prefix}-ext-m-{HOST}", address=ADDRESS
    ) as staff:

        def switch(spec: dict[str, Any]) -> None:
            spec["flows"].append(FLOW)
            spec["identity"] = {
                **spec.get("identity", {}),
                "directory": {
                    "url": staff.url,
                    "people": directory.PEOPLE,
                    "bind": directory.READER,
                    "authority": (folder / "ca.crt").read_text(encoding="ascii"),
                },
            }

        before = edit(platform, switch), edit(people, lambda spec: spec["people"].append(PERSON))
        try:
            cloud.run("deploy", "--side", "external")
            yield cloud
        finally:
            platform.write_text(before[0], encoding="utf-8")
            people.write_text(before[1], encoding="utf-8")
            cloud.run("deploy", "--side", "external")
            secret.unlink()


def test_a_person_of_the_directory_comes_in_with_its_password_and_leaves_by_people_yaml(
    switched_on: driver.Cloud,
) -> None:
    cloud, person = switched_on, str(PERSON["id"])
    told = cloud.json("people enrol", person, "--code-only", "--side", "external")
    (secret,) = urllib.parse.parse_qs(urllib.parse.urlsplit(told["otpauth"]).query)["secret"]
    telephone = accounts.Codes(secret=test_2_access._decoded(secret))
    assert browse(cloud, directory.PASSWORD, telephone.next())
    assert not browse(cloud, "Wrong-horse-7", telephone.next())
    assert directory.READER_PASSWORD not in (cloud.space.path / "external" / "applied.json").read_text("utf-8")

    edit(cloud.inventory / "people.yaml", lambda spec: spec["people"].pop())
    cloud.run("people sync", "--side", "external")
    assert not browse(cloud, directory.PASSWORD, telephone.next()), "the directory still has the person"
