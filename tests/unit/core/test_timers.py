"""What is due comes up in the order of time, near or far."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.timers import BUCKET, Timers

INSTANTS = st.integers(0, 5 * BUCKET) | st.sampled_from((0, BUCKET - 1, BUCKET, 2 * BUCKET))
STEPS = st.lists(st.tuples(INSTANTS, st.lists(st.tuples(INSTANTS, st.sampled_from("abc")))))


@given(STEPS)
def test_at_any_instant_those_come_up_that_are_due_and_no_others(
    steps: list[tuple[int, list[tuple[int, str]]]],
) -> None:
    timers, waiting = Timers(), list[tuple[int, str]]()
    for now, added in steps:
        for due, ticket in added:
            timers.set(ticket, due)
        waiting = sorted([*waiting, *added])
        past = [entry for entry in waiting if entry[0] <= now]
        assert timers.is_due(now) is bool(past)
        assert list(timers.due(now)) == past
        waiting = waiting[len(past) :]


def test_who_takes_only_some_finds_the_others_later() -> None:
    timers = Timers()
    for due in (3 * BUCKET, 1, 2):
        timers.set(str(due), due)
    assert next(timers.due(BUCKET)) == (1, "1")
    timers.set("0", 0)
    assert list(timers.due(4 * BUCKET)) == [(0, "0"), (2, "2"), (3 * BUCKET, str(3 * BUCKET))]
