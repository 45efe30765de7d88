"""Desks with one policy for everybody, and what is said there: for cases worked out by hand.

Minutes are those of `tests.reference.pictures`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from streams.core.instants import MINUTE
from streams.core.processor import Processor
from tests.laws.driving import CloudEvent, Partition, Rules, decoded
from tests.laws.instances import Instance, of_engine
from tests.reference.pictures import life, minute, policy, sla

QUESTION: dict[str, Any] = {"author": {"id": "r1", "role": "requester"}, "visibility": "public"}
REPLY: dict[str, Any] = {"author": {"id": "a1", "role": "agent"}, "visibility": "public"}
Told = list[tuple[str, float]]
"""Transitions in the order in which they were said, with the minutes at which they happened."""


def desk(
    targets: Mapping[str, Any],
    events: Iterable[CloudEvent] | str = (),
    *,
    calendar: str = "24x7",
    calendars: Mapping[str, Any] | None = None,
) -> Partition:
    """A desk that has read these events (or this picture)."""
    given = sla(policy("all", dict(targets), calendar=calendar))
    rules = Rules.of(sla={**given, "calendars": calendars or {}})
    partition = Partition(rules.engine)
    read(partition, events)
    return partition


def read(partition: Partition, events: Iterable[CloudEvent] | str) -> None:
    """More events arrive."""
    drawn = life(events) if isinstance(events, str) else events
    partition.log += decoded(drawn, partition.settings)
    partition.read()


def told(partition: Partition) -> Told:
    """What was said since the last time."""
    said = partition.processor.cut().transitions
    return [(one.transition, (one.at - minute(0)) / MINUTE) for one in said]


def one(partition: Partition, at: float) -> Instance:
    """The only instance of all clocks, at a minute."""
    (found,) = of_engine(partition.processor, minute(at))
    return found


def open_clocks(processor: Processor) -> dict[str, int]:
    """The live gauges: instances by state."""
    return {state: number for (*_, state), number in processor.watch.open.items()}
