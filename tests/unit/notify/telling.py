"""Things said of clocks, short to write."""

from typing import Any

from streams.core.instants import MINUTE
from streams.notify.told import Told

NOW = 1_772_445_600_000
"""2026-03-02T10:00:00Z."""


def say(transition: str, identity: str = "", **others: Any) -> Told:
    """One thing said of the only clock of ticket T1; its id is the transition's name by default."""
    given: dict[str, Any] = {
        "id": identity or transition,
        "ticket": "T1",
        "clock": "first_response",
        "source": "desk/a",
        "event": "e1",
        "policy": "gold",
        "transition": transition,
        "level": "75%" if transition == "warned" else "",
        "at": NOW,
        "start": NOW - 15 * MINUTE,
        "target": 15 * MINUTE,
        "used": 15 * MINUTE,
        "deadline": NOW,
        "priority": "urgent",
        "queue": "billing",
        "refers_to": "",
    }
    return Told(**{**given, **others})
