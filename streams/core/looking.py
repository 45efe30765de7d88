"""What a goal looks at: its measure, on the days of its period and of the ones before.

Who is a customer is known of calendar periods only: there a goal looks at the last whole month,
quarter or year, and its trend at those before.

What is left of dropped tickets, month by month, counts in the period in which the middle of the
month lies; only periods more than a year ago have any.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from streams.core import measures as me
from streams.core.clientele import NOBODY, Clientele
from streams.core.contrast import NOWHERE, Days, Elsewhere, read
from streams.core.goals import EACH, MOST_ROWS, Goal, Scorecard
from streams.core.instants import local_day
from streams.core.measures import MEASURES, Measure, Reading
from streams.core.periods import PERIODS, first_of
from streams.core.record import Record
from streams.core.recount import Recount, Slice
from streams.core.sums import CUSTOMER, Sums
from streams.core.ticket import DIMENSIONS

TREND: Final = 6
"""Periods of a trend, the last one included."""
MIDDLE: Final = 16
"""The day of the month under which what is left of dropped tickets counts."""


def concrete(
    scorecards: Iterable[Scorecard], records: Mapping[str, Record], clientele: Clientele = NOBODY
) -> tuple[Scorecard, ...]:
    """The scorecards with a row for each value where a slice names `EACH`."""
    return tuple(
        replace(
            card,
            goals=tuple(one for goal in card.goals for one in _each(goal, records, clientele)),
        )
        for card in scorecards
    )


def _each(goal: Goal, records: Mapping[str, Record], clientele: Clientele) -> list[Goal]:
    for dimension, values in goal.slice.items():
        if EACH in values:
            return [
                replace(
                    goal,
                    title=f"{goal.title} {value or '(none)'}",
                    slice={**goal.slice, dimension: frozenset({value})},
                )
                for value in _largest(dimension, records, clientele)
            ]
    return [goal]


def _largest(dimension: str, records: Mapping[str, Record], clientele: Clientele) -> list[str]:
    """The values of a dimension that most tickets have."""
    volumes: dict[str, int] = {}
    for record in records.values():
        ticket = record.ticket
        if dimension in DIMENSIONS:
            value = ticket.cell[DIMENSIONS.index(dimension)]
        elif dimension.startswith(CUSTOMER):
            value = clientele.of((ticket.extra or {}).get("requester")).get(dimension, "")
        else:
            value = ticket.assignee or ""
        volumes[value] = volumes.get(value, 0) + 1
    return sorted(volumes, key=lambda value: (-volumes[value], value))[:MOST_ROWS]


def slices(scorecards: Iterable[Scorecard]) -> list[Slice]:
    """What a recount has to be asked for, so that it can be read by goals."""
    found: dict[frozenset[tuple[str, frozenset[str]]], Slice] = {}
    for card in scorecards:
        for goal in card.goals:
            if goal.slice:
                found.setdefault(frozenset(goal.slice.items()), goal.slice)
    return list(found.values())


class Looking:
    """Measures of slices on runs of days, from a recount that was asked for these slices."""

    def __init__(
        self,
        count: Recount,
        asked: Sequence[Slice],
        elsewhere: Mapping[str, Elsewhere] = NOWHERE,
    ) -> None:
        self.count = count
        self.today = local_day(count.as_of, count.settings.zone)
        self._elsewhere = elsewhere
        self._days: dict[Any, dict[int, Sums]] = {key_of({}): self._with_dropped(count.days, {})}
        for slice_, days in zip(asked, count.asked, strict=True):
            self._days[key_of(slice_)] = self._with_dropped(days, slice_)
        self._sums: dict[Any, Sums] = {}
        self._readings: dict[Any, Reading] = {}
        self.first = min(self._days[key_of({})], default=self.today)
        """The first day on which anything happened."""

    def _with_dropped(self, days: dict[int, Sums], slice_: Slice) -> dict[int, Sums]:
        """The days, and on the middle of each month what is left of dropped tickets."""
        if len(slice_) > 1 or not self.count.settled.months:
            return days
        (dimension, values) = next(iter(slice_.items()), ("", frozenset({""})))
        found = dict(days)
        for month, kept in self.count.settled.months.items():
            day = date.fromisoformat(f"{month}-{MIDDLE}").toordinal()
            found[day] = Sums()
            found[day].merge(days.get(day, Sums()))
            for value in values:
                if (dimension, value) in kept.by:
                    found[day].merge(kept.by[dimension, value])
        return found

    def reading(self, goal: Goal, days: Days, name: str | None = None) -> Reading:
        """The goal's measure on these days, or another one (its usual value) of its slice."""
        measure = MEASURES[name or goal.measure]
        stat = goal.stat if name is None else measure.stats[0]
        key = (measure.name, stat, goal.working, goal.within, key_of(goal.slice), days)
        if key not in self._readings:
            self._readings[key] = self._read(goal, days, measure, stat)
        return self._readings[key]

    def _read(self, goal: Goal, days: Days, measure: Measure, stat: str) -> Reading:
        if measure.topic:
            there = self._elsewhere.get(measure.name)
            return me.NOTHING if there is None else there(goal.slice, days).reading
        if days.last < self.first:
            # No count of nothing where there is no record of anything.
            return me.NOTHING
        part, whole = self._of(goal.slice, days), self._of({}, days)
        return read(measure, stat, part, whole, days, self.count, goal.working, goal.within)

    def _of(self, slice_: Slice, days: Days) -> Sums:
        key = (key_of(slice_), days)
        if key not in self._sums:
            sums = self._sums[key] = Sums()
            for day, one in self._days[key[0]].items():
                if days.first <= day <= days.last:
                    sums.merge(one)
        return self._sums[key]

    def trend(self, goal: Goal) -> list[Reading]:
        """Its readings of the last periods, the newest last; no count of half a period."""
        found = [self.reading(goal, self.period(goal, back)) for back in range(TREND)]
        if MEASURES[goal.measure].adds_up:
            for back in range(1, TREND):
                if self.period(goal, back).first < self.first:
                    found[back] = me.NOTHING
        return found[::-1]

    def missing(self, goal: Goal) -> str:
        """Why a measure cannot be had at all; "" where it can."""
        measure = MEASURES[goal.measure]
        if measure.topic and measure.name not in self._elsewhere:
            return f"made of {measure.topic}, which this report does not have"
        if measure.adds_up or measure.topic:
            return ""
        ever = Days(self.first, self.today)
        return "" if self.reading(goal, ever).sample else "no event here that it is made of"

    def period(self, goal: Goal, back: int = 0, name: str | None = None) -> Days:
        """The goal's period, or one so many periods before; as its measure, or another, has it."""
        if MEASURES[name or goal.measure].calendar and goal.period in PERIODS:
            day = self.today
            for _ in range(back):
                day = first_of(day, goal.period) - 1
            last = first_of(day, goal.period) - 1
            return Days(first_of(last, goal.period), last)
        last = self.today - back * goal.span
        return Days(last - goal.span + 1, last)


def key_of(slice_: Slice) -> frozenset[tuple[str, frozenset[str]]]:
    """The slice as a key; equal slices have equal ones."""
    return frozenset(slice_.items())
