"""Stories in which time passes: tickets shrink, are dropped and settled.

    day   0 1              10 11               30
          ===              =====               ==        events
             |    |      |      |    |           |       the clock is moved on, by pauses
             |    '- shrunk: closed, and silent for more than a day
                         '- dropped: silent for more than five days

An id that is heard of again after more than five days is a new ticket's.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from streams.core.instants import DAY, HOUR, MINUTE
from tests import strategies
from tests.laws.driving import Partition, Rules, decoded
from tests.laws.lives import COMMIT, CRASH, Life, delayed, live, lives
from tests.reference.events import parse_time

HORIZONS: dict[str, Any] = {
    "apply_within": 2 * HOUR,
    "windows": (5 * MINUTE, HOUR),
    "closed_ticket": DAY,
    "forgotten": 5 * DAY,
}
START = int(strategies.START.timestamp() * 1000)
STRETCHES = ((0, 1), (10, 11), (30,))
"""Days on which things happen; all of a stretch has arrived before the clock goes on."""
END = START + 31 * DAY

CloudEvent = dict[str, Any]
Story = tuple[tuple[list[CloudEvent], Life, list[tuple[int, Life]]], ...]
"""For each stretch: its arrivals, a life, and pauses: until when, and the life behind it."""


def stories(events: list[CloudEvent]) -> SearchStrategy[Story]:
    """These events, told."""
    return st.tuples(*(_stretch(events, days) for days in STRETCHES))


def _stretch(events: list[CloudEvent], days: tuple[int, ...]) -> SearchStrategy[Any]:
    within = [event for event in events if (parse_time(event["time"]) - START) // DAY in days]
    end = START + (days[-1] + 1) * DAY
    waits = (0, HOUR, DAY, 2 * DAY, 5 * DAY, 5 * DAY + 1, 7 * DAY)
    pause = st.tuples(st.sampled_from([end + wait for wait in waits]), LIVES)
    return st.tuples(delayed(within), LIVES, st.lists(pause, max_size=3).map(sorted))


LIVES = lives(COMMIT, CRASH)


def tell(story: Story, rules: Rules) -> tuple[Partition, list[CloudEvent], int]:
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
