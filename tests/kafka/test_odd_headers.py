"""A header whose name is no UTF-8: no client of ours could send it, and some other does."""

import asyncio
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from streams.wire.codec import dumps
from streams.wire.deadletters import details
from tests.brokers import Broker
from tests.kafka.reading import read_topic
from tests.kafka.workers import Application, application
from tests.unit.kafka.test_fetching import NotText

EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "ticket.created",
    "subject": "T-1",
    "time": "2026-03-02T09:00:00Z",
    "data": {},
}


def send(app: Application, values: list[tuple[bytes, list[Any]]]) -> None:
    """One batch for partition 0 of the source topic."""

    async def run() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=app.broker.bootstrap)
        await producer.start()
        try:
            batch = producer.create_batch()
            # The compiled one wants real text.
            batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 1 << 16)
            for value, headers in values:
                batch.append(key=b"T-1", value=value, timestamp=None, headers=headers)
            batch.close()
            await (await producer.send_batch(batch, app.config.topics.source, partition=0))
        finally:
            await producer.stop()

    asyncio.run(run())


def test_its_record_is_a_dead_letter_and_the_worker_goes_on(broker: Broker, tmp_path: Path) -> None:
    odd = [("first", b"1"), (NotText("trace"), b"2")]
    with application(broker, tmp_path) as app:
        send(app, [(dumps(EVENT), []), (dumps(EVENT), odd), (dumps(EVENT | {"id": "2"}), [])])
        app.start()
        app.wait_until_read(3)
        app.stop()
        events = app.report()["events"]
        assert (events["applied"], events["rejected"]) == (2, {"encoding": 1})
        (found,) = read_topic(app, app.config.topics.dead_letters)
    assert (found.key, found.value) == (b"T-1", dumps(EVENT))
    assert found.headers[:2] == (("first", b"1"), ("tr\\xffce", b"2"))
    assert details(found.headers)["reason"] == "encoding"
    assert details(found.headers)["offset"] == "1"
