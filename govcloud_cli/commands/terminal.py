"""A console whose text cannot steer the terminal; apart from `output`, so that `--json` waits for no rich."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import console, segment

from govcloud_cli.commands import steering

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType
    from rich.segment import Segment


class Console(console.Console):
    """As rich's; what a text holds that would steer the terminal is printed as an escape."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of `renderable`; rich's own controls (a live display's) are left alone."""
        for one in super().render(renderable, options):
            yield one if one.control else segment.Segment(steering.plain(one.text), one.style)
