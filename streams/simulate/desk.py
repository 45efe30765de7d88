"""What every part of the simulated operation works with, handed from function to function."""

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from streams.core import events
from streams.simulate.agenda import Agenda
from streams.simulate.causes import Cause
from streams.simulate.company import Customer, customer
from streams.simulate.floor import Floor
from streams.simulate.journal import Journal, Subject
from streams.simulate.rhythm import Rhythm
from streams.simulate.ticket import Agent, Ticket

SYSTEM: Final = {"id": "helpdesk", "role": "system"}
BOT: Final = {"id": "helpbot", "role": "bot"}
PUBLIC: Final = "public"
PRIVATE: Final = "private"


class Matter(NamedTuple):
    """What somebody wrote in about."""

    customer: Customer
    category: str


@dataclass(slots=True)
class Desk:
    """The world of one run: its luck, its clock, its people and its record."""

    rng: Random
    scale: float
    rhythm: Rhythm
    agenda: Agenda
    journal: Journal
    floor: Floor
    cause: Cause
    released_ms: int
    unsettled: deque[Matter]
    """What was resolved of late, but perhaps not for good; the oldest drop out."""
    tickets: int = 0
    """Numbers the tickets."""
    customers: dict[int, Customer] = field(default_factory=dict)
    """Those who turned up in this run, by number."""

    def customer(self, number: int) -> Customer:
        """The customer with this number, as they are now."""
        found = self.customers.get(number)
        if found is None:
            found = self.customers[number] = customer(number)
        return found

    def note(self, subject: Subject, kind: str, data: dict[str, Any], *, in_ms: int = 0) -> None:
        """Record an event of the subject, now or a moment ahead."""
        self.journal.note(self.agenda.now_ms + in_ms, subject, kind, data)

    def update(self, ticket: Ticket, actor: dict[str, str], **attributes: Any) -> None:
        """Change attributes of the ticket and record the change."""
        self.note(ticket, events.UPDATED, {**ticket.change(**attributes), "actor": actor})

    def assign(self, ticket: Ticket, agent: Agent) -> None:
        """The agent takes the ticket; recorded only if that changes anything."""
        changed: dict[str, Any] = {}
        if ticket.assignee is not agent:
            ticket.assignee = agent
            changed["assignee"] = agent.id
        if ticket.status != "open":
            changed["status"] = "open"
        if not ticket.assessed:
            ticket.assessed = True
            changed["complexity"] = ticket.complexity
        if changed:
            self.update(ticket, agent.actor, **changed)

    def reply(
        self,
        ticket: Ticket,
        author: dict[str, str],
        *,
        visibility: str = PUBLIC,
        automatic: bool = False,
        in_ms: int = 0,
    ) -> None:
        """Record one message, and when a person at the desk first answered in public."""
        data: dict[str, Any] = {"author": author, "visibility": visibility}
        if automatic:
            data["automatic"] = True
        data["channel"] = ticket.channel
        if author["role"] == "agent" and visibility == PUBLIC and ticket.answered_ms is None:
            ticket.answered_ms = self.agenda.now_ms + in_ms
        self.note(ticket, events.REPLIED, data, in_ms=in_ms)

    def requester_writes(self, ticket: Ticket, *, automatic: bool = False, in_ms: int = 0) -> None:
        """Record a public message of the customer."""
        author = {"id": ticket.customer.id, "role": "requester"}
        self.reply(ticket, author, automatic=automatic, in_ms=in_ms)
