"""A worker takes over open tickets of six events each from the changelog on real Kafka.

    python -m tests.bench.restore [TICKETS]

100,000 of them by default, without and with three SLA clocks each. The changelog is as
compacted: one record per ticket, and the slots of the windows.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from streams.config import Config
from streams.core import facts
from streams.core.processor import Processor
from streams.kafka.exactly_once import ExactlyOnceJournal
from streams.kafka.journal import Write
from streams.wire import packing
from tests.bench.alone import alone
from tests.bench.cluster import CONF, PARTITIONS, application, kafka, partition_of, recent
from tests.bench.engine import BATCH, fold
from tests.bench.peers.ours import WHOLE
from tests.bench.readings import HEAD, Reading, figures
from tests.brokers import unique

TICKETS: Final = 100_000
TWINS: Final = 20
"""Tickets that have the same events under different names: to fold them all takes a minute."""
AT_ONCE: Final = 20_000
"""Records written in one transaction."""
PROMISES: Final[Mapping[str, str]] = {"restore": "", "restore.clocks": WHOLE.promises}
"""The text of sla.yml by the name of the readings."""


def measure(runs: int, tickets: int = TICKETS) -> Iterator[Reading]:
    """The same changelog, a new process for each run."""
    for name, promises in PROMISES.items():
        with kafka() as broker, application(broker, unique("events"), promises) as app:
            asyncio.run(_write(app.config, changelog(app.config, tickets)))
            for _ in range(runs):
                started = time.monotonic()
                found = alone("observed", app.folder / CONF, 0)
                _check(found, tickets, WHOLE.clocks if promises else ())
                yield from _readings(name, tickets, found, started)


def changelog(config: Config, tickets: int) -> list[list[Write]]:
    """What is kept of the tickets, by partition; each has what belongs to one of them."""
    processor = Processor(config.engine, packing)
    messages = recent(tickets // TWINS, leave_open=True)
    for offset in range(0, len(messages), BATCH):
        fold(processor, messages[offset : offset + BATCH], offset)
    writes = processor.cut().writes
    own = [write for write in writes if write[0].startswith(b"\xff")]
    kept = [list(own) for _ in range(PARTITIONS)]
    for twin in range(TWINS):
        for key, value in writes:
            if not key.startswith(b"\xff"):
                name = b"%b-%d" % (key, twin)
                kept[partition_of(name)].append((name, value))
    return kept


async def _write(config: Config, kept: Sequence[Sequence[Write]]) -> None:
    journal = ExactlyOnceJournal(config)
    for partition, writes in enumerate(kept):
        await journal.open(partition)
        for start in range(0, len(writes), AT_ONCE):
            # The source topic is empty: there is nothing to read on from.
            await journal.write(partition, 0, writes[start : start + AT_ONCE], ())
    await journal.stop()


def _check(found: Mapping[str, Any], tickets: int, clocks: Sequence[str]) -> None:
    """Every ticket is there, every clock has an instance, and the windows are full."""
    assert (found["tickets"], found["depth"]) == (tickets, tickets), found
    counted = dict.fromkeys(clocks, 0)
    for name, number in found["clocks"].items():
        counted[name.partition(".")[0]] += number
    assert counted == dict.fromkeys(clocks, tickets), found["clocks"]
    # The slots of the windows are the same in each partition.
    assert found["lately"][facts.CREATED] == tickets // TWINS * PARTITIONS, found["lately"]


def _readings(
    name: str, tickets: int, found: Mapping[str, Any], started: float
) -> Iterator[Reading]:
    (assigned, cpu_before), (ready, cpu_after) = found["seen"]["assigned"], found["seen"]["ready"]
    cpu_s = cpu_after - cpu_before
    yield Reading(f"{name}.from_start", "s until /ready", ready - started)
    yield Reading(f"{name}.from_assignment", "s until /ready", ready - assigned)
    yield Reading(name, "us CPU/ticket", cpu_s * 1e6 / tickets)
    share = found["restore_cpu_s"] / cpu_s
    yield Reading(f"{name}.processor", "% of it in Processor.restore", share * 100)
    yield Reading(f"{name}.stall", "ms, the longest", found["stalls"]["ready"] * 1e3)
    yield Reading(f"{name}.peak", "MB RSS", found["rss"] / 1e6)


if __name__ == "__main__":
    print(HEAD)
    for figure in figures(measure(1, *map(int, sys.argv[1:]))):
        print(figure.row())
