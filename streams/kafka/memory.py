"""Journals in memory: the twins of the two Kafka journals, for tests and tools.

Each gives its turn away wherever its model waits for the broker, and what is durable in between
is what would be there: all of a write or nothing of it (`exactly_once`), or any first part of
it (`at_least_once`). So a process may die, or be paused, at every such place.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.kafka.journal import Output, Restored, Write


class FencedError(Exception):
    """Another owner has opened the partition since."""


@dataclass(slots=True)
class Storage:
    """What survives a worker: share one between the journals of several workers."""

    changelog: dict[int, list[Write]] = field(default_factory=dict)
    position: dict[int, int] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    owner: dict[int, int] = field(default_factory=dict)

    def copy(self) -> "Storage":
        """As it is at this instant, whatever is written later."""
        return Storage(
            {partition: list(writes) for partition, writes in self.changelog.items()},
            dict(self.position),
            list(self.outputs),
            dict(self.owner),
        )


async def _broker() -> None:
    """A way to the broker, or back; others get their turn meanwhile."""
    await asyncio.sleep(0)


class _Ownership:
    """Which partitions of a storage one worker believes to own."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._epochs: dict[int, int] = {}

    def take(self, partition: int) -> None:
        epoch = self._storage.owner.get(partition, 0) + 1
        self._storage.owner[partition] = self._epochs[partition] = epoch

    def check(self, partition: int) -> None:
        if self._storage.owner.get(partition) != self._epochs.get(partition):
            raise FencedError(f"partition {partition} has another owner")

    def leave(self, partition: int) -> None:
        self._epochs.pop(partition, None)

    def leave_all(self) -> None:
        self._epochs.clear()


class MemoryJournal:
    """The twin of `ExactlyOnceJournal`, over a `Storage` shared by the workers."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._ownership = _Ownership(storage)

    async def open(self, partition: int) -> Restored:
        """Become the owner; every earlier one is fenced from now on."""
        await _broker()
        self._ownership.take(partition)
        await _broker()
        latest = dict(self._storage.changelog.get(partition, ()))
        await _broker()
        return Restored(latest, self._storage.position.get(partition))

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        """Apply all of it; raises `FencedError` for a former owner, who changes nothing."""
        await _broker()
        self._ownership.check(partition)
        await _broker()
        # What was sent so far is in a transaction that the next owner ends.
        self._ownership.check(partition)
        self._storage.changelog.setdefault(partition, []).extend(changelog)
        self._storage.outputs.extend(outputs)
        self._storage.position[partition] = position
        await _broker()

    async def close(self, partition: int) -> None:
        """Forget the ownership; the storage stays."""
        await _broker()
        self._ownership.leave(partition)

    async def stop(self) -> None:
        """Forget every ownership."""
        self._ownership.leave_all()


class AtLeastOnceMemoryJournal:
    """The twin of `AtLeastOnceJournal`, over a `Storage` shared by the workers."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._ownership = _Ownership(storage)

    async def open(self, partition: int) -> Restored:
        """Become the owner in the eyes of the group; who is writing still ends that."""
        await _broker()
        self._ownership.take(partition)
        latest = dict(self._storage.changelog.get(partition, ()))
        await _broker()
        return Restored(latest, self._storage.position.get(partition, 0))

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        """Apply one record after the other, then the position.

        Raises `FencedError` for a former owner. What it had applied before it became one stays.
        """
        await _broker()
        self._ownership.check(partition)
        for output in outputs:
            self._storage.outputs.append(output)
            await _broker()
        for write in changelog:
            self._storage.changelog.setdefault(partition, []).append(write)
            await _broker()
        self._ownership.check(partition)
        self._storage.position[partition] = position
        await _broker()

    async def close(self, partition: int) -> None:
        """Forget the ownership; the storage stays."""
        self._ownership.leave(partition)

    async def stop(self) -> None:
        """Forget every ownership."""
        self._ownership.leave_all()
