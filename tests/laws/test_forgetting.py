"""Law 2 as time passes: tickets shrink, are dropped and settled, and no answer changes.

    day   0 1              10 11               30
          ===              =====               ==        events
             |    |      |      |    |           |       the clock is moved on, by pauses
             |    '- shrunk: closed, and silent for more than a day
                         '- dropped: silent for more than five days

An id that is heard of again after more than five days is a new ticket's.
"""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from streams.core.instants import DAY, HOUR, MINUTE
from tests import promised, strategies
from tests.laws.driving import (
    Partition,
    Report,
    Rules,
    decoded,
    engine_report,
    reference_report,
    restored,
)
from tests.laws.lives import COMMIT, CRASH, Life, delayed, live, lives
from tests.laws.recount import gauges, live_gauges, tickets
from tests.reference.events import parse_time

HORIZONS: dict[str, Any] = {
    "apply_within": 2 * HOUR,
    "windows": (5 * MINUTE, HOUR),
    "closed_ticket": DAY,
    "forgotten": 5 * DAY,
}
RULES = st.builds(
    lambda chosen, sla: Rules.of(chosen, sla, **HORIZONS),
    strategies.settings(),
    st.one_of(st.none(), promised.slas()),
)
START = int(strategies.START.timestamp() * 1000)
STRETCHES = ((0, 1), (10, 11), (30,))
"""Days on which things happen; all of a stretch has arrived before the clock goes on."""
END = START + 31 * DAY

CloudEvent = dict[str, Any]
Story = tuple[tuple[list[CloudEvent], Life, list[tuple[int, Life]]], ...]
"""For each stretch: its arrivals, a life, and pauses: until when, and the life behind it."""


def _stories(events: list[CloudEvent]) -> SearchStrategy[Story]:
    return st.tuples(*(_stretch(events, days) for days in STRETCHES))


def _stretch(events: list[CloudEvent], days: tuple[int, ...]) -> SearchStrategy[Any]:
    within = [event for event in events if (parse_time(event["time"]) - START) // DAY in days]
    end = START + (days[-1] + 1) * DAY
    waits = (0, HOUR, DAY, 2 * DAY, 5 * DAY, 5 * DAY + 1, 7 * DAY)
    pause = st.tuples(st.sampled_from([end + wait for wait in waits]), LIVES)
    return st.tuples(delayed(within), LIVES, st.lists(pause, max_size=3).map(sorted))


LIVES = lives(COMMIT, CRASH)
STORIES = strategies.event_sets(days=(0, 1, 10, 11, 30), tickets=4).flatmap(_stories)


@given(STORIES, RULES)
def test_the_report_is_that_of_the_reference_model(story: Story, rules: Rules) -> None:
    """A peak is recounted over the tickets kept, so it stands while none was dropped."""
    partition, arrived, now = _tell(story, rules)
    assume(arrived)
    found = engine_report(partition.books(), rules, now)
    expected = reference_report(arrived, rules, now)
    if partition.processor.settled.months:
        found, expected = _without_peak(found), _without_peak(expected)
    assert found == expected


@given(STORIES, RULES)
def test_the_gauges_are_those_of_the_tickets_kept(story: Story, rules: Rules) -> None:
    partition, arrived, _ = _tell(story, rules)
    kept = [event for event in arrived if event["subject"] in partition.processor.records]
    found = tickets(kept, rules.reference)
    assert live_gauges(partition.processor) == gauges(found, rules.reference)


@given(STORIES, RULES)
def test_in_the_end_nothing_is_kept_but_sums(story: Story, rules: Rules) -> None:
    """Dropped is who has been silent, and quiet in arrival too: hence the second step."""
    partition, arrived, now = _tell(story, rules)
    assume(arrived)
    partition.processor.advance(now)
    now += 5 * DAY + 2 * HOUR + 1
    partition.processor.advance(now)
    assert partition.processor.records == {}
    assert not partition.processor.watch.open
    found = engine_report(partition.books(), rules, now)
    assert found == _without_peak(reference_report(arrived, rules, now))
    again = restored(rules.engine, partition.changelog)
    assert (again.records, again.settled.dump()) == ({}, partition.processor.settled.dump())


def _tell(story: Story, rules: Rules) -> tuple[Partition, list[CloudEvent], int]:
    """The partition after it all, what it has read, and what time it is."""
    partition = Partition(rules.engine)
    now = END
    for arrived, life, pauses in story:
        partition.log += decoded(arrived, rules.engine)
        live(partition, life)
        partition.read()
        for until, then in pauses:
            partition.processor.advance(until)
            now = max(now, until)
            live(partition, then)
            partition.read()
    return partition, [event for arrived, _, _ in story for event in arrived], now


def _without_peak(found: Report) -> Report:
    depth = {name: part for name, part in found.get("queue_depth", {}).items() if name != "peak"}
    rest = {name: part for name, part in found.items() if name != "queue_depth"}
    return rest | ({"queue_depth": depth} if depth else {})
