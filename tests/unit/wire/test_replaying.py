"""What goes back is what came, and a mark remembers which letter it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.wire.cloudevents import Headers
from streams.wire.deadletters import Letter, Origin, details, letter
from streams.wire.reasons import MAX_VALUE_BYTES
from streams.wire.replaying import Marked, Place, Stored, found, mark, obstacle, original
from tests.unit.wire.samples import FUTURE_SKEW, NOW, event

HEADERS = st.lists(st.tuples(st.text(max_size=6), st.none() | st.binary(max_size=6)), max_size=4)
PLACE = Place(2, 1_234)


def stored(
    key: bytes | None = b"T-1",
    value: bytes | None = b"{",
    headers: Headers = (),
    *,
    reason: str = "json",
    topic: str = "ticket-events",
) -> Stored:
    made = letter(
        *(key, value, headers),
        reason=reason,
        origin=Origin(topic, 3, 42),
        seen_ms=1_000,
        engine="1",
    )
    one = found(PLACE, 2_000, made)
    assert isinstance(one, Stored)
    return one


def kept_by(one: Stored) -> str:
    return obstacle(one, "ticket-events", now_ms=NOW, future_skew_ms=FUTURE_SKEW)


@given(st.none() | st.binary(max_size=9), st.none() | st.binary(max_size=99), HEADERS)
def test_what_goes_back_is_what_came_and_when_that_was(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    back = original(stored(key, value, headers).letter)
    assert back == Letter(key, value, [*headers, ("deskpulse_first_seen", b"1000")])


@pytest.mark.parametrize("key", [b"T-1", b"", None])
def test_a_mark_names_its_letter_and_can_be_sent(key: bytes | None) -> None:
    made = mark(PLACE, key, at_ms=9_000, engine="1")
    assert (made.key, made.value) != (None, None)
    assert found(Place(2, 5_000), 9_000, made) == Marked(PLACE)
    assert details(made.headers) == {"replayed": "2/1234", "replayed_at": "9000", "engine": "1"}


@pytest.mark.parametrize("text", ["", "2", "2/", "/1", "2/1/1", "-1/2", "2/1.5", "two/1"])
def test_other_text_is_no_place_and_its_record_no_mark(text: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        Place.read(text)
    odd = Letter(b"T-1", b"", [("deskpulse_replayed", text.encode())])
    assert isinstance(found(PLACE, 1, odd), Stored)


def test_a_place_reads_back() -> None:
    assert Place.read(str(PLACE)) == PLACE


def raw(**changes: Any) -> bytes:
    return json.dumps(event(**changes)).encode()


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (stored(value=raw(), reason="handler"), ""),
        (stored(value=raw(), reason="json"), ""),
        (stored(value=raw(dataschema="urn:deskpulse:event:2"), reason="version"), "version"),
        (stored(value=raw(), key=b"T-2", reason="key_mismatch"), "key_mismatch"),
        (stored(value=b"{", reason="handler"), "json"),
        (stored(value=raw(type="ticket.viewed"), reason="handler"), ""),
        (stored(value=b" " * (MAX_VALUE_BYTES + 1), reason="oversize"), "cut"),
        (stored(key=None, value=None, reason="key"), "key"),
        (stored(value=raw(), topic="other-events"), "foreign"),
        (Stored(PLACE, 1, Letter(b"T-1", raw(), []), {}), "foreign"),
    ],
)
def test_a_letter_stays_that_would_only_come_back(one: Stored, expected: str) -> None:
    assert kept_by(one) == expected


def test_an_event_from_the_future_can_go_back_once_it_has_passed() -> None:
    one = stored(value=raw(time="2026-03-02T12:30:00Z"), reason="future")
    assert kept_by(one) == "future"
    assert obstacle(one, "ticket-events", now_ms=NOW + 30 * 60_000, future_skew_ms=0) == ""
