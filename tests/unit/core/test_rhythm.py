"""When a source is called silent."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.rhythm import (
    LEAST_GAP,
    MAX_SOURCES,
    MEMORY,
    MISSED,
    Rhythm,
    hour_of_week,
    silent,
)

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = 7 * DAY
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * 1000
"""The midnight that begins a week, in UTC."""


def office_hours(weeks: int, an_hour: int = 60) -> Rhythm:
    """A source that sends from 9 to 17, Monday to Friday, and a pulse that is always there."""
    rhythm = Rhythm(UTC)
    for hour in range(weeks * 7 * 24):
        at = MONDAY + hour * HOUR
        weekday, clock = divmod(hour % (7 * 24), 24)
        rhythm.note("pulse", at)
        if weekday < 5 and 9 <= clock < 17:
            for number in range(an_hour):
                rhythm.note("desk", at + number * HOUR // an_hour)
    return rhythm


KNOWN = office_hours(weeks=6)
NEXT = MONDAY + 6 * WEEK
FRIDAY_EVENING = NEXT - 2 * DAY - 7 * HOUR
"""The end of the last working hour."""


def test_a_quiet_night_and_a_weekend_are_no_silence() -> None:
    assert not silent("desk", [(KNOWN, FRIDAY_EVENING + 12 * HOUR)])
    assert not silent("desk", [(KNOWN, NEXT + 9 * HOUR)])


def test_the_same_quiet_in_a_working_hour_is_silence() -> None:
    """About one event a minute is usual on Monday from 9: half an hour misses 25."""
    assert not silent("desk", [(KNOWN, NEXT + 9 * HOUR + 10 * MINUTE)])
    assert silent("desk", [(KNOWN, NEXT + 9 * HOUR + 40 * MINUTE)])


def test_a_source_is_silent_from_the_instant_the_usual_number_is_missing() -> None:
    rhythm = Rhythm(UTC)
    rhythm.note("a", MONDAY)
    rhythm._sources["a"].usual = [20.0] * 168
    whole = MONDAY + HOUR * MISSED // 20
    assert silent("a", [(rhythm, whole)])
    assert not silent("a", [(rhythm, whole - 1)])


def test_a_busy_source_may_still_pause_between_two_polls() -> None:
    rhythm = Rhythm(UTC)
    rhythm.note("a", MONDAY)
    rhythm._sources["a"].usual = [100_000.0] * 168
    assert not silent("a", [(rhythm, MONDAY + LEAST_GAP - 1)])
    assert silent("a", [(rhythm, MONDAY + LEAST_GAP)])


def test_a_source_that_is_hardly_known_is_not_accused() -> None:
    rhythm = Rhythm(UTC)
    for number in range(100):
        rhythm.note("new", MONDAY + number * MINUTE)
    assert not silent("new", [(rhythm, MONDAY + DAY)])
    assert not silent("never heard of", [(rhythm, MONDAY + DAY)])
    assert not silent("new", [])


def test_partitions_share_a_source() -> None:
    """Each usually sees ten in the hour; one of them heard of it just now, so it lives."""
    both = [Rhythm(UTC), Rhythm(UTC)]
    for rhythm in both:
        rhythm.note("a", MONDAY)
        rhythm._sources["a"].usual = [10.0] * 168
    now = MONDAY + HOUR
    assert not silent("a", [(both[0], now)])
    assert silent("a", [(one, now) for one in both])
    both[1].note("a", now - MINUTE)
    assert not silent("a", [(one, now) for one in both])


def test_a_partition_that_is_behind_accuses_nobody() -> None:
    """What is missing may be in its backlog: only time that it has processed counts."""
    assert silent("desk", [(KNOWN, NEXT + 12 * HOUR)])
    assert not silent("desk", [(KNOWN, NEXT)])


def test_what_is_usual_follows_the_last_weeks() -> None:
    assert KNOWN.weekly("desk") == pytest.approx(40 * 60 * (1 - 0.75**6), rel=0.01)
    assert KNOWN.weekly("never heard of") == 0
    morning = NEXT + 9 * HOUR
    hour = KNOWN.usual("desk", morning, morning + HOUR)
    assert hour == pytest.approx(60 * (1 - 0.75**6), rel=0.01)
    assert KNOWN.usual("desk", morning, morning + 15 * MINUTE) == pytest.approx(hour / 4)
    assert KNOWN.usual("desk", morning - 30 * MINUTE, morning + 30 * MINUTE) == hour / 2
    assert KNOWN.usual("never heard of", morning, morning + HOUR) == 0


def test_an_hour_closes_two_hours_later_so_that_stragglers_count() -> None:
    rhythm = Rhythm(UTC)
    rhythm.note("a", MONDAY)
    rhythm.note("a", MONDAY + 2 * HOUR - 1)
    rhythm.note("a", MONDAY)
    assert rhythm.weekly("a") == 0
    rhythm.note("a", MONDAY + 2 * HOUR)
    assert rhythm.weekly("a") == 2 / 4
    rhythm.note("a", MONDAY)
    rhythm.note("a", MONDAY + 3 * HOUR)
    assert rhythm.weekly("a") == 3 / 4, "the second hour held one; the last straggler was too late"


def test_the_hour_of_the_week_is_that_of_the_local_clock() -> None:
    """Monday 8 o'clock in Berlin is 7 UTC in winter and 6 in summer."""
    winter = int(datetime(2026, 1, 5, 7, tzinfo=UTC).timestamp()) // 3600
    summer = int(datetime(2026, 7, 6, 6, tzinfo=UTC).timestamp()) // 3600
    assert hour_of_week(winter, BERLIN) == hour_of_week(summer, BERLIN) == 8


def test_a_source_that_was_switched_off_is_forgotten() -> None:
    rhythm = Rhythm(UTC)
    rhythm.note("old", MONDAY)
    rhythm.note("new", MONDAY + MEMORY)
    assert rhythm.sources() == {"old", "new"}
    rhythm.note("new", MONDAY + MEMORY + 3 * HOUR)
    assert rhythm.sources() == {"new"}
    assert rhythm.newest("old") == -1


def test_invented_sources_do_not_fill_the_memory() -> None:
    rhythm = Rhythm(UTC)
    for number in range(2 * MAX_SOURCES):
        rhythm.note(f"source {number}", MONDAY + number)
    assert len(rhythm.sources()) == MAX_SOURCES + 1
    assert rhythm.newest("other") == MONDAY + 2 * MAX_SOURCES - 1


def test_an_old_event_takes_nothing_back() -> None:
    rhythm = Rhythm(UTC)
    rhythm.note("a", MONDAY)
    rhythm.note("a", MONDAY - WEEK)
    assert rhythm.newest("a") == MONDAY


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40 * DAY)), max_size=40))
def test_what_was_dumped_and_loaded_goes_on_as_if_nothing_had_happened(
    events: list[tuple[str, int]],
) -> None:
    through, restarted = Rhythm(BERLIN), Rhythm(BERLIN)
    for source, at in events:
        through.note(source, MONDAY + at)
        restarted = Rhythm.load(json.loads(json.dumps(restarted.dump())), BERLIN)
        restarted.note(source, MONDAY + at)
    assert restarted.dump() == through.dump()
    for rhythm in (through, restarted):
        assert all(0 <= rhythm.weekly(source) <= len(events) for source in "ab")
