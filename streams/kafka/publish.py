"""Sending events to their topics: keyed by what they are about, acknowledged."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from streams.config.model import Config, Kafka
from streams.kafka.connection import client_arguments, started
from streams.kafka.journal import Headers

IN_FLIGHT: Final = 5_000
"""Records handed over and not acknowledged yet, at most."""

Message = tuple[bytes, bytes | None, Headers]
"""Key, value and headers."""


async def publish(config: Config, messages: AsyncIterable[Message]) -> AsyncIterator[int]:
    """Send messages to the source topic, like `send`."""
    addressed = ((config.topics.source, message) async for message in messages)
    async for sent in send(config.kafka, addressed):
        yield sent


async def send(kafka: Kafka, messages: AsyncIterable[tuple[str, Message]]) -> AsyncIterator[int]:
    """Send messages in order, each to the topic of that name.

    Yields how many were handed over, and last how many there were.

    At the end all of them are acknowledged. Raises `UserError` when the broker cannot be
    reached, and what aiokafka raises when a record is not acknowledged.
    """
    producer = AIOKafkaProducer(
        **client_arguments(kafka), acks="all", linger_ms=5, max_batch_size=1 << 18
    )
    waiting: list[asyncio.Future[Any]] = []
    sent = 0
    async with started(kafka, producer):
        async for topic, (key, value, headers) in messages:
            waiting.append(await producer.send(topic, value, key=key, headers=list(headers)))
            sent += 1
            if len(waiting) >= IN_FLIGHT:
                await asyncio.gather(*waiting)
                waiting.clear()
            yield sent
        await asyncio.gather(*waiting)
