"""Intervals: those of the books, and those of the library on the raw values."""

import random
from typing import Any

import numpy as np
import pytest
from scipy import stats

from streams.compare import Interval, difference, intervals
from streams.core.contrast import Contrast, Days
from streams.core.goals import Goal
from streams.core.instants import DAY, HOUR
from streams.core.measures import MEASURES
from streams.core.recount import Recount
from streams.core.settings import Settings
from streams.wire import packing
from tests.scored import configured, kept
from tests.tickets_told import MONDAY, Event, at, created, csat, reply, resolved

FIRST = MONDAY // DAY + 719_163
"""2026-03-02 as an ordinal."""
BEFORE, AFTER = Days(FIRST, FIRST), Days(FIRST + 7, FIRST + 7)
SETTINGS: Settings = configured().engine


def compared(
    events: list[Event],
    measure: str,
    stat: str = "value",
    within: int | None = None,
    before: Days = BEFORE,
    after: Days = AFTER,
    settings: Settings = SETTINGS,
) -> Interval:
    """The interval of a measure between two Mondays, or other days."""
    contrast = Contrast({}, before, after)
    books = kept(events, settings)
    assert books.newest is not None
    count = Recount(books, settings, packing, books.newest, each=contrast.add)
    contrast.close(count)
    goal = Goal("", measure, {}, stat, within=within)
    return difference(contrast, MEASURES[measure], goal, count)


def rated(day: int, scores: list[int]) -> list[Event]:
    """One ticket for each score."""
    return [
        each
        for place, score in enumerate(scores)
        for ticket in [f"S-{day}-{place}"]
        for each in (created(ticket, at(day, 9)), csat(ticket, at(day, 10), score))
    ]


def answered(day: int, times: list[int]) -> list[Event]:
    """One ticket for each time to first response, in minutes."""
    return [
        each
        for place, minutes in enumerate(times)
        for ticket in [f"A-{day}-{place}"]
        for each in (created(ticket, at(day)), reply(ticket, at(day, minutes / 60)))
    ]


def test_a_share_has_the_interval_of_newcombes_own_example() -> None:
    """56 of 70 against 48 of 80 (Newcombe 1998, method 10): 0.0524 to 0.3339."""
    events = [*rated(0, [1] * 32 + [5] * 48), *rated(7, [1] * 14 + [5] * 56)]
    found = compared(events, "csat")
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)
    assert found.method == intervals.NEWCOMBE


def test_who_came_again_is_a_share_of_tickets_like_any_other() -> None:
    """The same counts, the other way round: 32 of 80 and 14 of 70 asked about the same before."""
    days = Days(FIRST + 1, FIRST + 1), Days(FIRST + 8, FIRST + 8)
    events = [*asked_again(1, 80, 32), *asked_again(8, 70, 14)]
    found = compared(events, "repeat_contacts", before=days[0], after=days[1])
    assert [found.low, found.high] == pytest.approx([-0.3339, -0.0524], abs=5e-5)


def asked_again(day: int, tickets: int, again: int) -> list[Event]:
    """So many tickets, each of another requester; `again` of them had one the day before."""
    found = []
    for number in range(tickets):
        asks = {"requester": f"r-{day}-{number}", "category": "login"}
        if number < again:
            early = f"E-{day}-{number}"
            found += [created(early, at(day - 1, 9), **asks), resolved(early, at(day - 1, 10))]
        found.append(created(f"R-{day}-{number}", at(day, 9), **asks))
    return found


def test_shares_of_nothing_and_of_all_have_an_interval_too() -> None:
    """0 of 10 against 20 of 20 (same paper): no interval of zero width, none beyond 1."""
    found = compared([*rated(0, [1] * 10), *rated(7, [5] * 20)], "csat")
    assert found.low is not None
    assert found.high is not None
    assert 0.6 < found.low < 1 == round(found.high, 9)


def test_a_share_within_a_limit_is_a_share() -> None:
    """The same counts as times: at most an hour, or two hours."""
    events = [*answered(0, [120] * 32 + [60] * 48), *answered(7, [120] * 14 + [60] * 56)]
    found = compared(events, "first_response", "share_within", HOUR)
    assert [found.low, found.high] == pytest.approx([0.0524, 0.3339], abs=5e-5)


@pytest.mark.parametrize("measure", ["csat_mean", "csat_index"])
def test_a_mean_of_scores_is_welchs_on_the_scores(measure: str) -> None:
    before, after = [5, 4, 4, 3, 5, 1, 2], [5, 5, 4, 5, 3]
    found = compared([*rated(0, before), *rated(7, after)], measure)
    expected = stats.ttest_ind(after, before, equal_var=False).confidence_interval()
    scale = 25 if measure == "csat_index" else 1
    assert found.low == pytest.approx(scale * expected.low)
    assert found.high == pytest.approx(scale * expected.high)
    assert found.method == intervals.WELCH


def test_a_mean_of_times_is_welchs_on_the_times() -> None:
    before, after = [10, 20, 35, 90, 600], [5, 15, 15, 30]
    found = compared([*answered(0, before), *answered(7, after)], "first_response", "mean")
    expected = stats.ttest_ind(after, before, equal_var=False).confidence_interval()
    assert found.low == pytest.approx(60 * expected.low)
    assert found.high == pytest.approx(60 * expected.high)
    assert found.method == intervals.WELCH_TIMES


def test_several_answers_on_one_ticket_are_no_several_customers() -> None:
    """The same answers from half as many tickets say less: the interval is wider."""

    def events(day: int, scores: list[int]) -> list[Event]:
        ticket = [created(f"S-{day}-{n}", at(day, 9)) for n in range(len(scores))]
        answers = [
            csat(f"S-{day}-{n}", at(day, 10 + twice), score)
            for n, score in enumerate(scores)
            for twice in (0, 1)
        ]
        return [*ticket, *answers]

    before, after = [5, 4, 1, 3, 5, 2], [5, 5, 4, 5, 3, 4]
    once = compared([*rated(0, before * 2), *rated(7, after * 2)], "csat_mean")
    twice = compared([*events(0, before), *events(7, after)], "csat_mean")
    expected = stats.ttest_ind(after, before, equal_var=False).confidence_interval()
    assert twice.low == pytest.approx(expected.low)
    assert width(twice) > width(once)


def width(found: Interval) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_a_share_that_tickets_are_in_more_than_once_is_no_simple_share() -> None:
    """Three resolutions of one ticket, two of them taken back: Welch over tickets."""

    def events(day: int) -> list[Event]:
        found = []
        for n in range(6):
            ticket = f"R-{day}-{n}"
            found += [created(ticket, at(day, 1)), resolved(ticket, at(day, 2))]
            for hour in range(3, 3 + 2 * (n % 3), 2):
                found += [
                    {**created(ticket, at(day, hour)), "type": "ticket.updated"},
                    resolved(ticket, at(day, hour + 1)),
                ]
        return found

    assert compared([*events(0), *events(7)], "reopen_rate").method == intervals.WELCH


def test_a_percentile_has_the_limits_of_order_statistics() -> None:
    chance = random.Random(7)
    before = [chance.randrange(1, 500) for _ in range(60)]
    after = [chance.randrange(1, 300) for _ in range(80)]
    found = compared([*answered(0, before), *answered(7, after)], "first_response", "p50")
    limits = [stats.quantile_test(one, p=0.5).confidence_interval() for one in (before, after)]
    middles = [sorted(one)[(len(one) + 1) // 2 - 1] for one in (before, after)]
    change = middles[1] - middles[0]
    low = change - np.hypot(middles[1] - limits[1].low, limits[0].high - middles[0])
    high = change + np.hypot(limits[1].high - middles[1], middles[0] - limits[0].low)
    assert [found.low, found.high] == pytest.approx([60 * low, 60 * high])
    assert found.method == intervals.ORDER


def test_the_interval_of_a_percentile_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two samples of one skewed distribution: the difference is 0."""
    chance = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        drawn = [chance.lognormal(8, 1.5, 40).astype(int) for _ in range(2)]
        values = [dict(zip(*np.unique(one, return_counts=True), strict=True)) for one in drawn]
        found = intervals._percentiles(values, 0.5)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert held >= 0.94 * 400


def test_a_count_is_welchs_on_the_days_also_on_those_without_any() -> None:
    days = [3, 0, 5, 4], [6, 8, 7, 9]
    events = [
        created(f"T{side}-{day}-{n}", at(7 * side + day, 9))
        for side, counts in enumerate(days)
        for day, number in enumerate(counts)
        for n in range(number)
    ]
    before, after = Days(FIRST, FIRST + 3), Days(FIRST + 7, FIRST + 10)
    found = compared(events, "volume", before=before, after=after)
    expected = stats.ttest_ind(days[1], days[0], equal_var=False).confidence_interval()
    assert found.low == pytest.approx(expected.low)
    assert found.method == intervals.WELCH_DAYS


@pytest.mark.parametrize(
    ("events", "measure", "stat", "why"),
    [
        ([*rated(0, [5] * 9)], "csat", "value", intervals.TOO_FEW),
        ([*rated(0, [5]), *rated(7, [1])], "csat_mean", "value", intervals.TOO_FEW),
        ([*answered(0, [5] * 4), *answered(7, [9] * 4)], "pickup", "mean", intervals.TOO_FEW),
        (
            [*answered(0, [5, 7, 9]), *answered(7, [9, 1, 2])],
            "first_response",
            "p90",
            intervals.TOO_FEW,
        ),
        ([*rated(0, [5] * 4), *rated(7, [4] * 4)], "csat_mean", "value", intervals.ALIKE),
        ([*rated(0, [5]), *rated(7, [5])], "unresolved_end_of_day", "value", intervals.DEPENDENT),
        ([*rated(0, [5]), *rated(7, [5])], "cost_per_contact", "value", intervals.SPREAD),
    ],
)
def test_where_there_is_no_honest_interval_it_says_why(
    events: list[Any], measure: str, stat: str, why: str
) -> None:
    filler = created("last", at(8, 1))
    assert compared([*events, filler], measure, stat) == Interval(None, None, why)


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "find_spec", lambda _: None)
    found = compared([*rated(0, [5, 4, 3]), *rated(7, [1, 2, 3])], "csat_mean")
    assert found == Interval(None, None, intervals.WITHOUT)
    assert "pip install" in found.method


# -- dropped tickets --------------------------------------------------------------------------


def months() -> tuple[list[Event], Settings]:
    """January and February of tickets that are dropped by April, each with five scores."""
    events = []
    for month, day in enumerate((-59, -28)):
        for n, score in enumerate((5, 5, 1) if month else (5, 1, 1)):
            ticket = f"M-{month}-{n}"
            events += [created(ticket, at(day, 9), queue="a"), csat(ticket, at(day, 10), score)]
    events.append(created("now", at(60, 1)))
    config = configured(lateness={"apply_within": "1d"}, retention=RETENTION)
    return events, config.engine


RETENTION = {"closed_ticket": "10d", "forgotten": "20d"}
JANUARY = Days(FIRST - 60, FIRST - 30)
FEBRUARY = Days(FIRST - 29, FIRST - 2)


def test_whole_months_of_dropped_tickets_are_compared_by_what_is_left_of_them() -> None:
    events, settings = months()
    contrast = Contrast({"queue": frozenset({"a"})}, JANUARY, FEBRUARY)
    count = Recount(kept(events, settings), settings, packing, at(60, 1), each=contrast.add)
    assert set(count.settled.months) == {"2026-01", "2026-02"}
    contrast.close(count)
    before, after = contrast.readings(MEASURES["csat"], count)
    assert (before.value, after.value) == (1 / 3, 2 / 3)
    assert (contrast.before.settled, contrast.after.settled) == (3, 3)
    goal = Goal("", "csat_mean", {}, "value")
    found = difference(contrast, MEASURES["csat_mean"], goal, count)
    assert found == Interval(None, None, intervals.DROPPED)
    assert difference(contrast, MEASURES["csat"], goal, count).method == intervals.NEWCOMBE


@pytest.mark.parametrize(
    ("slice_", "days"),
    [
        ({"queue": frozenset({"a"}), "kind": frozenset({""})}, JANUARY),
        ({}, JANUARY._replace(first=JANUARY.first + 1)),
    ],
)
def test_of_other_days_and_finer_slices_it_says_how_many_are_gone(
    slice_: dict[str, frozenset[str]], days: Days
) -> None:
    events, settings = months()
    contrast = Contrast(slice_, days, FEBRUARY)
    count = Recount(kept(events, settings), settings, packing, at(60, 1), each=contrast.add)
    contrast.close(count)
    assert (contrast.before.gone, contrast.before.settled) == (3, 0)
    assert contrast.readings(MEASURES["csat"], count)[0].value is None
