"""New tickets: who writes, where it lands, and what happens before an agent sees it."""

from collections.abc import Iterator
from typing import Any, Final

from streams.core import events
from streams.core.instants import HOUR, MINUTE
from streams.simulate.aftermath import resolve
from streams.simulate.casework import await_requester, delete
from streams.simulate.chance import SECOND, between, pick, spread
from streams.simulate.clientele import next_visitor, search
from streams.simulate.company import (
    COMPLEXITIES,
    FIRST_LINE,
    KINDS,
    LIVE,
    MISROUTED,
    OWNERS,
    PRIORITIES,
    SPAM,
    TEAMS,
)
from streams.simulate.contacts import give_up, line_up
from streams.simulate.desk import BOT, SYSTEM, Desk, Matter
from streams.simulate.satisfaction import LUCK
from streams.simulate.ticket import Agent, Ticket

PROACTIVE: Final = 0.03
"""Share of tickets that an agent opens."""
TWINS: Final = 0.03
"""Share of customers who write about the same matter twice."""
NUDGES: Final = 0.2
"""Share of customers who ask again when nobody answers."""
FILTERED: Final = 0.4
"""Share of spam that a filter deletes before anybody opens it."""
BOT_SOLVES: Final = 0.28
REPEATED: Final = 0.05
"""Share of those who write in about something that was resolved for them lately."""
SEARCHES: Final = 0.25
"""Share of those who read the help pages first, in vain."""
HANGS_UP: Final = 0.04
"""Share of callers who leave before anything of it is written down."""
ESCALATES: Final = 0.5
"""Share of those who ask again whose ticket becomes a conflict."""
FETCHED: Final = (11, 16)
"""Local hours of working days at which a channel that has to be fetched is."""
RUSHES: Final = 0.3
"""Calls on top for each one who turns up at peak time, where the agents are untrained."""


def start(desk: Desk, arrivals: Iterator[int]) -> None:
    """People write in from now on, at the instants given."""
    desk.agenda.at(next(arrivals), _admit, desk, arrivals)


def _admit(desk: Desk, arrivals: Iterator[int]) -> None:
    desk.agenda.at(next(arrivals), _admit, desk, arrivals)
    matter = _matter(desk)
    _approach(desk, matter)
    released = desk.agenda.now_ms >= desk.released_ms
    if released and matter.category == desk.cause.doubled:
        also = Matter(next_visitor(desk), matter.category)
        desk.agenda.after(between(desk.rng, 0, 10 * MINUTE), _approach, desk, also)
    stuck = desk.cause.untrained
    if stuck and desk.rhythm.rush(desk.agenda.now_ms) and desk.rng.random() < RUSHES:
        _call(desk, stuck)


def _matter(desk: Desk) -> Matter:
    """Who has a question, and about what: sometimes the one that was answered lately."""
    rng = desk.rng
    if desk.unsettled and rng.random() < REPEATED:
        matter = rng.choice(desk.unsettled)
        if not matter.customer.churned:
            return matter
    outage = desk.rhythm.incident(desk.agenda.now_ms) and rng.random() < 0.6
    category = "outage" if outage else rng.choice(TEAMS[pick(rng, FIRST_LINE)].categories)
    return Matter(next_visitor(desk), category)


def _approach(desk: Desk, matter: Matter) -> None:
    """The customer turns to the desk, some after the help pages; or the desk turns to them."""
    rng = desk.rng
    agent = desk.floor.idle(OWNERS[matter.category]) if rng.random() < PROACTIVE else None
    if agent:
        _open_by_agent(desk, agent, _ticket(desk, matter, "email"))
    elif rng.random() < SEARCHES:
        search(desk, matter.customer, matter.category, resolved=False)
        wait = between(rng, MINUTE, 8 * MINUTE)
        desk.agenda.after(wait, _write_in, desk, matter)
    else:
        _write_in(desk, matter)


def _write_in(desk: Desk, matter: Matter) -> None:
    rng, home = desk.rng, OWNERS[matter.category]
    channel = _channel(desk, home)
    if channel == "phone" and not matter.customer.in_line and rng.random() < HANGS_UP:
        give_up(desk, matter.customer, channel, home)
        return
    ticket = _ticket(desk, matter, channel)
    outage = ticket.category == "outage"
    if outage:
        ticket.kind = "incident"
    elif rng.random() < MISROUTED[channel]:
        ticket.queue = pick(rng, {name: w for name, w in FIRST_LINE.items() if name != home})
    ticket.spam = not outage and rng.random() < SPAM.get(channel, 0.0)
    ticket.escalates = rng.random() < TEAMS[home].escalates
    _open(desk, ticket)
    if not ticket.spam and rng.random() < TWINS:
        desk.agenda.after(between(rng, 5 * MINUTE, HOUR), _write_again, desk, ticket)


def _call(desk: Desk, queue: str) -> None:
    """One more call for a team."""
    matter = Matter(next_visitor(desk), desk.rng.choice(TEAMS[queue].categories))
    _open(desk, _ticket(desk, matter, "phone"))


def _ticket(desk: Desk, matter: Matter, channel: str) -> Ticket:
    rng, home = desk.rng, OWNERS[matter.category]
    desk.tickets += 1
    return Ticket(
        id=f"T{100_000 + desk.tickets}",
        customer=matter.customer,
        channel=channel,
        category=matter.category,
        kind=pick(rng, KINDS),
        home=home,
        queue=home,
        priority=pick(rng, PRIORITIES[matter.customer.segment]),
        created_ms=desk.agenda.now_ms,
        luck=rng.gauss(0, LUCK),
        complexity=pick(rng, COMPLEXITIES),
    )


def _channel(desk: Desk, home: str) -> str:
    channel = pick(desk.rng, TEAMS[home].channels)
    if channel == "phone" and not desk.rhythm.office(desk.agenda.now_ms):
        return "email"
    return channel


def _write_again(desk: Desk, first: Ticket) -> None:
    twin = _ticket(desk, Matter(first.customer, first.category), "email")
    twin.kind, twin.twin_of = first.kind, first.id
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
    agenda.at(_reaches_desk(desk, ticket), line_up, desk, ticket)
    if rng.random() < NUDGES:
        agenda.after(spread(rng, 2 * HOUR, 0.8), _nudge, desk, ticket)


def _reaches_desk(desk: Desk, ticket: Ticket) -> int:
    """When a new ticket gets in line: at once, unless somebody has to fetch it."""
    rng, now = desk.rng, desk.agenda.now_ms
    at = now + between(rng, 2 * SECOND, 10 * SECOND)
    if ticket.channel != desk.cause.fetched:
        return at
    return next(
        fetched
        for days in range(4)
        for hour in FETCHED
        if (fetched := desk.rhythm.instant(desk.rhythm.local(now), days, hour * 60)) >= at
        and desk.rhythm.office(fetched)
    )


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
    desk.agenda.after(done, line_up, desk, ticket)


def _nudge(desk: Desk, ticket: Ticket) -> None:
    """Still no answer: the customer asks again, and the helpdesk may raise the priority."""
    if ticket.gone or ticket.answered_ms is not None or ticket.status in events.DONE:
        return
    desk.requester_writes(ticket)
    if ticket.priority in ("low", "normal") and desk.rng.random() < 0.4:
        desk.update(ticket, SYSTEM, priority="high")
    if ticket.kind != "conflict" and desk.rng.random() < ESCALATES:
        desk.update(ticket, SYSTEM, kind="conflict")


def _open_by_agent(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """An agent writes first and waits for the customer."""
    ticket.assignee, ticket.status = agent, "open"
    _created(desk, ticket, agent.actor, assignee=agent.id)
    desk.reply(ticket, agent.actor)
    await_requester(desk, ticket, agent.actor)
