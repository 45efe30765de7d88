"""One whole worker on real Kafka: exactly once, changelog on, 300,000 events of about 300 bytes.

The events wait in 4 partitions, the broker shares the cores. From the first event fetched until
the last one is durable: its ticket, its outputs and its position in a committed transaction.
"""

from collections.abc import Iterator
from typing import Any, Final

from streams.core import facts
from tests.bench.alone import alone
from tests.bench.cluster import CONF, application, kafka, preload, recent
from tests.bench.engine import PER_TICKET
from tests.bench.readings import Reading
from tests.brokers import unique

TICKETS: Final = 50_000
EVENTS: Final = TICKETS * PER_TICKET


def measure(runs: int) -> Iterator[Reading]:
    """A new application and process for each run, on the same events."""
    source = unique("events")
    with kafka() as broker:
        messages = recent(TICKETS)
        with application(broker, source) as first:
            preload(first.config, messages)
        size = sum(len(value) for _, value in messages) / EVENTS
        for _ in range(runs):
            with application(broker, source) as app:
                found = alone("observed", app.folder / CONF, EVENTS)
            yield from _readings(found)
            yield Reading("worker.event", "bytes/event", size)


def _readings(found: dict[str, Any]) -> Iterator[Reading]:
    sums, seen = found["sums"], found["seen"]
    assert found["outcomes"] == {"applied": EVENTS}, found
    assert (found["tickets"], found["depth"]) == (TICKETS, 0), found
    assert sums[facts.CREATED] == sums[facts.RESOLVED] == TICKETS, found
    (first, first_cpu), (durable, durable_cpu) = seen["first"], seen["durable"]
    yield Reading("worker", "events/s", EVENTS / (durable - first))
    yield Reading("worker", "events/CPU s", EVENTS / (durable_cpu - first_cpu))
    yield Reading("worker.peak", "MB RSS", found["rss"] / 1e6)
