"""The fast way and the careful way of reading agree, and so do the schemas.

The careful way is the definition. The fast one may give up whenever it likes, but what it
accepts the careful way accepts identically, and it does take the events that matter.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Accepted, Refused
from streams.wire.cloudevents import _read_carefully
from streams.wire.packing import pack, unpack
from streams.wire.reasons import Flag
from streams.wire.strict import read_clean
from tests.contract.schema_files import allowed_by_schema
from tests.unit.wire.samples import (
    ALL_TYPES,
    FUTURE_SKEW,
    NOW,
    PAYLOADS,
    arrival,
    event,
    nearly_valid,
)

LATEST = NOW + FUTURE_SKEW

# What a schema cannot say: it compares neither times nor fields, and knows no calendar.
BEYOND_SCHEMAS = {"ancient", "future", "timestamp", "self_merge", "value", "key_mismatch", "depth"}


def _carefully(value: bytes, key: bytes | None = b"T-1") -> Any:
    return _read_carefully(key, value, None, LATEST, ALL_TYPES, keyed=key is not None)


def _check(value: bytes) -> None:
    for key in (b"T-1", None):
        quick = read_clean(value, key, LATEST, ALL_TYPES)
        if quick is not None:
            slow = _carefully(value, key)
            # Bytes tell 5 from 5.0 and True from 1; equality does not.
            assert (quick, quick.packed) == (slow, slow.packed)


@given(nearly_valid(), st.booleans())
def test_what_the_fast_way_accepts_the_careful_way_accepts_identically(
    made: dict[str, Any], ascii_only: bool
) -> None:
    _check(json.dumps(made, ensure_ascii=ascii_only).encode())


@given(nearly_valid(most=1), nearly_valid(most=1))
def test_and_so_with_the_same_key_twice(one: dict[str, Any], other: dict[str, Any]) -> None:
    _check((json.dumps(one)[:-1] + "," + json.dumps(other)[1:]).encode())


@given(
    nearly_valid(most=1),
    st.data(),
    st.sampled_from([b"", b"\xff", b"\\ud83d", b"\x00", b"NaN", b"1e400", b",", b"}", b'"', b"\\"]),
)
def test_and_so_with_damaged_bytes(made: dict[str, Any], data: st.DataObject, junk: bytes) -> None:
    raw = json.dumps(made).encode()
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 2))
    _check(raw[:at] + junk + raw[at + cut :])


@pytest.mark.parametrize("event_type", sorted(PAYLOADS))
def test_the_fast_way_takes_every_clean_event(event_type: str) -> None:
    for clean in (
        event(event_type),
        event(event_type, sequence="7", dataschema="urn:deskpulse:event:1"),
        event(event_type, traceparent="00-1", datacontenttype="application/json"),
        event(event_type, time="2026-03-02T10:00:00.123456+01:00", sequence=None),
    ):
        raw = json.dumps(clean).encode()
        quick = read_clean(raw, b"T-1", LATEST, ALL_TYPES)
        assert quick is not None
        assert quick == _carefully(raw) == arrival(raw)


@given(nearly_valid())
def test_what_a_schema_accepts_the_program_accepts_as_it_is(made: dict[str, Any]) -> None:
    found = arrival(made)
    if allowed_by_schema(made):
        if isinstance(found, Refused):
            assert found.reason in BEYOND_SCHEMAS
        else:
            assert isinstance(found, Accepted)
            assert set(found.flags) <= {Flag.UNKNOWN_ATTRIBUTE, Flag.LEAP_SECOND}
    elif isinstance(found, Accepted):
        # The program reads more than a source should send, and mends it.
        mended = _event(found)
        assert allowed_by_schema(mended) or Flag.UNKNOWN_ENUM in found.flags


def _event(found: Accepted) -> dict[str, Any]:
    """The accepted event as a source should have sent it."""
    read = found.event
    return event(
        read.type,
        subject=found.ticket,
        id=read.id,
        source=read.source,
        sequence=read.sequence,
        data=read.data,
    )


@given(nearly_valid())
def test_a_mended_event_reads_as_itself(made: dict[str, Any]) -> None:
    """Mending is idempotent: what was understood, sent again, is understood the same."""
    found = arrival(made)
    if isinstance(found, Accepted):
        again = arrival(_event(found), key=found.ticket.encode())
        assert isinstance(again, Accepted)
        at = found.event.at
        assert again.event._replace(at=at) == found.event
        assert unpack(found.packed) == [found.event]
        assert pack(again.event._replace(at=at)) == found.packed
