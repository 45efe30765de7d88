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
        committed = app.broker.transactions
        async with reader(kafka, read_committed=committed) as consumer:
            for partition in partitions:
                source = TopicPartition(topic, partition)
                found += [
                    record
                    async for record in records_to_end(consumer, source, read_committed=committed)
                ]
        return found

    return asyncio.run(read())
