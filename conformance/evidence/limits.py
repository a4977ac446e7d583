"""How often a target may be asked, and how long to wait before it is asked again."""

from __future__ import annotations

import email.utils
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from conformance.vocabulary import Target


@dataclass
class Limits:
    """Keeps a target's requests a minute and requests at a time, across threads."""

    target: Target
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _sent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._places = threading.BoundedSemaphore(max(1, self.target.concurrency))

    def __enter__(self) -> None:
        self._places.acquire()
        if self.target.requests_per_minute:
            with self._lock:
                self._wait_for_the_minute(self.target.requests_per_minute)

    def __exit__(self, *_: object) -> None:
        self._places.release()

    def _wait_for_the_minute(self, allowed: int) -> None:
        while self._sent and self._sent[0] <= self.clock() - 60:
            self._sent.popleft()
        if len(self._sent) >= allowed:
            self.sleep(max(0.0, self._sent.popleft() + 60 - self.clock()))
        self._sent.append(self.clock())


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or a date, RFC 9110), or None."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    with suppress(TypeError, ValueError, OverflowError):
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - now)
    return None
