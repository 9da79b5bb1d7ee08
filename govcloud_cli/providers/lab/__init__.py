"""Pulumi package `lab`: network segments and Debian machines on this host, as root.

Everything is made inside network namespaces whose names begin with a prefix; the host's own network gains
nothing but loopback listeners. Every operation adopts what an earlier, killed one left behind. A reboot of the
host takes the namespaces and processes but not the disks: the next refresh reports the machines as damaged and
the next update boots them again from their disks. Only `delete` removes a disk.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from govcloud_cli.providers import resource
from govcloud_cli.providers.lab import forwards, machines, switches


def package() -> resource.Package:
    """Return the package."""
    return resource.Package(name="lab", version="1.0.0", configure=_configure)


def _configure(_config: resource.Properties, cancelled: threading.Event) -> Mapping[resource.Token, resource.Handler]:
    return {
        "lab:index:Switch": switches.Switches(),
        "lab:index:Machine": machines.Machines(cancelled),
        "lab:index:Forward": forwards.Forwards(),
    }
