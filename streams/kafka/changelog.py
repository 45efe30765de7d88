"""Reading and writing the changelog, and sending outputs, over aiokafka.

Both are written as ready-made record batches: a fraction of the cost of a send per record, and
the records of one commit stay in order.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import TopicPartition

from streams.config.model import Config, Kafka
from streams.errors import UserError
from streams.kafka.connection import client_arguments, partitions_of, started
from streams.kafka.fetching import keep_all_as_parsed
from streams.kafka.journal import Headers, Latest, Output, Write

MAX_BATCH_BYTES: Final = 1_000_000
"""Below the brokers' default `message.max.bytes`; a larger record is a batch of its own."""
MAX_RECORD_BYTES: Final = (8 << 20) - 1_000
"""What the changelog topic accepts (topics.yml), less the frame of a batch."""

MAX_REQUEST_BYTES: Final = 2 << 20
"""A dead letter is its original and some headers, so it may be larger than what a source may
send; the topics accept it."""

_POLL_MS: Final = 200
_POLL_RECORDS: Final = 500
"""Parsed without a break; then other tasks of the event loop get their turn."""


class RecordTooLargeError(Exception):
    """A changelog record that its topic does not accept."""


@asynccontextmanager
async def reader(kafka: Kafka, *, read_committed: bool) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer outside any group, for reading a partition from its beginning."""
    consumer = AIOKafkaConsumer(
        **client_arguments(kafka),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if read_committed else "read_uncommitted",
        max_partition_fetch_bytes=8 << 20,
    )
    async with started(kafka, consumer):
        yield consumer


class Changelog:
    """The changelog topic of one processor."""

    def __init__(self, kafka: Kafka, topic: str, *, read_committed: bool) -> None:
        self.topic = topic
        self._kafka = kafka
        self._read_committed = read_committed

    async def read(self, partition: int) -> Latest:
        """What stands in one partition at its end as of now.

        Raises `UserError` where the topic does not have the partition: its source has grown.
        """
        partitions = await partitions_of(self._kafka, self.topic)
        if partition not in partitions:
            raise UserError(
                f"there is a partition {partition} to be read, but {self.topic} has only "
                f"{len(partitions)}: its source was given more, so keys have other places now; "
                "stop the workers, then `deskpulse reset` makes it anew"
            )
        source = TopicPartition(self.topic, partition)
        latest: Latest = {}
        async with reader(self._kafka, read_committed=self._read_committed) as consumer:
            keep_all_as_parsed(consumer)
            fetches = fetches_to_end(consumer, source, read_committed=self._read_committed)
            async for records in fetches:
                for record in records:
                    if record.key is not None:
                        latest[record.key] = record.value
        return latest


async def records_to_end(
    consumer: AIOKafkaConsumer, source: TopicPartition, *, read_committed: bool
) -> AsyncIterator[Any]:
    """The records of one partition from its beginning to its end as of the first answer."""
    async for records in fetches_to_end(consumer, source, read_committed=read_committed):
        for record in records:
            yield record


async def fetches_to_end(
    consumer: AIOKafkaConsumer, source: TopicPartition, *, read_committed: bool
) -> AsyncIterator[Sequence[Any]]:
    """The same in runs, in between which other tasks get their turn.

    The end is the higher one of two answers. What the embedded broker says when it is asked for
    end offsets is too low (docs/brokers.md); what Apache Kafka says in answer to a fetch is too
    low right after another broker became the leader, until that knows what the others have.
    """
    consumer.assign([source])
    end: int | None = None
    while end is None or await consumer.position(source) < end:
        fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
        yield fetched.get(source, ())
        # What was fetched already is handed out without a break.
        await asyncio.sleep(0)
        if end is None:
            known = consumer.last_stable_offset if read_committed else consumer.highwater
            told = known(source)
            if told is not None:
                end = max(told, (await consumer.end_offsets([source]))[source])


async def committed(config: Config, topic: str, partition: int) -> int | None:
    """The committed position of the application's group; `None` where there is none."""
    consumer = AIOKafkaConsumer(
        **client_arguments(config.kafka), group_id=config.app, enable_auto_commit=False
    )
    source = TopicPartition(topic, partition)
    async with started(config.kafka, consumer):
        position: int | None = await consumer.committed(source)
    return position


async def send(
    producer: AIOKafkaProducer, topic: str, partition: int, writes: Iterable[Write]
) -> list[asyncio.Future[Any]]:
    """Hand writes over in batches, in order; the futures end with the acknowledgements.

    Raises `RecordTooLargeError` for one that the topic does not accept.
    """
    records: list[_Record] = []
    for key, value in writes:
        if len(value or b"") > MAX_RECORD_BYTES:
            raise RecordTooLargeError(
                f"a changelog record of {len(value or b'')} bytes exceeds {MAX_RECORD_BYTES}"
            )
        records.append((key, value, ()))
    return await _send_batches(producer, topic, partition, records)


async def send_outputs(
    producer: AIOKafkaProducer, source: str, partition: int, outputs: Sequence[Output]
) -> list[asyncio.Future[Any]]:
    """Hand over what was made of one partition of the `source` topic.

    It goes to the partition of the same number, where the topic has as many: all that concerns
    a ticket stays together, whichever partitioner its source uses. Else its key decides (as it
    does for Kafka's own clients), and always for what asks for it.
    """
    by_partition: dict[tuple[str, int], list[_Record]] = {}
    there = {
        topic: sorted(await producer.partitions_for(topic))
        for topic in {source, *(output.topic for output in outputs)}
    }
    for output in outputs:
        place, partitions = partition, there[output.topic]
        if output.by_key or partitions != there[source]:
            place = place_of(output.key, partitions)
        records = by_partition.setdefault((output.topic, place), [])
        records.append((output.key, output.value, output.headers))
    futures: list[asyncio.Future[Any]] = []
    for (topic, place), records in by_partition.items():
        futures += await _send_batches(producer, topic, place, records)
    return futures


def place_of(key: bytes | None, partitions: Sequence[int]) -> int:
    """The partition that Kafka's own producer chooses for a key; any one without a key.

    It must never change: a requester whose records lie in two partitions is two requesters.
    """
    place: int = DefaultPartitioner()(key, partitions, partitions)
    return place


_Record = tuple[bytes | None, bytes | None, Headers]


async def _send_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[_Record]
) -> list[asyncio.Future[Any]]:
    futures: list[asyncio.Future[Any]] = []
    batch = producer.create_batch()
    for key, value, headers in records:
        taken = batch.append(key=key, value=value, timestamp=None, headers=list(headers))
        if taken is None:
            batch.close()
            futures.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=list(headers))
    if batch.record_count():
        batch.close()
        futures.append(await producer.send_batch(batch, topic, partition=partition))
    return futures
