"""An event log whose conflicts are known: what each goal of the sheet `conflicts` must come to."""

from collections.abc import Iterator

from streams.core.instants import DAY, HOUR, MINUTE
from tests.tickets_told import Event, csat, event, reply

START = 1_772_438_400_000
"""Monday, 2026-03-02 08:00 UTC."""
TICKETS = 20
END = START + TICKETS * 3 * HOUR + 3 * DAY


def conflict_log(tickets: int = TICKETS) -> list[Event]:
    """Conflicts, one every three hours: answered after 1.5 h and resolved after 36 h on average.

    Every tenth stays open. Customers give 3, 4 and 5 points, 4.0 on average. Between them
    questions are answered at once and please, so that a goal on all tickets would be met.
    """
    events: list[Event] = []
    for number in range(tickets):
        at = START + number * 3 * HOUR
        events += _conflict(f"C-{number}", at, number)
        events += _question(f"Q-{number}", at + HOUR)
    return sorted(events, key=lambda event: str(event["time"]))


def _conflict(ticket: str, at: int, number: int) -> Iterator[Event]:
    kind = ("complaint", "conflict")[number % 2]
    labels = {"queue": "service", "channel": "email", "kind": kind, "status": "open"}
    # One hour and two by turns; of the resolved ones 30 h and 42 h.
    waited = (1 + number // 2 % 2) * HOUR
    yield event(ticket, at, "ticket.created", **labels)
    yield reply(ticket, at + waited)
    if number % 10 == 9:
        return
    took = 36 * HOUR + (number % 10 - 4) * HOUR
    yield event(ticket, at + took, "ticket.updated", status="resolved")
    score = (3, 4, 5)[number % 10 % 3]
    yield csat(ticket, at + took + MINUTE, score)


def _question(ticket: str, at: int) -> Iterator[Event]:
    labels = {"queue": "service", "channel": "email", "kind": "question", "status": "open"}
    yield event(ticket, at, "ticket.created", **labels)
    yield reply(ticket, at + 5 * MINUTE)
    yield event(ticket, at + 10 * MINUTE, "ticket.updated", status="resolved")
    yield csat(ticket, at + 20 * MINUTE, 5)
