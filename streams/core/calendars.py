"""Open time: when a team works, and how much of it lies between two instants.

An instant is open iff its local wall-clock reading lies in an interval [from, to) of its
local date. So a reading that a change to summer time skips counts nothing, and one that
occurs twice in autumn counts twice. Everything is computed in UTC from the list of open
intervals, one year at a time, and looked up by bisection:

    open time before t    0 ........ 4h ........ 4h ............. 8h
                                  ______                ______
    t              --------------|      |--------------|      |------->

`before(t)` reads that curve and `reach(amount)` reads it backwards, so that
`between(start, add(start, d)) == d` holds exactly (law 5).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from typing import Final

from streams.core.instants import DAY, HOUR

Interval = tuple[int, int]
"""[from, to) in milliseconds."""
Hours = tuple[Interval, ...]
"""Open intervals of a local date, after its midnight; one that crosses midnight ends past 24 h."""
Holidays = Callable[[int], Mapping[date, Hours]]
"""The dates of a year that have hours of their own (none: closed)."""
Closures = Callable[[int], Sequence[Interval]]
"""Closed intervals that touch a year (UTC), in epoch milliseconds."""

FIRST_YEAR: Final = 1999
"""No event is older than 2000 (CONTRACTS section 1), a zone may be half a day behind."""
CENTURY: Final = 100
"""Further ahead nothing is due: `add` says `FOREVER`."""
FOREVER: Final = 253_370_764_800_000
"""The year 9999."""

WEEK: Final = 7 * DAY

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = 12 * HOUR
"""No zone changes its offset twice within so short a time."""


def _no_holidays(_year: int) -> Mapping[date, Hours]:
    return {}


def _no_closures(_year: int) -> Sequence[Interval]:
    return ()


class Calendar:
    """When it is open. Years are computed when they are first asked for."""

    __slots__ = (
        "_before",
        "_closures",
        "_ends",
        "_holidays",
        "_starts",
        "_until",
        "_year",
        "name",
        "week",
        "weekly",
        "zone",
    )

    def __init__(
        self,
        name: str,
        zone: tzinfo,
        week: Sequence[Hours],
        holidays: Holidays = _no_holidays,
        closures: Closures = _no_closures,
    ) -> None:
        """`week` holds seven days from Monday; raises `ValueError` if none has open time."""
        self.name = name
        self.zone = zone
        self.week = tuple(week)
        self.weekly = _weekly(self.week) if week else WEEK
        """Open time of a week without holidays, milliseconds."""
        self._holidays = holidays
        self._closures = closures
        self._year = FIRST_YEAR
        """The next year to compute."""
        self._until = _new_year(FIRST_YEAR)
        """Its first instant."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = [0]
        """Open time before each start, and after the last end."""
        if not self.weekly:
            raise ValueError(f"calendar {name} is never open")

    @property
    def always(self) -> bool:
        """Open day and night: no list of intervals is needed."""
        return not self.week

    @property
    def average_day(self) -> int:
        """What `1bd` is: weekly open time over the weekdays that have any, milliseconds."""
        return self.days(1)

    def days(self, count: int) -> int:
        """What so many average open days are, milliseconds; rounded down once, at the end."""
        return count * self.weekly // (sum(1 for hours in self.week if hours) or 7)

    def before(self, at: int) -> int:
        """Open time from a fixed instant in the past to `at`, milliseconds."""
        if not self.week:
            return at
        if at >= self._until:
            self._extend(at)
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return 0
        return self._before[index] + min(at, self._ends[index]) - self._starts[index]

    def reach(self, amount: int) -> int:
        """The first instant at which `before` is `amount`."""
        if self.always:
            return min(amount, FOREVER)
        while self._before[-1] < amount:
            self._next_year()
        index = max(0, bisect_left(self._before, amount) - 1)
        return self._starts[index] + amount - self._before[index]

    def between(self, start: int, end: int) -> int:
        """Open time in [start, end), milliseconds; negative where `end` is earlier."""
        return self.before(end) - self.before(start)

    def add(self, start: int, amount: int) -> int:
        """The first instant at which `amount` of open time has passed since `start`.

        `start` itself for nothing; `FOREVER` for what no century holds.
        """
        if amount <= 0:
            return start
        if amount > CENTURY * 52 * self.weekly:
            return FOREVER
        wanted = self.before(start) + amount
        horizon = start + CENTURY * 366 * DAY
        if not self.always:
            # A calendar may close for good: a holiday that comes back every day has no end.
            while self._before[-1] < wanted:
                if self._until > horizon:
                    return FOREVER
                self._next_year()
        reached = max(start, self.reach(wanted))
        return reached if reached <= horizon else FOREVER

    def is_open(self, at: int) -> bool:
        """Whether it is open at an instant."""
        return next(self.open_in(at, at + 1), None) is not None

    def open_in(self, start: int, end: int) -> Iterator[Interval]:
        """The open intervals within [start, end), in order."""
        if self.always:
            if start < end:
                yield start, end
            return
        self._extend(end)
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._starts)):
            low, high = max(start, self._starts[index]), min(end, self._ends[index])
            if self._starts[index] >= end:
                return
            if low < high:
                yield low, high

    # -- years ----------------------------------------------------------------------------

    def _extend(self, at: int) -> None:
        while self._year < MAXYEAR and at >= self._until:
            self._next_year()

    def _next_year(self) -> None:
        if self._year >= MAXYEAR:
            raise OverflowError(f"calendar {self.name} is not open so often")
        for start, end in _merged(self._open(self._year)):
            if self._ends and self._ends[-1] == start:
                self._ends[-1] = end
                self._before[-1] += end - start
                continue
            self._starts.append(start)
            self._ends.append(end)
            self._before.append(self._before[-1] + end - start)
        self._year += 1
        self._until = _new_year(self._year)

    def _open(self, year: int) -> list[Interval]:
        """The open intervals of one UTC year."""
        holidays = {
            day.toordinal(): hours
            for each in (year - 1, year, year + 1)
            for day, hours in self._holidays(each).items()
        }
        found = []
        for start, end, offset in _offsets(self.zone, _new_year(year), _new_year(year + 1)):
            low, high = start + offset, end + offset
            for number in range(low // DAY - 1, high // DAY + 1):
                midnight = number * DAY
                for opens, closes in self._hours(number + _EPOCH_DAY, holidays):
                    a, b = max(low, midnight + opens), min(high, midnight + closes)
                    if a < b:
                        found.append((a - offset, b - offset))
        return _without(_merged(found), _merged(self._closures(year)))

    def _hours(self, day: int, holidays: Mapping[int, Hours]) -> Iterator[Interval]:
        """The hours of one date: a holiday's own, and no shift runs on into a holiday."""
        hours = holidays.get(day)
        if hours is None:
            hours = self.week[(day - 1) % 7]
        for start, end in hours:
            yield start, min(end, DAY) if day + 1 in holidays else end


def _new_year(year: int) -> int:
    return (date(year, 1, 1).toordinal() - _EPOCH_DAY) * DAY


def _offsets(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[start, end) cut where the zone's offset changes: (from, to, offset), milliseconds."""
    begun, offset = start, _offset(zone, start)
    at = start
    while at < end:
        following = min(at + _STEP, end)
        if _offset(zone, following) != offset:
            change = bisect_left(
                range(at // 1000, following // 1000),
                1,
                key=lambda s: _offset(zone, s * 1000) != offset,
            )
            cut = (at // 1000 + change) * 1000
            yield begun, cut, offset
            begun, offset = cut, _offset(zone, cut)
        at = following
    yield begun, end, offset


def _offset(zone: tzinfo, at: int) -> int:
    moment = (_UNIX + timedelta(milliseconds=at)).astimezone(zone)
    return round((moment.utcoffset() or timedelta()).total_seconds() * 1000)


def _weekly(week: Sequence[Hours]) -> int:
    """Open time of a week; where the shifts of two days overlap it counts once."""
    shifts = [
        (day * DAY + start + turn, day * DAY + end + turn)
        for day, hours in enumerate(week)
        for start, end in hours
        for turn in (-WEEK, 0)  # Sunday's night shift ends on Monday
    ]
    return sum(max(0, min(end, WEEK) - max(start, 0)) for start, end in _merged(shifts))


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _without(intervals: Sequence[Interval], closed: Sequence[Interval]) -> list[Interval]:
    """The intervals without the closed ones; both are sorted and apart."""
    left = []
    place = 0
    for start, end in intervals:
        at = start
        while place < len(closed) and closed[place][0] < end:
            low, high = closed[place]
            if at < low:
                left.append((at, low))
            at = max(at, high)
            if high > end:
                break  # It may reach into the next interval.
            place += 1
        if at < end:
            left.append((at, end))
    return left


ALWAYS: Final = Calendar("24x7", UTC, ())
"""The built-in calendar that never closes."""
