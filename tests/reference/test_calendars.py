"""Facts about working time, worked out by hand, and each held against a count by seconds."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from tests.reference.calendars import ALWAYS, Calendar, working_by_seconds

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000

OFFICE = {
    "timezone": "Europe/Berlin",
    "hours": {"mon-thu": ["08:00-12:00", "13:00-18:00"], "fri": ["08:00-14:00"]},
    "holidays": [
        {"country": "DE", "subdivision": "BY"},
        {"date": "2026-12-24", "hours": ["08:00-12:00"]},
    ],
}
NIGHTS = {"timezone": "Europe/Berlin", "hours": {"mon-sun": ["22:00-06:00"]}}
SMALL_HOURS = {"timezone": "Europe/Berlin", "hours": {"sun": ["00:00-06:00"]}}
ONE_HOUR = {"timezone": "Europe/Berlin", "hours": {"sun": ["02:00-03:00"]}}
HALF_HOURS = {"timezone": "Europe/Berlin", "hours": {"sun": ["02:30-03:30"]}}


def berlin(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


def nights(*holidays: dict[str, Any]) -> dict[str, Any]:
    return {**NIGHTS, "holidays": list(holidays)}


@pytest.mark.parametrize(
    ("definition", "begin", "end", "hours"),
    [
        (OFFICE, "2026-12-21 00:00", "2026-12-22 00:00", 9),  # a Monday
        (OFFICE, "2026-12-21 11:30", "2026-12-21 13:30", 1),  # lunch
        (OFFICE, "2026-12-18 13:00", "2026-12-21 09:00", 2),  # over a weekend
        (OFFICE, "2026-12-24 00:00", "2026-12-25 00:00", 4),  # a partial holiday, Thursday
        (OFFICE, "2026-12-25 00:00", "2026-12-26 00:00", 0),  # a holiday, Friday
        (OFFICE, "2027-01-06 00:00", "2027-01-07 00:00", 0),  # only in Bavaria
        (OFFICE, "2026-12-21 12:00", "2026-12-21 08:00", 0),  # backwards
        # A night belongs to the day on which it starts. 2026-03-10 is a Tuesday.
        (NIGHTS, "2026-03-10 00:00", "2026-03-11 00:00", 8),
        # It ends at the midnight of a holiday, on which none starts: 6 h less, 2 h less.
        (nights({"date": "2026-03-10"}), "2026-03-09 12:00", "2026-03-11 12:00", 2),
        # A holiday's own night goes on after midnight,
        (
            nights({"date": "2026-03-10", "hours": ["23:00-01:00"]}),
            "2026-03-10 00:00",
            "2026-03-11 12:00",
            2,
        ),
        # unless the next date is a holiday too.
        (
            nights({"date": "2026-03-10", "hours": ["23:00-01:00"]}, {"date": "2026-03-11"}),
            "2026-03-10 00:00",
            "2026-03-12 00:00",
            1,
        ),
        # Of two holidays on one date the first counts.
        (
            nights({"date": "2026-03-10", "hours": ["10:00-13:00"]}, {"date": "2026-03-10"}),
            "2026-03-10 00:00",
            "2026-03-10 20:00",
            3,
        ),
        # Clocks go forward: 02:00-03:00 does not exist on 2026-03-29.
        (SMALL_HOURS, "2026-03-29 00:00", "2026-03-30 00:00", 5),
        (ONE_HOUR, "2026-03-29 00:00", "2026-03-30 00:00", 0),
        (HALF_HOURS, "2026-03-29 00:00", "2026-03-30 00:00", 0.5),
        (NIGHTS, "2026-03-28 12:00", "2026-03-29 12:00", 7),
        # Clocks go back: it exists twice on 2026-10-25.
        (SMALL_HOURS, "2026-10-25 00:00", "2026-10-26 00:00", 7),
        (ONE_HOUR, "2026-10-25 00:00", "2026-10-26 00:00", 2),
        (HALF_HOURS, "2026-10-25 00:00", "2026-10-26 00:00", 1.5),
        (NIGHTS, "2026-10-24 12:00", "2026-10-25 12:00", 9),
        # 24:00 is legal; intervals may touch.
        (
            {"timezone": "UTC", "hours": {"sat-mon": ["20:00-22:00", "22:00-24:00"]}},
            "2026-03-13 12:00",
            "2026-03-18 12:00",
            12,
        ),
    ],
)
def test_working_time(definition: dict[str, Any], begin: str, end: str, hours: float) -> None:
    calendar = Calendar.of(definition, "c")
    assert calendar.working(berlin(begin), berlin(end)) == hours * HOUR_MS


@pytest.mark.parametrize(
    ("definition", "start", "hours", "end"),
    [
        (OFFICE, "2026-12-23 17:00", 1, "2026-12-23 18:00"),  # not the next morning
        (OFFICE, "2026-12-23 17:00", 4, "2026-12-24 11:00"),
        (OFFICE, "2026-12-23 17:00", 8, "2026-12-28 11:00"),  # Friday is Christmas
        (OFFICE, "2026-12-24 12:30", 0.5, "2026-12-28 08:30"),
        (OFFICE, "2026-12-24 12:30", 0, "2026-12-24 12:30"),  # nothing is used up at once
        (SMALL_HOURS, "2026-03-29 01:00", 2, "2026-03-29 04:00"),
        (SMALL_HOURS, "2026-10-25 01:00", 3, "2026-10-25 03:00"),
    ],
)
def test_used_up(definition: dict[str, Any], start: str, hours: float, end: str) -> None:
    calendar = Calendar.of(definition, "c")
    assert calendar.used_up(berlin(start), int(hours * HOUR_MS)) == berlin(end)


def test_an_instant_is_open_from_the_begin_of_an_interval_to_before_its_end() -> None:
    calendar = Calendar.of(OFFICE, "c")
    begin, end = berlin("2026-12-21 08:00"), berlin("2026-12-21 12:00")
    assert [calendar.open_at(ms) for ms in (begin - 1, begin, end - 1, end)] == [0, 1, 1, 0]


def test_average_days_count_the_week_without_holidays() -> None:
    """The office has 4 x 9 + 6 = 42 h on 5 days: 8.4 h; seven nights have 8 h each."""
    assert Calendar.of(OFFICE, "c").days_ms(2) == 2 * 42 * HOUR_MS // 5
    assert Calendar.of(nights({"date": "2026-03-10"}), "c").days_ms(1) == 8 * HOUR_MS


def test_an_average_day_is_rounded_down_to_a_millisecond_once() -> None:
    """20 minutes a week on 7 days are 171,428.57 ms a day."""
    daily = {f"{day}": ["08:00-08:02"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
    calendar = Calendar.of({"timezone": "UTC", "hours": {**daily, "sun": ["08:00-08:08"]}}, "c")
    assert [calendar.days_ms(number) for number in (1, 2)] == [171_428, 342_857]


def test_round_the_clock_working_time_is_wall_time() -> None:
    begin, end = berlin("2026-03-28 12:00"), berlin("2026-03-29 12:00")
    assert ALWAYS.working(begin, end) == working_by_seconds(ALWAYS, begin, end) == 23 * HOUR_MS
    assert ALWAYS.used_up(begin, 23 * HOUR_MS) == end


# Properties: around the instants at which something opens, closes, jumps or is a holiday

CALENDARS = [
    Calendar.of(definition, "c")
    for definition in (
        OFFICE,
        NIGHTS,
        SMALL_HOURS,
        ONE_HOUR,
        HALF_HOURS,
        nights({"date": "2026-10-25", "hours": ["02:30-02:45", "23:30-00:30"]}),
        nights({"date": "2026-03-29", "hours": ["00:00-02:30"]}, {"date": "2026-03-30"}),
        {
            "timezone": "Australia/Lord_Howe",
            "hours": {"sun": ["01:15-02:15"], "sat": "22:00-01:45"},
        },
        {"timezone": "America/St_Johns", "hours": {"mon-sun": ["00:00-00:30", "23:45-24:00"]}},
    )
]
INSTANTS = [
    berlin(text)
    for day in ("2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26", "2026-04-05", "2026-12-24")
    for text in (f"{day} 00:00", f"{day} 01:30", f"{day} 06:00", f"{day} 11:30", f"{day} 22:00")
]

calendars = st.sampled_from(CALENDARS)
instants = st.builds(
    lambda instant, off: instant + off,
    st.sampled_from(INSTANTS),
    st.integers(-5_400_000, 5_400_000),
)


@run_with(deadline=None)
@given(calendars, instants, st.integers(0, 5_400_000))
def test_working_time_equals_a_count_by_seconds(calendar: Calendar, begin: int, ms: int) -> None:
    assert calendar.working(begin, begin + ms) == working_by_seconds(calendar, begin, begin + ms)


@run_with(deadline=None)
@given(calendars, instants, instants, instants)
def test_adjacent_working_times_add_up(calendar: Calendar, a: int, b: int, c: int) -> None:
    begin, middle, end = sorted((a, b, c))
    whole = calendar.working(begin, end)
    assert whole == calendar.working(begin, middle) + calendar.working(middle, end)


@run_with(deadline=None)
@given(calendars, instants, st.integers(1, 40 * HOUR_MS))
def test_an_amount_is_used_up_at_the_first_instant_possible(
    calendar: Calendar, start: int, amount: int
) -> None:
    end = calendar.used_up(start, amount)
    assert (calendar.working(start, end), calendar.working(start, end - 1)) == (amount, amount - 1)
