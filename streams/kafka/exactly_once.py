"""Exactly once: outputs, changelog and position of a partition in one transaction.

Each source partition has a transactional id of its own. Starting its producer fences the
former owner and ends what it left open, so a paused worker that wakes up can write nothing
(DESIGN section 4).
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, InvalidTxnState, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

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

TRANSACTION_TIMEOUT_MS: Final = 30_000
"""The broker aborts a transaction whose worker has been silent for so long."""


def transactions(config: Config, processor: str) -> str:
    """What the transactional ids of a processor begin with; its partitions follow."""
    return f"{config.app}-{processor}-"


class ExactlyOnceJournal:
    """The journal of a worker whose broker has transactions."""

    def __init__(self, config: Config, source: Source | None = None) -> None:
        """Of the tickets, unless another source is named."""
        self._config = config
        self._source = tickets_of(config) if source is None else source
        self._changelog = Changelog(config.kafka, self._source.changelog, read_committed=True)
        self._producers: dict[int, AIOKafkaProducer] = {}

    async def open(self, partition: int) -> Restored:
        """Fence the former owner, then read what is committed."""
        producer = AIOKafkaProducer(
            **client_arguments(self._config.kafka),
            transactional_id=f"{transactions(self._config, self._source.name)}{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            acks="all",
        )
        self._producers[partition] = producer
        await producer.start()
        latest = await self._changelog.read(partition)
        return Restored(latest, await committed(self._config, self._source.topic, partition))

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        """One transaction; an exception aborts it."""
        producer = self._producers[partition]
        source = TopicPartition(self._source.topic, partition)
        ended: asyncio.Future[None] | None = None
        try:
            async with producer.transaction():
                ended = producer._txn_manager.wait_for_transaction_end()  # noqa: SLF001 - see below
                acknowledged = await send_outputs(producer, source.topic, partition, outputs)
                acknowledged += await send(producer, self._changelog.topic, partition, changelog)
                await asyncio.gather(*acknowledged)
                await producer.send_offsets_to_transaction(
                    {source: OffsetAndMetadata(position, "")}, self._config.app
                )
        except (KafkaError, IllegalOperation) as error:
            raise _reason(ended, error) from None

    async def close(self, partition: int) -> None:
        """Stop the partition's producer."""
        producer = self._producers.pop(partition, None)
        if producer is not None:
            await producer.stop()

    async def stop(self) -> None:
        """Stop every producer."""
        for partition in list(self._producers):
            await self.close(partition)


def _reason(ended: asyncio.Future[None] | None, error: Exception) -> BaseException:
    """Why a transaction failed, where that is not what came of it."""
    if ended is not None and ended.done() and not ended.cancelled():
        # The broker refused something of it; aiokafka goes on with the rest, which fails, too.
        return ended.exception() or error
    # The broker had nothing to abort yet: what went wrong before is the reason.
    before = error.__context__ if isinstance(error, InvalidTxnState) else None
    return before or error
