"""Trailing event-time windows: what happened in the last 5 minutes, hour, day and week.

    (floor(now, step) - span, now]      open on the left, closed on the right

          floor(now, step) - span            floor(now, step)   now
    ------------(----------------------------------|-------------]---->  event time
                 slot   slot   slot  ...            partial slot

A window is a run of slots, `step` long, each the sum of the facts whose time lies in it;
a slot that falls out is subtracted as a whole. Facts of the future (a source whose clock
is fast) wait until now has reached them. Sums of slots of several partitions add up.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable
from heapq import heappop, heappush
from typing import Final, Generic, TypeVar

from streams.core import facts as fact
from streams.core.facts import Fact
from streams.core.instants import DAY, HOUR, MINUTE

SECOND: Final = 1_000

EDGES: Final = tuple(
    seconds * SECOND
    for seconds in (
        *(60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800),
        *(86_400, 172_800, 259_200, 604_800),
    )
)
"""Histogram bucket edges from a minute to a week, milliseconds, upper bounds inclusive."""

WindowKey = tuple[str, str, int]
"""(kind of fact, queue, `COUNT`, `SUM` or the index of a histogram bucket)."""
Key = TypeVar("Key", bound=Hashable)
COUNT: Final = -1
SUM: Final = -2

WINDOWED: Final = frozenset(
    {
        fact.CREATED,
        fact.RESOLVED,
        fact.REOPENED,
        fact.TRANSFERRED,
        fact.ASSIGNED,
        fact.AGENT_REPLY,
        fact.REQUESTER_MESSAGE,
        fact.FIRST_RESPONSE,
        fact.PICKUP,
        fact.RESOLUTION,
    }
)
"""Kinds of facts that windows count; durations also by histogram bucket."""


def step_of(span: int) -> int:
    """The slot length of a window: fine enough to be smooth, coarse enough to be small."""
    if span <= 5 * MINUTE:
        return 10 * SECOND
    if span <= HOUR:
        return MINUTE
    return 15 * MINUTE if span <= DAY else HOUR


def keys_of(item: Fact, edges: tuple[int, ...]) -> tuple[tuple[WindowKey, int], ...]:
    """The sums a fact is part of, with its amount in each."""
    kind, queue = item.kind, item.cell[0]
    if item.value is None:
        return (((kind, queue, COUNT), 1),)
    return (
        ((kind, queue, COUNT), 1),
        ((kind, queue, bisect_left(edges, item.value)), 1),
        ((kind, queue, SUM), item.value),
    )


class Window(Generic[Key]):
    """One trailing window over one partition."""

    __slots__ = ("_low", "_slots", "span", "step", "totals")

    def __init__(self, span: int) -> None:
        self.span = span
        self.step = step_of(span)
        self.totals: Counter[Key] = Counter()
        """The sums of the window as of the last `advance`."""
        self._slots: dict[int, Counter[Key]] = {}
        self._low: int | None = None

    def add(self, at: int, key: Key, amount: int) -> None:
        """Add to the slot of `at`; one that has already fallen out changes nothing."""
        index = (at - 1) // self.step
        if self._low is not None and index < self._low:
            return
        slot = self._slots.get(index)
        if slot is None:
            slot = self._slots[index] = Counter()
        slot[key] += amount
        self.totals[key] += amount

    def advance(self, now: int) -> None:
        """Move the right edge to `now`, which never decreases, and drop what falls out."""
        low = now // self.step - self.span // self.step
        if self._low is not None and low <= self._low:
            return
        self._low = low
        for index in [index for index in self._slots if index < low]:
            self.totals.subtract(self._slots.pop(index))
        if not self._slots:
            self.totals.clear()


class Windows(Generic[Key]):
    """All windows of one partition, advanced together; sums by whatever key their owner has."""

    __slots__ = ("_ahead", "_order", "_reached", "now", "windows")

    def __init__(self, spans: Iterable[int]) -> None:
        self.windows: tuple[Window[Key], ...] = tuple(Window(span) for span in spans)
        self.now: int | None = None
        """Effective now; `None` until the partition has one."""
        self._reached: int = -1
        """Facts up to here are in the slots, newer ones wait."""
        self._ahead: list[tuple[int, int, tuple[tuple[Key, int], ...]]] = []
        self._order = 0

    def put(self, at: int, amounts: tuple[tuple[Key, int], ...]) -> None:
        """Add amounts at an instant; those of the future wait until now has reached them."""
        if at > self._reached:
            self._order += 1
            heappush(self._ahead, (at, self._order, amounts))
        else:
            self._place(at, amounts)

    def advance(self, now: int) -> None:
        """Move effective now forward."""
        if self.now is not None and now <= self.now:
            return
        self.now = now
        self.expect(now)

    def expect(self, earliest: int) -> None:
        """Effective now is this instant, or will be a later one: no fact up to it is ahead."""
        if earliest <= self._reached:
            return
        self._reached = earliest
        while self._ahead and self._ahead[0][0] <= earliest:
            at, _, amounts = heappop(self._ahead)
            self._place(at, amounts)
        for window in self.windows:
            window.advance(earliest)

    def _place(self, at: int, amounts: tuple[tuple[Key, int], ...]) -> None:
        for key, amount in amounts:
            for window in self.windows:
                window.add(at, key, amount)


def count(
    windows: Windows[WindowKey], items: Iterable[Fact], sign: int, edges: tuple[int, ...] = EDGES
) -> None:
    """Add (+1) or take back (-1) facts, at their own times."""
    for item in items:
        if item.kind in WINDOWED:
            amounts = keys_of(item, edges)
            windows.put(item.at, amounts if sign > 0 else tuple((k, -n) for k, n in amounts))
