"""Each processor takes over what the released version kept, and refuses another format.

`state/` has, for each, events and the state that version 0.1.0 kept after half of them: of tickets
with promises, agents, customers and requesters (`test_state_formats` has the plain tickets). A
version that writes another format adds files of its own and leaves the others as they are
(`python -m tests.contract.test_kept_state` writes them).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from streams.core import entity as entities
from streams.core.customers import Customers
from streams.core.entities import Entities
from streams.core.entity import Kind
from streams.core.events import AGENT_TYPES, CUSTOMER_TYPES, REQUESTER_TYPES, TICKET_TYPES, Arrival
from streams.core.formats import FormatError
from streams.core.instants import DAY, HOUR, format_rfc3339
from streams.core.people import Agents
from streams.core.processor import Processor
from streams.core.record import FORMAT
from streams.core.report import Books, report
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.wire import packing
from streams.wire.cloudevents import decode
from streams.wire.codec import dumps, loads
from streams.wire.requesters import written
from tests import promised

FOLDER: Final = Path(__file__).parent / "state"
ZONE: Final = ZoneInfo("Europe/Berlin")
START: Final = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""
NOW: Final = 4_000_000_000_000
SLA: Final[promised.Sla] = {
    "policies": [
        {
            "name": "all",
            "calendar": "24x7",
            "targets": {
                "first_response": {"within": "10m", "warn": ["50%"]},
                "next_reply": "30m",
                "resolution": {"within": "2h", "pause": ["pending"]},
            },
        }
    ]
}
PROMISING: Final = Settings(zone=ZONE, policies=promised.policies(SLA))
PLAIN: Final = Settings(zone=ZONE)

Engine = Processor | Entities
Changelog = dict[bytes, bytes | None]


@dataclass(frozen=True)
class Case:
    """A processor, its events and its format."""

    name: str
    make: Callable[[], Engine]
    events: str
    types: frozenset[str]
    format: int

    @property
    def state(self) -> Path:
        return FOLDER / f"{self.name}-{self.format}.jsonl"

    def arrivals(self) -> list[tuple[int, Arrival]]:
        lines = (FOLDER / self.events).read_text(encoding="utf-8").splitlines()
        return [(offset, self._arrival(line)) for offset, line in enumerate(lines)]

    def _arrival(self, line: str) -> Arrival:
        key = json.loads(line)["subject"].encode()
        return decode(key, line.encode(), (), now_ms=NOW, future_skew_ms=0, types=self.types)

    def kept(self) -> Changelog:
        """Keys are written in Latin-1: those of a partition's own are no UTF-8."""
        lines = self.state.read_text(encoding="utf-8").splitlines()
        return {key.encode("latin-1"): value.encode() for key, value in map(json.loads, lines)}


def _of(kind: Kind) -> Callable[[], Engine]:
    return lambda: Entities(kind, PLAIN, packing)


CASES: Final = (
    Case(
        "promises",
        lambda: Processor(PROMISING, packing, telling=True),
        "events.jsonl",
        TICKET_TYPES,
        FORMAT,
    ),
    Case("agents", _of(Agents(ZONE)), "agents.jsonl", AGENT_TYPES, entities.FORMAT),
    Case("customers", _of(Customers(ZONE)), "customers.jsonl", CUSTOMER_TYPES, entities.FORMAT),
    Case("requesters", _of(Requesters(ZONE)), "requesters.jsonl", REQUESTER_TYPES, entities.FORMAT),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def play(engine: Engine, arrivals: Sequence[tuple[int, Arrival]]) -> list[Any]:
    """Apply, let time pass to the newest event, and cut; what is said."""
    engine.apply(arrivals)
    engine.advance(engine.newest or 0)
    cut = engine.cut()
    return [*cut.transitions, *cut.told]


def told(engine: Engine) -> Any:
    """What is reported of it."""
    if isinstance(engine, Processor):
        books = Books(engine.records, engine.settled, engine.outcomes)
        assert books.newest is not None
        return report(books, PROMISING, packing, books.newest)
    as_of = (engine.newest or 0) + DAY
    sums: Counter[Any] = Counter(engine.settled)
    for name, record in engine.records.items():
        found = entities.answer(record, engine.kind, PLAIN, packing, as_of)
        sums.update(found.settled)
        sums.update({(name, *key): number for key, number in found.live.items()})
    return +sums, +engine.outcomes


def taken_over(case: Case, kept: Changelog) -> Engine:
    engine = case.make()
    for _ in engine.restore(kept):
        pass
    return engine


@each_case
def test_kept_state_and_the_events_since_are_the_whole(case: Case) -> None:
    """Where this fails, the format has to be raised: what was kept means something else by now."""
    every = case.arrivals()
    whole = case.make()
    half = len(every) // 2
    first = play(whole, every[:half])
    second = play(whole, every[half:])
    engine = taken_over(case, case.kept())
    assert engine.position == half
    assert play(engine, every[half:]) == second
    assert told(engine) == told(whole)
    assert engine.kept > 5
    if case.name == "promises":
        assert {one.transition for one in first if hasattr(one, "transition")} >= {
            "breached",
            "met",
        }
        assert second, "what was said is known, and the rest is said"


@each_case
@pytest.mark.parametrize(("change", "told"), [(1, "newer"), (-1, "older")])
def test_another_format_is_refused_with_what_to_do(case: Case, change: int, told: str) -> None:
    found = case.kept()
    other: Changelog = {
        key: dumps({**loads(value or b""), "v": case.format + change})
        for key, value in found.items()
    }
    asked = (
        rf"was written by an? {told} version, in format {case.format + change}; .*deskpulse reset"
    )
    with pytest.raises(FormatError, match=asked):
        taken_over(case, dict(other))
    # Also where a crash left records and no totals.
    records = {key: value for key, value in other.items() if not key.startswith(b"\xff")}
    with pytest.raises(FormatError, match=asked):
        taken_over(case, records)


def write() -> None:
    """The events once, and the state of this version's format."""
    for name, events in (
        ("agents", _agents()),
        ("customers", _customers()),
        ("requesters", _told()),
    ):
        path = FOLDER / f"{name}.jsonl"
        if not path.exists():
            path.write_text("".join(f"{json.dumps(one)}\n" for one in events), encoding="utf-8")
    for case in CASES:
        every = case.arrivals()
        engine = case.make()
        engine.apply(every[: len(every) // 2])
        engine.advance(engine.newest or 0)
        if isinstance(engine, Entities):
            for record in engine.records.values():
                entities.settle(record, engine.kind, PLAIN, packing)
        kept = {key: value for key, value in engine.cut().writes if value is not None}
        rows = [json.dumps([key.decode("latin-1"), value.decode()]) for key, value in kept.items()]
        case.state.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _event(number: int, what: str, who: str, at: int, /, **data: Any) -> dict[str, Any]:
    head = {"specversion": "1.0", "id": f"e{number}", "source": "desk", "type": what}
    return {**head, "subject": who, "time": format_rfc3339(at), "data": data}


def _agents() -> Iterator[dict[str, Any]]:
    """Half a year of shifts, so that much of it is settled."""
    for day in range(0, 180, 6):
        for agent in range(6):
            who, at, number = f"A{agent}", START + day * DAY, 10 * (day * 6 + agent)
            shift = {"start": format_rfc3339(at), "end": format_rfc3339(at + 8 * HOUR)}
            planned = at - DAY + agent
            yield _event(
                number, "agent.scheduled", who, planned, shift=f"s{day}", queue="q", **shift
            )
            if day % 5 == agent:
                yield _event(number + 1, "agent.absent", who, at - HOUR, reason="sick", **shift)
            for step, state in enumerate(("online", "busy", "break", "offline")):
                when = at + step * HOUR + agent * 1_000
                yield _event(number + 2 + step, "agent.presence", who, when, state=state, queue="q")


def _customers() -> Iterator[dict[str, Any]]:
    for day in range(0, 180, 4):
        for customer in range(6):
            who, at = f"C{customer}", START + day * DAY + customer * HOUR
            number, contact = 10 * (day * 6 + customer), {"channel": "phone", "queue": "q"}
            yield _event(number, "customer.active", who, at, activity="purchase")
            yield _event(number + 1, "contact.queued", who, at + 1_000, **contact)
            yield _event(number + 2, "contact.answered", who, at + 9_000, **contact)
            answer = {"survey": f"q{day}", "kind": "nps", "scale": {"min": 0, "max": 10}}
            yield _event(number + 3, "survey.responded", who, at + 99_000, score=day % 11, **answer)


def _told() -> Iterator[dict[str, Any]]:
    """What a worker tells the requesters of the tickets."""
    tickets = Processor(PLAIN, packing, telling=True)
    every = CASES[0].arrivals()
    for start in range(0, len(every), 20):
        tickets.apply(every[start : start + 20])
        yield from (json.loads(written(one).value) for one in tickets.cut().told)


if __name__ == "__main__":
    write()
