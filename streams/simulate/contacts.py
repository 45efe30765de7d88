"""The line on the phone and in the chat: getting in it, being answered, hanging up."""

from typing import Any, Final

from streams.core.instants import HOUR, MINUTE
from streams.simulate.chance import SECOND, between, spread
from streams.simulate.company import Customer
from streams.simulate.desk import SYSTEM, Desk
from streams.simulate.ticket import Ticket

QUEUED: Final = "contact.queued"
ANSWERED: Final = "contact.answered"
ABANDONED: Final = "contact.abandoned"
PATIENCE_MIN: Final = {"phone": 9, "chat": 8}
"""Median minutes after which somebody in line gives up."""
CALLS_AGAIN: Final = 0.45
ANNOYED: Final = 0.4
"""Share of those who gave up twice whose ticket becomes a conflict."""


def line_up(desk: Desk, ticket: Ticket) -> None:
    """Put a ticket in line for the team; on the phone and in the chat the customer waits there."""
    if ticket.customer.in_line:
        ticket.live = False
    if ticket.live:
        ticket.calls += 1
        ticket.waiting = ticket.customer.in_line = True
        desk.note(ticket.customer, QUEUED, _contact(ticket))
        patience = spread(desk.rng, PATIENCE_MIN[ticket.channel] * MINUTE)
        desk.agenda.after(patience, _hang_up, desk, ticket, ticket.calls)
    desk.floor.enqueue(ticket)


def answer(desk: Desk, ticket: Ticket) -> None:
    """An agent has taken the ticket: whoever is in line is answered after a ring or two."""
    if ticket.waiting:
        ticket.waiting = ticket.customer.in_line = False
        wait = between(desk.rng, 500, 3 * SECOND)
        desk.note(ticket.customer, ANSWERED, _contact(ticket), in_ms=wait)


def give_up(desk: Desk, customer: Customer, channel: str, queue: str) -> None:
    """Somebody hears the announcement and hangs up; no ticket is ever made of it."""
    contact = {"channel": channel, "queue": queue}
    desk.note(customer, QUEUED, contact)
    desk.note(customer, ABANDONED, contact, in_ms=between(desk.rng, 5 * SECOND, 40 * SECOND))


def _hang_up(desk: Desk, ticket: Ticket, call: int) -> None:
    """Patience is over; the ticket stays in the queue to be called back, or they call again."""
    rng = desk.rng
    if not ticket.waiting or ticket.calls != call:
        return
    ticket.live = ticket.waiting = ticket.customer.in_line = False
    desk.note(ticket.customer, ABANDONED, _contact(ticket))
    if call > 1 and ticket.kind != "conflict" and rng.random() < ANNOYED:
        desk.update(ticket, SYSTEM, kind="conflict")
    if rng.random() < CALLS_AGAIN:
        desk.agenda.after(between(rng, 5 * MINUTE, HOUR), _call_again, desk, ticket)


def _call_again(desk: Desk, ticket: Ticket) -> None:
    untouched = ticket.answered_ms is None and ticket.status == "new" and not ticket.gone
    if untouched and desk.rhythm.office(desk.agenda.now_ms):
        ticket.live = True
        line_up(desk, ticket)


def _contact(ticket: Ticket) -> dict[str, Any]:
    return {"channel": ticket.channel, "queue": ticket.queue, "ticket": ticket.id}
