"""When people write in: the course of a day, of a week, and the day something breaks.

Arrivals are a Poisson process whose rate follows the local wall clock, drawn by
thinning: candidates at the highest rate, each kept with rate(then) / highest rate.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from streams.core.instants import HOUR, MINUTE
from streams.simulate.chance import between, spread

COURSE: Final = (
    (0.0, 0.05), (5.5, 0.05), (7.0, 0.3), (8.0, 0.9), (9.5, 2.2), (11.0, 2.3), (12.5, 1.4),
    (13.0, 1.5), (14.0, 2.3), (15.5, 1.8), (17.0, 1.0), (19.0, 0.4), (21.0, 0.2), (22.5, 0.07),
    (24.0, 0.05),
)  # fmt: skip
"""(local hour, relative rate), straight lines between: a morning peak and one after lunch."""
WEEK: Final = (1.15, 1.03, 1.0, 0.97, 0.85, 0.16, 0.12)
"""Tickets of each weekday, Monday first, in average working days."""
OFFICE: Final = (8, 18)
"""Local hours [from, to) of Monday to Friday in which the phone is answered."""
RUSH: Final = ((10, 12), (14, 16))
"""Local hours [from, to) of Monday to Friday in which most people write and call."""
INCIDENT_CHANCE: Final = 0.12
"""Of working days with an outage that brings everybody in at once."""
INCIDENT_RATE: Final = 1.5
"""What an outage adds to the relative rate, as a part of the peak's."""


def _area() -> float:
    return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(COURSE))


AREA: Final = _area()
PEAK: Final = max(weight for _, weight in COURSE)
MOST: Final = 1.3 * max(WEEK)
"""No day brings more than this many average working days (outages aside)."""


class Day(NamedTuple):
    """What is special about one local day."""

    volume: float
    """Tickets, in average working days."""
    incident_from_ms: int
    incident_to_ms: int
    """The outage lasts over [from, to); empty on most days."""


def course(hour: float) -> float:
    """The relative rate at a local hour in [0, 24)."""
    for (left, low), (right, high) in pairwise(COURSE):
        if hour < right:
            return low + (high - low) * (hour - left) / (right - left)
    return COURSE[-1][1]


class Rhythm:
    """The arrival process and the local clock of one scenario."""

    __slots__ = ("_day", "_per_ms", "_seed", "zone")

    def __init__(self, zone: ZoneInfo, scale: float, seed: int) -> None:
        self.zone = zone
        self._seed = seed
        self._per_ms = scale / AREA / HOUR
        self._day = lru_cache(maxsize=4)(self._draw_day)

    def local(self, at_ms: int) -> datetime:
        """The wall clock at an instant."""
        return datetime.fromtimestamp(at_ms / 1000, self.zone)

    def midnight(self, at_ms: int, days: int = 0) -> int:
        """The start of the local day of an instant, or of the day that many days later."""
        return self.instant(self.local(at_ms), days, 0)

    def instant(self, day: datetime, days: int, minutes: int) -> int:
        """The instant at which the wall clock reads so many days and minutes after `day`'s 0:00."""
        start = day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return int((start + timedelta(days=days, minutes=minutes)).timestamp() * 1000)

    def day(self, at_ms: int) -> Day:
        """What is special about the local day of an instant."""
        return self._day(self.local(at_ms).toordinal())

    def incident(self, at_ms: int) -> bool:
        """Whether an outage is going on."""
        day = self.day(at_ms)
        return day.incident_from_ms <= at_ms < day.incident_to_ms

    def office(self, at_ms: int) -> bool:
        """Whether the phone is answered."""
        now = self.local(at_ms)
        return now.weekday() < 5 and OFFICE[0] <= now.hour < OFFICE[1]

    def rush(self, at_ms: int) -> bool:
        """Whether it is peak time."""
        now = self.local(at_ms)
        return now.weekday() < 5 and any(start <= now.hour < end for start, end in RUSH)

    def rate(self, at_ms: int) -> float:
        """Expected tickets per millisecond."""
        now = self.local(at_ms)
        day = self._day(now.toordinal())
        weight = course(now.hour + now.minute / 60) * day.volume
        if day.incident_from_ms <= at_ms < day.incident_to_ms:
            weight += INCIDENT_RATE * PEAK
        return self._per_ms * weight

    def arrivals(self, rng: Random, at_ms: int) -> Iterator[int]:
        """The instants after `at_ms` at which somebody writes in, without end."""
        highest = self._per_ms * PEAK * (MOST + INCIDENT_RATE)
        at = float(at_ms)
        while True:
            at += rng.expovariate(highest)
            if rng.random() * highest < self.rate(int(at)):
                yield int(at)

    def awake(self, rng: Random, at_ms: int) -> int:
        """The instant, or the next morning if a person would be asleep then."""
        now = self.local(at_ms)
        if 7 <= now.hour < 23:
            return at_ms
        morning = self.instant(now, 0 if now.hour < 7 else 1, 7 * 60)
        return morning + min(spread(rng, HOUR), 10 * HOUR)

    def at_work(self, rng: Random, at_ms: int) -> int:
        """The instant, or the first hours of the next working day if the office is empty then."""
        if self.office(at_ms):
            return at_ms
        now = self.local(at_ms)
        days = 0 if now.weekday() < 5 and now.hour < OFFICE[0] else 1
        while (now.weekday() + days) % 7 >= 5:
            days += 1
        return self.instant(now, days, OFFICE[0] * 60) + between(rng, 0, 2 * HOUR)

    def _draw_day(self, ordinal: int) -> Day:
        # Own generator per day: what a day is like does not depend on what came before.
        rng = Random(f"{self._seed}/day/{ordinal}")
        date = datetime.fromordinal(ordinal).replace(tzinfo=self.zone)
        usual = WEEK[date.weekday()]
        volume = usual * min(rng.lognormvariate(0.0, 0.1), 1.3)
        start = self.instant(date, 0, 0) + between(rng, 9 * HOUR, 15 * HOUR)
        broken = date.weekday() < 5 and rng.random() < INCIDENT_CHANCE
        return Day(volume, start, start + between(rng, 30 * MINUTE, 70 * MINUTE) * broken)
