"""Law 5: the working time between a start and the start plus d is d, and other facts of open time.

The calendars are drawn at their edges: around the changes of the clocks, the turn of a year and
a leap day, with split and night shifts, holidays and closures. `tests.calendar_minutes` counts
the same minute by minute, from the definition.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.calendars import ALWAYS, FOREVER, Calendar, Hours, Interval
from streams.core.instants import DAY, HOUR
from tests.calendar_minutes import MIDNIGHT, MINUTE, Minutes, Openings

EDGES = {
    # Zone -> local dates around which something happens, early so that few years are computed.
    "UTC": ["1999-12-31", "2000-02-28"],
    "Europe/Berlin": ["1999-12-31", "2000-02-28", "2000-03-25", "2000-10-28"],
    "America/New_York": ["1999-12-31", "2000-04-01", "2000-10-28"],
    # Half an hour, and not on the hour of UTC.
    "Australia/Lord_Howe": ["2000-03-25", "2000-08-26", "2001-03-24"],
    # The clock jumps over midnight, and back over it.
    "America/Sao_Paulo": ["2000-02-26", "2000-10-07"],
    "Asia/Kathmandu": ["1999-12-31"],
}


class Drawn(NamedTuple):
    """One calendar in two forms, and three instants in order."""

    calendar: Calendar
    minutes: Minutes
    first: int
    second: int
    third: int


def milliseconds(openings: Openings) -> Hours:
    return tuple((start * MINUTE, end * MINUTE) for start, end in openings)


def both(minutes: Minutes) -> Calendar:
    """The core's calendar of the same definition."""
    closed = [(start * MINUTE, end * MINUTE) for start, end in minutes.closed]

    def holidays(year: int) -> dict[date, Hours]:
        return {d: milliseconds(o) for d, o in minutes.dates.items() if d.year == year}

    def closures(year: int) -> list[Interval]:
        low, high = new_year(year), new_year(year + 1)
        return [each for each in closed if each[0] < high and each[1] > low]

    week = [milliseconds(openings) for openings in minutes.week]
    return Calendar("drawn", minutes.zone, week, holidays, closures)


def new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000


@st.composite
def openings(draw: st.DrawFn) -> Openings:
    """Hours of one day: none, some apart or touching, and sometimes a shift over midnight."""
    steps = st.integers(0, 48).map(lambda step: step * 30)
    cuts = sorted(draw(st.lists(steps, max_size=6, unique=True)))
    shifts = list(zip(cuts[::2], cuts[1::2], strict=False))
    last = max([1, *cuts])
    if last < MIDNIGHT and draw(st.booleans()):
        start = draw(st.integers(last, MIDNIGHT - 1))
        shifts.append((start, draw(st.integers(MIDNIGHT, start + MIDNIGHT - 1))))
    return tuple(shifts)


@st.composite
def calendars(draw: st.DrawFn) -> Drawn:
    name = draw(st.sampled_from(sorted(EDGES)))
    zone = ZoneInfo(name)
    edge = date.fromisoformat(draw(st.sampled_from(EDGES[name])))
    week = draw(st.lists(openings(), min_size=7, max_size=7).filter(any))
    days = st.integers(-1, 4).map(lambda offset: edge + timedelta(days=offset))
    dates = draw(st.dictionaries(days, openings(), max_size=3))
    base = int(datetime(edge.year, edge.month, edge.day, tzinfo=zone).timestamp()) // 60
    within = st.integers(base - MIDNIGHT, base + 4 * MIDNIGHT)
    closed = draw(st.lists(st.tuples(within, st.integers(0, 2_000)), max_size=2))
    instants = st.integers((base - MIDNIGHT) * MINUTE, (base + 4 * MIDNIGHT) * MINUTE)
    on_the_hour = within.map(lambda minute: minute // 60 * 60 * MINUTE)
    minutes = Minutes(zone, week, dates, tuple((at, at + length) for at, length in closed))
    first, second, third = sorted(draw(st.tuples(*[instants | on_the_hour] * 3)))
    return Drawn(both(minutes), minutes, first, second, third)


AMOUNTS = st.integers(0, 30 * HOUR) | st.integers(0, 60).map(lambda halves: halves * HOUR // 2)


@given(drawn=calendars())
def test_working_time_is_what_counting_minutes_gives(drawn: Drawn) -> None:
    counted = drawn.minutes.working(drawn.first, drawn.third)
    assert drawn.calendar.between(drawn.first, drawn.third) == counted


@given(drawn=calendars(), amount=AMOUNTS)
def test_a_deadline_is_what_counting_minutes_gives(drawn: Drawn, amount: int) -> None:
    counted = drawn.minutes.reaches(drawn.first, amount)
    assert drawn.calendar.add(drawn.first, amount) == counted


@given(drawn=calendars(), amount=AMOUNTS)
def test_the_working_time_until_the_deadline_is_the_target(drawn: Drawn, amount: int) -> None:
    deadline = drawn.calendar.add(drawn.first, amount)
    assert drawn.calendar.between(drawn.first, deadline) == amount


@given(drawn=calendars(), amount=AMOUNTS.filter(bool))
def test_no_earlier_instant_has_the_target_used_up(drawn: Drawn, amount: int) -> None:
    deadline = drawn.calendar.add(drawn.first, amount)
    assert drawn.calendar.between(drawn.first, deadline - 1) == amount - 1


@given(drawn=calendars())
def test_working_time_adds_up(drawn: Drawn) -> None:
    calendar, first, second, third = drawn.calendar, drawn.first, drawn.second, drawn.third
    parts = calendar.between(first, second) + calendar.between(second, third)
    assert parts == calendar.between(first, third) == -calendar.between(third, first)


@given(drawn=calendars(), amounts=st.tuples(AMOUNTS, AMOUNTS))
def test_one_target_after_the_other_is_their_sum(drawn: Drawn, amounts: tuple[int, int]) -> None:
    one, other = amounts
    add = drawn.calendar.add
    assert add(add(drawn.first, one), other) == add(drawn.first, one + other)


@given(drawn=calendars())
def test_the_open_intervals_are_the_open_minutes(drawn: Drawn) -> None:
    """Apart, in order, inside what was asked for, and together the working time."""
    intervals = list(drawn.calendar.open_in(drawn.first, drawn.third))
    edges = [drawn.first, *(edge for interval in intervals for edge in interval), drawn.third]
    assert edges == sorted(edges)
    assert all(start < end for start, end in intervals)
    for start, end in intervals:
        assert drawn.minutes.working(start, end) == end - start
    assert sum(end - start for start, end in intervals) == drawn.minutes.working(
        drawn.first, drawn.third
    )


@given(drawn=calendars())
def test_what_was_asked_before_changes_no_answer(drawn: Drawn) -> None:
    """Years are computed when they are asked for, in whatever order."""
    asked = both(drawn.minutes)
    asked.before(new_year(2004))
    assert asked.between(drawn.first, drawn.third) == drawn.calendar.between(
        drawn.first, drawn.third
    )
    assert asked.add(drawn.first, DAY) == drawn.calendar.add(drawn.first, DAY)


@given(start=st.integers(new_year(2000), new_year(2100)), amount=st.integers(0, 365 * DAY))
def test_around_the_clock_working_time_is_wall_time(start: int, amount: int) -> None:
    assert ALWAYS.add(start, amount) == start + amount
    assert ALWAYS.between(start, start + amount) == amount
    assert list(ALWAYS.open_in(start, start + amount)) == [(start, start + amount)] * bool(amount)


# -- the week -----------------------------------------------------------------------------

OFFICE: Hours = ((9 * HOUR, 17 * HOUR),)
NOW = new_year(2026)


def weekly(*days: Hours) -> Calendar:
    """A calendar of these days, from Monday, and closed on the others."""
    return Calendar("week", UTC, [*days, *[()] * (7 - len(days))])


def test_an_average_day_is_the_week_over_its_open_days() -> None:
    calendar = weekly(OFFICE, OFFICE, ((9 * HOUR, 12 * HOUR),))
    assert (calendar.weekly, calendar.average_day) == (19 * HOUR, 19 * HOUR // 3)
    # 6 h 20 min and no more: rounded once, at the end.
    assert calendar.days(3) == 19 * HOUR
    assert (ALWAYS.weekly, ALWAYS.average_day, ALWAYS.days(2)) == (7 * DAY, DAY, 2 * DAY)


def test_days_are_rounded_down_once() -> None:
    calendar = weekly(((0, 1),), ((0, 1),), ((0, 2),))
    assert [calendar.days(count) for count in (1, 2, 3)] == [1, 2, 4]


def test_shifts_of_two_days_that_overlap_count_once() -> None:
    night = ((22 * HOUR, 32 * HOUR),)
    early = ((6 * HOUR, 14 * HOUR),)
    assert weekly(night, early).weekly == 16 * HOUR
    sunday = Calendar("sunday", UTC, [early, *[()] * 5, night])
    assert sunday.weekly == 16 * HOUR


def test_a_calendar_has_open_time() -> None:
    with pytest.raises(ValueError, match="calendar week is never open"):
        weekly((), ())


def test_a_week_has_its_open_intervals() -> None:
    """In 1999, up to the last Monday of the year and its last hour: nothing is open after it."""
    last = new_year(2000) - 5 * DAY
    found = list(weekly(OFFICE).open_in(last - 7 * DAY, new_year(2000) - HOUR))
    assert found == [(last - 7 * DAY + 9 * HOUR, last - 7 * DAY + 17 * HOUR),
                     (last + 9 * HOUR, last + 17 * HOUR)]  # fmt: skip


# -- no end in sight ----------------------------------------------------------------------


def test_what_no_century_holds_is_never_due() -> None:
    assert ALWAYS.add(NOW, 101 * 366 * DAY) == FOREVER
    assert weekly(OFFICE).add(NOW, 101 * 53 * 8 * HOUR) == FOREVER


def test_a_calendar_that_closes_for_good_has_no_further_deadline() -> None:
    """Every Monday is a holiday from 2026 on."""

    def mondays(year: int) -> dict[date, Hours]:
        first = date(year, 1, 1)
        days = (first + timedelta(days=day) for day in range(365 + 1))
        return {day: () for day in days if year >= 2026}

    calendar = Calendar("closing", UTC, [OFFICE, *[()] * 6], mondays)
    assert calendar.add(new_year(2025), HOUR) < NOW
    assert calendar.add(NOW, 1) == FOREVER
    assert calendar.add(NOW, 0) == NOW
    # Years further than a century may have been computed by then; the answer stays.
    calendar.before(new_year(2140))
    assert calendar.add(NOW, 1) == FOREVER


def test_after_the_year_9998_there_is_nothing() -> None:
    calendar = weekly(OFFICE)
    calendar._year = 9998
    assert calendar.between(new_year(9998), new_year(9999)) == 52 * 8 * HOUR
    assert calendar.before(FOREVER + 366 * DAY) == calendar.before(new_year(9999))
    with pytest.raises(OverflowError, match="calendar week is not open so often"):
        calendar.reach(53 * 8 * HOUR)
