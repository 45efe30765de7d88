"""What an event makes true: the facts that every count and duration is made of.

A fact is additive. An aggregate is the sum of the facts of all tickets, so it is kept
by adding the facts a ticket gained and subtracting those it lost (DESIGN section 1).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from streams.core.ticket import Cell, Ticket

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

WORKING: Final = {
    kind: f"{kind}_working"
    for kind in (FIRST_RESPONSE, PICKUP, RESOLUTION, FIRST_RESOLUTION, FULL_RESOLUTION)
}
"""Kind of a duration -> the same in working time, where there are policies."""

# Of SLA clocks that cannot change any more; their cell is (policy, clock, ...).
PROMISE: Final = "promise"
"""One instance, the third of the cell is its state."""
SPENT: Final = {part: f"spent_{part}" for part in ("queue", "status", "assignee")}
"""By what budget was used in (the third of the cell) -> kind; `value` is added up, not counted."""

# Enters and leaves queue depth.
ENTERED: Final = "entered"
LEFT: Final = "left"

# What a ticket is now, or was when it was forgotten.
ACTIVE: Final = "active"
CLOSED: Final = "closed"
DELETED: Final = "deleted"
MERGED: Final = "merged"
ORPHAN: Final = "orphan"
SKEWED: Final = "skewed"
"""Something ended before the creation: a clock of the source is wrong."""

DURATIONS: Final = frozenset(WORKING)
AMOUNTS: Final = frozenset(SPENT.values())
"""Kinds whose values are amounts: a tally sums them and keeps no distribution."""


class Fact(NamedTuple):
    """One thing that became true.

    `cell` holds the ticket's labels right after the event that made it true.
    """

    kind: str
    at: int
    cell: Cell
    value: int | None = None


def new(kind: str, at: int, cell: Cell, value: int | None = None) -> Fact:
    """A fact, as `Fact(...)` makes it; faster, because each event comes by here."""
    made: Fact = tuple.__new__(Fact, (kind, at, cell, value))
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
