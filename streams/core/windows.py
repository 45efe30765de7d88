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
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from typing import Any, Final, Generic, TypeVar

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

WindowKey = tuple[Any, ...]
"""(kind of fact, queue, `COUNT`, `SUM` or the index of a histogram bucket); of `CRITERION` its name
instead of a queue."""
Key = TypeVar("Key", bound=tuple[Any, ...])
COUNT: Final = -1
SUM: Final = -2

NOTHING: Final[frozenset[str]] = frozenset()

FINEST: Final = 10 * SECOND
"""Every slot of every window is a multiple of it."""


Waiting = list[tuple[int, Key, int]]
"""(instant, key, amount)."""


def step_of(span: int) -> int:
    """The slot length of a window: fine enough to be smooth, coarse enough to be small."""
    if span <= 5 * MINUTE:
        return FINEST
    if span <= HOUR:
        return MINUTE
    return 15 * MINUTE if span <= DAY else HOUR


def keys_of(item: Fact, edges: tuple[int, ...]) -> tuple[tuple[WindowKey, int], ...]:
    """The sums a fact is part of, with its amount in each."""
    kind, sign = item.kind, item.sign
    queue = item.cell[1] if kind == fact.CRITERION else item.cell[0]
    if item.value is None:
        return (((kind, queue, COUNT), sign),)
    if kind not in fact.BUCKETED:
        return (((kind, queue, COUNT), sign), ((kind, queue, SUM), sign * item.value))
    return (
        ((kind, queue, COUNT), sign),
        ((kind, queue, bisect_left(edges, item.value)), sign),
        ((kind, queue, SUM), sign * item.value),
    )


class Window(Generic[Key]):
    """One trailing window over one partition."""

    __slots__ = ("_changed", "_low", "_slots", "places", "span", "step", "totals", "without")

    def __init__(self, span: int, step: int, without: frozenset[str] = NOTHING) -> None:
        self.span = span
        self.step = step
        self.without = without
        """What keys begin with that are not summed here."""
        self.places = span // self.step + 1
        """How many slots it has at most; those of any two numbers that far apart never meet."""
        self.totals: dict[Key, int] = {}
        """The sums of the window as of the last `advance`; none that is zero."""
        self._slots: dict[int, dict[Key, int]] = {}
        self._changed: set[int] = set()
        """Slots that have changed since `changes` was asked."""
        self._low: int = -(1 << 62)

    def add(self, reached: list[tuple[int, Waiting[Key]]]) -> None:
        """Add what has come to wait no longer, in slots of `FINEST` and the order of time.

        What has already fallen out changes nothing.
        """
        within, without = self.step // FINEST, self.without
        current, sums = self._low, dict[Key, int]()
        for place in range(bisect_left(reached, (self._low * within,)), len(reached)):
            finest, waiting = reached[place]
            index = finest // within
            if index != current:
                self._put(current, sums)
                current, sums = index, {}
            for _, key, amount in waiting:
                if not without or key[0] not in without:
                    sums[key] = sums.get(key, 0) + amount
        self._put(current, sums)

    def _put(self, index: int, sums: dict[Key, int]) -> None:
        if not sums:
            return
        _add(self.totals, sums, 1)
        self._changed.add(index)
        slot = self._slots.get(index)
        if slot is None:
            self._slots[index] = sums
        else:
            for key, amount in sums.items():
                slot[key] = slot.get(key, 0) + amount

    @property
    def slots(self) -> Mapping[int, Mapping[Key, int]]:
        """The sums of each slot that has any; slot n is (n * step, (n + 1) * step]."""
        return self._slots

    def advance(self, now: int) -> None:
        """Move the right edge to `now`, which never decreases, and drop what falls out."""
        low = now // self.step - self.span // self.step
        if low <= self._low:
            return
        self._low = low
        for index in [index for index in self._slots if index < low]:
            _add(self.totals, self._slots.pop(index), -1)
            self._changed.discard(index)

    def changes(self) -> list[tuple[int, dict[Key, int]]]:
        """The slots that have changed since the last call and are not out again, whole."""
        changed = [(index, self._slots[index]) for index in self._changed]
        self._changed.clear()
        return changed

    def load(self, index: int, sums: dict[Key, int]) -> None:
        """Put a slot back as it was; one that is out already changes nothing."""
        if index >= self._low:
            self._slots[index] = sums
            _add(self.totals, sums, 1)


def _add(totals: dict[Key, int], sums: Mapping[Key, int], sign: int) -> None:
    for key, amount in sums.items():
        total = totals.get(key, 0) + sign * amount
        if total:
            totals[key] = total
        else:
            totals.pop(key, None)


class Windows(Generic[Key]):
    """All windows of one partition, advanced together; sums by whatever key their owner has.

    What is put waits until now has reached it, in slots of the finest step. `settle` moves it
    on to all windows at once, so that what happens often costs little; until then they do not
    know of it.
    """

    __slots__ = ("_known", "_reached", "_starts", "_waiting", "now", "windows")

    def __init__(
        self,
        spans: Iterable[int],
        rare: frozenset[str] = NOTHING,
        rarely: Iterable[int] = (),
        step: int | None = None,
    ) -> None:
        """Keys that begin with one of `rare` are summed in the windows `rarely` only.

        With a slot length for all of them, else each with that of `step_of`.
        """
        chosen = frozenset(rarely)
        self.windows: tuple[Window[Key], ...] = tuple(
            [
                Window(span, step or step_of(span), NOTHING if span in chosen else rare)
                for span in spans
            ]
        )
        self.now: int | None = None
        """Effective now; `None` until the partition has one."""
        self._reached: int = -1
        """What is put at an instant up to here is in the windows once it is settled."""
        self._waiting: dict[int, Waiting[Key]] = {}
        """What is put and not in the windows yet, by slot of `FINEST`."""
        self._starts: list[int] = []
        """The slots in which something waits, as a heap."""
        self._known: dict[int, int] = {}
        """How many of what waits in a slot `newcomers` has told of: the first ones."""

    @property
    def reached(self) -> int:
        """What is put at an instant up to here waits no longer, -1 for none."""
        return self._reached

    def put(self, at: int, key: Key, amount: int) -> None:
        """Add an amount at an instant; one of the future waits until now has reached it."""
        index = (at - 1) // FINEST
        waiting = self._waiting.get(index)
        if waiting is None:
            self._waiting[index] = [(at, key, amount)]
            heappush(self._starts, index)
        else:
            waiting.append((at, key, amount))

    def advance(self, now: int) -> None:
        """Move effective now forward; `settle` brings the sums up to it."""
        if self.now is None or now > self.now:
            self.now = now
        self.expect(now)

    def expect(self, earliest: int) -> None:
        """Effective now is this instant, or will be a later one: no fact up to it is ahead."""
        if earliest > self._reached:
            self._reached = earliest
            for window in self.windows:
                window.advance(earliest)

    def settle(self) -> None:
        """Move what waits no longer into the windows."""
        reached = self._reached
        last = (reached - 1) // FINEST
        due: list[tuple[int, Waiting[Key]]] = []
        while self._starts and self._starts[0] <= last:
            index = heappop(self._starts)
            due.append((index, self._waiting.pop(index)))
        if not due:
            return
        index, waiting = due[-1]
        known = self._known.get(index, 0) if self._known else 0
        for each, _ in due if self._known else ():
            self._known.pop(each, None)
        if index == last:
            # The slot that now is in: some of it may be ahead still.
            due[-1] = (index, [one for one in waiting if one[0] <= reached])
            ahead = [one for one in waiting if one[0] > reached]
            if ahead:
                self._waiting[index] = ahead
                heappush(self._starts, index)
                if known:
                    self._known[index] = sum([one[0] > reached for one in waiting[:known]])
        for window in self.windows:
            window.add(due)

    def newcomers(self) -> Waiting[Key]:
        """What waits since the last call."""
        found: Waiting[Key] = []
        for index, waiting in self._waiting.items():
            known = self._known.get(index, 0)
            if known < len(waiting):
                found += waiting[known:]
                self._known[index] = len(waiting)
        return found


def count(
    windows: Windows[WindowKey], items: Iterable[Fact], sign: int, edges: tuple[int, ...] = EDGES
) -> None:
    """Add (+1) or take back (-1) facts, at their own times."""
    for item in items:
        if item.kind in fact.WINDOWED:
            for key, amount in keys_of(item, edges):
                windows.put(item.at, key, sign * amount)
