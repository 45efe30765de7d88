"""When something is due by the passing of time alone: a heap with one entry per ticket."""

from collections.abc import Iterator
from heapq import heappop, heappush


class Timers:
    """Instants by ticket. Whoever sets an earlier one skips the later when it comes up.

    The cost of asking is bounded by what is due, not by what is waiting.
    """

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []

    def set(self, ticket: str, due: int) -> None:
        """Wake the ticket at `due`; an earlier entry of it stays and comes up first."""
        heappush(self._heap, (due, ticket))

    def due(self, now: int) -> Iterator[tuple[int, str]]:
        """Entries whose instant is at or before `now`, earliest first, taken out."""
        while self._heap and self._heap[0][0] <= now:
            yield heappop(self._heap)

    def is_due(self, now: int) -> bool:
        """Whether there is such an entry."""
        return bool(self._heap) and self._heap[0][0] <= now
