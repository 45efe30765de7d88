"""The catalogue of service quality, one event at a time.

Beside what a ticket is and promises, each part of the catalogue follows the same events:
`journey`, `elapsed`, `voice`, `effort`, `conflicts`. A part reads the facts of the event, keeps
what it has to remember in the ticket's `Case`, and adds facts of its own.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from streams.core import conflicts, effort, elapsed, journey, voice
from streams.core import events as ev
from streams.core.case import Case
from streams.core.events import Event
from streams.core.facts import Fact
from streams.core.settings import Settings
from streams.core.ticket import Ticket


class Part(NamedTuple):
    """One part of the catalogue."""

    types: frozenset[str]
    """Types of events it looks at even if they have no facts; with facts it looks at any."""
    follow: Callable[[Ticket, Case, Event, list[Fact], Settings], list[Fact]]
    """What the facts of an event mean."""


_ATTRIBUTES: Final = frozenset({ev.CREATED, ev.UPDATED})
_GONE_OR_BACK: Final = frozenset({ev.RESTORED, ev.MERGED, ev.DELETED})

PARTS: Final[Mapping[str, Part]] = {
    "conflicts": Part(_ATTRIBUTES, conflicts.follow),
    "journey": Part(_ATTRIBUTES | _GONE_OR_BACK, journey.follow),
    "elapsed": Part(_ATTRIBUTES, elapsed.follow),
    "voice": Part(frozenset({ev.SURVEY_SENT, ev.SURVEY_RESPONDED}), voice.follow),
    "effort": Part(frozenset({ev.WORKED, ev.COST, ev.REVIEWED}), effort.follow),
}
"""By name, in the order in which they see an event."""


def follow(ticket: Ticket, event: Event, facts: list[Fact], since: int, settings: Settings) -> None:
    """Add what the catalogue makes of an event whose own facts are `facts[since:]`."""
    case = ticket.case
    if case is None:
        case = ticket.case = Case()
    news = facts[since:]
    for name in settings.catalogue:
        types, part = PARTS[name]
        if news or event.type in types:
            facts += part(ticket, case, event, news, settings)
