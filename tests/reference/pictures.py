"""Tickets for tests, drawn: one column a minute after midnight, one letter an event.

And policies, and what becomes of their clocks in the last column.
"""

from typing import Any

from tests.reference.clocks import Instance
from tests.reference.events import format_time, parse_time
from tests.reference.model import clocks_now

Sla = dict[str, Any]

MINUTE_MS = 60_000
MIDNIGHT = parse_time("2024-03-01T00:00:00Z")

LETTERS: dict[str, tuple[str, dict[str, Any]]] = {
    # creation by the requester, and by an agent
    "C": ("ticket.created", {}),
    "c": ("ticket.created", {"actor": {"id": "a1", "role": "agent"}}),
    # an agent's reply, a requester's message
    "a": ("ticket.replied", {"author": {"id": "a1", "role": "agent"}, "visibility": "public"}),
    "m": ("ticket.replied", {"author": {"id": "r1", "role": "requester"}, "visibility": "public"}),
    # a bot's reply; it becomes a complaint, a question
    "b": ("ticket.replied", {"author": {"id": "b1", "role": "bot"}, "visibility": "public"}),
    "K": ("ticket.updated", {"kind": "complaint"}),
    "q": ("ticket.updated", {"kind": "question"}),
    # resolved, (re)opened, pending, on hold, a status that nobody knows
    "R": ("ticket.updated", {"status": "resolved"}),
    "O": ("ticket.updated", {"status": "open"}),
    "p": ("ticket.updated", {"status": "pending"}),
    "h": ("ticket.updated", {"status": "on_hold"}),
    "?": ("ticket.updated", {"status": "unheard_of"}),
    # assigned to one, to another, to nobody
    "A": ("ticket.updated", {"assignee": "a1"}),
    "B": ("ticket.updated", {"assignee": "a2"}),
    "1": ("ticket.updated", {"assignee": None}),
    # into queue x, into queue y, out of every queue; urgent, normal
    "x": ("ticket.updated", {"queue": "x"}),
    "y": ("ticket.updated", {"queue": "y"}),
    "0": ("ticket.updated", {"queue": None}),
    "u": ("ticket.updated", {"priority": "urgent"}),
    "n": ("ticket.updated", {"priority": "normal"}),
    # deleted, restored, merged
    "D": ("ticket.deleted", {"reason": "deleted"}),
    "U": ("ticket.restored", {}),
    "M": ("ticket.merged", {"into": "T2"}),
}


def event(minute: float, kind: str, /, ticket: str = "T1", **data: Any) -> dict[str, Any]:
    """One event at `minute`; every call gives another id, in the order of the minutes."""
    return {
        "specversion": "1.0",
        "id": f"{kind}@{minute:09}",
        "source": "desk/a",
        "type": kind,
        "subject": ticket,
        "time": format_time(MIDNIGHT + int(minute * MINUTE_MS)),
        "data": data,
    }


def life(picture: str) -> list[dict[str, Any]]:
    """The events in a picture, one column a minute."""
    drawn = [(minute, LETTERS[mark]) for minute, mark in enumerate(picture) if mark in LETTERS]
    return [event(minute, kind, **data) for minute, (kind, data) in drawn]


def minute(number: float) -> int:
    """Epoch milliseconds of a minute after midnight."""
    return MIDNIGHT + int(number * MINUTE_MS)


def policy(name: str, targets: Sla, **more: Any) -> Sla:
    """A policy round the clock, if `more` does not say otherwise."""
    return {"name": name, "calendar": "24x7", "targets": targets, **more}


def sla(*policies: Sla) -> Sla:
    """The data of an sla.yml without calendars."""
    return {"policies": list(policies)}


def named(clock: str, **terms: Any) -> Sla:
    """A policy for everybody that names one clock, with a target of 5 minutes."""
    return sla(policy("all", {clock: {"within": "5m", **terms}}))


def at_end(picture: str, given_sla: Sla, **more: Any) -> list[Instance]:
    """The instances of a drawn ticket in its last column."""
    return clocks_now(life(picture), sla=given_sla, as_of=minute(len(picture) - 1), **more)["T1"]


def one(picture: str, given_sla: Sla) -> Instance:
    """The only instance in the last column."""
    (found,) = at_end(picture, given_sla)
    return found


def minutes(ms: int | None) -> float | None:
    """The minute after midnight of an instant."""
    return None if ms is None else (ms - MIDNIGHT) / MINUTE_MS
