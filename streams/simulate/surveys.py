"""Asking for opinions: of customers after a ticket or without one, and of the staff."""

from collections.abc import Mapping
from typing import Any, Final

from streams.core import events
from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate.chance import between, pick, spread
from streams.simulate.company import Customer
from streams.simulate.desk import Desk
from streams.simulate.satisfaction import LOW, Felt, Scale, felt, on_scale, score
from streams.simulate.ticket import Agent, Ticket

KINDS: Final[Mapping[str, float]] = {"none": 0.44, "csat": 0.42, "ces": 0.09, "nps": 0.05}
"""Which survey a resolution is followed by."""
VIA: Final[Mapping[str, str]] = {
    "email": "email", "web": "email", "chat": "chat", "phone": "sms", "social": "message",
}  # fmt: skip
ANSWERS: Final[Mapping[str, float]] = {
    "email": 0.30, "web": 0.28, "chat": 0.45, "phone": 0.20, "social": 0.15,
}  # fmt: skip
"""Share of surveys that are answered, by the ticket's channel."""
STARS: Final[Scale] = (1, 5)
CSAT: Final[Mapping[str, Scale]] = {"phone": (1, 7), "social": (0, 10)}
"""Where it is not one to five stars."""
SCALES: Final[Mapping[str, Scale]] = {"ces": (1, 7), "nps": (0, 10)}
DETAILED: Final = 0.4
"""Share of answers with a score for each aspect."""
EXPLAINED: Final = 0.5
REPLACED: Final = 0.06
"""Share of answers that somebody thinks over and gives again."""
FOLLOWED_UP: Final = 0.7
"""Share of low scores after which an agent writes to the customer."""
RECONCILED: Final = 0.25
"""What that adds to how they feel when they answer again."""
ASKED_IN_TURN: Final = 4
"""One in so many agents is asked each week."""
STAFF_ANSWERS: Final = 0.75
CUSTOMER_ANSWERS: Final = 0.2


def invite(desk: Desk, ticket: Ticket, agent: Agent) -> None:
    """A resolution may be followed by a survey, at most one for a ticket."""
    kind = pick(desk.rng, KINDS)
    if kind != "none" and not ticket.surveyed:
        ticket.surveyed = True
        desk.agenda.after(between(desk.rng, 2 * MINUTE, HOUR), _ask, desk, ticket, agent, kind)


def _ask(desk: Desk, ticket: Ticket, agent: Agent, kind: str) -> None:
    asked = {"survey": f"{kind}-{ticket.id}", "kind": kind, "via": VIA[ticket.channel]}
    asked["touchpoint"] = "resolution"
    desk.note(ticket, events.SURVEY_SENT, asked)
    if desk.rng.random() < ANSWERS[ticket.channel]:
        wait = desk.agenda.now_ms + spread(desk.rng, 2 * HOUR, 1.2)
        desk.agenda.at(desk.rhythm.awake(desk.rng, wait), _answer, desk, ticket, agent, asked)


def _answer(desk: Desk, ticket: Ticket, agent: Agent, asked: Mapping[str, str]) -> None:
    """The customer says what they feel; low scores are looked after, some are replaced."""
    rng = desk.rng
    found = felt(rng, ticket, desk.agenda.now_ms)
    _respond(desk, ticket, agent, asked, found)
    followed_up = found.value < LOW and rng.random() < FOLLOWED_UP
    if followed_up:
        wait = desk.agenda.now_ms + spread(rng, 3 * HOUR, 1.0)
        desk.agenda.at(desk.rhythm.at_work(rng, wait), _follow_up, desk, ticket, agent)
    if rng.random() < REPLACED:
        value = found.value + RECONCILED * followed_up + rng.gauss(0, 0.1)
        again = found._replace(value=value)
        wait = desk.agenda.now_ms + spread(rng, 20 * HOUR, 0.7)
        at = desk.rhythm.awake(rng, wait)
        desk.agenda.at(at, _respond, desk, ticket, agent, asked, again)


def _respond(
    desk: Desk, ticket: Ticket, agent: Agent, asked: Mapping[str, str], found: Felt
) -> None:
    kind = asked["kind"]
    scale = CSAT.get(ticket.channel, STARS) if kind == "csat" else SCALES[kind]
    data: dict[str, Any] = {**asked, **on_scale(found.value, scale), "agent": agent.id}
    if desk.rng.random() < DETAILED:
        data["aspects"] = {name: score(value, scale) for name, value in found.aspects.items()}
    if desk.rng.random() < EXPLAINED:
        data["reasons"] = list(found.reasons)
    desk.note(ticket, events.SURVEY_RESPONDED, data)


def _follow_up(desk: Desk, ticket: Ticket, agent: Agent) -> None:
    if not ticket.gone:
        desk.reply(ticket, agent.actor)


def ask_customer(desk: Desk, customer: Customer) -> None:
    """How likely are you to recommend us? Of the whole company, without a ticket."""
    asked = {"survey": f"nps-{customer.id}-{customer.sequence + 1}", "kind": "nps"}
    asked |= {"via": "email", "touchpoint": "relationship"}
    desk.note(customer, events.SURVEY_SENT, asked)
    if desk.rng.random() < CUSTOMER_ANSWERS:
        at = desk.rhythm.awake(desk.rng, desk.agenda.now_ms + spread(desk.rng, 8 * HOUR, 1.0))
        desk.agenda.at(at, _customer_answers, desk, customer, asked)


def _customer_answers(desk: Desk, customer: Customer, asked: Mapping[str, str]) -> None:
    value = customer.mood - 0.02 + desk.rng.gauss(0, 0.15)
    desk.note(customer, events.SURVEY_RESPONDED, {**asked, **on_scale(value, SCALES["nps"])})


def ask_staff(desk: Desk, staff: tuple[Agent, ...], week: int) -> None:
    """How do you like your work? Each agent is asked once in `ASKED_IN_TURN` weeks."""
    for agent in staff[week % ASKED_IN_TURN :: ASKED_IN_TURN]:
        asked = {"survey": f"esat-{agent.id}-{week}", "kind": "esat", "via": "email"}
        desk.note(agent, events.SURVEY_SENT, asked)
        if desk.rng.random() < STAFF_ANSWERS:
            wait = desk.agenda.now_ms + between(desk.rng, HOUR, 3 * DAY)
            at = desk.rhythm.at_work(desk.rng, wait)
            desk.agenda.at(at, _agent_answers, desk, agent, asked)


def _agent_answers(desk: Desk, agent: Agent, asked: Mapping[str, str]) -> None:
    """Who knows what they talk about likes the work better."""
    rng = desk.rng
    felt_about = {
        "workload": 0.6,
        "tools": 0.65,
        "training": agent.knowledge - 0.1,
        "team": 0.85,
    }
    aspects = {name: score(value + rng.gauss(0, 0.15), STARS) for name, value in felt_about.items()}
    value = sum(felt_about.values()) / len(felt_about) + rng.gauss(0, 0.15)
    data = {**asked, **on_scale(value, STARS), "aspects": aspects}
    desk.note(agent, events.SURVEY_RESPONDED, data)
