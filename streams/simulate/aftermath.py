"""What follows a resolution: closing by timer, the customer who comes back, what they think."""

from typing import Final

from streams.core import events
from streams.core.instants import DAY, HOUR
from streams.simulate import clientele, contacts, surveys
from streams.simulate.chance import between, spread
from streams.simulate.company import GRIEVANCES, LIVE
from streams.simulate.desk import SYSTEM, Desk, Matter
from streams.simulate.satisfaction import felt
from streams.simulate.ticket import Agent, Ticket

CLOSE_AFTER: Final = 7 * DAY
CLOSE_LIVE_AFTER: Final = DAY
REOPENED: Final = 0.055
"""Share of resolutions after which the customer is not done, if the agent knows the product."""
COMPLAINS: Final = 0.2
"""Share of those who come back annoyed."""
UNSETTLED: Final = 0.25
"""Share of resolutions that answer less than the customer wanted to know."""
COMPENSATED: Final = {True: 0.35, False: 0.015}
"""Share of grievances, and of other tickets, that money settles."""
PARTS: Final = {"damaged": 0.5, "return": 0.1}
"""Share of a category's tickets for which something new is sent."""
CHARGEBACK_FEE: Final = 15
REVIEWED: Final = 0.03
ERRORS: Final = ("wrong category", "no closing note", "wrong information")


def resolve(desk: Desk, ticket: Ticket, actor: dict[str, str]) -> None:
    """The ticket is done, for now."""
    rng, agenda = desk.rng, desk.agenda
    ticket.live = False
    desk.update(ticket, actor, status="resolved", wait_reason=None)
    close_in = CLOSE_LIVE_AFTER if ticket.channel in LIVE else CLOSE_AFTER
    back_at = desk.rhythm.awake(rng, agenda.now_ms + spread(rng, 9 * HOUR, 1.2))
    unknown = max(0.8 - ticket.assignee.knowledge, 0.0) if ticket.assignee else 0.0
    if rng.random() < REOPENED * (1 + 2 * unknown) and back_at < agenda.now_ms + close_in:
        agenda.at(back_at, reopen, desk, ticket)
    else:
        agenda.after(close_in, close, desk, ticket)
        if rng.random() < UNSETTLED * (1 + 2 * unknown):
            desk.unsettled.append(Matter(ticket.customer, ticket.category))
    clientele.remember(desk, ticket.customer, felt(rng, ticket, agenda.now_ms).value)
    if ticket.assignee:
        surveys.invite(desk, ticket, ticket.assignee)
        _pay(desk, ticket)
        if rng.random() < REVIEWED:
            agenda.after(between(rng, HOUR, DAY), _review, desk, ticket, ticket.assignee)


def close(desk: Desk, ticket: Ticket) -> None:
    """Nobody came back: the timer closes the ticket, and the desk forgets it."""
    desk.update(ticket, SYSTEM, status="closed")


def reopen(desk: Desk, ticket: Ticket) -> None:
    """The customer writes again, and the helpdesk opens the ticket for it."""
    ticket.reopens += 1
    desk.requester_writes(ticket)
    desk.update(ticket, SYSTEM, status="open")
    if desk.rng.random() < COMPLAINS:
        desk.update(ticket, SYSTEM, kind="conflict" if ticket.kind == "complaint" else "complaint")
    contacts.line_up(desk, ticket)


def _pay(desk: Desk, ticket: Ticket) -> None:
    """What the case costs apart from the time of the agents."""
    rng = desk.rng
    if rng.random() < COMPENSATED[ticket.kind in GRIEVANCES]:
        _cost(desk, ticket, between(rng, 5, 60), "compensation")
    if ticket.reopens:
        return
    if rng.random() < PARTS.get(ticket.category, 0.0):
        _cost(desk, ticket, between(rng, 800, 9000) / 100, "parts")
    if ticket.category == "chargeback":
        _cost(desk, ticket, CHARGEBACK_FEE, "other")


def _cost(desk: Desk, ticket: Ticket, amount: float, kind: str) -> None:
    desk.note(ticket, events.COST, {"amount": amount, "currency": "EUR", "type": kind})


def _review(desk: Desk, ticket: Ticket, agent: Agent) -> None:
    """Quality control reads one ticket in a while and scores how it was handled."""
    rng = desk.rng
    qualities = {
        "communication": 0.85,
        "product_knowledge": agent.knowledge,
        "problem_solving": (1 + agent.knowledge) / 2,
        "professionalism": 0.9,
        "accuracy": (1 + agent.knowledge) / 2,
    }
    criteria = {
        name: {"score": round(5 * min(max(quality + rng.gauss(0, 0.12), 0.0), 1.0)), "max": 5}
        for name, quality in qualities.items()
    }
    form = "call" if ticket.channel == "phone" else "writing"
    data = {"reviewer": "quality.lead", "agent": agent.id, "form": form, "criteria": criteria}
    wrong = [error for error in ERRORS if rng.random() < 0.25 * (1.2 - agent.knowledge)]
    # One form counts errors, the other one names them.
    desk.note(ticket, events.REVIEWED, {**data, "errors": len(wrong) if form == "call" else wrong})
