"""State outlives the version that wrote it: it is read as what it meant then, or not at all.

`state/` has the events of a small desk and the state that version 0.1.0 kept after half of them.
A version that writes another format adds a file of its own (`python -m
tests.contract.test_state_formats` writes it) and leaves the others as they are.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from streams.core.entities import Entities
from streams.core.events import Arrival
from streams.core.formats import FormatError
from streams.core.people import Agents
from streams.core.processor import TOTALS_KEY, Processor
from streams.core.record import FORMAT
from streams.core.report import Books, report
from streams.core.settings import Settings
from streams.simulate import Scenario, generate
from streams.wire import packing
from streams.wire.cloudevents import decode
from streams.wire.codec import dumps

FOLDER: Final = Path(__file__).parent / "state"
EVENTS: Final = FOLDER / "events.jsonl"
STATE: Final = FOLDER / f"tickets-{FORMAT}.jsonl"
NOW: Final = 4_000_000_000_000
HALF: Final = 150
MONDAY_MS: Final = 1_772_434_800_000
"""2026-03-02T07:00:00Z."""

Changelog = dict[bytes, bytes | None]


def settings() -> Settings:
    return Settings()


def arrivals() -> list[tuple[int, Arrival]]:
    return [
        (offset, decode(each["subject"].encode(), line.encode(), (), now_ms=NOW, future_skew_ms=0))
        for offset, line in enumerate(EVENTS.read_text(encoding="utf-8").splitlines())
        for each in [json.loads(line)]
    ]


def changelog() -> Changelog:
    """Keys are written in Latin-1: those of a partition's own are no UTF-8."""
    lines = STATE.read_text(encoding="utf-8").splitlines()
    return {key.encode("latin-1"): value.encode() for key, value in map(json.loads, lines)}


def restored(found: Changelog) -> Processor:
    processor = Processor(settings(), packing)
    for _ in processor.restore(found):
        pass
    return processor


def told(processor: Processor) -> dict[str, Any]:
    books = Books(processor.records, processor.settled, processor.outcomes)
    assert books.newest is not None
    return report(books, settings(), packing, books.newest)


def test_state_of_the_released_format_and_the_events_since_are_the_whole() -> None:
    """Where this fails, FORMAT has to be raised: what was kept means something else by now."""
    every = arrivals()
    whole = Processor(settings(), packing)
    whole.apply(every)
    processor = restored(changelog())
    assert processor.position == HALF
    processor.apply(every[HALF:])
    for each in (whole, processor):
        each.cut()
    assert told(processor) == told(whole)
    assert told(whole)["tickets"]["created"] > 10


def of_format(number: int) -> Changelog:
    return {
        key: dumps({**json.loads(value or b""), "v": number}) for key, value in changelog().items()
    }


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (FORMAT + 1, "was written by a newer version, in format 4; this one reads format 3: start"),
        (FORMAT - 1, "was written by an older version, in format 2; this one reads format 3: rebu"),
    ],
)
def test_another_format_is_refused_before_anything_is_read(number: int, advice: str) -> None:
    with pytest.raises(FormatError, match=advice):
        restored(of_format(number))
    # Also where a crash left tickets and no totals.
    tickets = {key: of for key, of in of_format(number).items() if not key.startswith(b"\xff")}
    assert tickets
    with pytest.raises(FormatError, match=advice):
        restored(tickets)
    # And where nobody knows yet what else is in there.
    with pytest.raises(FormatError, match=advice):
        restored({TOTALS_KEY: dumps({"v": number, "unheard": "of"}), b"T-1": b"?"})


def test_agents_and_customers_keep_to_it_too() -> None:
    entities = Entities(Agents(), settings(), packing)
    newer: Changelog = {TOTALS_KEY: dumps({"v": 2, "unheard": "of"}), b"ann": b"?"}
    with pytest.raises(FormatError, match="was written by a newer version, in format 2"):
        for _ in entities.restore(newer):
            pass


def write() -> None:
    """The events once, and the state of this version's format."""
    FOLDER.mkdir(exist_ok=True)
    if not EVENTS.exists():
        scenario = Scenario(MONDAY_MS, days=0.5, scale=40, warm_up_days=0)
        every = (each.value.decode() for each in generate(scenario) if each.value)
        lines = [line for line in every if '"type":"ticket.' in line][: 2 * HALF]
        EVENTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    half = Processor(settings(), packing)
    half.apply(arrivals()[:HALF])
    writes = {key: value for key, value in half.cut().writes if value is not None}
    rows = [json.dumps([key.decode("latin-1"), value.decode()]) for key, value in writes.items()]
    STATE.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
