"""Starting over: the state of an application is dropped, so that it is rebuilt from the topic."""

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.config.model import Config
from streams.errors import UserError
from streams.kafka.connection import client_arguments, partitions_of, started
from streams.kafka.journal import others_of
from streams.kafka.topics import existing, recreate


async def reset(config: Config) -> int:
    """Empty the changelogs and put the group back to the beginning of its topics.

    What tickets told their requesters is emptied as well: they tell it again. Returns how many
    partitions of tickets will be read again. Raises `UserError` while a worker of the
    application runs: its next commit would mix old and new.
    """
    there = await existing(config)
    others = [one for one in others_of(config) if {one.topic, one.changelog} <= there]
    partitions = await partitions_of(config.kafka, config.topics.source)
    topics = {config.topics.source: partitions}
    for one in others:
        topics[one.topic] = await partitions_of(config.kafka, one.topic)
    consumer = AIOKafkaConsumer(
        **client_arguments(config.kafka), group_id=config.app, enable_auto_commit=False
    )
    async with started(config.kafka, consumer):
        sources = [TopicPartition(name, number) for name in topics for number in topics[name]]
        consumer.assign(sources)
        first = await consumer.beginning_offsets(sources)
        try:
            await consumer.commit({tp: OffsetAndMetadata(at, "") for tp, at in first.items()})
        except KafkaError as error:
            raise UserError(
                f"the group {config.app} is in use ({type(error).__name__}): stop its workers first"
                " (the embedded broker never lets a group go: end it and start it again, it keeps "
                "nothing)"
            ) from None
    for name in (config.changelog, *(one.changelog for one in others)):
        await recreate(config, name)
    if config.ticket_facts in topics:
        await recreate(config, config.ticket_facts)
    return len(partitions)
