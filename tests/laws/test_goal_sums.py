"""Law 4 for goals: their two sums, live, equal a count of all facts, after whatever happened.

Also law 2: sums of several partitions add up, and a restart folds nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.facts import Fact
from streams.core.fold import resolution_times
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.processor import Processor
from streams.core.pursued import Pursued, Want, pursued
from streams.core.pursuit import STEPS, Parts
from streams.core.record import refold
from streams.core.settings import Settings
from streams.wire import packing
from tests import strategies
from tests.conflict_log import conflict_log
from tests.laws.driving import CloudEvent, Partition, decoded, partitions_of, restored
from tests.laws.lives import COMMIT, CRASH, SQUASH, Life, delayed, live, lives
from tests.scored import configured
from tests.tickets_told import MONDAY, event

GOALS: list[dict[str, Any]] = [
    {"kpi": "first_response", "comparator": "<", "goal": "1h", "period": "day"},
    {"kpi": "first_response", "comparator": "improves", "period": "week"},
    {
        "kpi": "first_response",
        "stat": "share_within",
        "comparator": ">=",
        "goal": "90% within 30m",
        "slice": {"queue": ["alpha", "beta"]},
    },
    {
        "kpi": "full_resolution",
        "stat": "p90",
        "comparator": "<",
        "goal": "4h",
        "warn_at": "30m",
        "period": "week",
        "guard": ["csat", "reopen_rate"],
    },
    {"kpi": "csat_mean", "comparator": "improves", "period": "day"},
    {"kpi": "one_touch", "comparator": ">=", "goal": "50%", "slice": {"agent": "a1"}},
    {"kpi": "handle_time", "comparator": "<", "goal": "5m", "slice": {"agent": "a1"}},
    {"kpi": "volume", "comparator": "<=", "goal": 3, "slice": {"priority": "high"}},
]
SETTINGS = replace(configured(*GOALS).engine, apply_within=3 * DAY, windows=(5 * MINUTE, HOUR, DAY))
ARRIVED = st.one_of(
    [strategies.event_sets(days=days) for days in ((0, 1), (0, 1, 3), (0, 5, 20, 21))]
).flatmap(delayed)
AHEAD = st.sampled_from((-5 * MINUTE, 0, MINUTE, 30 * MINUTE, 3 * HOUR, DAY, 2 * DAY, 8 * DAY))
LIVES = st.lists(st.tuples(lives(COMMIT, CRASH, SQUASH), AHEAD), max_size=5)


def counted(processor: Processor, now: int) -> list[Parts]:
    """What each goal comes to, from all facts of all tickets at once."""
    facts = []
    for record in processor.wake().values():
        if processor.settings.exclude_spam_from_windows and record.ticket.deleted == "spam":
            continue
        assert not record.checkpoint, "the facts of a checkpoint are not told apart"
        facts += refold(record, processor.settings, packing)[1]
        facts += resolution_times(record.ticket, processor.settings)
    return [_parts(one, wants, facts, now) for one, wants in pursued(processor.settings)]


DAYS = {"day": 1, "week": 7, "month": 30}


def _parts(goal: Pursued, wants: Iterable[Want], facts: list[Fact], now: int) -> Parts:
    span, step = DAYS[goal.period] * DAY, STEPS[goal.period]
    edge = now - now % step
    sums = dict.fromkeys(Parts._fields, 0)
    for want in wants:
        for item in facts:
            labels = (*item.cell, item.agent)
            fits = len(item.cell) == 7 and all(labels[n] in few for n, few in want.slice)
            if item.kind == want.kind and fits:
                amount = item.sign * _worth(want, item.value)
                if edge - span < item.at <= now:
                    sums[want.key[1]] += amount
                elif edge - 2 * span < item.at <= edge - span and goal.target is None:
                    sums[f"{want.key[1]}_before"] += amount
    return Parts(**sums)


def _worth(want: Want, value: int | None) -> int:
    if want.of == "count":
        return 1_000 * want.times
    if want.of == "inside":
        return 1_000 * (value is not None and value <= want.limit)
    return want.times * (value or 0)


def shown(processor: Processor) -> list[Parts]:
    """What each goal comes to, live."""
    processor.settle()
    assert processor.pursuit is not None
    return processor.pursuit.picture()


@given(ARRIVED, LIVES, st.booleans())
def test_the_sums_of_goals_equal_a_count_of_all_facts_at_any_instant(
    arrived: list[CloudEvent], parts: list[tuple[Life, int]], without_spam: bool
) -> None:
    """After late corrections, squashes, torn cuts and restarts."""
    settings = replace(SETTINGS, exclude_spam_from_windows=without_spam)
    partition = Partition(settings, decoded(arrived, settings))
    for life, ahead in [*parts, ([("read",)], 0)]:
        live(partition, life)
        partition.catch_up()
        processor = partition.processor
        if processor.newest is None:
            continue
        processor.advance(processor.newest + ahead)
        undisturbed = Partition(settings, partition.log[: processor.position])
        undisturbed.read()
        now = processor.windows.now
        assert now is not None
        assert shown(processor) == counted(undisturbed.processor, now)


@given(ARRIVED)
def test_the_sums_of_goals_of_several_partitions_add_up(arrived: list[CloudEvent]) -> None:
    whole = Partition(SETTINGS, decoded(arrived, SETTINGS))
    whole.read()
    assume(whole.processor.newest is not None)
    now = (whole.processor.newest or 0) + MINUTE
    pictures = []
    for partition in [whole, *partitions_of(arrived, 3, SETTINGS)]:
        partition.read()
        partition.processor.advance(now)
        pictures.append(shown(partition.processor))
    together = [
        Parts(*map(sum, zip(*parts, strict=True))) for parts in zip(*pictures[1:], strict=True)
    ]
    assert together == pictures[0]


def committed(settings: Settings, tickets: int = 40) -> Partition:
    """A partition that has read conflicts, and committed now and then."""
    partition = Partition(settings, decoded(conflict_log(tickets), settings))
    while partition.left:
        partition.read(17)
        partition.advance(0)
        partition.commit()
    return partition


def test_a_restart_folds_nothing_and_changes_no_goal() -> None:
    partition = committed(SETTINGS)
    again = restored(SETTINGS, partition.changelog)
    again.advance(again.newest or 0)
    assert shown(again) == shown(partition.processor)
    assert again.pursuit is not None
    assert all(group.filled for group in again.pursuit._groups.values())
    assert any(parts.top for parts in shown(again))


def test_under_other_goals_the_sums_are_filled_anew_and_kept_from_then_on() -> None:
    partition = committed(SETTINGS)
    other = replace(SETTINGS, scorecards=configured(scorecards={"conflicts": {}}).engine.scorecards)
    partition.reconfigure(other)
    partition.advance(0)
    fresh = committed(other)
    assert shown(partition.processor) == shown(fresh.processor)
    partition.log += decoded([event("late", MONDAY + 9 * DAY, "ticket.created")], other)
    partition.read()
    partition.commit()
    own = {key for key, value in partition.changelog.items() if value and b"goals" in key}
    assert all(key.startswith(b"\xffgoals-month") for key in own)
    again = restored(other, partition.changelog)
    assert again.pursuit is not None
    assert all(group.filled for group in again.pursuit._groups.values())


def test_without_goals_their_records_leave_the_changelog() -> None:
    partition = committed(SETTINGS)
    partition.reconfigure(replace(SETTINGS, scorecards=()))
    assert partition.processor.pursuit is None
    partition.log += decoded([event("late", MONDAY + 9 * DAY, "ticket.created")], SETTINGS)
    partition.read()
    partition.commit()
    assert not [key for key, value in partition.changelog.items() if value and b"goals" in key]


def test_squashed_events_count_for_new_goals_on_their_day() -> None:
    """Of two weeks of squashed conflicts a month's goal that is new misses none."""
    soon = replace(SETTINGS, apply_within=HOUR, windows=(5 * MINUTE,), closed_ticket=2 * HOUR)
    partition = committed(soon, tickets=100)
    records = partition.processor.wake().values()
    assert sum(not record.history for record in records) > 20
    other = replace(soon, scorecards=configured(scorecards={"conflicts": {}}).engine.scorecards)
    partition.reconfigure(other)
    partition.advance(0)
    assert shown(partition.processor) == shown(committed(other, tickets=100).processor)
