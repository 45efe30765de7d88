"""What may happen: in which order events arrive, and what befalls the worker that reads them."""

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from streams.core.instants import DAY, HOUR, MINUTE
from tests.laws.driving import (
    CloudEvent,
    Partition,
    Rules,
    engine_report,
    merged,
    partitions_of,
)
from tests.reference import pictures
from tests.reference.events import parse_time

Event = dict[str, Any]
Happening = tuple[Any, ...]
"""The name of a method of `Partition`, and its arguments."""
Life = list[Happening]

READ: SearchStrategy[Happening] = st.tuples(st.just("read"), st.integers(1, 5))
COMMIT: SearchStrategy[Happening] = st.just(("commit",))
LOST_TRANSACTION: SearchStrategy[Happening] = st.just(("crash", 0.0))
"""Everything since the last commit is gone, and read again."""
CRASH: SearchStrategy[Happening] = st.tuples(
    st.just("crash"), st.sampled_from((0.0, 0.3, 0.5, 0.8, 1.0))
)
"""A part of what was to be committed is durable, and all of it is read again."""
AT_LEAST_ONCE: SearchStrategy[Happening] = st.tuples(
    st.just("crash"), st.sampled_from((0.01, 0.5, 1.0))
)
"""The same without transactions: what was to be said has left in any case."""
ADVANCE: SearchStrategy[Happening] = st.tuples(
    st.just("advance"), st.sampled_from((0, 0, MINUTE, 1 + 5 * MINUTE, HOUR, 30 * HOUR))
)
SQUASH: SearchStrategy[Happening] = st.just(("squash",))


FEWER = settings(max_examples=settings().max_examples // 2)
"""For laws whose examples take long."""


def lives(*others: SearchStrategy[Happening]) -> SearchStrategy[Life]:
    """Batches of any size, and in between whatever else is named."""
    return st.lists(st.one_of(READ, *others), max_size=10)


def live(partition: Partition, life: Iterable[Happening]) -> None:
    """Go through a life; whatever happens, no arrival vanishes (law 8)."""
    for name, *arguments in life:
        getattr(partition, name)(*arguments)
        partition.assert_nothing_vanished()


DRAWN: SearchStrategy[list[Event]] = st.text(".aROphxy0unDUm", max_size=12).map(
    lambda picture: pictures.life(f"C{picture}")
)
"""One ticket, each minute something that its clocks care about (`tests.reference.pictures`)."""


def delayed(events: Sequence[Event]) -> SearchStrategy[list[Event]]:
    """`events` as a source sends them: by time, some of them minutes to days late, some twice."""
    delays = st.sampled_from((0, 0, 0, 5 * MINUTE, HOUR, 3 * HOUR, 2 * DAY))
    return st.builds(
        lambda once, twice: _by_arrival([*zip(events, once, strict=True), *twice]),
        st.lists(delays, min_size=len(events), max_size=len(events)),
        st.lists(st.tuples(st.sampled_from(events), delays), max_size=3) if events else st.just([]),
    )


def _by_arrival(sent: Iterable[tuple[Event, int]]) -> list[Event]:
    arriving = [(parse_time(event["time"]) + delay, event) for event, delay in sent]
    return [event for _, event in sorted(arriving, key=lambda one: one[0])]


def lived(arrived: list[CloudEvent], rules: Rules, by_partition: list[Life]) -> Any:
    """The report after each partition has gone through its life, and read the rest."""
    partitions = partitions_of(arrived, len(by_partition), rules.engine)
    for partition, life in zip(partitions, by_partition, strict=True):
        live(partition, life)
        partition.read()
    return engine_report(merged(partition.books() for partition in partitions), rules)
