"""A configured use of a package."""

from __future__ import annotations

import threading

from govcloud_cli import errors
from govcloud_cli.providers import resource


class Session:
    """One configured use of a package: a `Provider` resource of one running stack."""

    def __init__(self, package: resource.Package, config: resource.Properties) -> None:
        self.config = config
        self.cancelled = threading.Event()
        self._package = package
        self._handlers = package.configure(config, self.cancelled)

    def handler(self, token: resource.Token) -> resource.Handler:
        """Return the handler of `token`. Raises `errors.GovcloudError` for a type that is not served."""
        try:
            return self._handlers[token]
        except KeyError:
            raise errors.GovcloudError(
                f"resource type `{token}` is not served by the builtin `{self._package.name}` provider",
                cause=f"served types: {', '.join(sorted(self._handlers))}",
                remedy="use one of these, or set `engine.plugins: official` in platform.yaml",
            ) from None
