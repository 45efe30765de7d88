"""From a deadline until the breach can be read from `sla-transitions`, at 1,000 events a second.

`deskpulse worker` on real Kafka, exactly once, caught up. Tickets are left unanswered while
others come in; a reader of the topic, as a pager would be one, notes when each breach arrives.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from statistics import quantiles
from typing import Final

from aiokafka import AIOKafkaConsumer

from streams.clock import wall_ms
from streams.config import Config
from streams.core.instants import HOUR, format_rfc3339, parse_rfc3339
from streams.kafka.connection import client_arguments
from streams.kafka.publish import Message, publish
from streams.pace import at_rate
from streams.simulate import bulk
from streams.wire.codec import dumps, loads
from tests.bench.cluster import application, kafka
from tests.bench.readings import Reading
from tests.brokers import unique
from tests.kafka.workers import Worker

PER_SECOND: Final = 1_000
SAMPLES: Final = 300
EVERY: Final = 97
"""A ticket to be breached follows so many other events."""
TARGET_S: Final = 5
PROMISES: Final = f"""
policies:
  - name: samples
    when: {{queue: samples}}
    calendar: 24x7
    targets: {{first_response: {TARGET_S}s, next_reply: 1h, resolution: 8h}}
"""
LATE_S: Final = 60.0
"""A breach that is not there by then is a wrong answer."""

_DELAYS: Final = re.compile(
    r'^deskpulse_breach_detection_delay_seconds_bucket\{le="(1\.0|\+Inf)"\} (\S+)$', re.MULTILINE
)


def measure(_: int) -> Iterator[Reading]:
    """One run, whatever was asked for: its `SAMPLES` are spread as those of several would be."""
    with kafka() as broker, application(broker, unique("events"), PROMISES) as app:
        worker = app.start()
        app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
        delays = asyncio.run(_delays(app.config))
        within, everything = _exported(worker)
    assert everything == SAMPLES, f"{everything} of {SAMPLES} breaches were counted"
    percentiles = quantiles(delays, n=100, method="inclusive")
    yield Reading("detection.p50", "ms after the deadline", percentiles[49])
    yield Reading("detection.p99", "ms after the deadline", percentiles[98])
    yield Reading("detection.max", "ms after the deadline", max(delays))
    yield Reading("detection.exported.within_1s", "share of breaches", within / everything)


async def _delays(config: Config) -> list[float]:
    """How long after its deadline each breach was read, milliseconds."""
    others = bulk(SAMPLES * EVERY // 3 + 1, 3, seed=1, start_ms=wall_ms() - HOUR, leave_open=True)

    async def traffic() -> AsyncIterator[Message]:
        number = 0
        async for key, value in at_rate(islice(others, SAMPLES * EVERY), PER_SECOND):
            yield key, value, ()
            number += 1
            if number % EVERY == 0:
                yield _sample(number // EVERY)

    reading = asyncio.create_task(_breaches(config))
    async for _ in publish(config, traffic()):
        pass
    return await asyncio.wait_for(reading, LATE_S)


async def _breaches(config: Config) -> list[float]:
    consumer = AIOKafkaConsumer(
        config.topics.transitions,
        **client_arguments(config.kafka),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    delays: dict[str, float] = {}
    try:
        async for record in consumer:
            read_at, told = wall_ms(), loads(record.value)
            if told["transition"] == "breached":
                assert told["ticket"] not in delays, f"{told['ticket']} was announced twice"
                delays[told["ticket"]] = read_at - parse_rfc3339(told["deadline"])
            if len(delays) == SAMPLES:
                break
    finally:
        await consumer.stop()
    return list(delays.values())


def _exported(worker: Worker) -> tuple[float, float]:
    """What the worker says itself: breaches announced within a second, and all."""
    found = dict(_DELAYS.findall(worker.get("/metrics")[1]))
    return float(found["1.0"]), float(found["+Inf"])


def _sample(number: int) -> Message:
    ticket = f"sample-{number}"
    event = {
        "specversion": "1.0",
        "id": ticket,
        "source": "bench/detection",
        "type": "ticket.created",
        "subject": ticket,
        "time": format_rfc3339(wall_ms()),
        "data": {"queue": "samples", "status": "new", "priority": "urgent"},
    }
    return ticket.encode(), dumps(event), ()
