"""The audit of `make chaos` finds what it looks for: the damage is done here."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from streams.kafka.changelog import Changelog, reader, records_to_end
from streams.kafka.connection import partitions_of
from tests.brokers import Broker
from tests.chaos.audit import Audit, audit
from tests.chaos.traffic import PROMISES, SETTINGS, Expected, Traffic
from tests.kafka.workers import Application, application

PARTITIONS = 2


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(
        broker, tmp_path, SETTINGS, promises=PROMISES, answered_by="reply", partitions=PARTITIONS
    ) as running:
        yield running


def test_damage_is_found(app: Application) -> None:
    traffic = Traffic(seed=1, records=1_000)
    app.publish(list(traffic.messages()))
    app.start()
    app.wait_until_read(traffic.expected.sent.total())
    app.stop()
    expected = traffic.expected

    found = _audited(app, expected)
    assert found.events == sum(expected.events.values())
    assert found.announced > 0
    assert found.set_aside == expected.sent["late"] + expected.sent["rejected"] > 0
    assert (found.lost, found.doubled, found.announced_again, found.wrong) == (0, 0, 0, [])

    topics = app.config.topics
    asyncio.run(_say_again(app, topics.transitions))
    said_again = _audited(app, expected)
    assert said_again.announced_again == 1
    # At least once it may be; not so where there are transactions.
    assert bool(said_again.wrong) == app.broker.transactions

    ticket = asyncio.run(_forget_one(app))
    forgotten = _audited(app, expected)
    assert forgotten.lost == expected.events[ticket]
    assert forgotten.wrong

    sent_twice = Expected({**expected.events, ticket: 0}, expected.sent)
    other = next(name for name in expected.events if name != ticket)
    sent_twice.events[other] -= 1
    assert _audited(app, sent_twice).doubled == 1

    asyncio.run(_say_again(app, topics.dead_letters))
    kept_again = _audited(app, expected)
    assert kept_again.set_aside == found.set_aside
    # As above.
    assert ("1 letters were written twice" in kept_again.wrong) == app.broker.transactions

    asyncio.run(_say_again(app, topics.late, b"another"))
    foreign = "1 letters are of no record that was refused or late"
    assert foreign in _audited(app, expected).wrong

    # The foreign one counts as late.
    unheard = Expected(expected.events, expected.sent + Counter(late=2))
    late = expected.sent["late"]
    assert (
        f"{late + 1} letters of {late + 2} records that were late" in _audited(app, unheard).wrong
    )


def _audited(app: Application, expected: Expected) -> Audit:
    return asyncio.run(audit(app, expected, PARTITIONS))


async def _say_again(app: Application, topic: str, value: bytes | None = None) -> None:
    """The first record of a topic once more; with another value, if one is given."""
    committed = app.broker.transactions
    async with reader(app.config.kafka, read_committed=committed) as consumer:
        for partition in await partitions_of(app.config.kafka, topic):
            source = TopicPartition(topic, partition)
            async for first in records_to_end(consumer, source, read_committed=committed):
                await _write(app, topic, first.key, value or first.value, first.headers)
                return
    raise AssertionError(f"nothing in {topic}")


async def _forget_one(app: Application) -> str:
    """The state of a ticket of partition 0 is gone."""
    changelog = Changelog(
        app.config.kafka, app.config.changelog, read_committed=app.broker.transactions
    )
    kept = await changelog.read(0)
    key = next(key for key in kept if key.startswith(b"T"))
    await _write(app, app.config.changelog, key, None)
    return key.decode()


async def _write(
    app: Application,
    topic: str,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes]] = (),
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=app.broker.bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, value, key=key, partition=0, headers=list(headers))
