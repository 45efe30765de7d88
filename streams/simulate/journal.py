"""The events of the simulated desk, as CloudEvents in the order of their time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from streams.simulate.ticket import Ticket

SOURCES: Final = {"chat": "chat/acme", "phone": "telephony/acme", "survey": "survey/acme"}
"""The system that publishes a channel's tickets, where it is not the helpdesk itself."""


class Happening(NamedTuple):
    """One event and when it happened."""

    at_ms: int
    event: dict[str, Any]
    """A structured CloudEvent (CONTRACTS section 1)."""


def timestamp(at_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text[:-6] + "Z"


class Journal:
    """Collects events, also of moments a little ahead, and hands them out in order.

    A ticket's events are numbered as they are handed out: `sequence` counts up with
    the time, and the id is made of both.
    """

    __slots__ = ("_ahead", "_count")

    def __init__(self) -> None:
        self._ahead: list[tuple[int, int, Ticket, str, dict[str, Any]]] = []
        self._count = 0

    def note(self, at_ms: int, ticket: Ticket, kind: str, data: dict[str, Any]) -> None:
        """Keep an event of type `kind` until its time has come."""
        self._count += 1
        heappush(self._ahead, (at_ms, self._count, ticket, kind, data))

    def until(self, at_ms: int) -> Iterator[Happening]:
        """Hand out everything before an instant (exclusive)."""
        while self._ahead and self._ahead[0][0] < at_ms:
            at, _, ticket, kind, data = heappop(self._ahead)
            yield Happening(at, _cloud_event(at, ticket, kind, data))


def _cloud_event(at_ms: int, ticket: Ticket, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    ticket.sequence += 1
    time = timestamp(at_ms)
    origin = "survey" if kind.startswith("survey.") else ticket.channel
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{ticket.id}-{ticket.sequence}",
        "source": SOURCES.get(origin, "helpdesk/acme"),
        "type": kind,
        "subject": ticket.id,
        "time": time,
        "datacontenttype": "application/json",
        "sequence": ticket.sequence,
        "data": data,
    }
    # Systems differ in what the contract leaves open; readers have to take both.
    if origin == "chat":
        event["time"] = time[:-1] + "000000Z"
    elif origin == "phone":
        event["sequence"] = str(ticket.sequence)
    return event
