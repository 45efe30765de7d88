"""At least once: outputs and changelog, every acknowledgement awaited, then the position.

For brokers without transactions, that is the embedded one. After a crash in between,
records are read again; each ticket's record knows the offset it stands for, so state and
sums still count every event once, and an output may come again with the same content.

A worker that was taken for dead and wakes up is told so by the group before it writes anything:
each write begins by committing the former position again. Only one that was paused in the middle
of a write still ends it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaProducer

from streams.config.model import Config
from streams.kafka.changelog import (
    MAX_BATCH_BYTES,
    MAX_REQUEST_BYTES,
    Changelog,
    committed,
    send,
    send_outputs,
)
from streams.kafka.connection import client_arguments
from streams.kafka.journal import Output, Restored, Source, Write, tickets_of

CommitOffset = Callable[[int, int], Awaitable[None]]
"""Commits (partition, position) for the consumer group; raises when that failed."""


class AtLeastOnceJournal:
    """The journal of a worker whose broker has no transactions."""

    def __init__(
        self, config: Config, commit_offset: CommitOffset, source: Source | None = None
    ) -> None:
        """Of the tickets, unless another source is named."""
        self._config = config
        self._source = tickets_of(config) if source is None else source
        self._changelog = Changelog(config.kafka, self._source.changelog, read_committed=False)
        self._commit_offset = commit_offset
        self._producer: AIOKafkaProducer | None = None
        self._committed: dict[int, int] = {}
        """By partition: the position that the group was told last."""

    async def open(self, partition: int) -> Restored:
        """Read what the former owner wrote."""
        latest = await self._changelog.read(partition)
        # Without a commit nothing is sure to be whole: then all of it is read again.
        position = await committed(self._config, self._source.topic, partition) or 0
        self._committed[partition] = position
        return Restored(latest, position)

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        """Outputs first: once the changelog says that a record was read, nobody sends them."""
        await self._commit_offset(partition, self._committed[partition])
        producer = await self._started()
        topic = self._source.topic
        await asyncio.gather(*await send_outputs(producer, topic, partition, outputs))
        await asyncio.gather(*await send(producer, self._changelog.topic, partition, changelog))
        await self._commit_offset(partition, position)
        self._committed[partition] = position

    async def close(self, partition: int) -> None:
        """Forget what the group was told."""
        self._committed.pop(partition, None)

    async def stop(self) -> None:
        """Stop the producer."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **client_arguments(self._config.kafka),
                max_batch_size=MAX_BATCH_BYTES,
                max_request_size=MAX_REQUEST_BYTES,
                acks="all",
            )
            await self._producer.start()
        return self._producer
