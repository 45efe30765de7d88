"""What docs/brokers.md says of the two brokers, as far as the product depends on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import OffsetAndMetadata

from tests.brokers import Broker, unique

LARGE: Final = {"max.message.bytes": str(2 << 20)}


@asynccontextmanager
async def producing(broker: Broker, **arguments: Any) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, **arguments)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def consuming(broker: Broker, **arguments: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer that commits nothing by itself."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **arguments,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def administrating(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def new_topic(broker: Broker, **config: str) -> TopicPartition:
    """The only partition of a topic that nobody else uses."""
    name = unique("facts")
    async with administrating(broker) as admin:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=config)])
        while name not in await admin.list_topics():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.02)
    return TopicPartition(name, 0)


async def write_batch(producer: AIOKafkaProducer, to: TopicPartition, records: int) -> None:
    """One record batch, acknowledged."""
    batch = producer.create_batch()
    for number in range(records):
        assert batch.append(key=b"%d" % number, value=b"v", timestamp=None) is not None
    batch.close()
    await (await producer.send_batch(batch, to.topic, partition=to.partition))


async def read_to_end(consumer: AIOKafkaConsumer, of: TopicPartition) -> list[Any]:
    """The records up to the end that the broker's answers to fetches name."""
    consumer.assign([of])
    records: list[Any] = []
    while (end := consumer.highwater(of)) is None or await consumer.position(of) < end:
        fetched = await consumer.getmany(timeout_ms=100, max_records=10_000)
        records += fetched.get(of, [])
    return records


def test_a_record_comes_back_as_it_was_sent(broker: Broker) -> None:
    """Null and empty are different, in keys, values and headers; offsets start at 0."""

    async def run() -> None:
        source = await new_topic(broker)
        headers = [("a", b"1"), ("none", None), ("a", b"")]
        async with producing(broker) as producer, consuming(broker) as consumer:
            await producer.send_and_wait(source.topic, b"v", b"k", headers=headers)
            await producer.send_and_wait(source.topic, None, b"k")
            await producer.send_and_wait(source.topic, b"", b"")
            await producer.send_and_wait(source.topic, b"v", None)
            records = await read_to_end(consumer, source)
        assert [(r.offset, r.key, r.value, list(r.headers)) for r in records] == [
            (0, b"k", b"v", headers),
            (1, b"k", None, []),
            (2, b"", b"", []),
            (3, None, b"v", []),
        ]

    asyncio.run(run())


def test_the_answer_to_a_fetch_tells_the_true_end(broker: Broker) -> None:
    """More records than one poll returns, in batches that do not end where a poll does."""

    async def run() -> None:
        source = await new_topic(broker)
        async with producing(broker, max_batch_size=1 << 20) as producer:
            for _ in range(4):
                await write_batch(producer, source, 3_000)
        async with consuming(broker) as consumer:
            records = await read_to_end(consumer, source)
        assert [record.offset for record in records] == list(range(12_000))

    asyncio.run(run())


def test_the_embedded_broker_miscounts_the_end_when_asked_for_it(broker: Broker) -> None:
    """It takes the last batch for one record, also for `seek_to_end` and `latest`."""

    async def run() -> None:
        source = await new_topic(broker)
        async with producing(broker) as producer, consuming(broker) as consumer:
            await write_batch(producer, source, 10)
            await write_batch(producer, source, 10)
            ends = await consumer.end_offsets([source])
        assert ends[source] == (20 if broker.transactions else 11)

    asyncio.run(run())


@pytest.mark.parametrize("way", [{"enable_idempotence": True}, {"transactional_id": "facts"}])
def test_only_apache_kafka_has_idempotent_and_transactional_producers(
    broker: Broker, way: dict[str, Any]
) -> None:
    async def start() -> None:
        async with producing(broker, **way):
            pass

    if broker.transactions:
        asyncio.run(start())
    else:
        with pytest.raises(KafkaError):
            asyncio.run(start())


def test_the_embedded_broker_creates_a_topic_that_is_asked_for_by_name(broker: Broker) -> None:
    async def run() -> None:
        name = unique("asked")
        async with administrating(broker) as admin:
            await admin.describe_topics([name])
            assert (name in await admin.list_topics()) is not broker.transactions

    asyncio.run(run())


def test_a_committed_position_is_kept_for_the_group(broker: Broker) -> None:
    async def run() -> None:
        source = await new_topic(broker)
        group = unique("group")
        async with consuming(broker, group_id=group) as first:
            first.assign([source])
            assert await first.committed(source) is None
            await first.commit({source: OffsetAndMetadata(7, "")})
        async with consuming(broker, group_id=group) as second:
            assert await second.committed(source) == 7

    asyncio.run(run())


def test_a_topic_takes_records_as_large_as_its_setting_says(broker: Broker) -> None:
    """The embedded broker takes any, so a test of sizes has to run on Apache Kafka."""

    async def run() -> None:
        usual, large = await new_topic(broker), await new_topic(broker, **LARGE)
        async with producing(broker, max_request_size=4 << 20) as producer:
            await producer.send_and_wait(large.topic, bytes(1_500_000))
            if broker.transactions:
                with pytest.raises(MessageSizeTooLargeError):
                    await producer.send_and_wait(usual.topic, bytes(1_500_000))
            else:
                await producer.send_and_wait(usual.topic, bytes(1_500_000))

    asyncio.run(run())


def test_only_apache_kafka_stamps_records_with_their_arrival(broker: Broker) -> None:
    async def run() -> None:
        source = await new_topic(broker, **{"message.timestamp.type": "LogAppendTime"})
        async with producing(broker) as producer, consuming(broker) as consumer:
            await producer.send_and_wait(source.topic, b"v", timestamp_ms=1)
            (record,) = await read_to_end(consumer, source)
        assert (record.timestamp == 1) is not broker.transactions

    asyncio.run(run())
