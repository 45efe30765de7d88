"""Events of tickets, written as tests think of them: days and hours since a Monday in UTC."""

from typing import Any

from streams.core.instants import DAY, HOUR, format_rfc3339

MONDAY = 1_772_409_600_000
"""2026-03-02T00:00:00Z."""

Event = dict[str, Any]


def at(day: float, hour: float = 0) -> int:
    """An instant, so many days and hours after Monday's midnight."""
    return MONDAY + round(day * DAY + hour * HOUR)


def event(ticket: str, when: int, type_: str, **data: Any) -> Event:
    """One event."""
    return {
        "specversion": "1.0",
        "id": f"{ticket}-{type_}-{when}",
        "source": "helpdesk/told",
        "type": type_,
        "subject": ticket,
        "time": format_rfc3339(when),
        "data": data,
    }


def created(ticket: str, when: int, **labels: Any) -> Event:
    """A ticket comes into being, open."""
    return event(ticket, when, "ticket.created", status="open", **labels)


def resolved(ticket: str, when: int, by: str = "ann") -> Event:
    """An agent resolves it."""
    actor = {"id": by, "role": "agent"}
    return event(ticket, when, "ticket.updated", status="resolved", actor=actor)


def reply(ticket: str, when: int, by: str = "ann") -> Event:
    """An agent replies in public."""
    return event(
        ticket, when, "ticket.replied", author={"id": by, "role": "agent"}, visibility="public"
    )


def csat(ticket: str, when: int, score: int) -> Event:
    """A customer answers: 1 to 5."""
    return event(
        ticket,
        when,
        "survey.responded",
        survey=f"S-{ticket}-{when}",
        kind="csat",
        score=score,
        scale={"min": 1, "max": 5},
    )


def worked(ticket: str, when: int, seconds: float, by: str = "ann") -> Event:
    """An agent spends time on it."""
    return event(ticket, when, "ticket.worked", agent=by, seconds=seconds)
