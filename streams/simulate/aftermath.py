"""What follows a resolution: closing by timer, the customer who comes back, the survey."""

from typing import Final

from streams.core import events
from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate.chance import between, pick, spread
from streams.simulate.company import LIVE
from streams.simulate.desk import SYSTEM, Desk
from streams.simulate.ticket import Ticket

CLOSE_AFTER: Final = 7 * DAY
CLOSE_LIVE_AFTER: Final = DAY
REOPENED: Final = 0.062
"""Share of resolutions after which the customer is not done."""
COMPLAINS: Final = 0.2
"""Share of those who come back annoyed."""
SURVEYED: Final = 0.5
ANSWERS_SURVEY: Final = 0.3
COMPENSATED: Final = 0.03
REVIEWED: Final = 0.03
CRITERIA: Final = ("communication", "product_knowledge", "problem_solving", "accuracy")


def resolve(desk: Desk, ticket: Ticket, actor: dict[str, str]) -> None:
    """The ticket is done, for now."""
    rng, agenda = desk.rng, desk.agenda
    ticket.live = False
    desk.update(ticket, actor, status="resolved", wait_reason=None)
    close_in = CLOSE_LIVE_AFTER if ticket.channel in LIVE else CLOSE_AFTER
    back_at = desk.rhythm.awake(rng, agenda.now_ms + spread(rng, 9 * HOUR, 1.2))
    if rng.random() < REOPENED and back_at < agenda.now_ms + close_in:
        agenda.at(back_at, reopen, desk, ticket)
    else:
        agenda.after(close_in, close, desk, ticket)
    if ticket.assignee:
        _look_back(desk, ticket, ticket.assignee.id)


def close(desk: Desk, ticket: Ticket) -> None:
    """Nobody came back: the timer closes the ticket, and the desk forgets it."""
    desk.update(ticket, SYSTEM, status="closed")


def reopen(desk: Desk, ticket: Ticket) -> None:
    """The customer writes again, and the helpdesk opens the ticket for it."""
    ticket.reopens += 1
    desk.requester_writes(ticket)
    desk.update(ticket, SYSTEM, status="open")
    if desk.rng.random() < COMPLAINS:
        desk.update(ticket, SYSTEM, kind="complaint")
    desk.floor.enqueue(ticket)


def _look_back(desk: Desk, ticket: Ticket, agent: str) -> None:
    rng, agenda = desk.rng, desk.agenda
    if rng.random() < SURVEYED and not ticket.reopens:
        agenda.after(between(rng, 2 * MINUTE, HOUR), _ask, desk, ticket, agent)
    if rng.random() < COMPENSATED:
        data = {"amount": between(rng, 5, 60), "currency": "EUR", "type": "compensation"}
        desk.note(ticket, events.COST, data)
    if rng.random() < REVIEWED:
        agenda.after(between(rng, HOUR, DAY), _review, desk, ticket, agent)


def _ask(desk: Desk, ticket: Ticket, agent: str) -> None:
    survey = f"csat-{ticket.id}"
    desk.note(ticket, events.SURVEY_SENT, {"survey": survey, "kind": "csat", "via": "email"})
    if desk.rng.random() < ANSWERS_SURVEY:
        wait = desk.agenda.now_ms + spread(desk.rng, 2 * HOUR, 1.2)
        desk.agenda.at(desk.rhythm.awake(desk.rng, wait), _rate, desk, ticket, agent, survey)


def _rate(desk: Desk, ticket: Ticket, agent: str, survey: str) -> None:
    """Who waited long, was sent around or had to come back gives lower scores."""
    waited = (ticket.answered_ms or desk.agenda.now_ms) - ticket.created_ms
    grief = waited / (6 * HOUR) + ticket.reopens + (ticket.rounds > 1)
    weights = {"5": 5.0, "4": 2.5, "3": 0.6 + grief / 2, "2": 0.2 + grief / 2, "1": 0.2 + grief}
    desk.note(
        ticket,
        events.SURVEY_RESPONDED,
        {
            "survey": survey,
            "kind": "csat",
            "score": int(pick(desk.rng, weights)),
            "scale": {"min": 1, "max": 5},
            "agent": agent,
        },
    )


def _review(desk: Desk, ticket: Ticket, agent: str) -> None:
    criteria = {name: {"score": between(desk.rng, 3, 5), "max": 5} for name in CRITERIA}
    desk.note(
        ticket,
        events.REVIEWED,
        {"reviewer": "quality.lead", "agent": agent, "form": "standard", "criteria": criteria},
    )
