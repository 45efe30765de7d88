"""Following a topic from an instant on, on both brokers."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.clock import wall_ms
from streams.core.instants import HOUR
from streams.errors import UserError
from streams.kafka.connection import client_arguments
from streams.kafka.follow import follow
from tests.brokers import Broker, unique
from tests.kafka.workers import Application, application

PATIENCE_S = 60


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path) as running:
        yield running


async def send(app: Application, *records: tuple[bytes, int, int]) -> None:
    """Values, each with its partition and Kafka's time of it."""
    topic = app.config.topics.transitions
    producer = AIOKafkaProducer(**client_arguments(app.config.kafka))
    async with producer:
        for value, partition, at in records:
            await producer.send_and_wait(topic, value, partition=partition, timestamp_ms=at)


async def until(app: Application, since_ms: int, *later: bytes) -> tuple[list[bytes], list[bytes]]:
    """What was there at the start; and what came later, sent once the start was read."""
    there: list[bytes] = []
    live: list[bytes] = []
    topic, now = app.config.topics.transitions, wall_ms()
    caught_up = False
    async with aclosing(follow(app.config.kafka, topic, since_ms)) as batches:
        async for batch in batches:
            (live if caught_up else there).extend(batch.values)
            if batch.caught_up and not caught_up:
                caught_up = True
                await send(app, *((value, n % 4, now) for n, value in enumerate(later)))
            if caught_up and len(live) == len(later):
                break
    return there, live


def run(app: Application, since_ms: int, *later: bytes) -> tuple[list[bytes], list[bytes]]:
    return asyncio.run(asyncio.wait_for(until(app, since_ms, *later), PATIENCE_S))


def test_what_is_there_is_read_before_what_comes(app: Application) -> None:
    """Also where most partitions are empty."""
    now = wall_ms()
    asyncio.run(send(app, (b"a", 0, now), (b"b", 0, now), (b"c", 3, now)))
    there, live = run(app, now - HOUR, b"d", b"e", b"f")
    assert sorted(there) == [b"a", b"b", b"c"]
    assert there.index(b"a") < there.index(b"b")
    assert sorted(live) == [b"d", b"e", b"f"]


def test_an_empty_topic_is_caught_up_with(app: Application) -> None:
    assert run(app, wall_ms(), b"x") == ([], [b"x"])


def test_what_is_older_than_the_instant_is_not_needed_and_what_is_younger_is_never_missed(
    app: Application,
) -> None:
    """A broker without an index of times gives the older ones, too."""
    now = wall_ms()
    old = [(b"old", 0, now - 3 * HOUR), (b"old", 1, now - 3 * HOUR)]
    asyncio.run(send(app, *old, (b"young", 0, now - HOUR)))
    there, _ = run(app, now - 2 * HOUR)
    assert b"young" in there
    if app.broker.transactions:
        # Of the partition without anything young it is read from the beginning.
        assert sorted(there) == [b"old", b"young"]


def test_a_topic_that_does_not_exist_is_one_line(app: Application) -> None:
    topics = replace(app.config.topics, transitions=unique("nowhere"))
    missing = replace(app, config=replace(app.config, topics=topics))
    with pytest.raises(UserError, match=r"there is no topic nowhere-.*: deskpulse topics ensure"):
        run(missing, 0)
