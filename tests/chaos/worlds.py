"""The world around workers in memory: source partitions, what is durable, and the time.

A `Process` is one worker: `Partitions` over the twin of a journal, and where it reads next. A
`World` is all that is left when every process has died.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from zlib import crc32

from streams.config import Config
from streams.core.processor import Mark, Processor
from streams.kafka.journal import Answer, Output
from streams.kafka.memory import AtLeastOnceMemoryJournal, MemoryJournal, Storage
from streams.kafka.partitions import ROUND_S, Partitions
from streams.kafka.recognition import mark_of
from streams.wire import packing
from streams.wire.codec import dumps, loads
from streams.wire.deadletters import details
from streams.wire.pressing import the_press
from tests.laws.driving import CloudEvent, restored


@dataclass(frozen=True, slots=True)
class Consumed:
    """A record as Kafka hands it out."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


@dataclass(slots=True)
class World:
    """All that outlives a worker."""

    config: Config
    exactly_once: bool
    now: int
    """The wall clock."""
    logs: list[list[Consumed]]
    """The source topic, partition by partition."""
    storage: Storage = field(default_factory=Storage)

    def copy(self) -> "World":
        """As it is at this instant."""
        return replace(self, logs=[list(log) for log in self.logs], storage=self.storage.copy())

    def publish(self, key: str, value: CloudEvent | bytes | None) -> None:
        """One more record for the partition to which its key leads; `None` is a tombstone."""
        log = self.logs[self.partition_of(key)]
        content = value if isinstance(value, bytes | None) else dumps(value)
        log.append(Consumed(len(log), self.now, key.encode(), content))

    def partition_of(self, key: str) -> int:
        """To which partition a key leads."""
        return crc32(key.encode()) % len(self.logs)

    # -- what is durable -------------------------------------------------------------------

    def processors(self) -> list[Processor]:
        """Each partition's state, taken over by somebody who has read nothing yet."""
        changelog = self.storage.changelog
        return [
            restored(self.config.engine, dict(changelog.get(partition, ())))
            for partition in range(len(self.logs))
        ]

    def transitions(self) -> list[dict[str, Any]]:
        """Everything on `sla-transitions`, in the order in which it was written."""
        return [loads(output.value or b"") for output in self._outputs("transitions")]

    def aside(self) -> list[tuple[str, int, int]]:
        """What is on the topics of dead letters and late events: why, and where it was read."""
        letters = (*self._outputs("dead_letters"), *self._outputs("late"))
        told = [details(letter.headers) for letter in letters]
        return [(one["reason"], int(one["partition"]), int(one["offset"])) for one in told]

    def _outputs(self, topic: str) -> list[Output]:
        name = getattr(self.config.topics, topic)
        return [output for output in self.storage.outputs if output.topic == name]


class Process:
    """One worker in memory. It dies by being forgotten."""

    def __init__(self, world: World) -> None:
        journal = (MemoryJournal if world.exactly_once else AtLeastOnceMemoryJournal)(world.storage)
        self._journal = journal
        self.partitions = Partitions(
            world.config, journal, lambda: world.now, recognise=self._recognise
        )
        self._world = world
        self._reading: dict[int, int] = {}
        """The next offset to fetch."""

    def sever(self) -> None:
        """Whatever it still does, nothing of it reaches the storage."""
        of_its_own = self._world.storage.copy()
        self._journal._storage = self._journal._ownership._storage = of_its_own

    def has_lost(self, partition: int) -> bool:
        """Whether somebody took the partition over since this process did."""
        own = self._journal._ownership._epochs.get(partition)
        return own is not None and own != self._world.storage.owner[partition]

    async def take_over(self, partition: int) -> None:
        """Become the owner of a partition; it is ready when this returns."""
        self._reading[partition] = 0
        await self.partitions.restore(partition, partial(self._seek, partition))

    async def renew(self, partition: int) -> None:
        """Promises were read again: take a partition over as after a restart, if it is there."""
        await self.partitions.renew(partition, partial(self._seek, partition))

    async def promise(self, config: Config) -> None:
        """Other promises from now on, as a worker takes them over at a signal."""
        bound = config.dead_letters.bound
        self.partitions.reconfigure(
            config, lambda: Processor(config.engine, packing, bound=bound, press=the_press())
        )
        for partition in sorted(self.partitions.owned):
            await self.renew(partition)

    async def _recognise(self, partition: int, mark: Mark) -> None:
        """The twin of `streams.kafka.recognition.recognise`: nobody makes these topics anew."""
        await asyncio.sleep(0)
        record = self._world.logs[partition][mark[0]]
        assert mark_of(record.offset, record.key, record.value) == mark
        await asyncio.sleep(0)

    async def _seek(self, partition: int, position: int) -> None:
        await asyncio.sleep(0)
        self._reading[partition] = position

    async def give_up(self, partitions: Iterable[int]) -> None:
        """Leave partitions to their next owner."""
        await self.partitions.release(partitions)

    async def poll(self, partition: int, most: int) -> None:
        """Fetch and fold so many records; without any, the broker's answer still tells the time."""
        log, start = self._world.logs[partition], self._reading[partition]
        records = log[start : start + most]
        self._reading[partition] = start + len(records)
        answer = Answer(len(log), start + len(records), self._world.now)
        self.partitions.fetched(partition, answer, records=bool(records))
        if records:
            await self.partitions.feed(partition, records)

    def has_read_all(self, partition: int) -> bool:
        """Whether nothing is left to fetch."""
        return self._reading[partition] == len(self._world.logs[partition])

    async def commit(self) -> None:
        """Make all that changed durable. Then a minute goes by, and tickets rest."""
        await self.partitions.commit()
        for owned in self.partitions.owned.values():
            owned.round_at -= ROUND_S
        await self.partitions.rest()
