"""Which instances are open: one case each, and held against the clocks themselves."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core import promises
from streams.core.clocks import BREACHED, WARNED, Clock
from streams.core.instants import HOUR, MINUTE
from streams.notify.books import Books, instance_of
from streams.notify.told import Told, told
from streams.wire.transitions import written
from tests import promised, strategies
from tests.laws.driving import CloudEvent, Partition, Rules, partitions_of
from tests.laws.lives import ADVANCE, COMMIT, LOST_TRANSACTION, Life, live, lives
from tests.unit.notify.telling import NOW, say

WARN = say("warned", at=NOW - MINUTE)
BREACH = say("breached", at=NOW)
LATE = say("met_late", at=NOW + MINUTE)
AGAIN = say("resumed", at=NOW + 2 * MINUTE, refers_to="met_late")


def open_marks(*said: Told) -> list[str]:
    """The transitions of the marks that are open."""
    books = Books()
    for one in said:
        books.add(one)
    return [mark.transition for mark in books.open.values()]


@pytest.mark.parametrize(
    ("said", "marks"),
    [
        ([WARN], ["warned"]),
        ([WARN, BREACH], ["breached"]),
        ([WARN, BREACH, LATE], []),
        ([WARN, say("met")], []),
        ([BREACH, say("cancelled")], []),
        ([BREACH, LATE, AGAIN], ["breached"]),
        ([BREACH, LATE, AGAIN, say("met_late", "second", at=NOW + HOUR)], []),
        ([WARN, BREACH, say("retracted", refers_to="breached")], ["warned"]),
        ([WARN, say("retracted", refers_to="warned")], []),
        # Taken back, and said again: that has an id of its own.
        ([BREACH, say("retracted", refers_to="breached"), say("breached", "other")], ["breached"]),
        ([BREACH, LATE, say("retracted", refers_to="met_late")], ["breached"]),
        # Said late: it happened before what was said earlier.
        ([BREACH, LATE, say("met", at=NOW - HOUR), say("resumed", at=NOW - MINUTE)], []),
        # Past its deadline exactly when it stopped; the breach happened then, and counts now.
        ([say("met", at=NOW), say("resumed", at=NOW + 1), BREACH], ["breached"]),
        ([BREACH, say("paused"), say("resumed")], ["breached"]),
        ([say("activated"), say("met")], []),
    ],
)
def test_a_mark_is_open_until_a_stop_or_its_retraction(said: list[Told], marks: list[str]) -> None:
    assert open_marks(*said) == marks


def test_instances_are_told_apart_by_ticket_clock_and_starting_event() -> None:
    others = [say("breached", ticket="T2"), say("breached", clock="pickup")]
    others += [say("breached", event="e2"), say("breached", source="desk/b")]
    assert open_marks(BREACH, *others, LATE) == ["breached"] * 4


def test_of_several_warnings_the_last_one_counts() -> None:
    books = Books()
    for one in (say("warned", "b", at=NOW), say("warned", "a", at=NOW - MINUTE)):
        books.add(one)
    assert [mark.id for mark in books.open.values()] == ["b"]


def test_what_happened_before_the_horizon_is_not_open_and_not_taken_up_again() -> None:
    books = Books()
    books.add(BREACH)
    books.forget(NOW)
    assert books.open
    books.forget(NOW + 1)
    books.add(BREACH)
    assert not books.open
    assert not books._lives


def test_what_ended_lately_is_known_with_the_marks_it_was_open_for() -> None:
    """For whoever told of it and was killed before it could tell of the end."""
    books = Books()
    for one in (WARN, BREACH, LATE, say("breached", "other", ticket="T2"), say("met", ticket="T3")):
        books.add(one)
    key = instance_of(BREACH)
    assert list(books.over(NOW + MINUTE)) == [(key, WARN), (key, BREACH)]
    assert list(books.over(NOW + MINUTE + 1)) == []


def test_a_warning_is_over_when_the_breach_is_there() -> None:
    books = Books()
    for one in (WARN, BREACH):
        books.add(one)
    assert list(books.over(NOW)) == [(instance_of(WARN), WARN)]


# The same as the clocks say


RULES = st.builds(lambda sla: Rules.of(None, sla), promised.slas())
EVENTS = strategies.event_sets(days=(0, 1, 3), tickets=2).flatmap(strategies.arrivals)
LIVES = lives(COMMIT, LOST_TRANSACTION, ADVANCE)
LATER = st.sampled_from((0, 5 * MINUTE, 30 * HOUR))


def said_by(arrived: list[CloudEvent], rules: Rules, life: Life, later: int) -> Partition:
    """A worker that has gone through its life, read the rest, and waited."""
    (partition,) = partitions_of(arrived, 1, rules.engine)
    live(partition, life)
    partition.read()
    partition.advance(later)
    partition.commit()
    return partition


def read(partition: Partition) -> list[Told]:
    """What it said, as the notifier reads it."""
    return [told(written(one, detected_at=0).value) for one in partition.said]


def true(partition: Partition) -> dict[bytes, str]:
    """What the clocks themselves say is open, by instance."""
    found = {}
    for name, record in partition.processor.wake().items():
        for clock in promises.instances(record.ticket):
            key = instance_of(
                say("", ticket=name, clock=clock.kind, source=clock.source, event=clock.id)
            )
            mark = _mark(clock, partition.processor._clock)
            if mark:
                found[key] = mark
    return found


def _mark(clock: Clock, now: int) -> str:
    if clock.stopped or clock.gone or not clock.named:
        return ""
    passed = {e.transition for e in clock.log} | {m.transition for m in clock.passed_by(now)}
    return next((mark for mark in (BREACHED, WARNED) if mark in passed), "")


@settings(deadline=None)
@given(EVENTS, RULES, LIVES, LATER)
def test_open_is_what_the_clocks_say_whatever_came_late_or_was_lost(
    arrived: list[CloudEvent], rules: Rules, life: Life, later: int
) -> None:
    partition = said_by(arrived, rules, life, later)
    books = Books()
    for one in read(partition):
        books.add(one)
    assert {key: mark.transition for key, mark in books.open.items()} == true(partition)


@settings(deadline=None)
@given(EVENTS, RULES, LIVES, st.data())
def test_repetitions_change_nothing_at_any_moment(
    arrived: list[CloudEvent], rules: Rules, life: Life, data: Any
) -> None:
    """A worker that delivers at least once says the last things again, in their order."""
    said = read(said_by(arrived, rules, life, HOUR))
    once, twice = Books(), Books()
    for place, one in enumerate(said):
        once.add(one)
        twice.add(one)
        for again in said[data.draw(st.integers(0, place + 1)) : place + 1]:
            twice.add(again)
        assert twice.open == once.open


@settings(deadline=None)
@given(EVENTS, RULES, LIVES, st.data())
def test_a_restart_finds_what_is_open_wherever_it_begins_to_read(
    arrived: list[CloudEvent], rules: Rules, life: Life, data: Any
) -> None:
    """One has read all along and forgot; the other begins anywhere before the horizon."""
    said = read(said_by(arrived, rules, life, HOUR))
    horizon = data.draw(st.sampled_from(sorted({one.at for one in said} | {0})))
    first = next((n for n, one in enumerate(said) if one.at >= horizon), len(said))
    old, new = Books(), Books()
    for one in said:
        old.add(one)
        if data.draw(st.booleans()):
            old.forget(min(one.at, horizon))
    old.forget(horizon)
    new.forget(horizon)
    for one in said[data.draw(st.integers(0, first)) :]:
        new.add(one)
    assert new.open == old.open
