"""Whether a source partition is still the one that was read: by the record that was read last.

Offsets alone do not tell. A topic that was deleted, made anew and filled beyond the old position
looks like one that has grown: what stands before that position would never be read. So the totals
of a partition keep a mark of the record read last, and a restore compares it with what is there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from streams.config.model import Config
from streams.core.processor import Mark
from streams.errors import UserError
from streams.kafka.changelog import reader

Recognise = Callable[[int, Mark], Awaitable[None]]
"""Raises `UserError` where a partition does not hold the marked record any more."""

_POLL_MS: Final = 200
_UNANSWERED_S: Final = 3.0


def mark_of(offset: int, key: bytes | None, value: bytes | None) -> Mark:
    """The mark of a record: its offset, and a digest of its content."""
    digest = blake2b(digest_size=8)
    for part in (key, value):
        digest.update(b"-" if part is None else b"%d:%b" % (len(part), part))
    return offset, digest.hexdigest()


async def recognise(config: Config, topic: str, partition: int, mark: Mark) -> None:
    """Read the marked record again, and compare; nothing where it has expired meanwhile.

    Raises `UserError` where another one stands there, or none.
    """
    source, (offset, _) = TopicPartition(topic, partition), mark
    # Whatever it was read with: what is committed stands there for those, too, who read all.
    async with reader(config.kafka, read_committed=False) as consumer:
        consumer.assign([source])
        found = await _record_at(consumer, source, offset)
        if found is not None and mark_of(found.offset, found.key, found.value) == mark:
            return
        first: int = (await consumer.beginning_offsets([source]))[source]
    if first <= offset:
        raise UserError(
            f"partition {partition} of {topic} has not got the record at offset {offset} any more "
            "that was read last: the topic was made anew, or has lost records. What stands before "
            "that offset would not be read; stop all workers, then `deskpulse reset` starts over "
            "with it"
        )


async def _record_at(consumer: AIOKafkaConsumer, source: TopicPartition, offset: int) -> Any:
    """The first record from an offset on; `None` where the partition ends before it."""
    consumer.seek(source, offset)
    ask_from_the_beginning = asyncio.get_running_loop().time() + _UNANSWERED_S
    while True:
        fetched = await consumer.getmany(source, timeout_ms=_POLL_MS, max_records=1)
        end = consumer.highwater(source)
        if end is not None and end <= offset:
            # Either answer may be too low (`streams.kafka.changelog.fetches_to_end`).
            asked = (await consumer.end_offsets([source]))[source]
            if asked <= offset:
                return None
        for record in fetched.get(source, ()):
            if record.offset >= offset:
                return record
            # Fetched from the beginning, to be told the end.
            consumer.seek(source, offset)
        if asyncio.get_running_loop().time() > ask_from_the_beginning:
            # A fetch from beyond the end is never answered by the embedded broker.
            ask_from_the_beginning += 2 * _UNANSWERED_S
            await consumer.seek_to_beginning(source)
