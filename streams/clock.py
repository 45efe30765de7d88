"""The one place that reads the wall clock.

Everything else is given the time as an argument, so that a replay, a test and the
live worker run the same code.
"""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the wall clock as epoch milliseconds, UTC."""


def wall_ms() -> int:
    """The wall clock now, epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000
