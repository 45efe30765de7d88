"""Laws 1, 2 and 3 of SLA clocks: whatever befalls a worker, they are the reference model's.

Law 4 of clocks is in test_promise_sums.py, law 6 in test_announcements.py.
"""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.instants import HOUR, MINUTE
from streams.core.report import report
from streams.wire import packing
from tests import promised, strategies
from tests.laws.driving import (
    CloudEvent,
    Rules,
    engine,
    engine_report,
    partitions_of,
    reference_report,
)
from tests.laws.instances import PARTS, budget, of_engine, of_reference
from tests.laws.lives import (
    ADVANCE,
    COMMIT,
    CRASH,
    DRAWN,
    FEWER,
    LOST_TRANSACTION,
    SQUASH,
    Life,
    delayed,
    live,
    lived,
    lives,
)
from tests.reference.pictures import life, named

HOURS: dict[str, Any] = {"apply_within": 2 * HOUR, "windows": (5 * MINUTE, HOUR)}
"""Horizons of hours: days later the first ones are squashed, or late."""
RULES = st.builds(Rules.of, strategies.settings(), promised.slas())
RULES_OF_HOURS = st.builds(
    lambda chosen, sla: Rules.of(chosen, sla, **HOURS), strategies.settings(), promised.slas()
)
ONE_TICKET = st.one_of(DRAWN, strategies.event_sets(days=(0, 1, 6), tickets=1, events=8))
IN_DAYS = strategies.event_sets(days=(0, 1, 3), tickets=2)
IN_WEEKS = strategies.event_sets(days=(0, 1, 20, 40), tickets=2)
"""What was due in the first weeks leaves the record with the squash."""
ARRIVED = st.one_of(IN_DAYS, IN_WEEKS).flatmap(
    lambda events: st.one_of(strategies.arrivals(events), delayed(events))
)
IN_YEARS = strategies.event_sets(days=strategies.BEYOND_MEMORY, tickets=2)
SIZES = st.lists(st.integers(1, 5), max_size=8)
LATER = st.sampled_from((None, 5 * MINUTE, 7 * HOUR, 30 * HOUR))


@given(ONE_TICKET, RULES, LATER)
def test_every_instance_is_that_of_the_reference_model(
    events: list[CloudEvent], rules: Rules, later: int | None
) -> None:
    """Right after the last event, and hours after it."""
    processor = engine(events, rules).processor
    assume(processor.newest is not None)
    as_of = None if later is None else (processor.newest or 0) + later
    assert of_engine(processor, as_of) == of_reference(events, rules, as_of)


@pytest.mark.parametrize("picture", ["c.O.m.", "c.R.m..O", "c.R.m.A.O", "c.m.R.A", "c.A.R.m.O"])
@pytest.mark.parametrize("signal", ["pickup", "left_new"])
def test_a_signal_before_the_question_is_a_response_behind_a_resolution_too(
    signal: str, picture: str
) -> None:
    rules = Rules.of({"sources": [("*", {"response_signal": signal})]}, named("first_response"))
    events = life(picture)
    assert of_engine(engine(events, rules).processor) == of_reference(events, rules, None)


@FEWER
@given(st.one_of(ARRIVED, IN_YEARS.flatmap(strategies.arrivals)), RULES, SIZES, LATER)
def test_the_report_is_that_of_the_reference_model(
    arrived: list[CloudEvent], rules: Rules, sizes: list[int], later: int | None
) -> None:
    books = engine(arrived, rules, sizes).books()
    as_of = None if later is None or books.newest is None else books.newest + later
    assert engine_report(books, rules, as_of) == reference_report(arrived, rules, as_of)


class TestLaw1:
    """Every order and doubling gives the same clocks, as long as no event is late."""

    @FEWER
    @given(st.data(), RULES)
    def test_order(self, data: st.DataObject, rules: Rules) -> None:
        events = data.draw(strategies.event_sets(days=strategies.WITHIN_HORIZON, tickets=2))
        one, other = (
            engine(data.draw(strategies.arrivals(events)), rules, data.draw(SIZES)) for _ in "ab"
        )
        assert of_engine(one.processor) == of_engine(other.processor)


class TestLaws2And3:
    """However the work is split, and whatever is lost and done again."""

    @FEWER
    @given(
        ARRIVED,
        RULES_OF_HOURS,
        st.lists(lives(COMMIT, LOST_TRANSACTION, ADVANCE, SQUASH), min_size=1, max_size=2),
    )
    def test_batches_partitions_restarts_and_squashes(
        self, arrived: list[CloudEvent], rules: Rules, by_partition: list[Life]
    ) -> None:
        assert lived(arrived, rules, by_partition) == reference_report(arrived, rules)

    @FEWER
    @given(ARRIVED, RULES_OF_HOURS, lives(COMMIT, CRASH, CRASH, ADVANCE, SQUASH))
    def test_a_crash_in_the_middle_of_a_commit(
        self, arrived: list[CloudEvent], rules: Rules, life: Life
    ) -> None:
        assert lived(arrived, rules, [life]) == reference_report(arrived, rules)


@FEWER
@given(ARRIVED, RULES_OF_HOURS, lives(COMMIT, CRASH, SQUASH))
def test_the_parts_of_a_budget_sum_to_the_whole(
    arrived: list[CloudEvent], rules: Rules, life: Life
) -> None:
    """And each part is what the reference model says, also of instances that were settled."""
    (partition,) = partitions_of(arrived, 1, rules.engine)
    live(partition, life)
    partition.read()
    books = partition.books()
    assume(books.newest is not None)
    now = books.newest or 0
    rows = report(books, rules.engine, packing, now)["sla"]
    for row in rows:
        spent = [round(1000 * sum(row["spent_s"][part].values())) for part in PARTS]
        assert len(set(spent)) == 1
        assert row["started"] == sum(row[state] for state in STATES)
    found = {
        (row["policy"], row["clock"], part, value): seconds
        for row in rows
        for part, values in row["spent_s"].items()
        for value, seconds in values.items()
        if seconds
    }
    assert found == budget(of_reference(arrived, rules, now))


STATES = ("met", "breached_closed", "breached_open", "running", "paused", "at_risk", "cancelled")
