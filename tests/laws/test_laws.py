"""The laws of the engine, against a reference model that was written without looking at it.

1 order, 2 split, 3 once (the state of it), 4 sum, 8 nothing vanishes. Small horizons make
lateness, squashing and forgetting happen in small examples.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core import facts
from streams.core.facts import Standing
from streams.core.processor import Outcome
from streams.core.settings import DAY, HOUR, MINUTE
from streams.core.windows import COUNT, step_of
from tests import strategies
from tests.laws.driving import (
    CloudEvent,
    Partition,
    Rules,
    decoded,
    engine,
    engine_report,
    merged,
    partition_of,
    reference_report,
)
from tests.reference import model

EVENTS = st.one_of(
    strategies.event_sets(),
    strategies.event_sets(days=strategies.BEYOND_HORIZON),
    strategies.event_sets(days=strategies.BEYOND_MEMORY),
)
SIZES = st.lists(st.integers(1, 5), max_size=8)
SMALL = {"windows": (5 * MINUTE, HOUR, DAY)}


@given(st.data())
def test_the_report_is_that_of_the_reference_model(data: st.DataObject) -> None:
    rules = Rules.of(data.draw(strategies.settings()))
    events = data.draw(EVENTS)
    arrived = data.draw(strategies.arrivals(events))
    found = engine_report(engine(arrived, rules, data.draw(SIZES)).books(), rules)
    assert found == reference_report(arrived, rules)


@given(st.data())
def test_as_of_any_instant_the_report_is_that_of_the_reference_model(data: st.DataObject) -> None:
    rules = Rules.of()
    events = data.draw(strategies.event_sets())
    assume(events)
    arrived = data.draw(strategies.arrivals(events))
    start = int(strategies.START.timestamp() * 1000)
    as_of = start + data.draw(st.integers(0, 7 * 24 * 60)) * MINUTE
    found = engine_report(engine(arrived, rules).books(), rules, as_of)
    assert found == reference_report(arrived, rules, as_of)


@given(st.data())
def test_law_1_order_and_doubling_change_nothing_while_nothing_is_late(
    data: st.DataObject,
) -> None:
    rules = Rules.of(data.draw(strategies.settings()), **SMALL)
    events = data.draw(strategies.event_sets(days=strategies.WITHIN_HORIZON))
    one, other = (
        engine(data.draw(strategies.arrivals(events)), rules, data.draw(SIZES)) for _ in range(2)
    )
    left, right = one.processor.records, other.processor.records
    assert {t: r.ticket.dump() for t, r in left.items()} == {
        t: r.ticket.dump() for t, r in right.items()
    }
    assert _sums(one) == _sums(other)
    assert _figures(one, rules) == _figures(other, rules)


@given(st.data())
def test_law_2_batches_partitions_restarts_and_squashes_change_nothing(
    data: st.DataObject,
) -> None:
    rules = Rules.of(data.draw(strategies.settings()))
    arrived = data.draw(strategies.arrivals(data.draw(EVENTS)))
    parts = data.draw(st.integers(1, 3))
    partitions = [Partition(rules.engine) for _ in range(parts)]
    for event in arrived:
        partitions[partition_of(event, parts)].log += decoded([event], rules.engine)
    for partition in partitions:
        while partition.left:
            partition.read(data.draw(st.integers(1, 5)))
            step = data.draw(st.sampled_from(["go on", "commit", "hand over", "squash"]))
            if step == "squash":
                partition.squash()
            elif step != "go on":
                partition.commit()
            if step == "hand over":
                partition.crash()
    found = engine_report(merged(partition.books() for partition in partitions), rules)
    assert found == engine_report(engine(arrived, rules).books(), rules)


@given(st.data())
def test_law_3_a_crash_in_the_middle_of_a_commit_counts_nothing_twice(
    data: st.DataObject,
) -> None:
    """Without transactions any first part of the writes may be durable, and the position not."""
    rules = Rules.of()
    arrived = data.draw(strategies.arrivals(data.draw(EVENTS)))
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    crashes = 0
    while partition.left:
        partition.read(data.draw(st.integers(1, 5)))
        if crashes < 5 and data.draw(st.booleans()):
            crashes += 1
            partition.crash(data.draw(st.floats(0, 1)))
        else:
            partition.commit()
    assert engine_report(partition.books(), rules) == reference_report(arrived, rules)


@given(st.data())
def test_law_4_the_counts_of_now_equal_a_recount(data: st.DataObject) -> None:
    rules = Rules.of(data.draw(strategies.settings()))
    arrived = data.draw(strategies.arrivals(data.draw(strategies.event_sets())))
    partition = engine(arrived, rules, data.draw(SIZES))
    newest = partition.processor.newest
    if newest is None:
        return
    given_rules: dict[str, Any] = {"settings": rules.reference, "as_of": newest}
    now = partition.processor.now
    assert now.depth() == model.report(arrived, **given_rules)["tickets"]["active"]
    assert now.unassigned.total() == len(model.unassigned_now(arrived, **given_rules))
    unanswered = sum(len(oldest) for oldest in now.unanswered.values())
    assert unanswered == len(model.unanswered_now(arrived, **given_rules))
    waiting = model.waiting_now(arrived, **given_rules)
    assert sum(len(oldest) for oldest in now.waiting.values()) == len(waiting)
    firsts = [first for o in now.waiting.values() if (first := o.first()) is not None]
    assert min(firsts, default=None) == min(waiting.values(), default=None)


WINDOWED = {
    "created": facts.CREATED,
    "resolved": facts.RESOLVED,
    "reopened": facts.REOPENED,
    "transferred": facts.TRANSFERRED,
    "agent_replies": facts.AGENT_REPLY,
}


@given(st.data())
def test_law_4_windows_equal_a_recount_at_every_instant(data: st.DataObject) -> None:
    """Also of what came late and was corrected, and after a restart in between.

    The clock is never behind the newest event here: one that was caught up never is, but for
    the skew, and tests/unit/core/test_windows.py has that.
    """
    rules = Rules.of(data.draw(strategies.settings()), **SMALL)
    arrived = data.draw(strategies.arrivals(data.draw(strategies.event_sets())))
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    now = int(strategies.START.timestamp() * 1000)
    for advance in data.draw(st.lists(st.integers(0, 3 * 24 * 60), max_size=4)):
        partition.read(data.draw(st.integers(1, 5)))
        if data.draw(st.booleans()):
            partition.commit()
            partition.crash()
        now = max(now + advance * MINUTE, partition.processor.newest or 0)
        partition.processor.advance(now)
        _compare_windows(partition, arrived[: partition.processor.position], rules, now)
    partition.read()
    now = max(now + 1, partition.processor.newest or 0)
    partition.processor.advance(now)
    _compare_windows(partition, arrived, rules, now)


def _compare_windows(
    partition: Partition, arrived: Sequence[CloudEvent], rules: Rules, now: int
) -> None:
    for window in partition.processor.windows.windows:
        wanted = model.windows(
            arrived,
            settings=rules.reference,
            now_ms=now,
            window_ms=window.span,
            step_ms=step_of(window.span),
        )
        for name, kind in WINDOWED.items():
            counted = {
                queue: number
                for (each, queue, part), number in window.totals.items()
                if (each, part) == (kind, COUNT) and number
            }
            assert counted == wanted["counts"][name], (name, window.span)
        for kind in ("first_response", "resolution"):
            counted = {
                queue: number
                for (each, queue, part), number in window.totals.items()
                if (each, part) == (kind, COUNT) and number
            }
            spans = wanted["durations_ms"][kind]
            assert counted == {queue: len(values) for queue, values in spans.items()}


@given(st.data())
def test_law_8_everything_read_came_to_exactly_one_outcome(data: st.DataObject) -> None:
    rules = Rules.of()
    arrived = data.draw(strategies.arrivals(data.draw(EVENTS)))
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    while partition.left:
        partition.read(data.draw(st.integers(1, 5)))
        if data.draw(st.booleans()):
            partition.commit()
            partition.crash()
    outcomes = partition.books().outcomes
    assert sum(n for (kind, _), n in outcomes.items() if kind != "flag") == len(arrived)
    assert {kind for kind, _ in outcomes} <= {*Outcome, "flag"}


def _figures(partition: Partition, rules: Rules) -> Any:
    """The report without the account of arrivals, which depends on how often they came."""
    return {k: v for k, v in engine_report(partition.books(), rules).items() if k != "events"}


def _sums(partition: Partition) -> tuple[Any, ...]:
    """The incremental sums of a partition eight days after the start, without zeros."""
    partition.processor.advance(int(strategies.START.timestamp() * 1000) + 8 * DAY)
    now, windows = partition.processor.now, partition.processor.windows
    return (
        +now.active,
        +now.unassigned,
        {where: (len(o), o.first()) for where, o in now.unanswered.items() if len(o)},
        {where: (len(o), o.first()) for where, o in now.waiting.items() if len(o)},
        [{k: n for k, n in window.totals.items() if n} for window in windows.windows],
    )


def test_a_standing_is_compared_as_a_whole() -> None:
    """Law 4 rests on it: a ticket's contribution moves when any part of it changes."""
    one = Standing(("q", "", ""), "open", unassigned=True, unanswered_since=1, waiting_since=None)
    assert all(
        one != one._replace(**change) for change in ({"status": "new"}, {"cell": ("", "", "")})
    )
