"""Percentiles by nearest rank, and tallies that may be merged and bounded in any order."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from streams.core import tally as tally_module
from streams.core.facts import CREATED, FIRST_RESPONSE, Fact
from streams.core.tally import Distribution, Tally

CELL = ("q", "high", "email")
DURATIONS = st.lists(st.integers(0, 10**9), min_size=1, max_size=50)


def tally(durations: list[int]) -> Tally:
    found = Tally()
    found.add(Fact(FIRST_RESPONSE, 0, CELL, value) for value in durations)
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
    original = tally_module.EXACT_VALUES
    tally_module.EXACT_VALUES = limit  # type: ignore[misc]
    try:
        at_once = tally([value for part in parts for value in part])
        at_once.compact()
        stepwise = Tally()
        for part in data.draw(st.permutations(parts)):
            one = tally(part)
            if data.draw(st.booleans()):
                one.compact()
            stepwise.merge(one)
            if data.draw(st.booleans()):
                stepwise.compact()
        stepwise.compact()
    finally:
        tally_module.EXACT_VALUES = original  # type: ignore[misc]
    assert stepwise.dump() == at_once.dump()


@given(DURATIONS)
def test_a_tally_that_was_dumped_is_the_same(durations: list[int]) -> None:
    kept = tally(durations)
    kept.add([Fact(CREATED, 0, CELL)])
    assert Tally.load(kept.dump()).dump() == kept.dump()
