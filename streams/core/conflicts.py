"""Conflicts: when did a ticket become one, how was that met, and what did it come to.

A ticket is a conflict from the moment its `kind` first is `complaint` or `conflict`, for good.
"""

from typing import Final

from streams.core import facts as fact
from streams.core.case import Case
from streams.core.events import Event
from streams.core.facts import Fact, new
from streams.core.settings import Settings
from streams.core.ticket import Ticket

KINDS: Final = frozenset({"complaint", "conflict"})


def follow(
    ticket: Ticket, case: Case, event: Event, news: list[Fact], settings: Settings
) -> list[Fact]:
    """What one event means for a conflict, or makes one."""
    found: list[Fact] = []
    at = event.at
    if case.conflict_at < 0:
        if (ticket.extra or {}).get("kind") not in KINDS:
            return found
        case.conflict_at, case.conflict_in = at, ticket.cell
        agent = case.conflict_for = ticket.assignee or ""
        found.append(new(fact.CONFLICT, at, ticket.cell, None, agent))
        if ticket.created_at is not None and at > ticket.created_at:
            found.append(new(fact.TURNED, at, ticket.cell, None, agent))
            found.append(new(fact.CONFLICT_WAIT, at, ticket.cell, at - ticket.created_at, agent))
        if ticket.done:
            _over(ticket, case, settings, 1, found)
        return found
    for one in news:
        if one.kind == fact.AGENT_REPLY and not case.reacted:
            case.reacted = True
            took = max(0, at - _start(ticket, case, settings))
            found.append(new(fact.CONFLICT_REACTION, at, one.cell, took, one.agent))
        elif one.kind == fact.RESOLVED:
            _over(ticket, case, settings, 1, found)
        elif one.kind == fact.REOPENED and case.conflict_over:
            _over(ticket, case, settings, -1, found)
    return found


def in_all(ticket: Ticket) -> list[Fact]:
    """What a conflict has cost, and what that is divided by; nothing of any other ticket.

    From its first event on, because what went before is what made it a conflict.
    """
    case = ticket.case
    if case is None or case.conflict_at < 0:
        return []
    numbers = {
        **(case.spent or {}),
        fact.RESOLVED: ticket.resolutions,
        fact.REQUESTER_MESSAGE: case.messages,
        fact.CONTACT: case.contacts,
    }
    return [
        new(f"{fact.OF_CONFLICT}{kind}", ticket.last_at, ticket.cell, number)
        for kind, number in numbers.items()
        if number
    ]


def _start(ticket: Ticket, case: Case, settings: Settings) -> int:
    """When the time of a conflict starts."""
    if settings.conflict_since_creation and ticket.created_at is not None:
        return ticket.created_at
    return case.conflict_at


def _over(ticket: Ticket, case: Case, settings: Settings, sign: int, found: list[Fact]) -> None:
    """The conflict is resolved, or (`sign` -1) it is not any more."""
    end = ticket.last_resolved
    if end is None:
        return
    case.conflict_over = sign > 0
    at, cell, _, agent = end
    took = max(0, at - _start(ticket, case, settings))
    found.append(new(fact.CONFLICT_RESOLUTION, at, cell, took, agent, sign))
    since, labels, whose = case.conflict_at, case.conflict_in, case.conflict_for
    found.append(new(fact.CONFLICT_RESOLVED, since, labels, None, whose, sign))
