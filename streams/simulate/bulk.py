"""Millions of plain tickets, fast: traffic for benchmarks, without the simulated desk.

Tickets begin at a steady pace and are interleaved: each one's next event comes
`STRIDE` beginnings after its last, so that many are open at any time and a batch holds
many tickets. Written from byte templates; no JSON library is involved.
"""

from collections.abc import Iterator
from typing import Final

from streams.simulate.journal import timestamp

STRIDE: Final = 1_000
STEP_MS: Final = 100
"""Between the beginnings of two tickets; between two events of a ticket: `STRIDE` times that."""

QUEUES: Final = (b"billing", b"payments", b"technical", b"logistics", b"onboarding")
PRIORITIES: Final = (b"urgent", b"high", b"high", b"low", *(b"normal",) * 4)
CHANNELS: Final = (b"email", b"email", b"web", b"chat", b"phone")
SEGMENTS: Final = (b"enterprise", b"business", b"consumer", b"consumer")

_HEAD: Final = (
    b'{"specversion":"1.0","id":"%d-%d","source":"bench/bulk","type":"%b","subject":"B%d",'
    b'"time":"%b","sequence":%d,"datacontenttype":"application/json","data":{'
)
_CREATED: Final = (
    b'"status":"new","priority":"%b","queue":"%b","channel":"%b",'
    b'"requester":"cust-%d","segment":"%b"}}'
)
_ASSIGNED: Final = (
    b'"status":"open","assignee":"agent-%d","actor":{"id":"agent-%d","role":"agent"}}}'
)
_ANSWER: Final = b'"author":{"id":"agent-%d","role":"agent"},"visibility":"public"}}'
_QUESTION: Final = b'"author":{"id":"cust-%d","role":"requester"},"visibility":"public"}}'
_RESOLVED: Final = b'"status":"resolved","actor":{"id":"agent-%d","role":"agent"}}}'


def bulk(
    n_tickets: int,
    events_per_ticket: int,
    seed: int,
    *,
    start_ms: int = 1_772_409_600_000,
    leave_open: bool = False,
) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of `n_tickets * events_per_ticket` valid events, in order of their time.

    A ticket is created, assigned, then answered and asked about in turn, and its last
    event resolves it unless `leave_open`. The first event is at `start_ms` (epoch
    milliseconds; Monday 2026-03-02, UTC). Raises `ValueError` for counts below 1.
    """
    if n_tickets < 1 or events_per_ticket < 1:
        raise ValueError("bulk: expected at least one ticket and one event per ticket")
    last = -1 if leave_open or events_per_ticket == 1 else events_per_ticket - 1
    for step in range(n_tickets + (events_per_ticket - 1) * STRIDE):
        time = timestamp(start_ms + step * STEP_MS).encode()
        newest = min(step // STRIDE, events_per_ticket - 1)
        for number in range(newest, -1, -1):
            ticket = step - number * STRIDE
            if ticket < n_tickets:
                yield b"B%d" % ticket, _event(ticket, number, seed, time, resolves=number == last)


def _event(ticket: int, number: int, seed: int, time: bytes, *, resolves: bool) -> bytes:
    # Knuth's multiplicative hash: spreads attributes over tickets without a generator.
    luck = (ticket * 2_654_435_761 + seed * 40_503) & 0xFFFFFFFF
    if number == 0:
        kind = b"ticket.created"
        data = _CREATED % (
            PRIORITIES[luck >> 3 & 7],
            QUEUES[(luck >> 6) % 5],
            CHANNELS[(luck >> 9) % 5],
            luck % 50_000,
            SEGMENTS[luck >> 12 & 3],
        )
    elif resolves:
        kind, data = b"ticket.updated", _RESOLVED % (luck % 200)
    elif number == 1:
        kind, data = b"ticket.updated", _ASSIGNED % (luck % 200, luck % 200)
    elif number % 2 == 0:
        kind, data = b"ticket.replied", _ANSWER % (luck % 200)
    else:
        kind, data = b"ticket.replied", _QUESTION % (luck % 50_000)
    return _HEAD % (ticket, number, kind, ticket, time, number + 1) + data
