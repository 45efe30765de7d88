"""What an event makes true: the facts that every count and duration is made of.

A fact is additive. An aggregate is the sum of the facts of all tickets, so it is kept
by adding the facts a ticket gained and subtracting those it lost (DESIGN section 1).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from streams.core.cover import BANDS
from streams.core.ticket import DIMENSIONS, Cell, Ticket

# Counted once per ticket.
CREATED: Final = "created"
RESOLVED_ONCE: Final = "resolved_once"
"""The first resolution: the ticket counts as resolved from here on."""

# Counted each time.
RESOLVED: Final = "resolved"
REOPENED: Final = "reopened"
TRANSFERRED: Final = "transferred"
ASSIGNED: Final = "assigned"
PRIORITY_CHANGED: Final = "priority_changed"
AGENT_REPLY: Final = "agent_reply"
BOT_REPLY: Final = "bot_reply"
REQUESTER_MESSAGE: Final = "requester_message"

# Durations: `value` is milliseconds, never negative.
FIRST_RESPONSE: Final = "first_response"
PICKUP: Final = "pickup"
RESOLUTION: Final = "resolution"
"""Each resolution, from the creation; none for an orphan."""
FIRST_RESOLUTION: Final = "first_resolution"
FULL_RESOLUTION: Final = "full_resolution"
TIME_TO_CLOSE: Final = "time_to_close"
"""Stands while the ticket is closed."""
NEXT_REPLY: Final = "next_reply"
"""Each time a requester's message is answered, by an agent's reply or a resolution."""
REQUESTER_WAIT: Final = "requester_wait"
"""With `AGENT_WORK` at the last resolution, while the ticket is resolved (streams.core.elapsed)."""
AGENT_WORK: Final = "agent_work"
OWNERSHIP: Final = "ownership"
"""Each stay in a queue, under that queue."""

WORKING: Final = {
    kind: f"{kind}_working"
    for kind in (
        *(FIRST_RESPONSE, PICKUP, NEXT_REPLY, REQUESTER_WAIT, AGENT_WORK, OWNERSHIP),
        *(RESOLUTION, FIRST_RESOLUTION, FULL_RESOLUTION, TIME_TO_CLOSE),
    )
}
"""Kind of a duration -> the same in working time, where there are policies."""

# Of SLA clocks that cannot change any more; their cell is (policy, clock, ...).
PROMISE: Final = "promise"
"""One instance, the third of the cell is its state."""
SPENT: Final = {part: f"spent_{part}" for part in ("queue", "status", "assignee")}
"""By what budget was used in (the third of the cell) -> kind; `value` is added up, not counted."""

# Enters and leaves the depth of a queue: the one it has then, or had until then.
ENTERED: Final = "entered"
LEFT: Final = "left"

# The way of a ticket (streams.core.journey). Those of an outcome stand while the ticket is
# resolved or closed, at its last resolution; a reopening takes them back.
OUTCOME: Final = "outcome"
"""A ticket that is resolved or closed."""
OUTCOME_MOVED: Final = "outcome_moved"
"""It was transferred; the value is how often."""
OUTCOME_REPLIES: Final = "outcome_replies"
OUTCOME_QUEUES: Final = "outcome_queues"
OUTCOME_ASSIGNEES: Final = "outcome_assignees"
OUTCOME_PEOPLE: Final = "outcome_people"
ONE_TOUCH: Final = "one_touch"
TWO_TOUCH: Final = "two_touch"
MULTI_TOUCH: Final = "multi_touch"
COMPLEXITY: Final = "complexity"
ESTIMATED: Final = "complexity_estimated"
COHORT_RESOLVED: Final = "cohort_resolved"
"""Resolved now, at the time of its creation."""
SAME_DAY: Final = "same_day"
PROACTIVE: Final = "proactive"
MOVED: Final = "moved"
"""A transfer at the level that `transfer_level` names."""
ESCALATED: Final = "escalated"
FIRST_CONTACT: Final = "first_contact"
FIRST_CONTACT_JUDGED: Final = "first_contact_judged"
"""At the first resolution, of a ticket whose source sends replies."""
FIRST_CONTACT_UNKNOWN: Final = "first_contact_unknown"
"""The same of a ticket whose source sends none."""
BOT_TICKET: Final = "bot_ticket"
BOT_CONTAINED: Final = "bot_contained"
HANDOVER: Final = "handover"
"""From the requester's last message to a bot to the first agent reply; a duration."""

# Of several tickets of one requester (streams.core.repeats).
REPEATED: Final = "repeated"
"""A first contact after which the requester came again about the same category."""
REPEAT_CONTACT: Final = "repeat_contact"

# What requesters say (streams.core.voice). Values are thousandths of a point.
CSAT: Final = "csat"
"""A response; the value is its score on a scale of 1 to 5."""
CSAT_SATISFIED: Final = "csat_satisfied"
NPS: Final = "nps"
"""A response; the value is its score on a scale of 0 to 10."""
PROMOTER: Final = "promoter"
DETRACTOR: Final = "detractor"
CES: Final = "ces"
"""A response; the value is its score on a scale of 1 to 7, 7 is easy."""
CSAT_SENT: Final = "csat_sent"
NPS_SENT: Final = "nps_sent"
CES_SENT: Final = "ces_sent"
CSAT_ANSWERED: Final = "csat_answered"
"""At the time the survey was sent."""
NPS_ANSWERED: Final = "nps_answered"
CES_ANSWERED: Final = "ces_answered"
LOW_SCORE: Final = "low_score"
FOLLOWED_UP: Final = "followed_up"
"""An agent replied within 24 hours after it."""
FOLLOW_UP: Final = "follow_up"
"""From a low score to the next agent reply; a duration."""

# What it takes (streams.core.effort). Values are milliseconds, or thousandths.
HANDLED: Final = "handled"
TOUCHED: Final = "touched"
"""A ticket that was worked on; of a queue or an agent, one that was worked on there."""
INTERACTION: Final = "interaction"
TALKED: Final = "talked"
"""A ticket with talk or hold time; of a queue or an agent as above."""
FURTHER: Final = {
    kind: tuple([f"{kind}:{name}" for name in (*DIMENSIONS, "agent")]) for kind in (TOUCHED, TALKED)
}
"""By label: the same in a further queue, by a further agent; the ticket is counted already."""
UNRECORDED: Final = "unrecorded"
"""Part of an outcome: no handling was recorded; the value is the time open and assigned."""
LABOUR: Final = "labour"
"""What handling costs at the agent's hourly rate; millionths of the report's currency."""
COST: Final = "cost"
"""Prefix: `cost:EUR` is what was recorded in that currency, in millionths of it."""
REVIEW: Final = "review"
REVIEWED_TICKET: Final = "reviewed_ticket"
REVIEWED_CRITERION: Final = "reviewed_criterion"
"""The value is score / max."""
REVIEW_ERRORS: Final = "review_errors"

# Conflicts and complaints (streams.core.conflicts).
CONFLICT: Final = "conflict"
"""A ticket that became one, at the moment it did."""
TURNED: Final = "turned"
"""It became one after its creation."""
CONFLICT_WAIT: Final = "conflict_wait"
"""From the creation until then; a duration."""
CONFLICT_REACTION: Final = "conflict_reaction"
CONFLICT_RESOLUTION: Final = "conflict_resolution"
CONFLICT_RESOLVED: Final = "conflict_resolved"
"""Resolved now, at the time it became one."""
CONFLICT_CSAT: Final = "conflict_csat"
CONFLICT_SATISFIED: Final = "conflict_satisfied"
OF_CONFLICT: Final = "of_conflict:"
"""Prefix: `of_conflict:handled` is what the values of all `handled` of a conflict add up to,
`of_conflict:resolved` how often it was resolved; also before it became one. At its newest event."""

# Named by what sources send; their cell is (what, name, "").
TRANSFER_PAIR: Final = "transfer_pair"
"""(from, to, "")"""
ASPECT: Final = "aspect"
"""(kind of survey, aspect, ""); the value is the score, as that of the survey."""
REASON: Final = "reason"
CRITERION: Final = "criterion"
"""("", criterion of a quality review, ""); the value is score / max."""

ESCALATION: Final = "escalation"
"""(tier it was in, tier it came to, "")"""

NAMED: Final = frozenset({TRANSFER_PAIR, ASPECT, REASON, CRITERION})
CONTACT: Final = "contact"
"""A run of public messages less than `contact_gap` apart."""

PROVISIONAL: Final = "provisional:"
"""Prefix: `provisional:first_contact` is one that may still be taken back, because its window is
not over; as of a report."""
DEPTH: Final = "depth"
"""Active tickets at the end of a period; no fact, but a sum made of `ENTERED` and `LEFT`."""

# What a ticket is now, or was when it was forgotten.
ACTIVE: Final = "active"
CLOSED: Final = "closed"
DELETED: Final = "deleted"
MERGED: Final = "merged"
ORPHAN: Final = "orphan"
SKEWED: Final = "skewed"
"""Something ended before the creation: a clock of the source is wrong."""

IN_BAND: Final = {
    kind: {band: f"{kind}:{band}" for band in BANDS} for kind in (NEXT_REPLY, WORKING[NEXT_REPLY])
}
"""The same by the band of the week in which the wait began; only tallies have them, which do not
know the instant any more."""

DURATIONS: Final = frozenset(
    {
        *(name for names in IN_BAND.values() for name in names.values()),
        *WORKING,
        *WORKING.values(),
        HANDOVER,
        FOLLOW_UP,
        CONFLICT_WAIT,
        CONFLICT_REACTION,
        CONFLICT_RESOLUTION,
    }
)
"""Kinds whose values are times: of these sums keep distributions, of any other one amounts."""


COUNTED: Final = frozenset(
    {
        *(CREATED, RESOLVED, REOPENED, TRANSFERRED, ASSIGNED),
        *(AGENT_REPLY, BOT_REPLY, REQUESTER_MESSAGE),
        *(FIRST_RESPONSE, PICKUP, RESOLUTION),
    }
)
"""Kinds that are never taken back but by a correction: Prometheus counters count them, too."""

CATALOGUED: Final = frozenset(
    {
        *(OUTCOME, OUTCOME_MOVED, OUTCOME_REPLIES, OUTCOME_QUEUES, OUTCOME_ASSIGNEES),
        *(OUTCOME_PEOPLE, ONE_TOUCH, TWO_TOUCH, MULTI_TOUCH, COMPLEXITY, ESTIMATED),
        *(COHORT_RESOLVED, SAME_DAY, PROACTIVE, MOVED, ESCALATED, RESOLVED_ONCE),
        *(FIRST_CONTACT, FIRST_CONTACT_JUDGED, FIRST_CONTACT_UNKNOWN, CONTACT),
        *(BOT_TICKET, BOT_CONTAINED, HANDOVER),
        *(CSAT, CSAT_SATISFIED, CSAT_SENT, CSAT_ANSWERED),
        *(NPS, PROMOTER, DETRACTOR, NPS_SENT, NPS_ANSWERED),
        *(CES, CES_SENT, CES_ANSWERED, LOW_SCORE, FOLLOWED_UP, FOLLOW_UP),
        *(HANDLED, TOUCHED, INTERACTION, TALKED, UNRECORDED, LABOUR),
        *(REVIEW, REVIEWED_TICKET, REVIEWED_CRITERION, REVIEW_ERRORS),
        *(CONFLICT, TURNED, CONFLICT_WAIT, CONFLICT_REACTION, CONFLICT_RESOLUTION),
        *(CONFLICT_RESOLVED, CONFLICT_CSAT, CONFLICT_SATISFIED),
        *(CRITERION, NEXT_REPLY, REQUESTER_WAIT, AGENT_WORK, OWNERSHIP),
    }
)
"""Kinds of the catalogue that some windows sum by queue, `CRITERION` by its name; some of them are
taken back again."""

BUCKETED: Final = COUNTED & DURATIONS
"""Kinds that windows and counters also sum by histogram bucket."""

WINDOWED: Final = (COUNTED - {BOT_REPLY}) | CATALOGUED
"""Kinds that windows sum."""


class Fact(NamedTuple):
    """One thing that became true, or (`sign` -1) is not true any more.

    `cell` holds the ticket's labels right after the event that made it true.
    """

    kind: str
    at: int
    cell: Cell
    value: int | None = None
    agent: str = ""
    """Whom it is credited to; "" is nobody."""
    sign: int = 1


def new(
    kind: str, at: int, cell: Cell, value: int | None = None, agent: str = "", sign: int = 1
) -> Fact:
    """A fact, as `Fact(...)` makes it; faster, because each event comes by here."""
    made: Fact = tuple.__new__(Fact, (kind, at, cell, value, agent, sign))
    return made


class Standing(NamedTuple):
    """What a ticket contributes to the gauges of now, while it is active."""

    cell: Cell
    status: str
    unassigned: bool
    unanswered_since: int | None
    waiting_since: int | None


def standing(ticket: Ticket) -> Standing | None:
    """The ticket's contribution to the counts of now; `None` when it is not active."""
    if not ticket.active:
        return None
    made: Standing = tuple.__new__(
        Standing,
        (
            ticket.cell,
            ticket.status or "new",
            ticket.assignee is None,
            ticket.unanswered_since,
            ticket.waiting_since,
        ),
    )
    return made


class Change(NamedTuple):
    """The difference between what a ticket contributed before and after a batch."""

    gained: list[Fact]
    lost: list[Fact]


def change(before: Iterable[Fact], after: Iterable[Fact]) -> Change:
    """What was gained and lost, as multisets: a fact in both cancels out."""
    old, new = Counter(before), Counter(after)
    return Change(list((new - old).elements()), list((old - new).elements()))
