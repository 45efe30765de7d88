"""What requesters are to be told of the tickets of a partition, from one cut to the next.

Why at all: docs/decisions/0015.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from streams.core import events as ev
from streams.core.events import Event
from streams.core.record import Record
from streams.core.requesters import MAX_NAME, TicketFacts, Told, erased, facts_of, gone

_UNTOLD: Final = frozenset({ev.REPLIED, ev.WORKED, ev.COST, ev.REVIEWED, ev.SURVEY_SENT})
"""Events that change nothing requesters are told, as long as they come in order."""


class Telling:
    """Whose tickets have changed, and what he had been told of them."""

    def __init__(self, forgotten: int) -> None:
        """`forgotten`: after so many milliseconds of silence a ticket begins anew."""
        self._forgotten = forgotten
        self._known: dict[str, tuple[str, TicketFacts] | None] = {}
        """Tickets that changed since the last cut: requester, and what he had been told."""
        self._named: dict[str, set[str]] = {}
        """Requesters whom their events named since then."""
        self._again: Counter[str] = Counter()
        """Events since then that can change what requesters are told."""
        self._redacted: dict[str, tuple[int, int]] = {}
        """Tickets redacted since then: source offset of that, and time of the newest event."""

    def remember(self, ticket: str, record: Record) -> None:
        """Keep what was told of a ticket, before it changes."""
        if ticket not in self._known:
            self._known[ticket] = facts_of(ticket, record.ticket)

    def redact(self, ticket: str, offset: int, record: Record, events: Iterable[Event]) -> None:
        """Have everybody erase the ticket who was ever told of it, as far as its record knows.

        Before it is erased; `events` are those of its history.
        """
        self.remember(ticket, record)
        self._redacted[ticket] = offset, record.ticket.last_at
        named = {event.data.get("requester") for event in events}
        named.add((record.ticket.extra or {}).get("requester"))
        self._named.setdefault(ticket, set()).update(
            name for name in named if name and len(name) <= MAX_NAME
        )

    def hear(self, ticket: str, event: Event, record: Record) -> None:
        """Note who may have to be told of an event, before it is judged."""
        last_at = record.ticket.last_at
        if event.type in _UNTOLD and last_at <= event.at <= last_at + self._forgotten:
            return
        self.remember(ticket, record)
        if event.type in _UNTOLD:
            return
        self._again[ticket] += 1
        requester = event.data.get("requester")
        if requester and len(requester) <= MAX_NAME:
            self._named.setdefault(ticket, set()).add(requester)

    def take(self, records: Mapping[str, Record], changed: Collection[str]) -> tuple[Told, ...]:
        """What changed for requesters since the last cut, which made the tickets `changed` durable.

        A ticket with several events that can change it is told of even if nothing has changed in
        the end: a cut that was lost may have ended between them.
        """
        told: list[Told] = []
        for ticket, before in self._known.items():
            former = self._named.get(ticket, set()) | ({before[0]} if before else set())
            if ticket in self._redacted:
                offset, newest = self._redacted[ticket]
                told += [Told(name, newest, offset, erased(ticket)) for name in sorted(former)]
            record = records.get(ticket)
            if record is None or ticket not in changed:
                continue
            at, version = record.ticket.last_at, record.offset
            now = facts_of(ticket, record.ticket)
            if now is not None and (now != before or self._again[ticket] > 1):
                told.append(Told(now[0], at, version, now[1]))
            if ticket not in self._redacted:
                told += [
                    Told(name, at, version, gone(ticket))
                    for name in sorted(former)
                    if now is None or name != now[0]
                ]
        self._known, self._named, self._again, self._redacted = {}, {}, Counter(), {}
        return tuple(told)
