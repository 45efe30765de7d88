"""Which way did the ticket go? Stations, touches, first contact, bots, and what came of it.

Follows the facts of each event. What holds only while a ticket is resolved or closed - its
*outcome* - is counted at the resolution and taken back when the ticket is reopened, by facts
of the opposite sign: so it can be kept live, and a recount comes to the same.
"""

from typing import Final

from streams.core import facts as fact
from streams.core.case import Case, Labels, Outcome
from streams.core.events import Event
from streams.core.facts import Fact, new
from streams.core.instants import local_day
from streams.core.settings import CONTACT, ResponseSignal, Settings
from streams.core.ticket import Ticket

MAX_PEOPLE: Final = 50
"""Different assignees of a ticket that are told apart."""

_TALKING: Final = frozenset({"chat", "phone", "social"})
"""Channels on which first contact is judged by contacts unless the settings say otherwise."""
_WORKING: Final = frozenset({"new", "open"})
"""Statuses in which an assignee is taken to work on a ticket of which no handling is recorded."""
_GRADES: Final = {"low": 1_000, "medium": 2_000, "high": 3_000}
_MESSAGES: Final = frozenset(
    {fact.CREATED, fact.AGENT_REPLY, fact.BOT_REPLY, fact.REQUESTER_MESSAGE}
)
NO_FIRST_CONTACT: Final = 1
FIRST_CONTACT: Final = 2
"""What `Case.verdict` may be, once judged."""


def follow(
    ticket: Ticket, case: Case, event: Event, news: list[Fact], settings: Settings
) -> list[Fact]:
    """What the facts of one event mean for the way the ticket went."""
    found: list[Fact] = []
    at = event.at
    creates = False
    for one in news:
        if one.kind in _MESSAGES:
            creates = creates or one.kind == fact.CREATED
            _spoken(ticket, case, event, one, settings, found)
        elif one.kind == fact.TRANSFERRED:
            _moved(ticket, case, at, settings, found)
    _stop_at(ticket, case)
    _work_on(ticket, case, at)
    # What counts at the creation waits for it, if it stands later in the order key.
    came = ticket.existed and not creates
    for one in news:
        if one.kind == fact.RESOLVED:
            _resolved(ticket, case, came, settings, found)
        elif one.kind == fact.REOPENED:
            _reopened(ticket, case, at, came, settings, found)
    if creates:
        _count_cohort(ticket, case, settings, 1, found)
        _same_day(ticket, case, settings, found)
    return found


def created_in(ticket: Ticket, case: Case) -> Labels:
    """The labels right after the creation."""
    return case.created_in or ticket.first_in


def _spoken(
    ticket: Ticket, case: Case, event: Event, message: Fact, settings: Settings, found: list[Fact]
) -> None:
    """A public message, or the creation, which is one."""
    kind, at, cell, agent = message.kind, message.at, message.cell, message.agent
    if case.spoke_at < 0 or at - case.spoke_at >= settings.contact_gap:
        case.contacts += 1
        found.append(new(fact.CONTACT, at, cell, None, agent))
    case.spoke_at = at
    if kind == fact.CREATED:
        _created(ticket, case, message, found)
    elif kind == fact.BOT_REPLY:
        if case.bot_at < 0:
            case.bot_at, case.bot_in = at, cell
            found.append(new(fact.BOT_TICKET, at, cell))
    elif kind == fact.AGENT_REPLY:
        case.responder = case.responder or agent
        # Where bots count as agents, theirs is a reply as well, but nobody has taken over.
        if event.data["author"]["role"] == "agent" and not case.person:
            case.person = True
            if case.bot_at >= 0 and case.asked_bot_at >= 0:
                found.append(new(fact.HANDOVER, at, cell, at - case.asked_bot_at, agent))
    else:
        case.messages += 1
        if not case.person:
            case.asked_bot_at = at


def _created(ticket: Ticket, case: Case, creation: Fact, found: list[Fact]) -> None:
    case.created_for = creation.agent
    if creation.cell != ticket.first_in:
        case.created_in = creation.cell
    if ticket.opened_by_agent:
        found.append(new(fact.PROACTIVE, creation.at, creation.cell, None, creation.agent))
    elif not case.person:
        case.asked_bot_at = creation.at


def _moved(ticket: Ticket, case: Case, at: int, settings: Settings, found: list[Fact]) -> None:
    before, after = case.queue, ticket.queue or ""
    if not settings.moves(before, after):
        return
    case.transfers += 1
    found += (
        new(fact.MOVED, at, ticket.cell, None, ticket.assignee or ""),
        new(fact.TRANSFER_PAIR, at, (before, after, "")),
    )
    below, above = settings.tier(before), settings.tier(after)
    if above > below:
        found += (
            new(fact.ESCALATED, at, ticket.cell, None, ticket.assignee or ""),
            new(fact.ESCALATION, at, (str(below), str(above), "")),
        )


def _stop_at(ticket: Ticket, case: Case) -> None:
    """The queue and the assignee it has come to; one that was only cleared is the same again."""
    if ticket.queue is not None and ticket.queue != case.queue:
        case.queue = ticket.queue
        case.queues += 1
    if ticket.assignee is not None and ticket.assignee != case.assignee:
        case.assignee = ticket.assignee
        case.assignees += 1
        if ticket.assignee not in case.people and len(case.people) < MAX_PEOPLE:
            case.people = (*case.people, ticket.assignee)


def _work_on(ticket: Ticket, case: Case, at: int) -> None:
    """Add up the time open and assigned."""
    working = (
        ticket.assignee is not None
        and (ticket.status is None or ticket.status in _WORKING)
        and not ticket.gone
    )
    if case.assigned_since >= 0 and not working:
        case.assigned_ms += at - case.assigned_since
        case.assigned_since = -1
    elif case.assigned_since < 0 and working:
        case.assigned_since = at


def _resolved(
    ticket: Ticket, case: Case, came: bool, settings: Settings, found: list[Fact]
) -> None:
    end = ticket.last_resolved
    if end is None:
        raise AssertionError("a resolution without its time")
    at, cell, _, agent = end
    complexity, estimated = _complexity(ticket, case)
    case.outcome = Outcome(
        ticket.agent_replies,
        case.transfers,
        case.queues,
        case.assignees,
        len(case.people),
        complexity,
        estimated,
        -1 if case.worked else case.assigned_ms,
        ticket.reopens == 0 and case.bot_at >= 0 and not case.person,
    )
    _count(ticket, case, 1, found)
    if came:
        _count_cohort(ticket, case, settings, 1, found)
    if ticket.resolutions == 1:
        _judge_first_contact(ticket, case, at, cell, agent, settings, found)
        if came:
            _same_day(ticket, case, settings, found)


def _count_cohort(
    ticket: Ticket, case: Case, settings: Settings, sign: int, found: list[Fact]
) -> None:
    """It is resolved now, and counts so among those created with it; `sign` -1 is not any more."""
    at = ticket.created_at
    if at is None or not stays_resolved(case, settings):
        return
    cell = created_in(ticket, case)
    found.append(new(fact.COHORT_RESOLVED, at, cell, None, case.created_for, sign))


def stays_resolved(case: Case | None, settings: Settings) -> bool:
    """Whether a ticket counts as resolved among those created with it."""
    if case is None or case.outcome is None:
        return False
    return settings.count_reopened or not case.reopened_soon


def _same_day(ticket: Ticket, case: Case, settings: Settings, found: list[Fact]) -> None:
    """Created and first resolved on one local day."""
    created, first = ticket.created_at, ticket.first_resolved
    if created is not None and first is not None:
        day = local_day(created, settings.zone)
        if local_day(first[0], settings.zone) == day:
            cell = created_in(ticket, case)
            found.append(new(fact.SAME_DAY, created, cell, None, case.created_for))


def _reopened(
    ticket: Ticket, case: Case, at: int, came: bool, settings: Settings, found: list[Fact]
) -> None:
    first, last = ticket.first_resolved, ticket.last_resolved
    if first is None or last is None:
        # Resolved before the history that is known.
        return
    _count(ticket, case, -1, found)
    if came:
        _count_cohort(ticket, case, settings, -1, found)
    case.outcome = None
    if at - last[0] <= settings.fcr_window:
        case.reopened_soon = True
    if case.verdict == FIRST_CONTACT and at - first[0] <= settings.fcr_window:
        case.verdict = NO_FIRST_CONTACT
        found.append(new(fact.FIRST_CONTACT, first[0], first[1], None, first[3], -1))


def _judge_first_contact(
    ticket: Ticket,
    case: Case,
    at: int,
    cell: Labels,
    agent: str,
    settings: Settings,
    found: list[Fact],
) -> None:
    if settings.source(ticket.source or "").response_signal is not ResponseSignal.REPLY:
        found.append(new(fact.FIRST_CONTACT_UNKNOWN, at, cell, None, agent))
        return
    basis = settings.fcr_basis or (CONTACT if ticket.channel in _TALKING else "")
    once = case.contacts == 1 if basis == CONTACT else ticket.agent_replies == 1
    found.append(new(fact.FIRST_CONTACT_JUDGED, at, cell, None, agent))
    case.verdict = NO_FIRST_CONTACT
    if once and len(case.people) <= 1:
        case.verdict = FIRST_CONTACT
        found.append(new(fact.FIRST_CONTACT, at, cell, None, agent))


def _complexity(ticket: Ticket, case: Case) -> tuple[int, bool]:
    """How hard it was, in thousandths, and whether that is an estimate."""
    given = (ticket.extra or {}).get("complexity")
    if isinstance(given, str):
        grade = _GRADES.get(given.lower())
        if grade is not None:
            return grade, False
        if given.isascii() and given.isdigit() and len(given) <= 3:
            return int(given) * 1_000, False
    if case.transfers >= 2 or ticket.agent_replies >= 4:
        return 3_000, True
    if case.transfers == 0 and ticket.agent_replies <= 1:
        return 1_000, True
    return 2_000, True


def _count(ticket: Ticket, case: Case, sign: int, found: list[Fact]) -> None:
    """The facts of the outcome, at the last resolution; `sign` -1 takes them back."""
    end, outcome = ticket.last_resolved, case.outcome
    if end is None or outcome is None:
        return
    at, cell, _, agent = end
    found.append(new(fact.OUTCOME, at, cell, None, agent, sign))
    if outcome.replies:
        touch = (fact.ONE_TOUCH, fact.TWO_TOUCH, fact.MULTI_TOUCH)[min(outcome.replies, 3) - 1]
        found.append(new(touch, at, cell, None, agent, sign))
    if outcome.estimated:
        found.append(new(fact.ESTIMATED, at, cell, None, agent, sign))
    for kind, number in (
        (fact.OUTCOME_REPLIES, outcome.replies * 1_000),
        (fact.OUTCOME_MOVED, outcome.transfers * 1_000),
        (fact.OUTCOME_QUEUES, outcome.queues * 1_000),
        (fact.OUTCOME_ASSIGNEES, outcome.assignees * 1_000),
        (fact.OUTCOME_PEOPLE, outcome.people * 1_000),
        (fact.COMPLEXITY, outcome.complexity),
    ):
        if number:
            found.append(new(kind, at, cell, number, agent, sign))
    if outcome.unrecorded_ms >= 0:
        found.append(new(fact.UNRECORDED, at, cell, outcome.unrecorded_ms, agent, sign))
    if outcome.contained:
        found.append(new(fact.BOT_CONTAINED, case.bot_at, case.bot_in, None, "", sign))
