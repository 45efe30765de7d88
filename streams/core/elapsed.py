"""How long did the requester wait, did agents work, and did a team have it? Without the pauses.

These are the times of three clocks of KPIS.md - `requester_wait`, `agent_work`, `ownership` - of
every ticket, whether a policy names the clock or not. The first two stand while the ticket is
resolved or closed and are taken back by a reopening, because the same instance then runs on; a
stay in a queue is over for good.
"""

from collections.abc import Mapping
from typing import Final

from streams.core import events as ev
from streams.core import facts as fact
from streams.core.calendars import ALWAYS, Calendar
from streams.core.case import Case
from streams.core.events import Event
from streams.core.facts import Fact, new
from streams.core.policies import governing
from streams.core.settings import Settings
from streams.core.ticket import Ticket

_ATTRIBUTES: Final = frozenset({ev.CREATED, ev.UPDATED})
MAX_TURNS: Final = 2_000
"""Turns kept of a ticket that flaps; the times before them are forgotten."""

_RUNNING: Final[Mapping[str | None, int]] = {None: 2, "new": 2, "open": 2, "on_hold": 1}
"""How many of the two run in a status: first the requester's wait, then the work of agents."""
_KINDS: Final = (
    *(fact.REQUESTER_WAIT, fact.AGENT_WORK),
    *(fact.WORKING[fact.REQUESTER_WAIT], fact.WORKING[fact.AGENT_WORK]),
)
"""In the order of `Case.ran`."""


def calendar_of(ticket: Ticket, start: int, settings: Settings) -> Calendar:
    """The calendar of the ticket as it is now, for what began at `start`."""
    if not settings.policies:
        return ALWAYS
    matching = settings.policies.matching(ticket.attribute)
    policy = governing(matching, start if ticket.created_at is None else ticket.created_at)
    return ALWAYS if policy is None else policy.calendar


def follow(
    ticket: Ticket, case: Case, event: Event, news: list[Fact], settings: Settings
) -> list[Fact]:
    """What one event starts, and what it ends."""
    found: list[Fact] = []
    if event.type not in _ATTRIBUTES:
        return found
    _turn(ticket, case, event.at)
    reopened = False
    for one in news:
        if one.kind == fact.RESOLVED:
            _stop(ticket, case, settings, found)
        elif one.kind == fact.REOPENED:
            reopened = True
            _count(ticket, case, -1, found)
            case.ran = ()
    _stay(ticket, case, event.at, reopened, settings, found)
    return found


def _turn(ticket: Ticket, case: Case, at: int) -> None:
    """Note when something begins to run, or runs no more."""
    runs, turns = _RUNNING.get(ticket.status, 0), case.turns
    if turns and turns[-2] > at:
        # The creation of an orphan, too late to be sorted in.
        return
    if turns and turns[-2] == at:
        turns = turns[:-2]
    if runs != (turns[-1] if turns else 0):
        turns = (*turns, at, runs)[-2 * MAX_TURNS :]
    case.turns = turns


def _stop(ticket: Ticket, case: Case, settings: Settings, found: list[Fact]) -> None:
    """The ticket is resolved: what has run until now counts."""
    created = ticket.created_at
    if created is None:
        return
    wall, working = [0, 0], [0, 0]
    calendar = calendar_of(ticket, created, settings)
    turns = case.turns
    for place in range(0, len(turns) - 2, 2):
        start, runs, stop = max(turns[place], created), turns[place + 1], turns[place + 2]
        if stop <= start:
            continue
        worked = calendar.between(start, stop) if settings.policies else 0
        for which in range(runs):
            wall[which] += stop - start
            working[which] += worked
    case.ran = tuple(wall + working if settings.policies else wall)
    _count(ticket, case, 1, found)


def _count(ticket: Ticket, case: Case, sign: int, found: list[Fact]) -> None:
    """What has run, at the last resolution; `sign` -1 takes it back."""
    end = ticket.last_resolved
    if end is None:
        return
    at, cell, _, agent = end
    for place, ran in enumerate(case.ran):
        found.append(new(_KINDS[place], at, cell, ran, agent, sign))


def _stay(
    ticket: Ticket,
    case: Case,
    at: int,
    reopened: bool,
    settings: Settings,
    found: list[Fact],
) -> None:
    """A team's stay ends with its queue or a resolution; one begins in a queue that is given."""
    queue, moved = ticket.queue, ticket.queue != case.stands_in
    since = case.owned_since
    if since >= 0 and (moved or ticket.done):
        cell = (case.stands_in or "", *ticket.cell[1:])
        end = ticket.last_resolved
        agent = end[3] if ticket.done and end is not None else case.owned_by
        found.append(new(fact.OWNERSHIP, at, cell, max(0, at - since), agent))
        if settings.policies:
            working = max(0, calendar_of(ticket, since, settings).between(since, at))
            found.append(new(fact.WORKING[fact.OWNERSHIP], at, cell, working, agent))
        case.owned_since, case.owned_by = -1, ""
    case.stands_in = queue
    if queue is not None and (reopened or (moved and ticket.active)):
        case.owned_since = at
    if case.owned_since >= 0 and ticket.assignee is not None:
        case.owned_by = ticket.assignee
