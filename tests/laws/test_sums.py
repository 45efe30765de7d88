"""Law 4: what is kept by adding and subtracting equals a recount from all events."""

from collections import Counter
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.aggregates import Totals
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.report import report
from streams.core.windows import WindowKey
from streams.wire import packing
from tests import strategies
from tests.laws import recount
from tests.laws.driving import CloudEvent, Partition, Rules, decoded, engine, partitions_of
from tests.laws.lives import COMMIT, CRASH, SQUASH, Life, delayed, live, lives
from tests.reference import model
from tests.reference.events import format_time, parse

RULES = strategies.settings().map(
    # Squashing is for as long as the longest window: three weeks make it happen.
    lambda chosen: Rules.of(chosen, apply_within=3 * DAY, windows=(5 * MINUTE, HOUR, DAY, 7 * DAY))
)
ARRIVED = st.one_of(
    [strategies.event_sets(days=days) for days in ((0, 1), (0, 1, 3), (0, 5, 20, 21))]
).flatmap(delayed)
SKEW = 5 * MINUTE
AHEAD = st.one_of(
    # A source may be ahead of the clock by the skew. Half minutes hit every edge of a slot.
    st.integers(-10, 100).map(lambda halves: halves * MINUTE // 2),
    st.sampled_from((3 * HOUR, DAY, 2 * DAY, 8 * DAY)),
)
LIVES = st.lists(st.tuples(lives(COMMIT, CRASH, SQUASH), AHEAD), max_size=5)


@given(ARRIVED, RULES, LIVES)
def test_now_and_windows_equal_a_recount_at_any_instant(
    arrived: list[CloudEvent], rules: Rules, parts: list[tuple[Life, int]]
) -> None:
    """After late corrections, squashes and restarts; also of what is ahead of the clock."""
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    for life, ahead in [*parts, ([("read",)], 0)]:
        live(partition, life)
        partition.catch_up()
        processor = partition.processor
        if processor.newest is not None:
            processor.advance(processor.newest + ahead)
            _assert_live_equals_recount(partition, arrived[: processor.position], rules)


def _assert_live_equals_recount(
    partition: Partition, arrived: list[CloudEvent], rules: Rules
) -> None:
    found = recount.tickets(arrived, rules.reference)
    now = partition.processor.windows.now
    assert now is not None
    assert recount.live_gauges(partition.processor) == recount.gauges(found, rules.reference)
    assert recount.live_windows(partition.processor) == {
        span: recount.window(found, rules.reference, now, span) for span in rules.engine.windows
    }


@given(ARRIVED, RULES)
def test_windows_of_several_partitions_add_up(arrived: list[CloudEvent], rules: Rules) -> None:
    whole = engine(arrived, rules)
    assume(whole.processor.newest is not None)
    now = (whole.processor.newest or 0) + MINUTE
    sums: dict[int, Counter[WindowKey]] = {span: Counter() for span in rules.engine.windows}
    for partition in partitions_of(arrived, 3, rules.engine):
        partition.read()
        partition.processor.advance(now)
        for span, window in recount.live_windows(partition.processor).items():
            sums[span] += window
    whole.processor.advance(now)
    assert sums == recount.live_windows(whole.processor)


@given(ARRIVED, RULES, lives(COMMIT, SQUASH))
def test_totals_never_decrease(arrived: list[CloudEvent], rules: Rules, life: Life) -> None:
    """A correction is counted as one, whatever it takes back."""
    partition = Partition(rules.engine, decoded(arrived, rules.engine))
    for happening in [*life, ("read",)]:
        live(partition, [happening])
        fresh = partition.processor.cut().totals
        assert fresh.corrections >= 0
        assert all(amount >= 0 for amount in fresh.sums.values())


@given(ARRIVED, RULES, lives())
def test_in_order_every_fact_is_in_the_totals_once(
    arrived: list[CloudEvent], rules: Rules, life: Life
) -> None:
    """Of tickets that begin with their creation: nothing has to be corrected then."""
    ordered = sorted(arrived, key=lambda event: parse(event)[:4])
    first = {event["subject"]: event["type"] for event in reversed(ordered)}
    read = [event for event in ordered if first[event["subject"]] == "ticket.created"]
    partition = Partition(rules.engine, decoded(read, rules.engine))
    totals = Totals()
    for happening in [*life, ("read",)]:
        live(partition, [happening])
        totals.merge(partition.processor.cut().totals)
    found = recount.tickets(read, rules.reference)
    assert _windowed(totals) == recount.everything(found, rules.reference)


@given(ARRIVED, RULES)
def test_the_report_counts_what_is_open_now(arrived: list[CloudEvent], rules: Rules) -> None:
    books = engine(arrived, rules).books()
    assume(books.newest is not None)
    now = books.newest or 0
    depth = report(books, rules.engine, packing, now)["queue_depth"]
    given_rules: dict[str, Any] = {"settings": rules.reference, "as_of": now}
    waiting = model.waiting_now(arrived, **given_rules)
    assert depth["unassigned"] == len(model.unassigned_now(arrived, **given_rules))
    assert depth["unanswered"] == len(model.unanswered_now(arrived, **given_rules))
    assert depth["unattended"] == len(waiting)
    oldest = format_time(min(waiting.values())) if waiting else None
    assert depth["oldest_unattended"] == oldest


def _windowed(totals: Totals) -> Counter[WindowKey]:
    kinds = set(recount.KINDS.values())
    return +Counter({key: amount for key, amount in totals.sums.items() if key[0] in kinds})
