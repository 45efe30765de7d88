"""The topics of the comparison: the events, loaded once, and a changelog to be restored."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Final

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from streams.kafka.changelog import MAX_BATCH_BYTES, send
from streams.kafka.journal import Write
from tests.bench.cluster import PARTITIONS, partition_of

_CHUNK: Final = 100_000
"""Events held in memory at a time."""
_INTERNAL: Final = "__"

Messages = Iterable[tuple[bytes, bytes]]


def load(bootstrap: str, topic: str, messages: Messages, *, compacted: bool = False) -> int:
    """Create a topic and fill it, acknowledged; returns how many messages there were."""
    return asyncio.run(_load(bootstrap, topic, messages, compacted=compacted))


def create(bootstrap: str, topic: str, *, compacted: bool = False) -> None:
    """Create a topic, empty."""
    load(bootstrap, topic, (), compacted=compacted)


def records(bootstrap: str, topic: str) -> int:
    """How many offsets a topic has: its records, and one for each transaction and partition."""

    async def count() -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        await consumer.start()
        try:
            sources = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(sources)
            return sum((await consumer.end_offsets(sources)).values())
        finally:
            await consumer.stop()

    return asyncio.run(count())


def drop_all_but(bootstrap: str, kept: Collection[str]) -> None:
    """Delete what a program has left, so that the broker has no work with it."""

    async def drop() -> None:
        async with _admin(bootstrap) as admin:
            left = [
                name
                for name in await admin.list_topics()
                if name not in kept and not name.startswith(_INTERNAL)
            ]
            if left:
                await admin.delete_topics(left)

    asyncio.run(drop())


def finished_tickets(number: int) -> Iterator[tuple[bytes, bytes]]:
    """The state of so many tickets, as plain.py and KStreamsPeer keep it; about 240 bytes each."""
    for place in range(number):
        name = f"INC{place:08d}-0"
        state = {
            "status": "closed",
            "queue": f"Group {place % 79}",
            "priority": "normal",
            "created_ms": 1_456_708_560_000 + place,
            "first_response_ms": 1_456_735_980_000 + place,
            "resolved_ms": 1_456_745_980_000 + place,
            "reopens": 0,
            "seq": 12,
        }
        yield name.encode(), orjson.dumps(state)


async def _load(bootstrap: str, topic: str, messages: Messages, *, compacted: bool) -> int:
    policy = {"cleanup.policy": "compact"} if compacted else {"retention.ms": "-1"}
    async with _admin(bootstrap) as admin:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=policy)])
    left, loaded = iter(messages), 0
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_batch_size=MAX_BATCH_BYTES
    )
    await producer.start()
    try:
        while chunk := list(islice(left, _CHUNK)):
            loaded += len(chunk)
            await _send(producer, topic, chunk)
    finally:
        await producer.stop()
    return loaded


async def _send(
    producer: AIOKafkaProducer, topic: str, chunk: Iterable[tuple[bytes, bytes]]
) -> None:
    by_partition: list[list[Write]] = [[] for _ in range(PARTITIONS)]
    for key, value in chunk:
        by_partition[partition_of(key)].append((key, value))
    for partition, writes in enumerate(by_partition):
        await asyncio.gather(*await send(producer, topic, partition, writes))


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
