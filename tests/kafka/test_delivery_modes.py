"""Which guarantee runs, and what a transaction that somebody left open may not do."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams.config import Config
from streams.config.model import Kafka
from streams.errors import UserError
from streams.kafka.changelog import reader, records_to_end
from streams.kafka.connection import partitions_of
from streams.kafka.delivery import exactly_once
from streams.kafka.embedded import free_port
from streams.kafka.exactly_once import transactions
from streams.kafka.publish import Message
from streams.wire.codec import dumps
from tests.brokers import Broker, unique
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, application


def chosen(bootstrap: str, delivery: Literal["auto", "exactly_once", "at_least_once"]) -> bool:
    config = Config(kafka=Kafka(bootstrap), app=unique("app"), delivery=delivery)
    return asyncio.run(exactly_once(config))


def test_a_broker_with_transactions_gets_them_unless_they_are_not_wanted(kafka_broker: str) -> None:
    assert chosen(kafka_broker, "auto") is True
    assert chosen(kafka_broker, "exactly_once") is True
    assert chosen(kafka_broker, "at_least_once") is False


def test_what_a_broker_cannot_do_is_refused_and_not_promised(embedded_broker: str) -> None:
    assert chosen(embedded_broker, "auto") is False
    assert chosen(embedded_broker, "at_least_once") is False
    with pytest.raises(UserError, match="has no transactions, which delivery: exactly_once needs"):
        chosen(embedded_broker, "exactly_once")


def test_without_a_broker_nothing_is_promised() -> None:
    with pytest.raises(UserError, match=r"127\.0\.0\.1"):
        chosen(f"127.0.0.1:{free_port()}", "auto")


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Iterator[Application]:
    with application(broker, tmp_path) as running:
        yield running


def test_a_worker_says_which_guarantee_runs(app: Application) -> None:
    worker = app.start()
    app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")
    said = "exactly once, metrics on" if app.broker.transactions else "at least once, metrics on"
    assert said in worker.log.read_text()
    app.stop()


def events(count: int) -> list[Message]:
    head = {"specversion": "1.0", "source": "acme", "type": "ticket.created", "data": {}}
    return [
        (
            f"T{n}".encode(),
            dumps({**head, "id": "1", "subject": f"T{n}", "time": "2026-03-02T08:00:00Z"}),
            (),
        )
        for n in range(count)
    ]


def seen(app: Application, topic: str, *, committed: bool) -> set[bytes]:
    """The keys that a reader of this kind sees."""

    async def read() -> set[bytes]:
        kafka = app.config.kafka
        async with reader(kafka, read_committed=committed) as consumer:
            return {
                record.key
                for partition in await partitions_of(kafka, topic)
                async for record in records_to_end(
                    consumer, TopicPartition(topic, partition), read_committed=committed
                )
            }

    return asyncio.run(read())


def test_what_a_worker_left_open_is_taken_back_by_the_next_owner_and_never_seen(
    kafka_broker: str, tmp_path: Path
) -> None:
    """As by one that was paused in the middle of a commit, and wakes up once it has lost."""
    with application(Broker(kafka_broker, transactions=True), tmp_path) as app:
        asyncio.run(_paused(app))


async def _paused(app: Application) -> None:
    topic = app.config.topics.transitions
    zombie = AIOKafkaProducer(
        bootstrap_servers=app.broker.bootstrap,
        transactional_id=f"{transactions(app.config, 'tickets')}0",
        transaction_timeout_ms=600_000,
    )
    await zombie.start()
    await zombie.begin_transaction()
    await zombie.send_and_wait(topic, b"{}", b"never", partition=0)
    await zombie.send_and_wait(app.config.changelog, b"never", b"never", partition=0)
    await asyncio.to_thread(_goes_on, app, topic)
    with pytest.raises(KafkaError):
        await _wakes_up(zombie, topic)
    await zombie.stop()
    assert b"never" not in {r.key for r in await asyncio.to_thread(read_topic, app, topic)}


async def _wakes_up(zombie: AIOKafkaProducer, topic: str) -> None:
    await zombie.send_and_wait(topic, b"{}", b"never", partition=0)
    await zombie.commit_transaction()


def _goes_on(app: Application, topic: str) -> None:
    """The next owner does not wait for the end of the transaction, which is far away."""
    app.publish(events(40))
    app.start()
    app.wait_until_read(40)
    assert seen(app, topic, committed=True) == set()
    assert seen(app, topic, committed=False) == {b"never"}, "why readers have to read committed"
    app.stop()
