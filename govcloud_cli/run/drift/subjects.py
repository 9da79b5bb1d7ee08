"""What a look is at: one side, its plan, and what was last applied."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from govcloud_cli.plan import plans, steps
from govcloud_cli.run import applied, reach, workspace


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """The side that is looked at."""

    plan: plans.SidePlan
    steps: Sequence[steps.Step]
    record: applied.Applied
    """What was last applied; what differs from it by plan is not drift, and is left alone."""
    folder: workspace.SideFolder
    way: reach.Reach

    @property
    def side(self) -> str:
        """`internal` or `external`."""
        return self.plan.side.value
