"""The programs that GovCloud needs: found, or installed, or built once and kept in a cache that checkouts share.

`tools.find("pulumi")` looks and changes nothing; `tools.provide(["pulumi"], install=True, report=print)` makes what is
missing and returns paths. `tools.packages` does likewise for Debian packages.
"""

from __future__ import annotations

from govcloud_cli.run.tools import packages, paths
from govcloud_cli.run.tools.catalog import TOOLS
from govcloud_cli.run.tools.finding import Found, Missing, find
from govcloud_cli.run.tools.providing import provide

__all__ = ["TOOLS", "Found", "Missing", "find", "packages", "paths", "provide"]
