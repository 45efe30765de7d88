"""The catalogue of service quality, one event at a time.

Beside what a ticket is and promises, each part of the catalogue follows the same events:
`journey`, `voice`, `effort`, `conflicts`. A part reads the facts of the event, keeps what it has
to remember in the ticket's `Case`, and adds facts of its own.
"""

from collections.abc import Callable, Mapping
from typing import Final

from streams.core import conflicts, effort, journey, voice
from streams.core import events as ev
from streams.core.case import Case
from streams.core.events import Event
from streams.core.facts import Fact
from streams.core.settings import Settings
from streams.core.ticket import Ticket

Part = Callable[[Ticket, Case, Event, list[Fact], Settings], list[Fact]]

PARTS: Final[Mapping[str, Part]] = {
    "conflicts": conflicts.follow,
    "journey": journey.follow,
    "voice": voice.follow,
    "effort": effort.follow,
}
"""By name, in the order in which they see an event."""

_SILENT: Final = frozenset({ev.RESTORED, ev.MERGED, ev.DELETED})


def follow(ticket: Ticket, event: Event, facts: list[Fact], since: int, settings: Settings) -> None:
    """Add what the catalogue makes of an event whose own facts are `facts[since:]`."""
    case = ticket.case
    if case is None:
        case = ticket.case = Case()
    news = facts[since:]
    for part in settings.catalogue:
        facts += PARTS[part](ticket, case, event, news, settings)
