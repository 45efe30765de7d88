"""How far a group has come, asked of the broker all the time: so recoveries are measured."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from tests.kafka.workers import Application

LOOK_S: Final = 0.2
ANSWER_S: Final = 5.0
"""A broker that is gone does not answer: then another one is asked."""

Positions = Mapping[TopicPartition, int]


@dataclass(slots=True)
class Blow:
    """Something that was done to somebody. Made up for when all that was sent by then is durable.

    By then: until it was `over`, that is until a worker that ends was gone.
    """

    kind: str
    at: float
    over: bool = False
    ends: Positions | None = None


@dataclass(slots=True)
class Watch:
    """What the group has committed, and when it had made up for each blow."""

    app: Application
    partitions: Sequence[int]
    ends: Positions = field(default_factory=dict)
    committed: Positions = field(default_factory=dict)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    """By kind of blow: seconds until it was made up for."""
    _open: list[Blow] = field(default_factory=list)

    def note(self, kind: str) -> Blow:
        """Something is done now."""
        blow = Blow(kind, time.monotonic())
        self._open.append(blow)
        return blow

    @property
    def recovered(self) -> bool:
        """Whether nothing is left to make up for."""
        return not self._open

    def behind(self) -> int:
        """Records that are not durable yet, as far as known."""
        return sum(max(0, end - self.committed.get(tp, 0)) for tp, end in self.ends.items())

    async def watch(self) -> None:
        """Ask on and on, whoever is there to answer."""
        while True:
            with contextlib.suppress(Exception):
                await self._ask()
            await asyncio.sleep(LOOK_S)

    async def _ask(self) -> None:
        topic, group = self.app.config.topics.source, self.app.config.app
        sources = [TopicPartition(topic, partition) for partition in self.partitions]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.app.broker.bootstrap,
            group_id=group,
            enable_auto_commit=False,
            request_timeout_ms=int(ANSWER_S * 1000),
        )
        await asyncio.wait_for(consumer.start(), ANSWER_S)
        try:
            consumer.assign(sources)
            while True:
                self.ends = await asyncio.wait_for(consumer.end_offsets(sources), ANSWER_S)
                self.committed = {
                    source: await asyncio.wait_for(consumer.committed(source), ANSWER_S) or 0
                    for source in sources
                }
                self._close()
                for blow in self._open:
                    if blow.over and blow.ends is None:
                        blow.ends = self.ends
                await asyncio.sleep(LOOK_S)
        finally:
            await consumer.stop()

    def _close(self) -> None:
        now = time.monotonic()
        for blow in list(self._open):
            ends = blow.ends
            if ends and all(self.committed.get(tp, 0) >= end for tp, end in ends.items()):
                self._open.remove(blow)
                self.recoveries.setdefault(blow.kind, []).append(round(now - blow.at, 2))
