"""Whatever comes, decoding has exactly one answer, and never one that is a fault of ours.

    pytest tests/unit/wire/test_decode_fuzz.py --hypothesis-profile long

tries a hundred thousand messages for each test instead of some hundreds.
"""

import json
from typing import Any

from hypothesis import example, given, settings

from streams.core.events import Accepted, Arrival, Ignored, Redaction, Refused
from streams.core.instants import parse_rfc3339
from streams.wire.cloudevents import UNKNOWN_TYPE, _read_carefully, decode, decode_line
from streams.wire.packing import unpack
from streams.wire.reasons import FLAGS, REASONS, Flag, Reason
from streams.wire.strict import read_clean
from tests.unit.wire.fuzzed import KEYS, VALUES, Header, damaged, headers
from tests.unit.wire.samples import ALL_TYPES, FUTURE_SKEW, NOW

LATEST = NOW + FUTURE_SKEW
EARLIEST = parse_rfc3339("2000-01-01T00:00:00Z")
many = settings(max_examples=max(300, settings().max_examples), deadline=None)


def _decoded(key: bytes | None, value: bytes | None, carried: list[Header]) -> Arrival:
    return decode(key, value, carried, now_ms=NOW, future_skew_ms=FUTURE_SKEW, types=ALL_TYPES)


def _line(value: bytes) -> Arrival:
    return decode_line(value, now_ms=NOW, future_skew_ms=FUTURE_SKEW, types=ALL_TYPES)


@many
@given(KEYS, VALUES, headers())
@example(b"T-1", b"[" * 100_000, [])
@example(b"T-1", b'{"a":' * 100_000, [])
@example(b"T-1", b'{"specversion":"1.0","data":' + b"[" * 900 + b"]" * 900 + b"}", [])
@example(b"T-1", b'{"a":' + b"9" * 100_000 + b"}", [])
@example(b"T-1", b'"' + b"\\" * 1_001, [])
def test_any_record_gives_exactly_one_arrival_from_the_closed_lists(
    key: bytes | None, value: bytes | None, carried: list[Header]
) -> None:
    found = [_decoded(key, value, carried)]
    if value is not None:
        found += [_decoded(key, value, []), _line(value)]
    for each in found:
        if isinstance(each, Redaction):
            assert each == Redaction((key or b"").decode())
        else:
            _hold(each)


def _hold(found: Arrival) -> None:
    if isinstance(found, Refused):
        assert found.reason in REASONS
        assert found.reason != Reason.HANDLER, found.fault
        assert type(found.reason) is str
    elif isinstance(found, Ignored):
        assert found.reason == UNKNOWN_TYPE
    else:
        assert isinstance(found, Accepted)
        assert set(found.flags) <= set(FLAGS)
        assert all(type(flag) is str for flag in found.flags)
        assert EARLIEST <= found.event.at <= LATEST
        assert unpack(found.packed) == [found.event]
        assert found.identity in found.packed


@many
@given(damaged())
def test_the_fast_way_and_the_careful_way_agree_on_whatever_is_left(value: bytes) -> None:
    """The fast one may give up; what it accepts, the careful one accepts identically."""
    for key in (b"T-1", b"T-1001", None):
        quick = read_clean(value, key, LATEST, ALL_TYPES)
        if quick is not None:
            slow = _read_carefully(key, value, None, LATEST, ALL_TYPES, keyed=key is not None)
            assert isinstance(slow, Accepted)
            # Bytes tell 5 from 5.0 and True from 1; equality does not.
            assert (quick, quick.packed) == (slow, slow.packed)


@many
@given(damaged())
def test_an_event_is_flagged_exactly_if_a_key_stands_twice_in_it(value: bytes) -> None:
    """Against the standard library, which hands out every pair of an object."""
    found = _line(value)
    if isinstance(found, Accepted):
        assert (Flag.DUP_KEY in found.flags) == _repeats(value)


def _repeats(value: bytes) -> bool:
    repeated = False

    def pairs_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        repeated = repeated or len(dict(pairs)) < len(pairs)
        return dict(pairs)

    json.loads(value, object_pairs_hook=pairs_of)
    return repeated
