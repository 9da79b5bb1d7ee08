"""Time, as it is handed in: so that tests need not wait."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clock:
    """Two clocks and a way to wait."""

    now: Callable[[], float]
    """Seconds since 1970; may jump."""
    monotonic: Callable[[], float]
    """Seconds since some moment; only goes on."""
    sleep: Callable[[float], None]
