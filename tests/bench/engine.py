"""The pure engine on one core: decode, judge, fold, windows, timers. No Kafka, no changelog.

Bulk: tickets of six events, interleaved and in order. ServiceNow: the real log through the
importer, as it happened (`by_time`) and ticket by ticket (`by_file`: each ticket's first event
is years older than the newest event so far, the worst disorder a log can have).
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, NamedTuple

from streams.core.events import Accepted
from streams.core.processor import Processor
from streams.core.report import Books, report
from streams.core.settings import ResponseSignal, Settings, SourceSettings
from streams.importers import run_import
from streams.simulate import bulk
from streams.wire import packing
from streams.wire.cloudevents import decode, decode_line
from tests.bench.readings import Reading
from tests.conftest import SHARED, missing

BATCH: Final = 200
"""Events folded at a time, as in the worker."""
CUT_AT: Final = 2_000
"""Tickets changed until they are cut for the changelog, as in the worker."""
TICKETS: Final = 20_000
PER_TICKET: Final = 6
NOW: Final = 4_000_000_000_000
"""No event is in the future."""

SERVICENOW: Final = SHARED / "data" / "servicenow_uci" / "incident_event_log.zip"
SERVICENOW_OUTCOMES: Final = {("applied", ""): 166_630, ("flag", "unknown_enum"): 5}
LEFT_NEW: Final = SourceSettings(response_signal=ResponseSignal.LEFT_NEW)

Message = tuple[bytes | None, bytes]
"""Key and value; a line of a file has no key."""


class Spent(NamedTuple):
    """What one pass over the events took."""

    seconds: float
    """By the wall clock, without the cuts."""
    cpu_s: float
    """The same as CPU time of this process."""
    cut_cpu_s: float
    written: int
    """Changelog records that were cut."""


def measure(runs: int) -> Iterator[Reading]:
    """All of it, `runs` times."""
    messages = list(bulk(TICKETS, PER_TICKET, seed=1))
    for _ in range(runs):
        yield from measure_bulk(messages)
    if missing("shared"):
        print(f"engine.servicenow: {missing('shared')}")
        return
    with TemporaryDirectory() as folder:
        for order in ("time", "file"):
            yield from _measure_servicenow(Path(folder) / f"{order}.jsonl", order, runs)


def measure_bulk(messages: Sequence[Message]) -> Iterator[Reading]:
    """One pass over whole bulk tickets of `PER_TICKET` events."""
    processor = Processor(Settings(), packing)
    spent = run(processor, messages)
    tickets = len(messages) // PER_TICKET
    assert processor.outcomes == {("applied", ""): len(messages)}, processor.outcomes
    assert (len(processor.records), processor.now.depth()) == (tickets, 0)
    yield from _readings("engine.bulk", len(messages), spent)
    yield Reading(
        "engine.bulk.cut", "us CPU/changelog record", spent.cut_cpu_s * 1e6 / spent.written
    )


def _measure_servicenow(path: Path, order: Literal["file", "time"], runs: int) -> Iterator[Reading]:
    run_import("servicenow-audit", SERVICENOW, path, order=order)
    messages = [(None, line) for line in path.read_bytes().splitlines()]
    settings = Settings(sources=(("*", LEFT_NEW),))
    for number in range(runs):
        processor = Processor(settings, packing)
        spent = run(processor, messages)
        assert processor.outcomes == SERVICENOW_OUTCOMES, processor.outcomes
        if number == 0:
            _check_servicenow(processor, settings)
        yield from _readings(f"engine.servicenow.by_{order}", len(messages), spent)


def _check_servicenow(processor: Processor, settings: Settings) -> None:
    """Against the figures counted by an independent program (tests/reference/test_oracles.py)."""
    books = Books(processor.records, processor.settled, processor.outcomes)
    assert processor.newest is not None
    found: dict[str, Any] = report(books, settings, packing, processor.newest)
    counts, depth = found["counts"], found["queue_depth"]
    assert (counts["resolutions"], counts["reopens"], counts["transfers"]) == (25_250, 332, 17_914)
    assert (depth["peak"]["value"], depth["now"]) == (1_882, 0)


def run(processor: Processor, messages: Sequence[Message]) -> Spent:
    """Fold all messages; their places are their offsets. Cuts are taken and thrown away."""
    cuts = cuts_cpu = 0.0
    written = 0
    started, started_cpu = time.perf_counter(), time.process_time()
    for offset in range(0, len(messages), BATCH):
        fold(processor, messages[offset : offset + BATCH], offset)
        if processor.pending >= CUT_AT or offset + BATCH >= len(messages):
            cut, cut_cpu = time.perf_counter(), time.process_time()
            written += len(processor.cut().writes)
            cuts += time.perf_counter() - cut
            cuts_cpu += time.process_time() - cut_cpu
    seconds = time.perf_counter() - started - cuts
    cpu_s = time.process_time() - started_cpu - cuts_cpu
    return Spent(seconds, cpu_s, cuts_cpu, written)


def fold(processor: Processor, messages: Sequence[Message], offset: int) -> None:
    """Fold one batch that begins at an offset, by a clock that shows its newest event's time."""
    arrivals = [
        (
            offset + place,
            decode_line(value, now_ms=NOW, future_skew_ms=0)
            if key is None
            else decode(key, value, (), now_ms=NOW, future_skew_ms=0),
        )
        for place, (key, value) in enumerate(messages)
    ]
    processor.advance(max(one.event.at for _, one in arrivals if isinstance(one, Accepted)))
    processor.apply(arrivals)


def _readings(name: str, events: int, spent: Spent) -> Iterator[Reading]:
    yield Reading(name, "events/s", events / spent.seconds)
    yield Reading(name, "us CPU/event", spent.cpu_s * 1e6 / events)
