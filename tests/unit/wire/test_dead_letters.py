"""A letter is the original record, plus headers that say why it is here."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.wire.deadletters import (
    POINTER_BYTES,
    PREFIX,
    Letter,
    Origin,
    details,
    letter,
    replay_headers,
)
from streams.wire.reasons import MAX_VALUE_BYTES

ORIGIN = Origin("ticket-events", 3, 42)
HEADERS = st.lists(st.tuples(st.text(max_size=6), st.none() | st.binary(max_size=6)), max_size=4)


def _letter(
    key: bytes | None = b"T-1",
    value: bytes | None = b"{",
    headers: list[tuple[str, bytes | None]] | None = None,
    *,
    seen_ms: int = 1_000,
) -> Letter:
    return letter(
        key, value, headers or [], reason="json", origin=ORIGIN, seen_ms=seen_ms, engine="0.1.0"
    )


@given(st.none() | st.binary(max_size=9), st.none() | st.binary(max_size=99), HEADERS)
def test_key_value_and_headers_stay_byte_for_byte_and_in_order(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    made = _letter(key, value, headers)
    if key is None and value is None:
        assert (made.value, details(made.headers)["null"]) == (b"", "value")
        return
    assert (made.key, made.value) == (key, value)
    assert made.headers[: len(headers)] == headers


def test_the_headers_behind_them_say_why_where_when_and_by_whom() -> None:
    made = _letter(headers=[("trace", b"1")])
    assert made.headers == [
        ("trace", b"1"),
        ("deskpulse_reason", b"json"),
        ("deskpulse_topic", b"ticket-events"),
        ("deskpulse_partition", b"3"),
        ("deskpulse_offset", b"42"),
        ("deskpulse_first_seen", b"1000"),
        ("deskpulse_engine", b"0.1.0"),
    ]
    assert details(made.headers)["first_seen"] == "1000"


@pytest.mark.parametrize("size", [MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1])
def test_only_a_value_that_would_not_fit_again_becomes_a_pointer(size: int) -> None:
    value = b"abc" * (size // 3) + b"x" * (size % 3)
    made = _letter(value=value)
    found = details(made.headers)
    if size <= MAX_VALUE_BYTES:
        assert made.value == value
        assert "sha256" not in found
    else:
        assert made.value == value[:POINTER_BYTES]
        assert found["sha256"] == sha256(value).hexdigest()
        assert found["size"] == str(size)


def test_a_record_put_back_and_refused_again_keeps_when_it_was_first_seen() -> None:
    first = _letter(headers=[("trace", b"1")], seen_ms=1_000)
    back = replay_headers(first.headers)
    assert back == [("trace", b"1"), ("deskpulse_first_seen", b"1000")]
    assert _letter(headers=back, seen_ms=9_000) == first


def test_a_fault_of_ours_is_named() -> None:
    made = letter(
        *(b"T-1", b"{}", []),
        reason="handler",
        origin=ORIGIN,
        seen_ms=1,
        engine="1",
        fault="KeyError in streams.wire.kinds:1",
    )
    assert details(made.headers)["fault"] == "KeyError in streams.wire.kinds:1"


def test_the_odd_bytes_of_a_name_are_written_out_as_no_client_sends_them() -> None:
    made = _letter(headers=[("tr\udcffce", b"\xff"), ("след", b"1")])
    assert made.headers[:2] == [("tr\\xffce", b"\xff"), ("след", b"1")]


@pytest.mark.parametrize("claimed", [b"", b"soon", b"-1", b"\xff", "٣".encode(), b"9" * 99])
def test_a_first_seen_that_is_no_instant_is_not_believed(claimed: bytes) -> None:
    made = _letter(headers=[(f"{PREFIX}first_seen", claimed)], seen_ms=9_000)
    assert details(made.headers)["first_seen"] == "9000"
