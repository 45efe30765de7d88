"""Percentiles by nearest rank, and tallies that may be merged and bounded in any order."""

from datetime import UTC
from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.core.facts import CREATED, CSAT, FIRST_RESPONSE, Fact
from streams.core.instants import days_of
from streams.core.sums import Slices
from streams.core.tally import Distribution, Tally

CELL = ("q", "high", "email", "", "", "", "")
DAY_OF = days_of(UTC).of
DURATIONS = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)


def tally(durations: list[int]) -> Tally:
    found = Tally()
    found.add((Fact(FIRST_RESPONSE, 0, CELL, value) for value in durations), DAY_OF)
    return found


@given(DURATIONS, st.floats(0.001, 1))
def test_a_percentile_is_the_nearest_rank(durations: list[int], rank: float) -> None:
    distribution = Distribution()
    for value in durations:
        distribution.add(value)
    wanted = sorted(durations)[max(1, ceil(rank * len(durations))) - 1]
    assert distribution.percentiles(rank) == [wanted]


@given(DURATIONS)
def test_rounding_keeps_count_sum_and_maximum_and_half_a_percent(durations: list[int]) -> None:
    exact, rounded = Distribution(), Distribution()
    for value in durations:
        exact.add(value)
        rounded.add(value)
    rounded.round_values()
    assert (rounded.count, rounded.sum, rounded.max) == (exact.count, exact.sum, exact.max)
    for near, true in zip(rounded.percentiles(0.5, 0.9), exact.percentiles(0.5, 0.9), strict=True):
        assert abs(near - true) <= true * 0.005 + 1


@given(st.lists(DURATIONS, min_size=1, max_size=4), st.integers(1, 60), st.data())
def test_merging_and_compacting_in_any_order_gives_the_same(
    parts: list[list[int]], limit: int, data: st.DataObject
) -> None:
    at_once = slices([value for part in parts for value in part])
    at_once.compact(limit)
    stepwise = Slices()
    for part in data.draw(st.permutations(parts)):
        one = slices(part)
        if data.draw(st.booleans()):
            one.compact(limit)
        stepwise.merge(one)
        if data.draw(st.booleans()):
            stepwise.compact(limit)
    stepwise.compact(limit)
    assert stepwise.dump() == at_once.dump()


def slices(durations: list[int]) -> Slices:
    found = Slices()
    found.add(tally(durations))
    return found


@given(DURATIONS)
def test_a_tally_that_was_dumped_is_the_same(durations: list[int]) -> None:
    kept = tally(durations)
    kept.add([Fact(CREATED, 0, CELL), Fact(CSAT, 0, CELL, 5_000, "ann")], DAY_OF)
    assert Tally.load(kept.dump()).dump() == kept.dump()
    found = slices(durations)
    assert Slices.load(found.dump()).dump() == found.dump()


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())), st.randoms())
def test_what_is_taken_back_was_never_there(given: list[tuple[int, bool]], random: Random) -> None:
    """In any order, and in several parts."""
    stays = [value for value, back in given if not back]
    moves = [(value, 1) for value, _ in given] + [(value, -1) for value, back in given if back]
    random.shuffle(moves)
    parts = (Distribution(), Distribution())
    for place, (value, times) in enumerate(moves):
        parts[place % 2].add(value, times)
    found, expected = Distribution(), Distribution()
    for part in parts:
        found.merge(part)
    for value in stays:
        expected.add(value)
    assert found.dump() == expected.dump()
