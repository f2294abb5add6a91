"""A limit of processor time for one call, so that a case that never ends is a failure and not a halt of the suite."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TooSlow(BaseException):
    """The limit is reached. Not an `Exception`: what is being timed must not swallow it."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raises `TooSlow` in the block when it has used this much processor time; no limit where signals cannot say so."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TooSlow(f"more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
