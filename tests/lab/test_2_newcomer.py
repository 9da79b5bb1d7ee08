"""README's tour from a new person to a page, each command as README has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import shlex
import struct
import sys
import time

import pytest

from tests.lab import driver, terminal
from tests.support import readme_tour

pytestmark = pytest.mark.lab

PASSWORD, PIN = "Yunxi-2026-Tour!", "246810"
PAGE = "https://10.20.0.21/realms/govcloud/account/"


def code(secret: str) -> str:
    """The six digits of now (RFC 6238), early enough in their half minute to be taken."""
    while time.time() % 30 > 20:
        time.sleep(1)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def test_a_new_person_sees_a_page_through_the_tunnel_as_the_readme_tells(cloud: driver.Cloud) -> None:
    people = cloud.inventory / "people.yaml"
    before, screens = people.read_text("utf-8"), ""
    people.write_text(before.rstrip("\n") + "\n" + readme_tour.person(), encoding="utf-8")
    answers = {
        "Password 口令:": lambda: PASSWORD,
        "Again 再次输入:": lambda: PASSWORD,
        r"New PIN of token .* \(令牌口令\):": lambda: PIN,
        r"Again \(再次输入\):": lambda: PIN,
        "Enter PIN:": lambda: PIN,
        r"\nPassword:": lambda: PASSWORD + code(re.findall(r"secret=([A-Z2-7]+)", screens)[-1]),
    }
    environment = {**driver._environment(cloud.folder), "GOVCLOUD_ENV": str(cloud.inventory), "NO_COLOR": "1"}
    steps = readme_tour.steps()
    look = re.compile(r"see\.sh")
    try:
        for step in steps:
            if look.search(step.command):
                assert PAGE in step.command
            program, *words = shlex.split(step.command)
            assert program == "./govcloud"
            status, shown = terminal.run(
                [sys.executable, "-m", "govcloud_cli", *words], answers, environment={**environment, "COLUMNS": "200"}
            )
            shown = shown.replace(f" --env {cloud.inventory}", "")
            screens += shown
            assert status == 0, f"{step.command}\n{shown}"
            assert step.missing(shown) == [], f"{step.command}\n{shown}"
        assert [one["person"] for one in cloud.json("vpn sessions")["sessions"]] == ["li.wei"]
        # To the letter what the role writes for others of the group.
        cloud.shell("gateway", "cmp /etc/ocserv/people/li.wei /etc/ocserv/people/sun.xiaoyan")
    finally:
        people.write_text(before, encoding="utf-8")
        cloud.run("people sync")
        assert cloud.json("vpn sessions")["sessions"] == []
        cloud.run("deploy")
