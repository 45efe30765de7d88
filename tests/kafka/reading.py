"""Reading a topic whole, as another program would."""

import asyncio
from typing import Any

from aiokafka.structs import TopicPartition

from streams.kafka.changelog import reader, records_to_end
from streams.kafka.connection import partitions_of
from tests.kafka.workers import Application


def read_topic(app: Application, topic: str) -> list[Any]:
    """All committed records of a topic, partition by partition."""

    async def read() -> list[Any]:
        kafka = app.config.kafka
        found: list[Any] = []
        partitions = await partitions_of(kafka, topic)
        async with reader(kafka, read_committed=app.broker.transactions) as consumer:
            for partition in partitions:
                async for record in records_to_end(consumer, TopicPartition(topic, partition)):
                    found.append(record)  # noqa: PERF401 - an async comprehension reads worse
        return found

    return asyncio.run(read())
