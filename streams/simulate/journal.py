"""The events of the simulated company, as CloudEvents in the order of their time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from streams.simulate.company import Customer
from streams.simulate.scenario import Topic
from streams.simulate.ticket import Agent, Ticket

Subject = Ticket | Agent | Customer
"""What an event is about; it knows the topic of its events."""

SOURCES: Final = {
    "chat": "chat/acme",
    "phone": "telephony/acme",
    "survey": "survey/acme",
    "agent": "workforce/acme",
    "customer": "shop/acme",
    "feedback": "reviews/acme",
    "selfservice": "help-centre/acme",
}
"""The system that publishes, by origin, where it is not the helpdesk itself."""


class Happening(NamedTuple):
    """One event, where it belongs and when it happened."""

    at_ms: int
    topic: Topic
    event: dict[str, Any]
    """A structured CloudEvent (CONTRACTS section 1)."""


def timestamp(at_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text[:-6] + "Z"


class Journal:
    """Collects events, also of moments a little ahead, and hands them out in order.

    The events of a ticket, an agent or a customer are numbered as they are handed out:
    `sequence` counts up with the time, and the id is made of both.
    """

    __slots__ = ("_ahead", "_count")

    def __init__(self) -> None:
        self._ahead: list[tuple[int, int, Subject, str, dict[str, Any]]] = []
        self._count = 0

    def note(self, at_ms: int, subject: Subject, kind: str, data: dict[str, Any]) -> None:
        """Keep an event of type `kind` until its time has come."""
        self._count += 1
        heappush(self._ahead, (at_ms, self._count, subject, kind, data))

    def until(self, at_ms: int) -> Iterator[Happening]:
        """Hand out everything before an instant (exclusive)."""
        while self._ahead and self._ahead[0][0] < at_ms:
            at, _, subject, kind, data = heappop(self._ahead)
            yield Happening(at, subject.topic, _cloud_event(at, subject, kind, data))


def _cloud_event(at_ms: int, subject: Subject, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    subject.sequence += 1
    time = timestamp(at_ms)
    origin = _origin(subject, kind, data)
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{subject.id}-{subject.sequence}",
        "source": SOURCES.get(origin, "helpdesk/acme"),
        "type": kind,
        "subject": subject.id,
        "time": time,
        "datacontenttype": "application/json",
        "sequence": subject.sequence,
        "data": data,
    }
    # Systems differ in what the contract leaves open; readers have to take both.
    if origin == "chat":
        event["time"] = time[:-1] + "000000Z"
    elif origin == "phone":
        event["sequence"] = str(subject.sequence)
    return event


def _origin(subject: Subject, kind: str, data: dict[str, Any]) -> str:
    """What sends events of this kind: a channel's system where the event is about one."""
    family = kind.partition(".")[0]
    if family == "contact":
        return str(data["channel"])
    return subject.channel if family == "ticket" and isinstance(subject, Ticket) else family
