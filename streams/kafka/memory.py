"""A journal in memory: the twin of the Kafka journals, for tests and tools.

It keeps the promises of `exactly_once`: a write is applied whole or not at all, and a former
owner can write nothing.
"""

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


class MemoryJournal:
    """One worker's journal over a shared `Storage`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._epochs: dict[int, int] = {}

    async def open(self, partition: int) -> Restored:
        """Become the owner; every earlier one is fenced from now on."""
        epoch = self._storage.owner.get(partition, 0) + 1
        self._storage.owner[partition] = self._epochs[partition] = epoch
        return Restored(
            dict(self._storage.changelog.get(partition, ())),
            self._storage.position.get(partition),
        )

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        """Apply all of it; raises `FencedError` for a former owner, who changes nothing."""
        if self._storage.owner.get(partition) != self._epochs.get(partition):
            raise FencedError(f"partition {partition} has another owner")
        self._storage.changelog.setdefault(partition, []).extend(changelog)
        self._storage.outputs.extend(outputs)
        self._storage.position[partition] = position

    async def close(self, partition: int) -> None:
        """Forget the ownership; the storage stays."""
        self._epochs.pop(partition, None)

    async def stop(self) -> None:
        """Forget every ownership."""
        self._epochs.clear()
