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
from tests.bench.cluster import CONF, PARTITIONS, application, kafka, partition_of, recent
from tests.bench.engine import BATCH, fold
from tests.bench.readings import Reading
from tests.brokers import unique

TICKETS: Final = 100_000
TWINS: Final = 20
"""Tickets that have the same events under different names: to fold them all takes a minute."""


def measure(runs: int) -> Iterator[Reading]:
    """The same changelog, a new process for each run."""
    with kafka() as broker, application(broker, unique("events")) as app:
        asyncio.run(_write(app.config, changelog(app.config)))
        for _ in range(runs):
            started = time.monotonic()
            found = alone("observed", app.folder / CONF, 0)
            yield from _readings(found, started)


def changelog(config: Config) -> list[list[Write]]:
    """What is kept of the tickets, by partition; every partition has the same totals."""
    processor = Processor(config.engine, packing)
    messages = recent(TICKETS // TWINS, leave_open=True)
    for offset in range(0, len(messages), BATCH):
        fold(processor, messages[offset : offset + BATCH], offset)
    totals, *tickets = processor.cut().writes
    kept = [[totals] for _ in range(PARTITIONS)]
    for twin in range(TWINS):
        for key, value in tickets:
            name = b"%b-%d" % (key, twin)
            kept[partition_of(name)].append((name, value))
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
    (assigned, cpu_before), (ready, cpu_after) = found["seen"]["assigned"], found["seen"]["ready"]
    cpu_s = cpu_after - cpu_before
    yield Reading("restore.from_start", "s until /ready", ready - started)
    yield Reading("restore.from_assignment", "s until /ready", ready - assigned)
    yield Reading("restore", "us CPU/ticket", cpu_s * 1e6 / TICKETS)
    share = found["restore_cpu_s"] / cpu_s
    yield Reading("restore.processor", "% of it in Processor.restore", share * 100)
    yield Reading("restore.peak", "MB RSS", found["rss"] / 1e6)
