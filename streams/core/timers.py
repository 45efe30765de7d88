"""When something is due by the passing of time alone: at least one entry per ticket.

What is far off waits in buckets, sixteen bytes an entry; a bucket that comes near moves into a
heap, which knows the order.
"""

from array import array
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

from streams.core.instants import MINUTE

BUCKET: Final = 10 * MINUTE
"""How much time one bucket holds."""


class _Bucket:
    """Entries of one stretch of time, in the order they came."""

    __slots__ = ("dues", "tickets")

    def __init__(self) -> None:
        self.dues: array[int] = array("q")
        self.tickets: list[str] = []


class Timers:
    """Instants by ticket. Whoever sets an earlier one skips the later when it comes up.

    The cost of asking is bounded by what is due in this bucket, not by what is waiting.
    """

    __slots__ = ("_far", "_heap", "_near", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._far: dict[int, _Bucket] = {}
        """Buckets by their number since the epoch."""
        self._order: list[int] = []
        """A heap of their numbers."""
        self._near: int = -1
        """Buckets up to this one are in the heap."""

    def set(self, ticket: str, due: int) -> None:
        """Wake the ticket at `due`; an earlier entry of it stays and comes up first."""
        number = due // BUCKET
        if number <= self._near:
            heappush(self._heap, (due, ticket))
            return
        bucket = self._far.get(number)
        if bucket is None:
            bucket = self._far[number] = _Bucket()
            heappush(self._order, number)
        bucket.dues.append(due)
        bucket.tickets.append(ticket)

    def due(self, now: int) -> Iterator[tuple[int, str]]:
        """Entries whose instant is at or before `now`, earliest first, taken out."""
        while self.is_due(now):
            yield heappop(self._heap)

    def is_due(self, now: int) -> bool:
        """Whether there is such an entry."""
        self._approach(now // BUCKET)
        return bool(self._heap) and self._heap[0][0] <= now

    def _approach(self, number: int) -> None:
        """Have all buckets up to this one in the heap."""
        while self._order and self._order[0] <= number:
            bucket = self._far.pop(heappop(self._order))
            for due, ticket in zip(bucket.dues, bucket.tickets, strict=True):
                heappush(self._heap, (due, ticket))
        self._near = max(self._near, number)
