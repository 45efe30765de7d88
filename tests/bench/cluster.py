"""Real Kafka for a benchmark: one node, the topics of an application, events in them."""

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aiokafka import AIOKafkaProducer

from streams.clock import wall_ms
from streams.config import Config, load
from streams.core.instants import MINUTE
from streams.kafka.changelog import MAX_BATCH_BYTES, send
from streams.kafka.connection import client_arguments
from streams.kafka.journal import Write
from streams.kafka.topics import ensure
from streams.simulate import bulk
from streams.simulate.bulk import STEP_MS, STRIDE
from tests.bench.engine import PER_TICKET
from tests.brokers import ApacheKafka, Broker, unique
from tests.kafka.workers import Application

PARTITIONS: Final = 4
CONF: Final = "conf"
"""The folder of the configuration, in the application's folder."""


@contextmanager
def kafka() -> Iterator[Broker]:
    """One node of Apache Kafka in a folder that is removed in the end."""
    with TemporaryDirectory() as folder, ApacheKafka(Path(folder)) as broker:
        yield Broker(broker.bootstrap, transactions=True)


@contextmanager
def application(
    broker: Broker, source: str, promises: str = "", extra: str = ""
) -> Iterator[Application]:
    """A new application, exactly once, by the wall clock; all else is default.

    Its topics exist. Whoever gives the same name of a source reads the same events. `promises`
    is the text of an sla.yml, `extra` are further lines of deskpulse.yml.
    """
    app = unique("bench")
    with TemporaryDirectory() as name:
        folder = Path(name)
        text = (
            f'kafka: {{bootstrap: "{broker.bootstrap}"}}\n'
            f"app: {app}\n"
            f"topics: {{source: {source}, agents: {app}-agents, customers: {app}-customers, "
            f"transitions: {app}-transitions, late: {app}-late, "
            f"dead_letters: {app}-dead}}\n"
            "delivery: exactly_once\n"
        ) + extra
        for file in (folder / "deskpulse.yml", folder / CONF / "deskpulse.yml"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            if promises:
                file.with_name("sla.yml").write_text(promises)
        config = load(folder / CONF)
        asyncio.run(ensure(config))
        running = Application(folder, config, broker)
        try:
            yield running
        finally:
            running.stop()


def recent(tickets: int, *, leave_open: bool = False) -> list[tuple[bytes, bytes]]:
    """Bulk events of so many tickets, of which the last one happened a minute ago."""
    steps = tickets + (PER_TICKET - 1) * STRIDE
    start_ms = wall_ms() - MINUTE - steps * STEP_MS
    return list(bulk(tickets, PER_TICKET, seed=1, start_ms=start_ms, leave_open=leave_open))


def partition_of(key: bytes) -> int:
    """Where a ticket's events go. Any function does, as long as it spreads them."""
    return zlib.crc32(key) % PARTITIONS


def preload(config: Config, messages: Iterable[tuple[bytes, bytes]]) -> None:
    """Put events into the source topic, acknowledged."""
    by_partition: list[list[Write]] = [[] for _ in range(PARTITIONS)]
    for key, value in messages:
        by_partition[partition_of(key)].append((key, value))

    async def load_all() -> None:
        producer = AIOKafkaProducer(
            **client_arguments(config.kafka), acks="all", max_batch_size=MAX_BATCH_BYTES
        )
        await producer.start()
        try:
            for partition, writes in enumerate(by_partition):
                sent = await send(producer, config.topics.source, partition, writes)
                await asyncio.gather(*sent)
        finally:
            await producer.stop()

    asyncio.run(load_all())
