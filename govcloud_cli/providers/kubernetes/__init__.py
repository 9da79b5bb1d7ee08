"""Serves `pulumi_kubernetes` resource types by server-side apply with field manager `govcloud`.

What is served: `kinds.SERVED`, and a `bundle` of many of them as one resource. Objects are adopted where they exist; a
field of another manager is a conflict.
`client.Client` is the same API client for use without Pulumi.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping

from govcloud_cli.providers import objects, resource
from govcloud_cli.providers.kubernetes import access, bundle, client, configuration, handler, kinds

_VERSION = "4.34.2"


def package() -> resource.Package:
    """Return the package `kubernetes`."""
    return resource.Package(
        name="kubernetes",
        version=_VERSION,
        configure=_configure,
        check_config=configuration.check,
        diff_config=configuration.diff,
    )


def _configure(config: resource.Properties, cancelled: threading.Event) -> Mapping[resource.Token, resource.Handler]:
    settings = configuration.settings(config)
    shared = _client(settings.kubeconfig, settings.context, settings.cluster)
    session = handler.Session(
        client=shared,
        cancelled=cancelled,
        namespace=settings.namespace or shared.access.namespace,
        force=settings.force,
    )
    handlers = {kind.token: handler.Handler(kind, session) for kind in kinds.SERVED}
    return {**handlers, objects.TOKEN: bundle.Bundle(handlers.values(), session)}


@functools.lru_cache(maxsize=32)
def _client(kubeconfig: str, context: str | None, cluster: str | None) -> client.Client:
    """Return one client per cluster and process, so that all runs share its connections and what it discovered."""
    return client.Client(access.load(kubeconfig, context=context, cluster=cluster))
