"""What becomes of a transaction whose worker, or whose coordinator, is gone in the middle of it."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import CoordinationType
from aiokafka.structs import TopicPartition

from streams.kafka.changelog import reader
from streams.kafka.exactly_once import transactions
from streams.kafka.publish import Message
from streams.wire.codec import dumps, loads
from tests.brokers import Broker, Cluster
from tests.kafka.reading import read_topic
from tests.kafka.workers import PATIENCE_S, Application, Worker, application

PROMISES: Final = """
policies:
  - {name: all, calendar: 24x7, targets: {first_response: 30m}}
"""
STANDS_STILL: Final = """
import os, signal, sys
from pathlib import Path
from aiokafka import AIOKafkaProducer
from streams.kafka import exactly_once
from streams.cli import run

exactly_once.TRANSACTION_TIMEOUT_MS = 3_000
go_on, now = AIOKafkaProducer.send_offsets_to_transaction, Path(sys.argv[1]) / "now"

async def stand_still(*given):
    # Outputs and changelog are acknowledged, the position is not yet in it.
    if now.exists():
        now.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)
    return await go_on(*given)

AIOKafkaProducer.send_offsets_to_transaction = stand_still
sys.exit(run(["worker", "--config", sys.argv[1]]))
"""
"""A worker as it is, but that it is stopped in the middle of a commit once the file is there."""


def tickets(first: int, count: int) -> list[Message]:
    """Created, and answered too late: each says two things."""
    head = {"specversion": "1.0", "source": "acme"}
    reply = {"author": {"id": "ann", "role": "agent"}, "visibility": "public"}
    made: list[Message] = []
    for name in (f"T{number}" for number in range(first, first + count)):
        for hour, kind, data in ((8, "ticket.created", {}), (9, "ticket.replied", reply)):
            event = {**head, "id": kind, "subject": name, "type": kind, "data": data}
            made.append(
                (name.encode(), dumps({**event, "time": f"2026-03-02T{hour:02}:00:00Z"}), ())
            )
    return made


def assert_once(app: Application, count: int) -> None:
    """Each event is applied once, and each transition was said once."""
    books = app.books()
    # A publisher whose broker is gone may send a record again.
    outcomes = {name: number for name, number in books.outcomes.items() if name[0] != "duplicate"}
    assert outcomes == {("applied", ""): 2 * count}
    assert len(books.records) == count
    assert {record.events for record in books.records.values()} == {2}
    said = [loads(one.value) for one in read_topic(app, app.config.topics.transitions)]
    assert {one["transition"] for one in said} == {"breached", "met_late"}
    assert set(Counter((one["ticket"], one["transition"]) for one in said).values()) == {1}
    assert len(said) == 2 * count


def hidden(app: Application) -> int:
    """How many offsets of the changelog an open transaction hides."""

    async def ask() -> int:
        sources = [TopicPartition(app.config.changelog, number) for number in range(4)]
        ends = []
        for committed in (False, True):
            async with reader(app.config.kafka, read_committed=committed) as consumer:
                ends.append(sum((await consumer.end_offsets(sources)).values()))
        everything, shown = ends
        return int(everything - shown)

    return asyncio.run(ask())


def stands_still(worker: Worker) -> bool:
    stat = Path(f"/proc/{worker.process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def test_a_worker_that_stood_still_for_too_long_in_a_commit_is_fenced_by_the_broker_alone(
    kafka_broker: str, tmp_path: Path
) -> None:
    """Nobody takes its partitions over meanwhile: its transaction runs out of time."""
    broker = Broker(kafka_broker, transactions=True)
    with application(broker, tmp_path, promises=PROMISES, answered_by="reply") as app:
        worker = app.start((sys.executable, "-c", STANDS_STILL))
        worker.may_end = True
        app.publish(tickets(0, 10))
        app.wait_until_read(20)
        (tmp_path / "conf-0" / "now").touch()
        app.publish(tickets(10, 10))
        app.wait(lambda: stands_still(worker), "the worker to stand still")
        assert hidden(app) > 0, "it has written something"
        app.wait(lambda: hidden(app) == 0, "the broker to abort the transaction")
        worker.process.send_signal(signal.SIGCONT)
        assert worker.process.wait(PATIENCE_S) == 1
        told = worker.log.read_text()
        assert "stopping: " in told
        assert "Traceback" not in told
        app.start()
        app.publish(tickets(20, 10))
        app.wait_until_read(60)
        app.stop()
        assert_once(app, 30)


@pytest.mark.kafka
@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGKILL])
def test_a_coordinator_of_transactions_that_moves_costs_nothing(
    tmp_path: Path, with_signal: signal.Signals
) -> None:
    """Its broker ends in the middle of commits; another one knows what was begun."""
    (tmp_path / "nodes").mkdir()
    with (
        Cluster(tmp_path / "nodes") as cluster,
        application(
            Broker(cluster.bootstrap, transactions=True),
            tmp_path,
            promises=PROMISES,
            answered_by="reply",
            partitions=1,
        ) as app,
    ):
        app.start()
        app.publish(tickets(0, 20))
        app.wait_until_read(40)
        before = asyncio.run(coordinator(app))
        count = 20
        node = cluster.nodes[before - 1]
        assert node.pid is not None
        over = time.monotonic() + 5
        while count < 60 or time.monotonic() < over:
            app.publish(tickets(count, 5))
            count += 5
            if count == 35:
                os.kill(node.pid, with_signal)
        app.wait(lambda: committed(app) >= 2 * count, "the rest to be committed")
        app.wait(lambda: app.books().outcomes["applied", ""] >= 2 * count, "all to be applied")
        assert asyncio.run(coordinator(app)) != before
        app.stop()
        assert_once(app, count)


async def coordinator(app: Application) -> int:
    """The broker that keeps the transactions of the only partition of tickets."""
    producer = AIOKafkaProducer(bootstrap_servers=app.broker.bootstrap)
    await producer.start()
    try:
        name = f"{transactions(app.config, 'tickets')}0"
        number: int = await producer.client.coordinator_lookup(CoordinationType.TRANSACTION, name)
    finally:
        await producer.stop()
    return number


def committed(app: Application) -> int:
    """How many records of the source the group has made durable."""

    async def ask() -> int:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=app.broker.bootstrap,
            group_id=app.config.app,
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            return await consumer.committed(TopicPartition(app.config.topics.source, 0)) or 0
        finally:
            await consumer.stop()

    for worker in app.workers:
        # As an orchestrator does: one whose write failed while the coordinator moved has stopped.
        if worker.process.poll() is not None and not worker.may_end:
            worker.may_end = True
            app.start()
            break
    return asyncio.run(ask())
