"""How commands get to one side's machines.

In the lab a side's management network exists only inside a network namespace, so commands start there;
real hosts are reached from where we are.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

from govcloud_cli.plan import build, network, plans


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reach:
    """The way to one side."""

    namespace: str | None
    """Name of the management network's namespace; None for real hosts."""
    private: bool = False
    """A new network namespace with nothing but a loopback of its own.

    Pulumi's engine opens ports that obey whoever connects; on the host's loopback that would be every local user.
    """

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before a command."""
        if self.private:
            return ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
        if self.namespace is None:
            return ()
        return ("nsenter", f"--net=/run/netns/{self.namespace}")

    def command(self, argv: Sequence[str]) -> list[str]:
        """`argv`, started where the side's machines can be reached."""
        return [*self.prefix, *argv]

    @property
    def exists(self) -> bool:
        """Whether the way is there at all."""
        return self.namespace is None or (pathlib.Path("/run/netns") / self.namespace).exists()


PRIVATE = Reach(namespace=None, private=True)
"""Where a lab's network is made: before there is any, and without the host's."""


def of(side: plans.SidePlan) -> Reach:
    """The way to `side`."""
    if side.network is None:
        return Reach(namespace=None)
    return Reach(namespace=network.switch_namespace(side.network.prefix, build.MANAGEMENT_SWITCH))
