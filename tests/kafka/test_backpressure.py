"""A worker that cannot keep up fetches no more: what is under way is bounded, not the backlog."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from streams.kafka.publish import Message
from streams.kafka.worker import Worker
from streams.wire.codec import dumps
from tests.brokers import Broker
from tests.kafka.workers import PATIENCE_S, Application, application

BACKLOG: Final = 6_000
BATCH: Final = 50
"""Records in a batch, in this test."""
PARTITIONS: Final = 4


@pytest.fixture
def app(kafka_broker: str, tmp_path: Path) -> Iterator[Application]:
    with application(Broker(kafka_broker, transactions=True), tmp_path) as running:
        yield running


def messages() -> list[Message]:
    head = {"specversion": "1.0", "source": "acme", "type": "ticket.created", "data": {}}
    return [
        (
            f"T{n}".encode(),
            dumps({**head, "id": "1", "subject": f"T{n}", "time": "2026-03-02T08:00:00Z"}),
            (),
        )
        for n in range(BACKLOG)
    ]


class Held:
    """A worker whose folding can be held up, and what is under way in it."""

    def __init__(self, app: Application) -> None:
        self.worker = Worker(app.config, exactly_once=True, on_cycle=lambda _: None)
        self.worker.app.conf.broker_max_poll_records = BATCH
        self.let_go = asyncio.Event()
        self.largest = 0

    async def feed(self, partition: int, records: Sequence[Any]) -> None:
        self.largest = max(self.largest, len(records))
        await self.let_go.wait()
        await type(self.worker.partitions).feed(self.worker.partitions, partition, records)

    @property
    def under_way(self) -> int:
        owned = self.worker.partitions.owned.values()
        return sum(one.answer.taken - one.processor.position for one in owned if one.answer)

    @property
    def durable(self) -> int:
        return self.worker.partitions.counted.outcomes["applied", ""]

    async def settled(self) -> int:
        """What is under way once nothing more comes."""
        before = -1
        while not self.under_way or self.under_way != before:
            before = self.under_way
            await asyncio.sleep(2)
        return before


def test_what_is_under_way_is_bounded_however_much_waits(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.publish(messages())

    async def scenario() -> tuple[int, int, int]:
        held = Held(app)
        monkeypatch.setattr(held.worker.partitions, "feed", held.feed)
        running = asyncio.create_task(held.worker.run())
        async with asyncio.timeout(PATIENCE_S):
            under_way = await held.settled()
            held.let_go.set()
            while held.durable < BACKLOG:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        held.worker.stopping.set()
        await running
        return under_way, held.largest, held.worker.app.conf.stream_buffer_maxsize

    under_way, largest, queued = asyncio.run(scenario())
    # In the agent's queue, in its hands, and one round of fetches that waits for the queue.
    assert under_way <= (queued + 1 + PARTITIONS) * BATCH < BACKLOG / 2
    assert 0 < largest <= BATCH
