"""New tickets: who writes, where it lands, and what happens before an agent sees it."""

from typing import Any, Final

from streams.core import events
from streams.core.instants import HOUR, MINUTE
from streams.simulate.aftermath import resolve
from streams.simulate.casework import await_requester, delete
from streams.simulate.chance import SECOND, between, pick, spread
from streams.simulate.company import (
    FIRST_LINE,
    KINDS,
    LIVE,
    MISROUTED,
    PRIORITIES,
    SPAM,
    TEAMS,
    Customer,
    visitor,
)
from streams.simulate.desk import BOT, SYSTEM, Desk
from streams.simulate.ticket import Agent, Ticket

PROACTIVE: Final = 0.03
"""Share of tickets that an agent opens."""
TWINS: Final = 0.03
"""Share of customers who write about the same matter twice."""
NUDGES: Final = 0.12
"""Share of customers who ask again when nobody answers."""
FILTERED: Final = 0.4
"""Share of spam that a filter deletes before anybody opens it."""
BOT_SOLVES: Final = 0.28


def arrive(desk: Desk) -> None:
    """Somebody writes in; sometimes an agent with nothing to do writes to a customer."""
    rng = desk.rng
    outage = desk.rhythm.incident(desk.agenda.now_ms) and rng.random() < 0.6
    home = "technical" if outage else pick(rng, FIRST_LINE)
    agent = desk.floor.idle(home) if rng.random() < PROACTIVE else None
    customer = visitor(rng, desk.scale)
    if agent:
        _open_by_agent(desk, agent, _ticket(desk, customer, home, "email"))
        return
    ticket = _ticket(desk, customer, home, _channel(desk, home))
    if outage:
        ticket.category, ticket.kind = "outage", "incident"
    elif rng.random() < MISROUTED[ticket.channel]:
        ticket.queue = pick(rng, {name: w for name, w in FIRST_LINE.items() if name != home})
    ticket.spam = not outage and rng.random() < SPAM.get(ticket.channel, 0.0)
    ticket.escalates = rng.random() < TEAMS[home].escalates
    _open(desk, ticket)
    if not ticket.spam and rng.random() < TWINS:
        desk.agenda.after(between(rng, 5 * MINUTE, HOUR), _write_again, desk, ticket)


def _ticket(desk: Desk, customer: Customer, home: str, channel: str) -> Ticket:
    rng = desk.rng
    desk.tickets += 1
    return Ticket(
        id=f"T{100_000 + desk.tickets}",
        customer=customer,
        channel=channel,
        category=rng.choice(TEAMS[home].categories),
        kind=pick(rng, KINDS),
        home=home,
        queue=home,
        priority=pick(rng, PRIORITIES[customer.segment]),
        created_ms=desk.agenda.now_ms,
    )


def _channel(desk: Desk, home: str) -> str:
    channel = pick(desk.rng, TEAMS[home].channels)
    if channel == "phone" and not desk.rhythm.office(desk.agenda.now_ms):
        return "email"
    return channel


def _write_again(desk: Desk, first: Ticket) -> None:
    twin = _ticket(desk, first.customer, first.home, "email")
    twin.category, twin.kind, twin.twin_of = first.category, first.kind, first.id
    _open(desk, twin)


def _open(desk: Desk, ticket: Ticket) -> None:
    """A customer's ticket is there; a receipt or a bot answers at once, people later."""
    rng, agenda = desk.rng, desk.agenda
    _created(desk, ticket, {"id": ticket.customer.id, "role": "requester"})
    if ticket.spam and rng.random() < FILTERED:
        agenda.after(between(rng, SECOND, 5 * SECOND), delete, desk, ticket)
        return
    if ticket.channel == "chat":
        _greet(desk, ticket)
        return
    if ticket.channel in ("email", "web"):
        desk.reply(ticket, SYSTEM, automatic=True, in_ms=between(rng, 500, 3 * SECOND))
    ticket.live = ticket.channel in LIVE
    agenda.after(between(rng, 2 * SECOND, 10 * SECOND), desk.floor.enqueue, ticket)
    if rng.random() < NUDGES:
        agenda.after(spread(rng, 2 * HOUR, 0.8), _nudge, desk, ticket)


def _created(desk: Desk, ticket: Ticket, actor: dict[str, str], **more: Any) -> None:
    data = {
        "status": ticket.status,
        "priority": ticket.priority,
        "queue": ticket.queue,
        "channel": ticket.channel,
        "category": ticket.category,
        "kind": ticket.kind,
        **ticket.customer.attributes,
        **more,
        "actor": actor,
    }
    desk.note(ticket, events.CREATED, data)


def _greet(desk: Desk, ticket: Ticket) -> None:
    """The bot asks what it is about, then solves it or hands over to a person."""
    rng = desk.rng
    desk.reply(ticket, BOT, in_ms=between(rng, 800, 2500))
    asked = between(rng, 15 * SECOND, 60 * SECOND)
    desk.requester_writes(ticket, in_ms=asked)
    desk.reply(ticket, BOT, in_ms=asked + between(rng, 800, 2500))
    done = asked + between(rng, 10 * SECOND, 90 * SECOND)
    if rng.random() < BOT_SOLVES:
        desk.agenda.after(done, resolve, desk, ticket, BOT)
        return
    # At night nobody stays in the chat to wait.
    ticket.live = desk.rhythm.office(desk.agenda.now_ms)
    desk.agenda.after(done, desk.floor.enqueue, ticket)


def _nudge(desk: Desk, ticket: Ticket) -> None:
    """Still no answer: the customer asks again, and the helpdesk may raise the priority."""
    if ticket.gone or ticket.answered_ms is not None or ticket.status in events.DONE:
        return
    desk.requester_writes(ticket)
    if ticket.priority in ("low", "normal") and desk.rng.random() < 0.4:
        desk.update(ticket, SYSTEM, priority="high")


def _open_by_agent(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """An agent writes first and waits for the customer."""
    ticket.assignee, ticket.status = agent, "open"
    _created(desk, ticket, agent.actor, assignee=agent.id)
    desk.reply(ticket, agent.actor)
    await_requester(desk, ticket, agent.actor)
