"""`python -m govcloud_cli.providers NAME…`: serve providers until standard input closes."""

from __future__ import annotations

import os
import sys

from govcloud_cli.providers import server

if __name__ == "__main__":
    code = server.main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # a handler that ignores its cancellation must not keep a provider alive
