"""`pulumi up` in this folder: provision the network plan named by the configuration key `plan`."""

from __future__ import annotations

import pathlib

import pulumi

from govcloud_cli.plan import network
from stacks.network import program

program.program(network.from_json(pathlib.Path(pulumi.Config().require("plan")).read_text(encoding="utf-8")))
