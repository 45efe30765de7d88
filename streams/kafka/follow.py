"""Following a topic from an instant in the past on, outside any group and without commits."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams.config.model import Kafka
from streams.errors import UserError
from streams.kafka.changelog import reader
from streams.kafka.connection import partitions_of
from streams.kafka.diagnosis import hidden

_POLL_MS: Final = 500
_POLL_RECORDS: Final = 2_000


class Batch(NamedTuple):
    """Some records, in order within each partition."""

    values: list[bytes]
    """Without those that have none."""
    caught_up: bool
    """Everything that stood in the topic at the start is in this batch or in earlier ones."""


async def follow(kafka: Kafka, topic: str, since_ms: int) -> AsyncGenerator[Batch, None]:
    """The committed records of a topic, from the first one at or after an instant.

    The instant is compared with Kafka's own time of a record; a broker that keeps no index of
    times answers with earlier ones, too. A batch comes at least every half a second, empty or
    not. Ends when the topic has other partitions than at the start: follow it anew, then.
    Raises `UserError` when there is no such topic, or it cannot be read.
    """
    partitions = await partitions_of(kafka, topic)
    if not partitions:
        make = "create it: deskpulse topics ensure" + hidden(kafka)
        raise UserError(f"there is no topic {topic}; {make}")
    sources = [TopicPartition(topic, partition) for partition in partitions]
    # Where there are no transactions everything counts as committed.
    async with reader(kafka, read_committed=True) as consumer:
        try:
            consumer.assign(sources)
            await _go_back(consumer, sources, since_ms)
            behind = dict.fromkeys(sources, -1)
            while consumer.partitions_for_topic(topic) in (None, set(partitions)):
                fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
                behind = await _still_behind(consumer, behind)
                values = [record.value for records in fetched.values() for record in records]
                yield Batch([value for value in values if value is not None], not behind)
        except KafkaError as error:
            raise UserError(
                f"{topic} at {kafka.bootstrap} cannot be read ({type(error).__name__}); "
                "check the rights of the user in kafka"
            ) from None


async def _go_back(consumer: Any, sources: Sequence[TopicPartition], since_ms: int) -> None:
    """Start each partition at an instant; at its beginning where nothing is that young."""
    # Asked for its end, the embedded broker says too little (docs/brokers.md).
    found = await consumer.offsets_for_times(dict.fromkeys(sources, since_ms))
    for source in sources:
        place = found.get(source)
        if place is None:
            await consumer.seek_to_beginning(source)
        else:
            consumer.seek(source, place.offset)


async def _still_behind(
    consumer: Any, behind: dict[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The partitions not read to their end as of the first answer, with that end (-1: none yet)."""
    left = {}
    for source, end in behind.items():
        stable = consumer.last_stable_offset(source) if end < 0 else end
        if stable is None or stable < 0 or await consumer.position(source) < stable:
            left[source] = -1 if stable is None else stable
    return left
