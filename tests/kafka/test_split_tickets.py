"""A ticket that lies in two partitions is two to workers: whoever reads both says so."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.kafka.publish import Message
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.kafka.workers import application


def created(number: int, ticket: str) -> Message:
    event = {
        "specversion": "1.0",
        "id": str(number),
        "source": "acme",
        "subject": ticket,
        "type": "ticket.created",
        "time": "2026-03-02T08:00:00Z",
        "data": {},
    }
    return ticket.encode(), dumps(event), ()


@pytest.mark.parametrize("places", [(0, 1), (1, 1)], ids=["split", "together"])
def test_a_ticket_in_two_partitions_is_told_by_whoever_reads_both(
    embedded_broker: str, tmp_path: Path, places: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    with application(Broker(embedded_broker, transactions=False), tmp_path) as app:

        async def send() -> None:
            producer = AIOKafkaProducer(bootstrap_servers=embedded_broker)
            await producer.start()
            for number, place in enumerate(places):
                key, value, _ = created(number, "T-7")
                source = app.config.topics.source
                await producer.send_and_wait(source, value, key=key, partition=place)
            await producer.stop()

        asyncio.run(send())
        app.start()
        app.wait_until_read(2)
        app.stop()
        caplog.clear()
        app.report()
        told = [record.message for record in caplog.records]
        named = [text for text in told if "lie in another one as well" in text]
        assert len(named) == (places[0] != places[1])
        assert all(text.startswith("1 tickets of partition 1 of ") for text in named)
