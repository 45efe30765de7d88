"""The clock of the simulated world: what will happen, in the order of its time."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, TypeVarTuple

Ts = TypeVarTuple("Ts")


class Agenda:
    """Future calls in a heap. Time moves only by `step`, and never back."""

    __slots__ = ("_calls", "_count", "now_ms")

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._calls: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, at_ms: int, call: Callable[[*Ts], object], *args: *Ts) -> None:
        """Call it at an instant (now, if that has passed); of equal instants the first set goes."""
        self._count += 1
        heappush(self._calls, (max(at_ms, self.now_ms), self._count, call, args))

    def after(self, wait_ms: int, call: Callable[[*Ts], object], *args: *Ts) -> None:
        """Call it so many milliseconds from now."""
        self.at(self.now_ms + wait_ms, call, *args)

    @property
    def next_ms(self) -> int:
        """When the next call is due. Raises `IndexError` if nothing is left to happen."""
        return self._calls[0][0]

    def step(self) -> None:
        """Move to the next call and make it."""
        self.now_ms, _, call, args = heappop(self._calls)
        call(*args)
