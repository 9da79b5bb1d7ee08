"""What a stock `pulumi up` runs; `govcloud deploy` calls `program` itself, with the plan that it printed."""

from __future__ import annotations

from stacks.identity import program

program.configured()
