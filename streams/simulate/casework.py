"""What an agent does with a ticket, from taking it to passing it on, waiting, or resolving."""

from typing import Any, Final

from streams.core import events
from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate import attendance
from streams.simulate.aftermath import resolve
from streams.simulate.chance import SECOND, between, spread
from streams.simulate.company import EFFORT, SECOND_LINE, TEAMS
from streams.simulate.contacts import answer, line_up
from streams.simulate.desk import PRIVATE, SYSTEM, Desk
from streams.simulate.ticket import Agent, Ticket

ASKS: Final = 0.25
"""Share of handlings that end with a question to the customer."""
ASKS_LIVE: Final = 0.08
HOLDS: Final = 0.06
"""Share of handlings that end with waiting for somebody else."""
SILENT: Final = 0.04
"""Share of resolutions without a word to the customer."""
OUT_OF_OFFICE: Final = 0.025
NOTES: Final = 0.15
REPRIORITISES: Final = 0.04
ANSWERS: Final = 0.85
"""Share of questions that the customer answers."""
RESTORED: Final = 0.08
ASKS_AROUND: Final = 0.12
"""Share of calls put on hold, if the agent knows the product."""
WRAPS_UP: Final = {"phone": 0.8, "chat": 0.3}
"""Share of talks that leave something to write down."""
SECOND_LINE_RATE: Final = 78.0
"""Euros an hour: second line is another company, and writes a bill."""


def begin(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """The agent opens the next ticket in line."""
    rng, agenda = desk.rng, desk.agenda
    if ticket.spam:
        agenda.after(between(rng, 10 * SECOND, 40 * SECOND), _discard, desk, agent, ticket)
        return
    desk.assign(ticket, agent)
    if ticket.live:
        attendance.on_call(desk, agent)
        answer(desk, ticket)
    if ticket.twin_of:
        agenda.after(between(rng, 30 * SECOND, 2 * MINUTE), _merge, desk, agent, ticket)
    elif ticket.queue != ticket.home:
        agenda.after(between(rng, MINUTE, 3 * MINUTE), _forward, desk, agent, ticket)
    else:
        # Who does not know has to find out.
        median = TEAMS[ticket.queue].handle_min * EFFORT[ticket.complexity]
        spent = 20 * SECOND + spread(rng, median * (1.8 - agent.knowledge) * MINUTE)
        if ticket.live:
            _converse(desk, agent, ticket, spent)
        agenda.after(spent, _finish, desk, agent, ticket, spent)


def _discard(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    delete(desk, ticket)
    attendance.release(desk, agent)


def delete(desk: Desk, ticket: Ticket) -> None:
    """Spam leaves the queue; now and then it was none."""
    ticket.gone = True
    desk.note(ticket, events.DELETED, {"reason": "spam"})
    if desk.rng.random() < RESTORED:
        desk.agenda.after(between(desk.rng, HOUR, 4 * HOUR), _restore, desk, ticket)


def _restore(desk: Desk, ticket: Ticket) -> None:
    ticket.gone = ticket.spam = False
    desk.note(ticket, events.RESTORED, {})
    line_up(desk, ticket)


def _merge(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    ticket.gone = True
    desk.reply(ticket, agent.actor, visibility=PRIVATE)
    desk.note(ticket, events.MERGED, {"into": ticket.twin_of})
    attendance.release(desk, agent)


def _forward(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """Wrong queue: pass the ticket on to where it belongs."""
    if ticket.live:
        desk.reply(ticket, agent.actor)
    _pass_on(desk, agent, ticket)
    attendance.release(desk, agent)


def _pass_on(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    ticket.assignee = None
    ticket.transfers += 1
    desk.update(ticket, agent.actor, queue=ticket.home, assignee=None)
    line_up(desk, ticket)


def _converse(desk: Desk, agent: Agent, ticket: Ticket, spent_ms: int) -> None:
    """Question and answer while the customer is there; all within the handling."""
    if ticket.channel == "phone":
        _talk(desk, agent, ticket, spent_ms)
    at = min(between(desk.rng, 3 * SECOND, 25 * SECOND), spent_ms)
    desk.reply(ticket, agent.actor, in_ms=at)
    for _ in range(between(desk.rng, 0, 2) if ticket.channel == "chat" else 0):
        asked = between(desk.rng, at, spent_ms)
        at = between(desk.rng, asked, spent_ms)
        desk.requester_writes(ticket, in_ms=asked)
        desk.reply(ticket, agent.actor, in_ms=at)


def _talk(desk: Desk, agent: Agent, ticket: Ticket, spent_ms: int) -> None:
    """A call, with somebody asked for advice in the middle while the customer hears music."""
    asks = ASKS_AROUND + max(0.8 - agent.knowledge, 0.0)
    if desk.rng.random() >= asks:
        _worked(desk, agent, ticket, spent_ms, "talk", in_ms=spent_ms)
        return
    first = int(spent_ms * desk.rng.uniform(0.2, 0.5))
    held = int(spent_ms * desk.rng.uniform(0.1, 0.4))
    _worked(desk, agent, ticket, first, "talk", in_ms=first)
    _worked(desk, agent, ticket, held, "hold", in_ms=first + held)
    _worked(desk, agent, ticket, spent_ms - first - held, "talk", in_ms=spent_ms)


def _worked(
    desk: Desk, agent: Agent, ticket: Ticket, spent_ms: int, activity: str, *, in_ms: int = 0
) -> None:
    """Record effort that ends in so many milliseconds."""
    seconds = spent_ms // SECOND
    worked: dict[str, Any] = {"agent": agent.id, "seconds": seconds, "activity": activity}
    if agent.team == SECOND_LINE:
        amount = round(seconds * SECOND_LINE_RATE / 3600, 2)
        worked["cost"] = {"amount": amount, "currency": "EUR"}
    desk.note(ticket, events.WORKED, worked, in_ms=in_ms)


def _finish(desk: Desk, agent: Agent, ticket: Ticket, spent_ms: int) -> None:
    """The end of a handling decides how the ticket goes on."""
    rng = desk.rng
    channel = ticket.channel if ticket.live else ""
    if channel != "phone":
        _worked(desk, agent, ticket, spent_ms, "talk" if channel else "edit")
    wraps_up = rng.random() < WRAPS_UP.get(channel, 0.0)
    if rng.random() < NOTES:
        desk.reply(ticket, agent.actor, visibility=PRIVATE)
    if rng.random() < REPRIORITISES:
        desk.update(ticket, agent.actor, priority="high" if ticket.priority != "high" else "normal")
    if ticket.escalates:
        _escalate(desk, agent, ticket)
    elif rng.random() < (ASKS_LIVE if ticket.live else ASKS):
        _ask(desk, agent, ticket)
    elif rng.random() < HOLDS:
        _hold(desk, agent, ticket)
    else:
        if not ticket.live and rng.random() >= SILENT:
            _answer(desk, agent, ticket)
        resolve(desk, ticket, agent.actor)
    wrap = min(spread(rng, 50 * SECOND), 5 * MINUTE) if wraps_up else 0
    if wrap:
        _worked(desk, agent, ticket, wrap, "wrap_up", in_ms=wrap)
    desk.agenda.after(wrap, attendance.release, desk, agent)


def _answer(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    desk.reply(ticket, agent.actor)
    if ticket.channel == "email" and desk.rng.random() < OUT_OF_OFFICE:
        wait = between(desk.rng, 5 * SECOND, MINUTE)
        desk.requester_writes(ticket, automatic=True, in_ms=wait)


def _escalate(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """Too hard for the first line, which says so to the customer or only to the colleagues."""
    ticket.escalates = ticket.live = False
    ticket.home = SECOND_LINE
    if desk.rng.random() < 0.5:
        _answer(desk, agent, ticket)
    else:
        desk.reply(ticket, agent.actor, visibility=PRIVATE)
    _pass_on(desk, agent, ticket)


def _ask(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """Back to the customer, who answers in a while or never."""
    ticket.live = False
    ticket.rounds += 1
    _answer(desk, agent, ticket)
    await_requester(desk, ticket, agent.actor)


def await_requester(desk: Desk, ticket: Ticket, actor: dict[str, str]) -> None:
    """Pending until the customer writes; after a silent day reminded, after two resolved."""
    desk.update(ticket, actor, status="pending", wait_reason="requester")
    if desk.rng.random() < ANSWERS:
        wait = min(spread(desk.rng, 3 * HOUR, 1.1), 2 * DAY)
        back_at = desk.rhythm.awake(desk.rng, desk.agenda.now_ms + wait)
        desk.agenda.at(back_at, _requester_answers, desk, ticket)
    else:
        desk.agenda.after(DAY, _remind, desk, ticket)
        desk.agenda.after(2 * DAY, resolve, desk, ticket, SYSTEM)


def _remind(desk: Desk, ticket: Ticket) -> None:
    desk.reply(ticket, SYSTEM, automatic=True)


def _requester_answers(desk: Desk, ticket: Ticket) -> None:
    desk.requester_writes(ticket)
    desk.update(ticket, SYSTEM, status="open", wait_reason=None)
    line_up(desk, ticket)


def _hold(desk: Desk, agent: Agent, ticket: Ticket) -> None:
    """Somebody outside has to do something first."""
    ticket.live = False
    _answer(desk, agent, ticket)
    desk.update(ticket, agent.actor, status="on_hold", wait_reason="supplier")
    wait = desk.agenda.now_ms + spread(desk.rng, 5 * HOUR, 0.8)
    desk.agenda.at(desk.rhythm.awake(desk.rng, wait), _resume, desk, ticket)


def _resume(desk: Desk, ticket: Ticket) -> None:
    desk.update(ticket, SYSTEM, status="open", wait_reason=None)
    line_up(desk, ticket)
