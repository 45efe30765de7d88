"""From the moment an event is produced until /metrics shows it, at 1,000 other events a second.

`deskpulse worker` on real Kafka, exactly once. What is shown is durable: the delay is the wait
for the next commit cycle (each second), the commit, and up to 50 ms until the next look.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Final

from streams.clock import wall_ms
from streams.core.instants import format_rfc3339
from streams.core.settings import HOUR
from streams.kafka.publish import Message, publish
from streams.pace import at_rate
from streams.simulate import bulk
from streams.wire.codec import dumps
from tests.bench.cluster import application, kafka
from tests.bench.readings import Reading
from tests.brokers import unique
from tests.kafka.workers import PATIENCE_S, Worker

PER_SECOND: Final = 1_000
SAMPLES: Final = 120
EVERY: Final = 97
"""One in so many events is a sample: about ten a second, never in step with the commits."""
LOOK_S: Final = 0.05

_SHOWN: Final = re.compile(r'^deskpulse_tickets_created_total\{queue="samples"\} (\S+)$', re.M)


def measure(runs: int) -> Iterator[Reading]:
    """The same worker all the time; `SAMPLES` for each run."""
    with kafka() as broker, application(broker, unique("events")) as app:
        worker = app.start()
        app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
        for number in range(runs):
            watch = Watch(worker, shown=number * SAMPLES)
            asyncio.run(watch.over(publish(app.config, watch.produced(number))))
            yield from watch.readings()


class Watch:
    """When each sample was produced, and when it was shown. All of them go to one partition,
    so that they are shown in this order."""

    def __init__(self, worker: Worker, shown: int) -> None:
        self._worker = worker
        self._before = shown
        self._produced: list[float] = []
        self._shown: list[float] = []

    async def produced(self, run: int) -> AsyncIterator[Message]:
        """The traffic with the samples in it."""
        others = bulk(SAMPLES * EVERY, 6, seed=run, start_ms=wall_ms() - HOUR)
        async for number, (key, value) in _numbered(at_rate(others, PER_SECOND)):
            ...

    async def over(self, sent: AsyncIterator[int]) -> None:
        ...
