"""The port to whatever makes a partition durable, and what travels through it.

A journal keeps, per source partition, the changelog and the position the state stands for.
There are three: `streams.kafka.exactly_once`, `streams.kafka.at_least_once` and the twin in
memory (`streams.kafka.memory`), which tests and tools use.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from streams.config.model import Config
from streams.core.events import AGENT_TYPES, CUSTOMER_TYPES, REQUESTER_TYPES, TICKET_TYPES

Write = tuple[bytes, bytes | None]
"""A changelog record: key, and value or `None` to delete."""
Latest = dict[bytes, bytes | None]
"""The last write of each key."""
Headers = tuple[tuple[str, bytes | None], ...]


class Output(NamedTuple):
    """A record for a topic that other programs read."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    by_key: bool = False
    """The key alone says which partition it goes to."""


class Source(NamedTuple):
    """What one processor reads, and where its state is kept."""

    name: str
    """Of the processor."""
    topic: str
    changelog: str
    types: frozenset[str]
    """The events that the topic carries."""


def tickets_of(config: Config) -> Source:
    """The source that every worker has."""
    return Source("tickets", config.topics.source, config.changelog, TICKET_TYPES)


def others_of(config: Config) -> tuple[Source, ...]:
    """The sources a worker has besides, where their topics exist."""
    app, topics = config.app, config.topics
    return (
        Source("agents", topics.agents, f"{app}-agents-changelog", AGENT_TYPES),
        Source("customers", topics.customers, f"{app}-customers-changelog", CUSTOMER_TYPES),
        Source("requesters", config.ticket_facts, f"{app}-requesters-changelog", REQUESTER_TYPES),
    )


class Answer(NamedTuple):
    """What the broker last said of a partition's end."""

    end: int
    """The next offset it will give out (its high watermark)."""
    taken: int
    """Everything before this offset was handed to us, or is invisible to readers."""
    at: int
    """Wall instant of the answer, epoch milliseconds."""
    stable: int | None = None
    """Readers may see what stands before this offset; less than `end` while a transaction is open,
    whose first record is there. `None`: all of it."""


class Restored(NamedTuple):
    """What a partition's next owner starts from."""

    changelog: Latest
    position: int | None
    """The next source offset to read; `None` where nothing was ever committed."""


class Journal(Protocol):
    """Durability of the partitions one worker owns."""

    async def open(self, partition: int) -> Restored:
        """Become the owner: keep the former one from writing, then read what it left."""

    async def write(
        self,
        partition: int,
        position: int,
        changelog: Sequence[Write],
        outputs: Sequence[Output],
    ) -> None:
        """Make outputs, changelog and position durable; returns once they are.

        Raises on any failed send. Then the state in memory and the journal may differ, and
        the worker has to stop.
        """

    async def close(self, partition: int) -> None:
        """Give the partition up."""

    async def stop(self) -> None:
        """Give everything up."""
