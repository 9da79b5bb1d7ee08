"""Runs what calls `asyncio.run` beside the main thread.

`asyncio.run` leaves its thread without an event loop, and Pulumi's mocks in later tests take the main thread's.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def beside(work: Callable[[], T]) -> T:
    """Call `work` in a thread of its own; return what it returns, raise what it raises."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()
