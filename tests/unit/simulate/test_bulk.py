"""The fast path of the benchmarks."""

import pytest

from streams.core.events import Accepted, Event
from streams.simulate import bulk
from streams.wire.cloudevents import decode

LATER = 2_000_000_000_000


def read(messages: list[tuple[bytes, bytes]]) -> list[Event]:
    events = []
    for key, value in messages:
        arrival = decode(key, value, (), now_ms=LATER, future_skew_ms=0)
        assert isinstance(arrival, Accepted)
        assert arrival.flags == ()
        events.append(arrival.event)
    return events


def test_all_events_are_valid_unique_and_in_order() -> None:
    events = read(list(bulk(3_000, 6, seed=1)))
    assert len(events) == 18_000
    assert len({event.id for event in events}) == 18_000
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_tickets_are_interleaved() -> None:
    keys = [key for key, _ in bulk(3_000, 3, seed=1)]
    assert len(set(keys[4_000:4_100])) == 100


def test_a_ticket_is_created_first_and_resolved_last() -> None:
    events = read([message for message in bulk(2_500, 6, seed=1) if message[0] == b"B17"])
    assert [event.type.removeprefix("ticket.") for event in events] == [
        "created", "updated", "replied", "replied", "replied", "updated",
    ]  # fmt: skip
    assert events[-1].data["status"] == "resolved"


@pytest.mark.parametrize("per_ticket", [1, 2, 5, 40])
def test_open_tickets_are_never_resolved(per_ticket: int) -> None:
    messages = list(bulk(50, per_ticket, seed=1, leave_open=True))
    assert len(messages) == 50 * per_ticket
    assert not any(b"resolved" in value for _, value in messages)


def test_the_seed_decides_everything() -> None:
    assert list(bulk(100, 4, seed=1)) == list(bulk(100, 4, seed=1))
    assert list(bulk(100, 4, seed=1)) != list(bulk(100, 4, seed=2))


def test_an_event_is_about_three_hundred_bytes() -> None:
    sizes = [len(value) for _, value in bulk(2_000, 6, seed=1)]
    assert 230 < sum(sizes) / len(sizes) < 350


@pytest.mark.parametrize(("tickets", "per_ticket"), [(0, 1), (1, 0)])
def test_counts_below_one_are_refused(tickets: int, per_ticket: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        list(bulk(tickets, per_ticket, seed=1))
