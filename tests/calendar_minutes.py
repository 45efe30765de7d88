"""Open time counted minute by minute, straight from the definition: slow, and easy to believe.

An instant is open iff its local reading lies in an interval of its local date (CONTRACTS
section 3, docs/decisions/0005). Every edge in the definitions, and every change of an offset
since 1970, lies on a whole minute of UTC, so that whole minutes are exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60_000
MIDNIGHT = 1_440

Openings = tuple[tuple[int, int], ...]
"""[from, to) in minutes after midnight; past 1440 it is the next morning."""


@dataclass(frozen=True)
class Minutes:
    """One calendar, as it is defined."""

    zone: ZoneInfo
    week: Sequence[Openings]
    """Seven days from Monday."""
    dates: Mapping[date, Openings] = field(default_factory=dict)
    """Dates with hours of their own."""
    closed: tuple[tuple[int, int], ...] = ()
    """[from, to) in epoch minutes."""

    def is_open(self, minute: int) -> bool:
        """Whether an epoch minute is open."""
        if any(start <= minute < end for start, end in self.closed):
            return False
        local = datetime.fromtimestamp(minute * 60, self.zone)
        today, reading = local.date(), local.hour * 60 + local.minute
        if any(start <= reading < end for start, end in self._hours(today)):
            return True
        # The shift of the day before runs on, but never into a date with hours of its own.
        yesterday = self._hours(today - timedelta(days=1))
        return today not in self.dates and any(reading < end - MIDNIGHT for _, end in yesterday)

    def _hours(self, day: date) -> Openings:
        return self.dates.get(day, self.week[day.weekday()])

    def pieces(self, start: int) -> Iterator[tuple[int, int, bool]]:
        """[start, ...) cut at whole minutes, epoch milliseconds, and whether each is open."""
        while True:
            minute = start // MINUTE
            end = (minute + 1) * MINUTE
            yield start, end, self.is_open(minute)
            start = end

    def working(self, start: int, end: int) -> int:
        """Open milliseconds of [start, end)."""
        total = 0
        for opened, closed, is_open in self.pieces(start):
            if opened >= end:
                break
            total += (min(closed, end) - opened) * is_open
        return total

    def reaches(self, start: int, amount: int) -> int:
        """The first instant at which so much open time has passed since `start`."""
        if amount == 0:
            return start
        for opened, closed, is_open in self.pieces(start):
            if is_open and closed - opened >= amount:
                return opened + amount
            amount -= (closed - opened) * is_open
        raise AssertionError("time has no end")
