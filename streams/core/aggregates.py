"""The sums over all tickets of a partition: counts of now, and totals since the start.

Kept by retract-and-add: whoever changes a ticket subtracts what it contributed before and
adds what it contributes after. At any moment they equal a recount from the records (law 4).
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from heapq import heappop, heappush
from typing import TypeVar

from streams.core.facts import COUNTED, Change, Fact, Standing
from streams.core.windows import WindowKey, keys_of


class Oldest:
    """The smallest of a changing multiset of instants."""

    __slots__ = ("_counts", "_heap", "_size")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._heap: list[int] = []
        self._size = 0

    def add(self, at: int) -> None:
        """Put one instant in."""
        self._size += 1
        count = self._counts.get(at, 0) + 1
        self._counts[at] = count
        if count == 1:
            heappush(self._heap, at)

    def remove(self, at: int) -> None:
        """Take one instant out that was put in."""
        self._size -= 1
        count = self._counts[at]
        if count > 1:
            self._counts[at] = count - 1
            return
        del self._counts[at]
        if len(self._heap) > 2 * len(self._counts) + 64:
            # One old instant on top would keep all that came and went below it.
            self._heap = sorted(self._counts)

    def first(self) -> int | None:
        """The earliest instant; `None` when there is none."""
        while self._heap and self._heap[0] not in self._counts:
            heappop(self._heap)
        return self._heap[0] if self._heap else None

    def __len__(self) -> int:
        return self._size


class Now:
    """The gauges of now: sums of the standings of all active tickets."""

    __slots__ = ("active", "segments", "unanswered", "unassigned", "waiting")

    def __init__(self) -> None:
        self.segments: dict[str, int] = {}
        """Tickets by segment."""
        self.active: dict[tuple[str, str, str, str], int] = {}
        """Tickets by (queue, priority, channel, status)."""
        self.unassigned: dict[str, int] = {}
        """Tickets without assignee, by queue."""
        self.unanswered: dict[tuple[str, str], Oldest] = {}
        """Starts of first responses still owed, by (queue, priority)."""
        self.waiting: dict[tuple[str, str], Oldest] = {}
        """Since when requesters wait for a reply, by (queue, priority)."""

    def move(self, before: Standing | None, after: Standing | None) -> None:
        """Replace what one ticket contributed by what it contributes now."""
        if before == after:
            return
        if before is not None:
            self._count(before, -1)
        if after is not None:
            self._count(after, 1)
        if (
            before is not None
            and after is not None
            and before[0] == after[0]
            and before[3] == after[3]
            and before[4] == after[4]
        ):
            # The same labels and instants: somebody else holds it, or its status is another.
            return
        if before is not None:
            self._instants(before, add=False)
        if after is not None:
            self._instants(after, add=True)

    def depth(self) -> int:
        """All active tickets."""
        return sum(self.active.values())

    def _count(self, one: Standing, sign: int) -> None:
        queue, priority, channel = one.cell[0], one.cell[1], one.cell[2]
        key = (queue, priority, channel, one.status)
        adjust(self.active, key, sign)
        adjust(self.segments, one.cell[3], sign)
        if one.unassigned:
            adjust(self.unassigned, queue, sign)

    def _instants(self, one: Standing, *, add: bool) -> None:
        queue, priority = one.cell[0], one.cell[1]
        where = (queue, priority)
        if one.unanswered_since is not None:
            _move(self.unanswered, where, one.unanswered_since, add=add)
        if one.waiting_since is not None:
            _move(self.waiting, where, one.waiting_since, add=add)


def _move(
    instants: dict[tuple[str, str], Oldest], where: tuple[str, str], since: int, *, add: bool
) -> None:
    oldest = instants.get(where)
    if oldest is None:
        oldest = instants[where] = Oldest()
    if add:
        oldest.add(since)
    else:
        oldest.remove(since)


_Key = TypeVar("_Key", bound=Hashable)


def adjust(counts: dict[_Key, int], key: _Key, sign: int) -> None:
    """Count one more or one less; what comes to nothing is not kept."""
    count = counts.get(key, 0) + sign
    if count:
        counts[key] = count
    else:
        del counts[key]


class Totals:
    """What was counted since some moment: the numbers behind Prometheus counters.

    A fact is counted once. One that replaces another of its kind is a correction: a counter
    cannot take the old one back, so it counts neither and the correction is counted instead.
    """

    __slots__ = ("corrections", "sums")

    def __init__(self) -> None:
        self.sums: dict[WindowKey, int] = {}
        """As in a window: counts, histogram buckets and sums by kind and queue."""
        self.corrections: int = 0

    def add(self, items: list[Fact], edges: tuple[int, ...]) -> None:
        """Count facts that are new."""
        for item in items:
            self.count(keys_of(item, edges))

    def count(self, amounts: Iterable[tuple[WindowKey, int]]) -> None:
        """Count what a new fact is part of."""
        sums = self.sums
        for key, amount in amounts:
            sums[key] = sums.get(key, 0) + amount

    def correct(self, change: Change, edges: tuple[int, ...]) -> None:
        """Count what a refold gained beyond what it lost, kind by kind."""
        lost = Counter(item.kind for item in change.lost if item.kind in COUNTED)
        self.corrections += lost.total()
        fresh = []
        for item in change.gained:
            if item.kind not in COUNTED:
                continue
            if lost[item.kind] > 0:
                lost[item.kind] -= 1
            else:
                fresh.append(item)
        self.add(fresh, edges)

    def merge(self, other: "Totals") -> None:
        """Count what another total counted too."""
        self.count(other.sums.items())
        self.corrections += other.corrections
