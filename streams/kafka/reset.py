"""Starting over: the state of an application is dropped, so that it is rebuilt from the topic."""

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.config.model import Config
from streams.errors import UserError
from streams.kafka.connection import client_arguments, partitions_of, started
from streams.kafka.topics import recreate


async def reset(config: Config) -> int:
    """Empty the changelog and put the group back to the beginning of the source topic.

    Returns how many partitions will be read again. Raises `UserError` while a worker of the
    application runs: its next commit would mix old and new.
    """
    partitions = await partitions_of(config.kafka, config.topics.source)
    consumer = AIOKafkaConsumer(
        **client_arguments(config.kafka), group_id=config.app, enable_auto_commit=False
    )
    async with started(config.kafka, consumer):
        sources = [TopicPartition(config.topics.source, partition) for partition in partitions]
        consumer.assign(sources)
        first = await consumer.beginning_offsets(sources)
        try:
            await consumer.commit({tp: OffsetAndMetadata(at, "") for tp, at in first.items()})
        except KafkaError as error:
            raise UserError(
                f"the group {config.app} is in use ({type(error).__name__}): stop its workers first"
            ) from None
    await recreate(config, config.changelog)
    return len(partitions)
