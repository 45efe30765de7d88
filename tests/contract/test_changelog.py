"""What the engine writes to the changelog is what `schemas/changelog.json` says."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from streams.core.instants import DAY
from streams.core.processor import TOTALS_KEY, Processor
from streams.core.settings import Settings
from streams.core.settled import SETTLED_KEY
from streams.core.slots import SEAL_KEY
from streams.core.usual import KEY
from streams.wire import packing
from streams.wire.cloudevents import decode_line
from streams.wire.codec import dumps
from tests import strategies
from tests.contract.schema_files import SCHEMAS

SCHEMA: dict[str, Any] = json.loads((SCHEMAS / "changelog.json").read_text())
FAR_FUTURE = 4_000_000_000_000
SMALL = Settings(history_events=4, forgotten=10 * DAY, closed_ticket=8 * DAY)


def _written(events: list[dict[str, Any]], *, advance: bool) -> dict[bytes, Any]:
    processor = Processor(SMALL, packing)
    processor.apply(
        [
            (offset, decode_line(dumps(event), now_ms=FAR_FUTURE, future_skew_ms=0))
            for offset, event in enumerate(events)
        ]
    )
    if advance and processor.newest is not None:
        processor.advance(processor.newest)
        processor.advance(processor.newest + 11 * DAY)
    return {k: None if v is None else packing.loads(v) for k, v in processor.cut().writes}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.booleans())
def test_every_record_written_is_valid(data: st.DataObject, advance: bool) -> None:
    events = data.draw(strategies.event_sets(days=strategies.BEYOND_HORIZON))
    validator = Draft202012Validator(SCHEMA)
    for value in _written(events, advance=advance).values():
        if value is not None:
            validator.validate(value)


def test_a_partition_writes_its_own_records_under_keys_that_no_ticket_can_have() -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "ticket.created",
        "subject": "T-1",
        "time": "2026-01-01T00:00:00Z",
        "data": {},
    }
    written = _written([event], advance=True)
    month = SETTLED_KEY + b"-2026-01"
    usual = {key for key in written if key.startswith(KEY)}
    assert len(usual) == 2, "the seal, and a quarter of an hour"
    assert set(written) - usual == {SETTLED_KEY, month, TOTALS_KEY, SEAL_KEY, b"T-1"}
    assert written[b"T-1"] is None, "the ticket was forgotten"
    for key in (SETTLED_KEY, month, TOTALS_KEY, SEAL_KEY, *usual):
        with pytest.raises(UnicodeDecodeError):
            key.decode()
