"""An event loop in a thread of its own, so that synchronous handlers share one pool of connections."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from govcloud_cli import errors

_Result = TypeVar("_Result")
_GLANCE: Final = 0.2
"""How often, in seconds, a waiting thread looks whether the run was cancelled."""


_starting = threading.Lock()


def background() -> asyncio.AbstractEventLoop:
    """Return the process's background loop; it starts with the first call and ends with the process."""
    # The first calls come from many threads at once, and a cache alone would let each start a loop of its own.
    with _starting:
        return _background()


@functools.cache
def _background() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="http-clients", daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, _Result], cancelled: threading.Event) -> _Result:
    """Run `work` on the background loop; return its result. Raises `errors.RunInterrupted` once `cancelled` is set."""
    future = asyncio.run_coroutine_threadsafe(work, background())
    while True:
        try:
            return future.result(timeout=_GLANCE)
        except concurrent.futures.TimeoutError:
            if future.done():
                return future.result()
            if cancelled.is_set():
                future.cancel()
                raise errors.RunInterrupted("cancelled while waiting for an answer") from None
