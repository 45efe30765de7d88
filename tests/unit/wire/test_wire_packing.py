"""A history is a comma-joined run of packed events."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Event
from streams.wire.packing import pack, unpack

EVENTS = st.builds(
    Event,
    at=st.integers(0, 4 * 10**12),
    sequence=st.integers(-(2**63), 2**63 - 1),
    source=st.text(),
    id=st.text(),
    type=st.sampled_from(("ticket.updated", "survey.responded")),
    data=st.dictionaries(
        st.text(),
        st.none()
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(st.text()),
    ),
)


def test_a_packed_event_is_readable_json_with_sorted_keys() -> None:
    event = Event(5, 0, "desk/ü", "e-1", "ticket.updated", {"b": None, "a": {"d": 1, "c": "x"}})
    assert (
        pack(event).decode()
        == '[5,0,"desk/ü","e-1","ticket.updated",{"a":{"c":"x","d":1},"b":null}]'
    )


def test_no_history_has_no_events() -> None:
    assert unpack(b"") == []


@given(st.lists(EVENTS, max_size=4))
def test_unpacking_gives_the_events_back_in_their_order(events: list[Event]) -> None:
    assert unpack(b",".join(map(pack, events))) == events


@given(EVENTS)
def test_equal_events_pack_to_equal_bytes(event: Event) -> None:
    shuffled = event._replace(data=dict(reversed(list(event.data.items()))))
    assert pack(shuffled) == pack(event)
