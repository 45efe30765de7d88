"""The corpus of bad input, and a worker without a broker that meets it: decoding to /metrics."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from streams.config import Config, load
from streams.core.events import (
    AGENT_TYPES,
    CUSTOMER_TYPES,
    REQUESTER_TYPES,
    TICKET_TYPES,
)
from streams.core.instants import format_rfc3339, parse_rfc3339
from streams.core.report import Books, report
from streams.kafka.journal import Answer, Output
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import Owned, Partitions
from streams.metrics.collector import Collector
from streams.metrics.snapshot import take
from streams.wire import packing
from streams.wire.codec import dumps, loads
from tests.contract.schema_files import Example, examples

CORPUS: Final = Path(__file__).with_name("bad-input.yml")
ROWS: Final = 47
NOW: Final = parse_rfc3339("2026-03-02T12:00:00Z")
NORMAL: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "1",
    "source": "desk/acme",
    "type": "ticket.created",
    "subject": "T-1",
    "time": "2026-03-02T09:00:00Z",
    "data": {},
}
REPLY: Final = {"author": {"id": "ann", "role": "agent"}, "visibility": "public"}
OTHER_TYPES: Final = (AGENT_TYPES | CUSTOMER_TYPES | REQUESTER_TYPES) - TICKET_TYPES
BACKLOG: Final = 1_000_000
ASIDE: Final = ("late", "rejected")
"""What is written to a topic of its own."""

Headers = Sequence[tuple[str, bytes | None]]


class Message(NamedTuple):
    """A Kafka record, and what it is to be."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    fate: str
    offset: int | None = None


def cases() -> list[dict[str, Any]]:
    """The whole corpus."""
    found: list[dict[str, Any]] = yaml.safe_load(CORPUS.read_text("utf-8"))
    return found


def messages(record: dict[str, Any]) -> Iterator[Message]:
    """The Kafka records that one record of the corpus stands for."""
    fate = record["is"]
    if "example" in record:
        for one in _examples(record["example"]):
            yield Message(one.key, one.value, one.headers, fate.replace("RULE", one.rule))
    elif "value" in record:
        value = record["value"]
        yield Message(b"T-1", None if value is None else value.encode(), (), fate)
    else:
        for number in range(record.get("repeat", 1)):
            yield _event(record, number)


def _event(record: dict[str, Any], number: int) -> Message:
    own = {name: item for name, item in record.items() if name not in _NOT_EVENT}
    event = NORMAL | own
    if event["data"] == "REPLY":
        event["data"] = REPLY
    if number:
        event["id"] = f"{event['id']}-{number}"
        event["time"] = format_rfc3339(parse_rfc3339(event["time"]) + 1_000 * number)
    key = record.get("key", str(event["subject"]))
    return Message(
        None if key is None else key.encode(), dumps(event), (), record["is"], record.get("offset")
    )


_NOT_EVENT: Final = {"is", "key", "repeat", "offset"}


def _examples(pattern: str) -> list[Example]:
    every = (one for folder in ("valid", "invalid") for one in examples(folder))
    found = [one for one in every if fnmatchcase(one.name, pattern) and _of_tickets(one)]
    assert found, f"no example is called {pattern}"
    return found


def _of_tickets(example: Example) -> bool:
    """Whether it belongs on `ticket-events`: the other topics have types of their own."""
    event = example.event
    named = event.get("type") if isinstance(event, dict) else None
    return named not in OTHER_TYPES


@dataclass(frozen=True, slots=True)
class Consumed:
    """A record as Kafka hands it out."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = NOW


async def _nowhere(_: int) -> None:
    """There is no broker to tell."""


@dataclass
class Desk:
    """One worker with one partition; every record is durable before the next one comes."""

    config: Config
    now: int = NOW
    storage: Storage = field(default_factory=Storage)
    sent: list[Consumed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.partitions = Partitions(self.config, MemoryJournal(self.storage), lambda: self.now)
        self.collector = Collector(self.config)
        self.owned: Owned = asyncio.run(self._restored())

    async def _restored(self) -> Owned:
        owned = await self.partitions.restore(0, _nowhere)
        assert owned is not None
        return owned

    def receive(self, batch: Sequence[Message]) -> Counter[tuple[str, str]]:
        """Read records and commit; returns how often each outcome and flag was counted for them."""
        before = Counter(self.partitions.counted.outcomes)
        start = self.owned.processor.position
        records = [
            Consumed(one.offset or place, one.key, one.value, one.headers)
            for place, one in enumerate(batch, start)
        ]
        self.sent += records
        asyncio.run(self._feed(records))
        return self.partitions.counted.outcomes - before

    async def _feed(self, records: list[Consumed]) -> None:
        # Much more is waiting, so no time passes yet.
        end = records[-1].offset + 1
        self.partitions.fetched(0, Answer(end + BACKLOG, end, self.now), records=True)
        await self.partitions.feed(0, records)
        await self.partitions.commit()

    def move_clock(self, now: int) -> None:
        """Time passes, and everything is read."""
        self.now = now
        end = self.owned.processor.position
        self.partitions.fetched(0, Answer(end, end, now), records=False)
        asyncio.run(self.partitions.commit())

    def written(self, topic: str) -> list[Output]:
        """What was sent to one topic."""
        return [output for output in self.storage.outputs if output.topic == topic]

    def said(self) -> list[str]:
        """What was announced of SLA clocks: clock and transition."""
        told = [loads(one.value or b"") for one in self.written(self.config.topics.transitions)]
        return [f"{one['clock']} {one['transition']}" for one in told]

    def report(self) -> dict[str, Any]:
        """The report, from what is durable."""
        again = Desk(self.config, self.now, self.storage)
        processor = again.owned.processor
        books = Books(processor.wake(), processor.settled, processor.outcomes)
        # Through JSON, as whoever reads the file.
        found: dict[str, Any] = json.loads(
            dumps(report(books, self.config.engine, packing, self.now))
        )
        return found

    def metrics(self) -> dict[str, float]:
        """Every series of /metrics, without the prefix."""
        self.collector.snapshot = take(self.partitions, self.now)
        registry = CollectorRegistry()
        registry.register(self.collector)
        lines = generate_latest(registry).decode().splitlines()
        series = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name.removeprefix("deskpulse_"): float(value) for name, _, value in series}


def desk(case: dict[str, Any], folder: Path) -> Desk:
    """The worker of a case, configured from files."""
    for name, key in (("deskpulse.yml", "config"), ("sla.yml", "sla")):
        if key in case:
            (folder / name).write_text(case[key])
    return Desk(load(folder))


def at(found: dict[str, Any], path: str) -> Any:
    """A part of a report by its path."""
    part: Any = found
    for name in path.split("."):
        part = part[name]
    return part


def played(case: dict[str, Any], on: Desk, breaks: Callable[[str], None]) -> list[Message]:
    """Run a case to its end, each record held against its fate; returns what was sent."""
    sent: list[Message] = []
    for record in case["records"]:
        if "now" in record:
            on.move_clock(parse_rfc3339(record["now"]))
        elif "breaks" in record:
            breaks(record["breaks"])
        elif "repeat" in record:
            batch = list(messages(record))
            counted = on.receive(batch)
            assert counted[record["is"], ""] == len(batch)
            sent += batch
        else:
            for message in messages(record):
                counted = on.receive([message])
                outcomes = [
                    f"{outcome} {reason}".rstrip()
                    for (outcome, reason), number in counted.items()
                    for _ in range(number)
                    if outcome != "flag"
                ]
                assert outcomes == [message.fate], message
                sent.append(message)
    on.move_clock(on.now)
    return sent
