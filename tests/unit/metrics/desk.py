"""A worker in memory, driven by hand: what its tickets do is what its metrics say."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)

from streams.config import Config
from streams.config.model import Label, Labels
from streams.config.schema import adapter
from streams.core.instants import format_rfc3339
from streams.kafka.journal import Answer
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import Partitions
from streams.metrics.collector import Collector
from streams.metrics.snapshot import take

START = 1_767_610_800_000
"""Monday, 2026-01-05 12:00 in Berlin."""
MINUTE = 60_000
HOUR = 60 * MINUTE

Message = tuple[str, dict[str, Any] | bytes]


@dataclass(slots=True)
class Consumed:
    """A record as Kafka hands it out."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


def budget(queues: int, **others: int) -> Config:
    """The defaults with so many names for queues, and for other labels."""
    labels = {name: Label(number) for name, number in others.items()}
    return replace(Config(), labels=Labels(queue=Label(queues), **labels))


def with_policies(*policies: dict[str, Any], **others: Any) -> Config:
    """A configuration with these entries of sla.yml."""
    return adapter().validate_json(json.dumps({"policies": policies, **others}))


class Desk:
    """One worker: its partitions over a journal in memory, and what it exports."""

    def __init__(self, config: Config | None = None, storage: Storage | None = None) -> None:
        self.config = Config() if config is None else config
        self.now = START
        """The wall clock."""
        journal = MemoryJournal(Storage() if storage is None else storage)
        self.partitions = Partitions(self.config, journal, lambda: self.now)
        self.collector = Collector(self.config)
        self._events = 0

    def own(self, *partitions: int) -> "Desk":
        """Take partitions over; they are ready."""

        async def nowhere(_: int) -> None:
            """There is no broker to tell."""

        for partition in partitions:
            asyncio.run(self.partitions.restore(partition, nowhere))
        return self

    def lose(self, *partitions: int) -> None:
        """Give partitions up."""
        asyncio.run(self.partitions.release(partitions))

    def event(self, ticket: str, kind: str, ago: int = 0, /, **data: Any) -> Message:
        """An event of a ticket, `ago` milliseconds before now."""
        source = data.pop("source", "desk/a")
        self._events += 1
        return ticket, {
            "specversion": "1.0",
            "id": f"{id(self)}-{self._events}",
            "source": source,
            "type": kind,
            "subject": ticket,
            "time": format_rfc3339(self.now - ago),
            "data": data,
        }

    def reply(self, ticket: str, role: str, ago: int = 0) -> Message:
        """A public message."""
        author = {"id": role, "role": role}
        return self.event(ticket, "ticket.replied", ago, author=author, visibility="public")

    def receive(self, partition: int, *messages: Message, behind: int = 0) -> None:
        """Read messages from a partition; `behind` more are known to wait on the broker."""
        start = self.partitions.owned[partition].processor.position
        records = [
            Consumed(
                offset,
                self.now,
                key.encode(),
                value if isinstance(value, bytes) else json.dumps(value).encode(),
            )
            for offset, (key, value) in enumerate(messages, start)
        ]
        end = start + len(records)
        self.partitions.fetched(partition, Answer(end + behind, end, self.now), records=True)
        asyncio.run(self.partitions.feed(partition, records))

    def commit(self) -> None:
        """Make everything durable, as at the end of a cycle, and take a picture."""
        asyncio.run(self.partitions.commit())
        self.show()

    def show(self) -> None:
        """Take a picture."""
        self.collector.snapshot = take(self.partitions, self.now)

    def registry(self) -> CollectorRegistry:
        """A registry of its own that exports this worker."""
        registry = CollectorRegistry()
        registry.register(self.collector)
        return registry

    def families(self) -> dict[str, Metric]:
        """What a scrape gets, read back from its OpenMetrics text."""
        text = openmetrics(self.registry()).decode()  # type: ignore[no-untyped-call]
        found = parse_openmetrics(text)  # type: ignore[no-untyped-call]
        return {family.name: family for family in found}

    def samples(self, name: str) -> dict[tuple[str, ...], float]:
        """The values of one series name, by the values of its labels in the order of names."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in self.families().values()
            for sample in family.samples
            if sample.name == f"deskpulse_{name}"
        }
