"""A transaction that its producer leaves open in the source: nobody knows yet what is in there."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaProducer

from streams.clock import wall_ms
from streams.core.instants import format_rfc3339
from streams.kafka.publish import Message
from streams.wire.codec import dumps, loads
from tests.brokers import Broker, unique
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, Worker, application

PROMISE_S: Final = 8
PROMISES: Final = f"""
policies:
  - {{name: all, calendar: 24x7, targets: {{first_response: {PROMISE_S}s}}}}
"""


@pytest.fixture
def app(kafka_broker: str, tmp_path: Path) -> Iterator[Application]:
    broker = Broker(kafka_broker, transactions=True)
    with application(
        broker,
        tmp_path,
        "health: {stalled: 5s}\n",
        time="wall",
        promises=PROMISES,
        answered_by="reply",
        partitions=1,
    ) as running:
        yield running


def event(kind: str, **data: Any) -> Message:
    now = wall_ms()
    head = {"specversion": "1.0", "id": f"{kind}-{now}", "source": "acme", "subject": "T"}
    text = dumps({**head, "type": kind, "time": format_rfc3339(now), "data": data})
    return b"T", text, ()


def said(app: Application) -> list[str]:
    """What was said of the promise, in order."""
    records = read_topic(app, app.config.topics.transitions)
    return [loads(record.value)["transition"] for record in records]


def lag(worker: Worker) -> float:
    _, text = worker.get("/metrics")
    (found,) = re.findall(
        r'^deskpulse_consumer_lag_events{partition="0"} (.*)$', text, re.MULTILINE
    )
    return float(found)


@pytest.mark.parametrize(
    ("end", "verdict"), [("commit_transaction", "met"), ("abort_transaction", "breached")]
)
def test_nothing_is_breached_while_the_reply_may_be_in_an_open_transaction(
    app: Application, end: str, verdict: str
) -> None:
    """The worker waits, says for what, and goes on once it has ended: then the verdict is right."""
    worker = app.start()
    app.wait(lambda: worker.get("/ready")[0] == 200, "the worker to be ready")

    async def scenario() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=app.broker.bootstrap, transactional_id=unique("helpdesk")
        )
        await producer.start()
        try:
            await producer.begin_transaction()
            created = [event("ticket.created", requester="C1")]
            await asyncio.to_thread(app.publish, created)
            author = {"id": "ann", "role": "agent"}
            key, value, _ = event("ticket.replied", author=author, visibility="public")
            await producer.send_and_wait(app.config.topics.source, value, key=key, partition=0)
            await asyncio.to_thread(hold)
            await getattr(producer, end)()
        finally:
            await producer.stop()

    def hold() -> None:
        over = time.monotonic() + PROMISE_S + 4
        app.wait_until_read(1)
        told = "open transaction in the source (hanging producer)"
        app.wait(lambda: told in worker.get("/ready")[1], "the worker to say what it waits for")
        assert worker.get("/live")[0] == 200
        time.sleep(max(0.0, over - time.monotonic()))
        assert (worker.process.poll(), said(app)) == (None, [])
        assert lag(worker) >= 1
        assert told in worker.log.read_text()

    asyncio.run(scenario())
    app.wait(lambda: said(app), "a verdict")
    app.wait(lambda: lag(worker) == 0, "the worker to have caught up")
    app.stop()
    assert said(app) == [verdict]
