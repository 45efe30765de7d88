"""A worker under observation: what `deskpulse worker` runs, with a stopwatch beside it.

    python -m tests.bench.observed CONF EVENTS

Ends once the outcomes of so many events are durable, or with 0 once it is ready, and prints
what it saw. Instants are those of the monotonic clock, which all processes share.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from streams.config import load
from streams.config.model import Metrics
from streams.core.processor import Processor
from streams.core.windows import COUNT
from streams.kafka.partitions import Partitions
from streams.kafka.worker import Worker
from streams.metrics import Exporter
from tests.bench.machine import peak_rss

LOOK_S: Final = 0.005
"""Between two looks; a worker does not notice it."""
PATIENCE_S: Final = 120.0
SLOWEST: Final = 2_000
"""Events per second that even a slow machine folds."""


class Stopwatch:
    """Instants and CPU seconds at which something was seen for the first time."""

    def __init__(self, partitions: Partitions, patience_s: float) -> None:
        self._partitions = partitions
        self._patience_s = patience_s
        self.seen: dict[str, tuple[float, float]] = {}
        self.stalls: dict[str, float] = {}
        """The longest time, in seconds, for which nobody else got a turn until then."""

    async def until(self, name: str, happened: Callable[[Partitions], bool]) -> None:
        """Look until it has happened, and note when; raises `TimeoutError` when it does not."""
        longest = 0.0
        async with asyncio.timeout(self._patience_s):
            while not happened(self._partitions):
                slept = time.monotonic()
                await asyncio.sleep(LOOK_S)
                longest = max(longest, time.monotonic() - slept - LOOK_S)
        self.stalls[name] = longest
        self.seen[name] = time.monotonic(), time.process_time()


@contextmanager
def restoring() -> Iterator[list[float]]:
    """Collects the CPU seconds of each step of `Processor.restore`."""
    restore, spent = Processor.restore, []

    def timed(processor: Processor, changelog: dict[bytes, bytes | None]) -> Iterator[int]:
        steps = restore(processor, changelog)
        restored: int | None = 0
        while restored is not None:
            started = time.thread_time()
            restored = next(steps, None)
            spent.append(time.thread_time() - started)
            if restored is not None:
                yield restored

    with patch.object(Processor, "restore", timed):
        yield spent


async def observe(folder: Path, events: int) -> dict[str, Any]:
    """Run a worker over `events` events and say what was seen."""
    config = replace(load(folder), metrics=Metrics(port=0))
    with Exporter(config) as exporter, restoring() as restore_s:
        worker = Worker(config, exactly_once=True, on_cycle=exporter.show)
        watch = Stopwatch(worker.partitions, PATIENCE_S + events / SLOWEST)
        running = asyncio.create_task(worker.run())
        await watch.until("assigned", lambda partitions: bool(partitions.owned))
        await watch.until("ready", lambda _: exporter.ready()[0])
        if events:
            await watch.until("first", _begun)
            await watch.until("durable", lambda partitions: _durable(partitions) >= events)
        # Before tickets that rest are woken, to be looked at.
        rss = peak_rss()
        found = _found(worker.partitions)
        worker.stopping.set()
        await running
    return found | {
        "seen": watch.seen,
        "stalls": watch.stalls,
        "restore_cpu_s": sum(restore_s),
        "rss": rss,
    }


def _begun(partitions: Partitions) -> bool:
    return any(one.processor.position for one in partitions.owned.values())


def _durable(partitions: Partitions) -> int:
    outcomes = partitions.counted.outcomes
    return sum(count for (outcome, _), count in outcomes.items() if outcome != "flag")


def _found(partitions: Partitions) -> dict[str, Any]:
    """The answers: what was counted once it was durable, and what is kept."""
    sums: dict[str, int] = {}
    for (kind, _, what), count in partitions.counted.totals.sums.items():
        if what == COUNT:
            sums[kind] = sums.get(kind, 0) + count
    processors = [one.processor for one in partitions.owned.values()]
    queues, clocks, lately = Counter[str](), Counter[str](), Counter[str]()
    for processor in processors:
        processor.settle()
        for window in processor.windows.windows[-1:]:
            for (kind, _, what), count in window.totals.items():
                lately[kind] += count if what == COUNT else 0
        for (queue, *_), count in processor.now.active.items():
            queues[queue] += count
        for record in processor.wake().values():
            for one in record.shown[1]:
                clocks[f"{one.clock}.{one.state}"] += 1
    return {
        "outcomes": {str(name): count for (name, _), count in partitions.counted.outcomes.items()},
        "sums": sums,
        "tickets": sum(processor.kept for processor in processors),
        "depth": queues.total(),
        "open": queues,
        "clocks": clocks,
        "lately": lately,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(observe(Path(sys.argv[1]), int(sys.argv[2])))))
