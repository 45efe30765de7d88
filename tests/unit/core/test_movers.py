"""What moved most: the question that a release has doubled, of all that moves in two weeks."""

from collections import Counter
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from streams.core.instants import local_day
from streams.core.movers import Movers, distance
from streams.core.ticket import DIMENSIONS
from streams.simulate import TICKETS, Scenario, happenings
from tests.reference.events import parse_time
from tests.scenario_reports import START_MS

SEEDS = range(1, 6)


def place(seed: int, days: int) -> int:
    """At which place the question stands that the release doubled, of `days` on both sides."""
    release = Scenario(
        START_MS, seed=seed, name="release", scale=150, days=days + 1, warm_up_days=days
    )
    zone = ZoneInfo(release.zone)
    released = local_day(release.released_ms, zone)
    movers = Movers(days)
    for one in happenings(release):
        if one.topic != TICKETS or one.event["type"] != "ticket.created":
            continue
        day = local_day(parse_time(one.event["time"]), zone)
        if 0 < abs(day - released) <= days:
            for label in DIMENSIONS:
                value = one.event["data"].get(label, "")
                movers.add(label, value, day, 1, after=day > released)
    found = [(moved.label, moved.value) for moved in movers.ranked()]
    assert len(found) > 40
    return found.index(("category", "login")) + 1


@pytest.mark.parametrize("seed", SEEDS)
def test_of_whole_weeks_a_release_that_doubles_a_question_comes_first(seed: int) -> None:
    assert place(seed, 14) == 1


def test_with_twice_as_many_weekends_before_it_comes_first_or_nearly() -> None:
    """Ten days before a Tuesday have two weekends, ten days after it one: everything moves."""
    places = [place(seed, 10) for seed in SEEDS]
    assert max(places) <= 2
    assert Counter(places)[1] >= len(SEEDS) - 1


@pytest.mark.parametrize(
    ("before", "after", "squared"),
    [
        # Welch on 1 2 3 and 4 5 6: difference 3, each variance 1, three days each.
        ({1: 1, 2: 2, 3: 3}, {4: 4, 5: 5, 6: 6}, 9 / (1 / 3 + 1 / 3)),
        # A day without any is a day: variances of 0 0 3 are 3.
        ({1: 3}, {4: 3, 5: 3}, 1 / (3 / 3 + 3 / 3)),
        # No spread at all: 3 against 6 by chance, 3 / sqrt(9).
        ({1: 1, 2: 1, 3: 1}, {4: 2, 5: 2, 6: 2}, 1),
    ],
)
def test_it_is_counted_in_standard_errors(
    before: dict[int, int], after: dict[int, int], squared: float
) -> None:
    assert distance(Counter(before), Counter(after), 3) == pytest.approx(squared)
    assert distance(Counter(after), Counter(before), 3) == pytest.approx(squared)


def test_one_day_on_each_side_is_held_against_chance() -> None:
    assert distance(Counter({1: 8}), Counter({2: 1}), 1) == Fraction(49, 9)
