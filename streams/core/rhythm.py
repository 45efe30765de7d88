"""When a source is usually heard of: arrivals by hour of the week, and whether it is silent.

A source is silent once many more of its events are missing than chance explains: `MISSED`
would usually have come since its newest one, and `LEAST_GAP` has passed. What is usual for
an hour of the week (local time) is a running mean over the last weeks. It starts at zero, so
a source that is hardly known yet, or comes rarely, is called silent late rather than wrongly.
A source that has been silent for `MEMORY` is forgotten: it was switched off.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from streams.core.events import OTHER
from streams.core.instants import DAY, HOUR, MINUTE

MISSED: Final = 20
"""Usual arrivals that have to be missing. By chance alone, fewer than one time in 10^8."""
LEAST_GAP: Final = 15 * MINUTE
"""Sources that are polled come in bursts, so a busy one pauses at least this long."""
MEMORY: Final = 28 * DAY
MAX_SOURCES: Final = 100
"""Sources told apart; any further one is part of `other`."""

WEEK_HOURS: Final = 7 * 24
_WEIGHT: Final = 1 / 4
"""Of the newest week in the mean."""
_GRACE: Final = 2
"""Hours are closed this far behind the newest one, so that stragglers still count."""


@lru_cache(maxsize=2_048)
def hour_of_week(hour: int, zone: tzinfo) -> int:
    """The local hour of the week, 0 is Monday's first, in which an hour since the epoch begins."""
    local = datetime.fromtimestamp(hour * 3_600, zone)
    return local.weekday() * 24 + local.hour


@dataclass(slots=True)
class _Source:
    """What is known of one source."""

    newest: int = -1
    """Its newest event time."""
    open: dict[int, int] = field(default_factory=dict)
    """Arrivals by hour since the epoch, of hours not closed yet."""
    usual: list[float] = field(default_factory=lambda: [0.0] * WEEK_HOURS)
    """Mean arrivals by hour of the week."""


class Rhythm:
    """The arrivals of one partition, by source and event time."""

    __slots__ = ("_closed", "_sources", "_zone")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._sources: dict[str, _Source] = {}
        self._closed: int = -1
        """Hours up to this one are part of the means."""

    def note(self, source: str, at: int) -> None:
        """An event of a source arrived; `at` is its event time."""
        one = self._sources.get(source) or self._meet(source)
        if at > one.newest:  # noqa: PLR1730 - each event comes by here, and max() takes longer
            one.newest = at
        hour = at // HOUR
        if hour in one.open:
            one.open[hour] += 1
            return
        if hour - _GRACE > self._closed:
            self._close(hour - _GRACE)
        if hour > self._closed:
            one.open[hour] = 1

    def sources(self) -> frozenset[str]:
        """The sources that are known."""
        return frozenset(self._sources)

    def newest(self, source: str) -> int:
        """The newest event time of a source; -1 for an unknown one."""
        one = self._sources.get(source)
        return -1 if one is None else one.newest

    def weekly(self, source: str) -> float:
        """Events a source usually sends in a week; 0 for an unknown one."""
        one = self._sources.get(source)
        return 0.0 if one is None else sum(one.usual)

    def usual(self, source: str, since: int, until: int) -> float:
        """Events a source usually sends in [since, until), at most `MEMORY` of it."""
        one = self._sources.get(source)
        if one is None:
            return 0.0
        until = min(until, since + MEMORY)
        total = 0.0
        for hour in range(since // HOUR, -(-until // HOUR)):
            inside = min(until, (hour + 1) * HOUR) - max(since, hour * HOUR)
            total += one.usual[hour_of_week(hour, self._zone)] * inside / HOUR
        return total

    def dump(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "closed": self._closed,
            "sources": {
                source: {
                    "newest": one.newest,
                    "open": [*one.open.items()],
                    "usual": [*one.usual],
                }
                for source, one in self._sources.items()
            },
        }

    @classmethod
    def load(cls, state: dict[str, Any], zone: tzinfo) -> "Rhythm":
        """What `dump` wrote; another zone counts from here on."""
        rhythm = cls(zone)
        rhythm._closed = state["closed"]
        rhythm._sources = {
            source: _Source(one["newest"], dict(one["open"]), one["usual"])
            for source, one in state["sources"].items()
        }
        return rhythm

    def _meet(self, source: str) -> _Source:
        name = source if len(self._sources) < MAX_SOURCES else OTHER
        return self._sources.setdefault(name, _Source())

    def _close(self, upto: int) -> None:
        """Move hours into the means; of a long pause only the last weeks."""
        for hour in range(max(self._closed + 1, upto - MEMORY // HOUR), upto + 1):
            at = hour_of_week(hour, self._zone)
            for one in self._sources.values():
                mean = one.usual[at] + (one.open.get(hour, 0) - one.usual[at]) * _WEIGHT
                one.usual[at] = round(mean, 2)
        self._closed = upto
        alive = (upto + 1) * HOUR - MEMORY
        self._sources = {name: one for name, one in self._sources.items() if one.newest >= alive}
        for one in self._sources.values():
            one.open = {hour: count for hour, count in one.open.items() if hour > upto}


def silent(source: str, heard: Iterable[tuple[Rhythm, int]]) -> bool:
    """Whether a source is silent against what is usual, over several partitions together.

    `heard` holds each partition's rhythm and its effective now: while a partition is behind,
    the missing events may well be in its backlog.
    """
    known = [each for each in heard if each[0].newest(source) >= 0]
    if not known:
        return False
    newest = max(rhythm.newest(source) for rhythm, _ in known)
    if max(now for _, now in known) - newest < LEAST_GAP:
        return False
    return sum(rhythm.usual(source, newest, now) for rhythm, now in known) >= MISSED
