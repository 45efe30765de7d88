"""What the catalogue of KPIs costs per event, and how that grows with each of its parts.

The same events of the simulated desk through the engine, first with response, resolution and
queue depth alone, then with one part of the catalogue after the other (`catalogue` in
deskpulse.yml); windows are kept in all of them. `ratio` is the cost of all against that of none:
the catalogue may not halve the throughput, so it is to stay below 2.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from streams.core.processor import Processor
from streams.core.settings import CATALOGUE, Settings
from streams.simulate import Scenario, events_only
from streams.wire import packing
from streams.wire.codec import dumps
from tests.bench.engine import Message, run
from tests.bench.readings import Reading

EVENTS: Final = 40_000
DESK: Final = Scenario(start_ms=1_767_610_800_000, scale=4_000, warm_up_days=0)


def measure(runs: int) -> Iterator[Reading]:
    """Each number of parts in turn, `runs` times."""
    messages: list[Message] = [
        (event["subject"].encode(), dumps(event)) for event in islice(events_only(DESK), EVENTS)
    ]
    for _ in range(runs):
        none = 0.0
        for count in range(len(CATALOGUE) + 1):
            parts = CATALOGUE[:count]
            cost = _cost(messages, parts)
            none = none or cost
            name = f"catalogue.{count}.{parts[-1] if parts else 'none'}"
            yield Reading(name, "us CPU/event", cost)
        yield Reading("catalogue.all", "ratio", cost / none)


def _cost(messages: list[Message], parts: tuple[str, ...]) -> float:
    """Microseconds of CPU an event, the cuts for the changelog included."""
    processor = Processor(Settings(catalogue=parts), packing)
    spent = run(processor, messages)
    assert processor.outcomes["applied", ""] == len(messages), processor.outcomes
    kept = any(record.ticket.case is not None for record in processor.records.values())
    assert kept == bool(parts)
    return (spent.cpu_s + spent.cut_cpu_s) * 1e6 / len(messages)
