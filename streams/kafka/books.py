"""The source of reports and ledgers on Kafka: the changelog topics, read whole."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from aiokafka.structs import TopicPartition

from streams.config.model import Config
from streams.core.entities import Entities, EntityBooks
from streams.core.entity import Kind
from streams.core.formats import FormatError
from streams.core.processor import Processor
from streams.core.report import Books
from streams.errors import UserError
from streams.kafka.changelog import reader, records_to_end
from streams.kafka.connection import partitions_of
from streams.kafka.diagnosis import hidden
from streams.kafka.journal import Latest, others_of
from streams.wire import packing

log = logging.getLogger("deskpulse")

SPLIT: Final = (
    "%d tickets of partition %d of %s lie in another one as well: who publishes has changed the "
    "partitioner or the number of partitions, and what is said of them is wrong; have all sources "
    "use the same one, publish to a new topic, then `deskpulse reset`"
)
"""No worker can see it: each of them has a part of such a ticket for a whole one."""


async def read_books(
    config: Config, books: Books, only: str | None = None, *, read_committed: bool
) -> AsyncIterator[int]:
    """Fill `books` from every partition of the changelog; yields tickets read so far.

    Of one ticket alone, if asked: who publishes chose its partition, so all are read.
    """
    settings = config.engine
    partitions = await partitions_of(config.kafka, config.changelog)
    if not partitions:
        raise UserError(
            f"no topic {config.changelog} at {config.kafka.bootstrap}: no worker of this "
            "application has run here; check app and kafka.bootstrap, or start a worker"
            + hidden(config.kafka)
        )
    async with reader(config.kafka, read_committed=read_committed) as consumer:
        for partition in partitions:
            source = TopicPartition(config.changelog, partition)
            latest: Latest = {
                record.key: record.value
                async for record in records_to_end(consumer, source, read_committed=read_committed)
                if record.key is not None
                and (only is None or record.key == only.encode(errors="surrogateescape"))
            }
            processor = Processor(settings, packing)
            for restored in _understood(processor.restore(latest)):
                if restored % 1_000 == 0:
                    yield len(books.records) + restored
            split = len(books.records.keys() & processor.records.keys())
            if split:
                log.warning(SPLIT, split, partition, config.topics.source)
            books.records |= processor.records
            books.settled.merge(processor.settled)
            books.outcomes.update(processor.outcomes)
            yield len(books.records)


async def read_entities(
    config: Config, kind: Kind, books: EntityBooks, *, read_committed: bool
) -> AsyncIterator[int]:
    """Fill `books` with agents, customers or requesters; yields how many were read so far.

    Nothing where there is no such topic: then no worker has ever run with it.
    """
    (source,) = [one for one in others_of(config) if one.name == kind.name]
    partitions = await partitions_of(config.kafka, source.changelog)
    async with reader(config.kafka, read_committed=read_committed) as consumer:
        for partition in partitions:
            topic = TopicPartition(source.changelog, partition)
            latest: Latest = {
                record.key: record.value
                async for record in records_to_end(consumer, topic, read_committed=read_committed)
                if record.key is not None
            }
            processor = Entities(kind, config.engine, packing)
            for restored in _understood(processor.restore(latest)):
                if restored % 1_000 == 0:
                    yield len(books.records) + restored
            books.records |= processor.records
            books.settled.update(processor.settled)
            books.outcomes.update(processor.outcomes)
            yield len(books.records)


def _understood(restoring: Iterable[int]) -> Iterator[int]:
    """The same; raises `UserError` for state of a format that this version does not read."""
    try:
        yield from restoring
    except FormatError as error:
        raise UserError(str(error)) from None
