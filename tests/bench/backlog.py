"""What a worker keeps in memory of a backlog: as much of a small one as of a large one.

    python -m tests.bench.backlog [EVENTS]

300,000 events by default, and a tenth of them, wait in 4 partitions on real Kafka. The state keeps
nothing of them (their type is unknown, they are counted), so what grows is what is under way.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from streams.config import load
from streams.config.model import Metrics
from streams.kafka.partitions import Partitions
from streams.kafka.worker import Worker
from streams.metrics import Exporter
from tests.bench.alone import alone
from tests.bench.cluster import CONF, application, kafka, preload, recent
from tests.bench.engine import PER_TICKET
from tests.bench.machine import peak_rss, rss
from tests.bench.readings import HEAD, Reading, figures
from tests.brokers import unique

EVENTS: Final = 300_000
LOOK_S: Final = 0.01
PATIENCE_S: Final = 120.0
SLOWEST: Final = 2_000
"""Events per second that even a slow machine reads."""
KNOWN, UNKNOWN = b'"type":"ticket.', b'"type":"tocket.'


def measure(_: int, events: int = EVENTS) -> Iterator[Reading]:
    """A new application and process for each backlog."""
    for count in (events // 10, events):
        with kafka() as broker, application(broker, unique("events")) as app:
            messages = recent(count // PER_TICKET)
            preload(app.config, [(key, value.replace(KNOWN, UNKNOWN)) for key, value in messages])
            found = alone("backlog", app.folder / CONF, len(messages))
        assert found["outcomes"] == {"ignored": len(messages)}, found
        name = f"backlog.{len(messages):,}"
        yield Reading(f"{name}.before", "MB RSS", found["before"] / 1e6)
        for quarter, resident in enumerate(found["quarters"], 1):
            yield Reading(f"{name}.after_{quarter}_of_4", "MB RSS", resident / 1e6)
        yield Reading(f"{name}.peak", "MB RSS", found["peak"] / 1e6)
        yield Reading(f"{name}.under_way", "events at most", found["under_way"])
        yield Reading(name, "events/s", len(messages) / found["took_s"])


async def observe(folder: Path, events: int) -> dict[str, Any]:
    """Run a worker over `events` events and say what it took."""
    config = replace(load(folder), metrics=Metrics(port=0))
    under_way, before, started = 0, 0, time.monotonic()
    quarters: list[int] = []
    with Exporter(config) as exporter:
        worker = Worker(config, exactly_once=True, on_cycle=exporter.show)
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(PATIENCE_S + events / SLOWEST):
            while _durable(worker.partitions) < events:
                if not before and exporter.ready()[0]:
                    before, started = rss(), time.monotonic()
                if _durable(worker.partitions) * 4 >= events * (len(quarters) + 1):
                    quarters.append(rss())
                under_way = max(under_way, _under_way(worker.partitions))
                await asyncio.sleep(LOOK_S)
        quarters.append(rss())
        took_s = time.monotonic() - started
        outcomes = dict(worker.partitions.counted.outcomes)
        worker.stopping.set()
        await running
    return {
        "before": before,
        "quarters": quarters,
        "peak": peak_rss(),
        "under_way": under_way,
        "took_s": took_s,
        "outcomes": {name: count for (name, _), count in outcomes.items() if name != "flag"},
    }


def _durable(partitions: Partitions) -> int:
    outcomes = partitions.counted.outcomes
    return sum(count for (outcome, _), count in outcomes.items() if outcome != "flag")


def _under_way(partitions: Partitions) -> int:
    """Handed over by the fetcher and not folded yet."""
    return sum(
        one.answer.taken - one.processor.position
        for one in partitions.owned.values()
        if one.answer is not None and one.on_the_way
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(asyncio.run(observe(Path(sys.argv[1]), int(sys.argv[2])))))
    else:
        print(HEAD)
        for figure in figures(measure(1, *map(int, sys.argv[1:]))):
            print(figure.row())
