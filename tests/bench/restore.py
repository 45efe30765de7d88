"""A worker takes over 100,000 open tickets of six events each from the changelog on real Kafka.

The changelog is as compacted: one record per ticket. All tickets changed within the last week,
so that each of them is folded once more for the windows: the dearest case.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from streams.config import Config
from streams.core.processor import Processor
from streams.kafka.exactly_once import ExactlyOnceJournal
from streams.kafka.journal import Write
from streams.wire import packing
from tests.bench.alone import alone
from tests.bench.cluster import PARTITIONS, application, kafka, recent
from tests.bench.engine import run
from tests.bench.readings import Reading
from tests.brokers import unique

TICKETS: Final = 100_000
TWINS: Final = 20
"""Tickets that share their events under different names: folding them all takes a minute."""


def measure(runs: int) -> Iterator[Reading]:
    """The same changelog, a new process for each run."""
    with kafka() as broker, application(broker, unique("events")) as app:
        asyncio.run(_write(app.config, changelog()))
        for _ in range(runs):
            started = time.monotonic()
            found = alone("observed", app.folder, 0)
            yield from _readings(found, started)


def changelog() -> list[list[Write]]:
    """What is kept of the tickets, by partition."""
    kept: list[list[Write]] = []
    for twin in range(PARTITIONS):
        processor = Processor(Config().engine, packing)
        run(processor, recent(TICKETS // PARTITIONS // TWINS, leave_open=True))
    return kept


async def _write(config: Config, kept: Sequence[Sequence[Write]]) -> None:
    journal = ExactlyOnceJournal(config)
    for partition, writes in enumerate(kept):
        await journal.open(partition)
        # The source topic is empty: there is nothing to read on from.
        await journal.write(partition, 0, writes, ())
    await journal.stop()


def _readings(found: dict[str, Any], started: float) -> Iterator[Reading]:
    assert (found["tickets"], found["depth"]) == (TICKETS, TICKETS), found
    (assigned, _), (ready, _) = found["seen"]["assigned"], found["seen"]["ready"]
    seconds = ready - assigned
    yield Reading("restore.from_start", "s until /ready", ready - started)
    yield Reading("restore.from_assignment", "s until /ready", seconds)
    yield Reading("restore.processor", "% of it in Processor.restore", found["restore_cpu_s"] / seconds * 100)
    yield Reading("restore", "tickets/s", TICKETS / seconds)
    yield Reading("restore.peak", "MB RSS", found["rss"] / 1e6)
