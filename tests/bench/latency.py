"""From handing an event to a producer until /metrics shows it, among 1,000 and 10,000 a second.

`deskpulse worker` on real Kafka, exactly once. What is shown is durable, so a delay is the wait
for the next commit cycle (one a second), the commit, and up to 50 ms until the next look.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from statistics import quantiles
from typing import Final

from streams.clock import wall_ms
from streams.config import Config
from streams.core.instants import HOUR, format_rfc3339
from streams.kafka.publish import Message, publish
from streams.pace import at_rate
from streams.simulate import bulk
from streams.wire.codec import dumps
from tests.bench.cluster import application, kafka
from tests.bench.readings import Reading
from tests.brokers import unique
from tests.kafka.workers import Application, Worker

SAMPLES: Final = 100
RATES: Final = {1_000: 97, 10_000: 997}
"""Events a second -> how many of them come before a sample: about ten samples a second, never in
step with the commits."""
LOOK_S: Final = 0.05

_SHOWN: Final = re.compile(r'^deskpulse_replies_total\{role="requester"\} (\S+)$', re.MULTILINE)
"""Only samples are messages of requesters."""


def measure(_: int) -> Iterator[Reading]:
    """One run, whatever was asked for: its `SAMPLES` are spread as those of several would be."""
    with kafka() as broker:
        for rate, every in RATES.items():
            with application(broker, unique("events")) as app:
                worker = app.start()
                _until_ready(app, worker)
                delays = asyncio.run(_delays(app.config, worker, rate, every))
            percentiles = quantiles(delays, n=100, method="inclusive")
            name = f"latency.at_{rate // 1_000}k"
            yield Reading(f"{name}.p50", "ms from producing", percentiles[49])
            yield Reading(f"{name}.p99", "ms from producing", percentiles[98])
            yield Reading(f"{name}.max", "ms from producing", max(delays))


def _until_ready(app: Application, worker: Worker) -> None:
    app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")


async def _delays(config: Config, worker: Worker, rate: int, every: int) -> list[float]:
    """How long each sample took, milliseconds."""
    events = SAMPLES * every
    others = bulk(events // 3 + 1, 3, seed=1, start_ms=wall_ms() - HOUR, leave_open=True)
    produced: list[float] = []

    async def traffic() -> AsyncIterator[Message]:
        number = 0
        async for key, value in at_rate(islice(others, events), rate):
            yield key, value, ()
            number += 1
            if number % every == 0:
                produced.append(time.monotonic())
                yield _sample(len(produced))

    looking = asyncio.create_task(_shown(worker))
    async for _ in publish(config, traffic()):
        pass
    shown = await looking
    return [(end - start) * 1000 for start, end in zip(produced, shown, strict=True)]


async def _shown(worker: Worker) -> list[float]:
    """When each sample was first seen. All are of one ticket, so they are shown in order."""
    shown: list[float] = []
    while len(shown) < SAMPLES:
        await asyncio.sleep(LOOK_S)
        _, text = await asyncio.to_thread(worker.get, "/metrics")
        found = _SHOWN.search(text)
        number = int(float(found[1])) if found else 0
        shown += [time.monotonic()] * (number - len(shown))
    return shown


def _sample(number: int) -> Message:
    event = {
        "specversion": "1.0",
        "id": f"sample-{number}",
        "source": "bench/latency",
        "type": "ticket.replied",
        "subject": "samples",
        "time": format_rfc3339(wall_ms()),
        "data": {"author": {"id": "a", "role": "requester"}, "visibility": "public"},
    }
    return b"samples", dumps(event), ()
