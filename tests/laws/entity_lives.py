"""One partition of agents, customers or requesters, driven the way a worker drives it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from streams.core import entity as entities
from streams.core.entities import Entities
from streams.core.entity import Kind, Sums
from streams.core.events import AGENT_TYPES, CUSTOMER_TYPES, Arrival
from streams.core.processor import Verdict
from streams.core.settings import Settings
from streams.wire import packing
from streams.wire.cloudevents import decode_line

CloudEvent = Mapping[str, Any]

WALL_MS = 4_102_444_800_000
"""2100: no event of a test is in the future of the decoder."""
TYPES = AGENT_TYPES | CUSTOMER_TYPES


def decoded(events: Iterable[CloudEvent], types: frozenset[str] = TYPES) -> list[Arrival]:
    """The arrivals these events are."""
    return [
        decode_line(orjson.dumps(event), now_ms=WALL_MS, future_skew_ms=0, types=types)
        for event in events
    ]


@dataclass(slots=True)
class EntityPartition:
    """One source partition: its arrivals, its changelog, its committed position."""

    kind: Kind
    settings: Settings
    log: Sequence[Arrival]
    changelog: dict[bytes, bytes | None] = field(default_factory=dict)
    committed: int = 0
    processor: Entities = field(init=False)

    def __post_init__(self) -> None:
        self.processor = Entities(self.kind, self.settings, packing)

    def read(self, count: int | None = None) -> list[Verdict]:
        """Apply the next `count` arrivals as one batch; all that are left by default."""
        start = self.processor.position
        end = len(self.log) if count is None else min(len(self.log), start + count)
        return self.processor.apply(list(enumerate(self.log[start:end], start)))

    def advance(self, ahead: int) -> None:
        """Move effective now to so long after the newest event."""
        if self.processor.newest is not None:
            self.processor.advance(self.processor.newest + ahead)

    def settle(self) -> None:
        """Settle what can be settled, long before it is worth it."""
        for record in self.processor.records.values():
            entities.settle(record, self.kind, self.settings, packing)

    def commit(self) -> None:
        """Make all changes durable, then the position."""
        cut = self.processor.cut()
        self.changelog.update(cut.writes)
        self.committed = cut.position

    def crash(self, share: float = 0.0) -> None:
        """Die while committing, with a first share of the writes durable, and start again."""
        cut = self.processor.cut()
        self.changelog.update(cut.writes[: round(share * len(cut.writes))])
        self.processor = Entities(self.kind, self.settings, packing)
        for _ in self.processor.restore(dict(self.changelog)):
            pass
        self.processor.position = self.committed

    def assert_nothing_vanished(self) -> None:
        """Read = applied + duplicate + late + ignored + rejected (law 8)."""
        outcomes = self.processor.outcomes + self.processor._fresh_outcomes
        judged = sum(n for (outcome, _), n in outcomes.items() if outcome != "flag")
        assert judged == max(self.processor.position, self.processor._counted_to + 1)

    def sums(self, as_of: int) -> tuple[dict[str, Sums], Sums]:
        """What each came to by name, and what is left of those who were forgotten."""
        live: dict[str, Sums] = {}
        settled: Sums = Counter(self.processor.settled)
        for name, record in self.processor.records.items():
            found = entities.answer(record, self.kind, self.settings, packing, as_of)
            settled.update(found.settled)
            if +found.live:
                live[name] = +found.live
        return live, +entities.coarse(settled, self.settings, as_of)

    def outcomes(self) -> dict[tuple[str, str], int]:
        """Every arrival's outcome so far."""
        return dict(+(self.processor.outcomes + self.processor._fresh_outcomes))


def read_whole(kind: Kind, settings: Settings, events: Iterable[CloudEvent]) -> EntityPartition:
    """A partition that has read all events in one batch."""
    partition = EntityPartition(kind, settings, decoded(events))
    partition.read()
    return partition
