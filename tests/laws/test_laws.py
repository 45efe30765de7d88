"""Laws 1, 2, 3 (the state of it) and 8, against a reference model written without the engine.

Small horizons make lateness, squashing and restarts meet in small examples. Law 4 is in
test_sums.py; what is forgotten as time passes, in test_forgetting.py.
"""

from collections import Counter
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.events import Arrival, Ignored, Redaction, Refused
from streams.core.facts import Fact
from streams.core.fold import state_facts
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.policies import NO_POLICIES
from streams.core.processor import Outcome
from streams.core.record import refold
from streams.core.settings import Settings
from streams.wire import packing
from tests import strategies
from tests.laws.driving import (
    CloudEvent,
    Partition,
    Rules,
    decoded,
    engine,
    engine_report,
    reference_report,
)
from tests.laws.lives import (
    COMMIT,
    CRASH,
    LOST_TRANSACTION,
    SQUASH,
    Life,
    delayed,
    live,
    lived,
    lives,
)
from tests.laws.recount import live_gauges, live_windows
from tests.reference.events import parse

RULES = strategies.settings().map(Rules.of)
HOURS: dict[str, Any] = {
    "apply_within": 2 * HOUR,
    "windows": (5 * MINUTE, HOUR),
    "closed_ticket": 3 * DAY,
}
"""Horizons of hours: on days 3 and 7 the first days are squashed, or late."""
RULES_OF_HOURS = strategies.settings().map(lambda chosen: Rules.of(chosen, **HOURS))
ARRIVED_IN_DAYS = strategies.event_sets(days=(0, 1, 3, 7), events=14).flatmap(
    lambda events: st.one_of(strategies.arrivals(events), delayed(events))
)
ON_TIME = strategies.event_sets(days=strategies.WITHIN_HORIZON)
ARRIVED_IN_YEARS = strategies.event_sets(days=strategies.BEYOND_MEMORY).flatmap(strategies.arrivals)
SIZES = st.lists(st.integers(1, 5), max_size=8)


@given(st.one_of(ARRIVED_IN_DAYS, ARRIVED_IN_YEARS), RULES, SIZES)
def test_the_report_is_that_of_the_reference_model(
    arrived: list[CloudEvent], rules: Rules, sizes: list[int]
) -> None:
    found = engine_report(engine(arrived, rules, sizes).books(), rules)
    assert found == reference_report(arrived, rules)


@given(strategies.event_sets().flatmap(strategies.arrivals), st.integers(0, 7 * 24 * 60))
def test_as_of_any_instant_the_report_is_that_of_the_reference_model(
    arrived: list[CloudEvent], minute: int
) -> None:
    assume(arrived)
    rules = Rules.of()
    as_of = int(strategies.START.timestamp() * 1000) + minute * MINUTE
    found = engine_report(engine(arrived, rules).books(), rules, as_of)
    assert found == reference_report(arrived, rules, as_of)


class TestLaw1:
    """Every order and doubling gives the same, as long as no event is late."""

    @given(st.data(), RULES)
    def test_order(self, data: st.DataObject, rules: Rules) -> None:
        events = data.draw(ON_TIME)
        one, other = (
            engine(data.draw(strategies.arrivals(events)), rules, data.draw(SIZES)) for _ in "ab"
        )
        assert _folds(one) == _folds(other)
        assert _facts(one) == _facts(other)
        for partition in (one, other):
            partition.processor.advance(int(strategies.START.timestamp() * 1000) + 7 * DAY)
        assert live_gauges(one.processor) == live_gauges(other.processor)
        assert live_windows(one.processor) == live_windows(other.processor)
        assert _figures(one, rules) == _figures(other, rules)


class TestLaw2:
    """However the work is split, the report is the same: that of the reference model."""

    @given(ARRIVED_IN_DAYS, RULES_OF_HOURS, st.lists(lives(), min_size=1, max_size=3))
    def test_batches_and_partitions(
        self, arrived: list[CloudEvent], rules: Rules, by_partition: list[Life]
    ) -> None:
        assert lived(arrived, rules, by_partition) == reference_report(arrived, rules)

    @given(
        ARRIVED_IN_DAYS,
        RULES_OF_HOURS,
        st.lists(lives(COMMIT, LOST_TRANSACTION), min_size=1, max_size=2),
    )
    def test_restarts(
        self, arrived: list[CloudEvent], rules: Rules, by_partition: list[Life]
    ) -> None:
        assert lived(arrived, rules, by_partition) == reference_report(arrived, rules)

    @given(ARRIVED_IN_DAYS, RULES_OF_HOURS, lives(COMMIT, LOST_TRANSACTION, SQUASH))
    def test_a_squash_at_any_time(
        self, arrived: list[CloudEvent], rules: Rules, life: Life
    ) -> None:
        assert lived(arrived, rules, [life]) == reference_report(arrived, rules)


@given(ARRIVED_IN_DAYS, RULES_OF_HOURS, lives(COMMIT, CRASH, CRASH, SQUASH))
def test_law_3_a_crash_in_the_middle_of_a_commit_counts_nothing_twice(
    arrived: list[CloudEvent], rules: Rules, life: Life
) -> None:
    """Without transactions any first part of the writes may be durable, and the position not."""
    assert lived(arrived, rules, [life]) == reference_report(arrived, rules)


class TestEarlySquash:
    """A history that outgrew its cap: some events come too late, but nothing else changes."""

    RULES = strategies.settings().map(
        lambda chosen: Rules.of(chosen, history_events=4, windows=(HOUR,))
    )
    ARRIVED = strategies.event_sets(days=(0, 1), events=14, tickets=2).flatmap(delayed)

    @given(ARRIVED, RULES, lives(COMMIT, CRASH, SQUASH))
    def test_it_does_not_depend_on_batches_and_restarts(
        self, arrived: list[CloudEvent], rules: Rules, life: Life
    ) -> None:
        at_once = engine_report(engine(arrived, rules).books(), rules)
        assert lived(arrived, rules, [life]) == at_once

    @given(ARRIVED, RULES)
    def test_in_order_it_changes_no_answer(self, arrived: list[CloudEvent], rules: Rules) -> None:
        """Of a ticket whose creation comes first. More than the cap at one instant is late."""
        ordered = sorted(arrived, key=lambda event: parse(event)[:4])
        first = {event["subject"]: event["type"] for event in reversed(ordered)}
        read = [event for event in ordered if first[event["subject"]] == "ticket.created"]
        partition = Partition(rules.engine, decoded(read, rules.engine))
        on_time = [event for event in read if not partition.read(1)]
        found = _figures(partition, rules)
        assert found == {
            name: part
            for name, part in reference_report(on_time, rules).items()
            if name != "events"
        }


GARBAGE: tuple[Arrival, ...] = (
    Refused("json"),
    Refused("empty"),
    Refused("future", "desk/a"),
    Ignored("unknown_type"),
    Redaction("T1"),
    Redaction("T9"),
)


@given(ARRIVED_IN_DAYS, st.data(), lives(COMMIT, CRASH))
def test_law_8_everything_read_came_to_exactly_one_outcome(
    arrived: list[CloudEvent], data: st.DataObject, life: Life
) -> None:
    """At any moment (`live` asserts it), whatever arrives: a wrong message, a redaction."""
    settings = Settings(**HOURS)
    garbage = data.draw(st.lists(st.sampled_from(GARBAGE), max_size=5))
    log: list[Arrival] = [*decoded(arrived, settings), *garbage]
    partition = Partition(settings, data.draw(st.permutations(log)))
    live(partition, life)
    partition.read()
    partition.assert_nothing_vanished()
    outcomes = partition.books().outcomes
    assert {kind for kind, _ in outcomes} <= {*Outcome, "flag"}
    refused = Counter(one.reason for one in garbage if isinstance(one, Refused))
    rejected = {reason: n for (kind, reason), n in outcomes.items() if kind == Outcome.REJECTED}
    assert rejected == refused


def _folds(partition: Partition) -> dict[str, Any]:
    return {
        name: record.ticket.dump(NO_POLICIES) for name, record in partition.processor.wake().items()
    }


def _facts(partition: Partition) -> dict[str, Counter[Fact]]:
    settings, found = partition.settings, {}
    for name, record in partition.processor.wake().items():
        ticket, facts = refold(record, settings, packing)
        found[name] = Counter([*facts, *state_facts(ticket, settings)])
    return found


def _figures(partition: Partition, rules: Rules) -> Any:
    """The report without the account of arrivals, which depends on how often they came."""
    return {k: v for k, v in engine_report(partition.books(), rules).items() if k != "events"}
