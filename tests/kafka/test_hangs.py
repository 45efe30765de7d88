"""A worker that cannot go on stops by itself, says why in one line and what to do."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.core.processor import TOTALS_KEY
from streams.errors import UserError
from streams.kafka.changelog import Changelog
from streams.kafka.publish import Message
from streams.kafka.reset import reset
from streams.wire.codec import dumps
from tests.brokers import ApacheKafka, Broker
from tests.kafka.workers import PATIENCE_S, Application, Worker, application


@pytest.fixture
def app(kafka_broker: str, tmp_path: Path) -> Iterator[Application]:
    with application(Broker(kafka_broker, transactions=True), tmp_path) as running:
        yield running


def events(first: int, count: int) -> list[Message]:
    """Of one ticket, which lies in one partition."""
    head = {"specversion": "1.0", "source": "acme", "subject": "T", "type": "ticket.updated"}
    return [
        (
            b"T",
            dumps({**head, "id": str(n), "time": f"2026-03-02T08:00:{n:02}Z", "data": {}}),
            (),
        )
        for n in range(first, first + count)
    ]


def ended(worker: Worker) -> str:
    """The last line of a worker that ends by itself, as an orchestrator waits for it."""
    assert worker.process.wait(PATIENCE_S) == 1, worker.log.read_text()
    text = worker.log.read_text()
    assert "Traceback" not in text
    (why,) = [line for line in text.splitlines() if "stopping: " in line]
    return why.partition("stopping: ")[2]


def ask(app: Application, question: Callable[[AIOKafkaAdminClient], Awaitable[Any]]) -> None:
    async def run() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=app.broker.bootstrap)
        await admin.start()
        try:
            await question(admin)
        finally:
            await admin.close()

    asyncio.run(run())


def read_in_part(app: Application) -> tuple[TopicPartition, int]:
    """Ten events are read, twenty more are not; where the ticket lies, and its end."""
    app.publish(events(0, 10))
    app.start()
    app.wait_until_read(10)
    app.stop()
    app.publish(events(10, 20))

    async def look() -> tuple[TopicPartition, int]:
        consumer = AIOKafkaConsumer(bootstrap_servers=app.broker.bootstrap)
        await consumer.start()
        topic = app.config.topics.source
        ends: dict[TopicPartition, int] = await consumer.end_offsets(
            [TopicPartition(topic, n) for n in range(4)]
        )
        await consumer.stop()
        return max(ends.items(), key=lambda item: item[1])

    return asyncio.run(look())


def test_a_broker_that_does_not_answer_any_more_ends_the_worker(tmp_path: Path) -> None:
    """It is paused: its connections stay open, so nothing fails."""
    (tmp_path / "node").mkdir()
    with ApacheKafka(tmp_path / "node") as node:
        broker = Broker(node.bootstrap, transactions=True)
        with application(broker, tmp_path, "health: {stalled: 5s}\n") as app:
            app.publish(events(0, 10))
            worker = app.start()
            app.wait_until_read(10)
            assert node.pid is not None
            os.kill(node.pid, signal.SIGSTOP)
            try:
                told = ended(worker)
            finally:
                os.kill(node.pid, signal.SIGCONT)
            assert "StalledError: partition " in told
            assert " for more than 5s; a new start may help" in told
            worker.may_end = True
            app.start()
            app.publish(events(10, 10))
            app.wait_until_read(20)
            app.stop()


def test_records_that_were_deleted_before_they_were_read_are_not_skipped(app: Application) -> None:
    source, end = read_in_part(app)
    delete = {source: RecordsToDelete(before_offset=end - 5)}
    ask(app, lambda admin: admin.delete_records(delete))
    worker = app.start()
    worker.may_end = True
    told = ended(worker)
    assert f"partition {source.partition} of {source.topic} begins at offset {end - 5}" in told
    assert "was read only up to 10" in told
    assert f"--topic {source.topic}:{source.partition} --reset-offsets --to-earliest" in told
    assert app.books().outcomes.total() == 10, "nothing behind the gap was read"
    asyncio.run(_to_earliest(app, source, end - 5))
    app.start()
    app.wait_until_read(15)
    app.stop()


async def _to_earliest(app: Application, source: TopicPartition, first: int) -> None:
    """What the command does that the worker names."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=app.broker.bootstrap, group_id=app.config.app, enable_auto_commit=False
    )
    await consumer.start()
    consumer.assign([source])
    await consumer.commit({source: OffsetAndMetadata(first, "")})
    await consumer.stop()


def test_records_may_be_deleted_that_were_read(app: Application) -> None:
    source, end = read_in_part(app)
    ask(app, lambda admin: admin.delete_records({source: RecordsToDelete(before_offset=10)}))
    app.start()
    app.wait_until_read(end)
    app.stop()


PROCESSORS = ("tickets", "agents", "customers", "requesters")


def asked(count: int) -> list[Message]:
    """Tickets of one requester."""
    head = {"specversion": "1.0", "source": "acme", "type": "ticket.created", "id": "1"}
    head |= {"time": "2026-03-02T08:00:00Z"}
    return [
        (name.encode(), dumps({**head, "subject": name, "data": {"requester": "C1"}}), ())
        for name in (f"T{number}" for number in range(count))
    ]


@pytest.mark.parametrize("processor", PROCESSORS)
def test_state_of_a_newer_version_is_left_alone_until_a_reset(
    app: Application, processor: str
) -> None:
    """As after a way back to the version before; a reset makes all of it anew from the topics."""
    app.publish(asked(10))
    app.start()
    kind = app.config.requesters
    app.wait(lambda: app.entities(kind).outcomes.total() == 10, "the requester to be told")
    app.stop()
    newer = dumps({"v": 99, "unheard": "of"})
    changelog = f"{app.config.app}-{processor}-changelog"

    async def write() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=app.broker.bootstrap)
        await producer.start()
        for partition in range(4):
            await producer.send_and_wait(changelog, newer, TOTALS_KEY, partition)
        await producer.stop()

    before = app.report() if processor != "tickets" else None
    asyncio.run(write())
    worker = app.start()
    worker.may_end = True
    told = ended(worker)
    assert "the state was written by a newer version, in format 99; this one reads format" in told
    assert "start the newer version again, or rebuild the state" in told
    if processor in {"tickets", "requesters"}:
        # Who reports says it, too.
        with pytest.raises(UserError, match="in format 99"):
            app.books() if processor == "tickets" else app.entities(kind)
    asyncio.run(reset(app.config))
    app.start()
    app.wait(lambda: app.entities(kind).outcomes.total() == 10, "the requester to be told again")
    app.stop()
    found = app.report()
    assert (found["tickets"]["created"], found["events"]["applied"]) == (10, 10)
    assert before in (None, found)
    (record,) = app.entities(kind).records.values()
    assert record.events == 10


def test_a_source_that_is_given_more_partitions_has_to_be_started_over(app: Application) -> None:
    read_in_part(app)
    topic = app.config.topics.source
    ask(app, lambda admin: admin.create_partitions({topic: NewPartitions(total_count=5)}))
    worker = app.start()
    worker.may_end = True
    assert worker.process.wait(PATIENCE_S) != 0
    said = worker.log.read_text()
    assert f"{app.config.changelog} has 4 partitions, but {topic} has 5" in said
    assert "stop the workers, then `deskpulse reset` makes it anew" in said
    # So a worker that runs already when it is given the new one.
    changelog = Changelog(app.config.kafka, app.config.changelog, read_committed=True)
    with pytest.raises(UserError, match="has only 4: its source was given more"):
        asyncio.run(changelog.read(4))
