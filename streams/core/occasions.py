"""When each SLA clock starts, and when it stops: the table of KPIS.md, "Clocks".

Every answer is read off the ticket right after an event and what it was `before`. Where the
definitions leave room, docs/decisions/0005 says what holds.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.core import policies as po
from streams.core.events import Event
from streams.core.policies import Policies
from streams.core.settings import Settings
from streams.core.ticket import Ticket

Start = tuple[int, str, str]
"""When an instance starts, and source and id of the event that starts it."""
Starts = tuple[Start, ...]


class Before:
    """What a ticket was before an event, as far as its clocks care."""

    __slots__ = (
        "agent_replies",
        "attributes",
        "done",
        "existed",
        "gone",
        "held_since",
        "picked_up",
        "priority",
        "queue",
        "requested_at",
        "responded",
        "status",
        "waiting_since",
    )

    def __init__(self, ticket: Ticket, policies: Policies) -> None:
        """Look at the ticket before an event changes it."""
        self.status: str | None = ticket.status
        self.queue: str | None = ticket.queue
        self.priority: str | None = ticket.priority
        self.attributes: tuple[Any, ...] = policies.compared(ticket.attribute)
        self.done: bool = ticket.done
        self.gone: bool = ticket.gone
        self.existed: bool = ticket.existed
        self.waiting_since: int | None = ticket.waiting_since
        self.held_since: int | None = ticket.held_since
        self.requested_at: int | None = ticket.requested_at
        self.responded: bool = ticket.first_response_at is not None
        self.picked_up: bool = ticket.picked_up is not None
        self.agent_replies: int = ticket.agent_replies

    def holds(self, ticket: Ticket, policies: Policies) -> bool:
        """Whether the ticket is still the same: then no clock starts, stops or changes."""
        return (
            self.status == ticket.status
            and self.queue == ticket.queue
            and self.priority == ticket.priority
            and self.gone == ticket.gone
            and self.existed == ticket.existed
            and self.waiting_since == ticket.waiting_since
            and self.held_since == ticket.held_since
            and self.requested_at == ticket.requested_at
            and self.responded == (ticket.first_response_at is not None)
            and self.picked_up == (ticket.picked_up is not None)
            and self.agent_replies == ticket.agent_replies
            and self.attributes == policies.compared(ticket.attribute)
        )


# -- when each clock starts -------------------------------------------------------------------


def here(event: Event) -> Start:
    """An instance that starts with this event."""
    return event.at, event.source, event.id


def _created(ticket: Ticket, event: Event, was: Before, _settings: Settings) -> Starts:
    return (here(event),) if ticket.existed and not was.existed else ()


def _asked(ticket: Ticket, event: Event, was: Before, settings: Settings) -> Starts:
    """With the creation; opened by an agent, with the requester's first message.

    That message waits for the creation to stand in the order key and, if it came on a resolved
    ticket, for the reopening - unless a response comes first.
    """
    if not ticket.opened_by_agent:
        return _created(ticket, event, was, settings)
    if ticket.requested_at is not None and was.requested_at is None:
        ticket.question = (*here(event), ticket.done)
    if ticket.question is None:
        return ()
    at, source, event_id, held = ticket.question
    if held and was.done and not ticket.done:
        held = False
        # A signal from before the message is a response, but not one that came in between.
        if ticket.first_response_at is not None and ticket.signal is None:
            ticket.question = None
            return ()
    start = (at, source, event_id)
    ready = ticket.existed and not held
    ticket.question = None if ready else (*start, held)
    return (start,) if ready else ()


def _waits(ticket: Ticket, event: Event, was: Before, settings: Settings) -> Starts:
    """Each time the requester begins to wait; a creation that is answered already counts.

    A creation may reopen a ticket with a message on it: then that waits, beside it or for it.
    """
    begins = ticket.waiting_since is not None and was.waiting_since is None
    held: Starts = ()
    if begins and was.held_since is not None and ticket.held_by is not None:
        held = ((ticket.waiting_since or 0, *ticket.held_by),)
    created = _created(ticket, event, was, settings)
    if created and not ticket.opened_by_agent:
        waits_on = held or was.waiting_since is not None or ticket.held_since is not None
        answered = is_answered(ticket, event.at, settings)
        return (*held, *created) if answered or not waits_on else held
    return held or ((here(event),) if begins else ())


def is_answered(ticket: Ticket, created_at: int, settings: Settings) -> bool:
    """Whether something shortly before the creation, or the creation itself, answers it."""
    answered = ticket.answered_at
    return answered is not None and answered >= created_at - settings.future_skew


def _replied(ticket: Ticket, event: Event, was: Before, _settings: Settings) -> Starts:
    return (here(event),) if ticket.agent_replies > was.agent_replies and ticket.active else ()


def _owned(ticket: Ticket, event: Event, was: Before, _settings: Settings) -> Starts:
    """A queue that was set while the ticket is active, and each reopening."""
    reopened = was.done and not ticket.done
    given = ticket.queue != was.queue and ticket.active
    return (here(event),) if ticket.queue is not None and (reopened or given) else ()


STARTS: Final[Mapping[str, Callable[[Ticket, Event, Before, Settings], Starts]]] = {
    po.FIRST_RESPONSE: _asked,
    po.PICKUP: _created,
    po.NEXT_REPLY: _waits,
    po.PERIODIC_UPDATE: _replied,
    po.PAUSABLE_UPDATE: _replied,
    po.REQUESTER_WAIT: _created,
    po.AGENT_WORK: _created,
    po.RESOLUTION: _created,
    po.OWNERSHIP: _owned,
}


# -- when each clock stops: a resolution stops all of them --------------------------------------


def _resolved(ticket: Ticket, _was: Before) -> bool:
    return ticket.done


def _responded(ticket: Ticket, _was: Before) -> bool:
    return ticket.done or ticket.first_response_at is not None


def _picked_up(ticket: Ticket, _was: Before) -> bool:
    return ticket.done or ticket.picked_up is not None


def _answered(ticket: Ticket, _was: Before) -> bool:
    return ticket.waiting_since is None


def _updated(ticket: Ticket, was: Before) -> bool:
    return ticket.done or ticket.agent_replies > was.agent_replies


def _handed_over(ticket: Ticket, was: Before) -> bool:
    return ticket.done or ticket.queue != was.queue


STOPS: Final[Mapping[str, Callable[[Ticket, Before], bool]]] = {
    po.FIRST_RESPONSE: _responded,
    po.PICKUP: _picked_up,
    po.NEXT_REPLY: _answered,
    po.PERIODIC_UPDATE: _updated,
    po.PAUSABLE_UPDATE: _updated,
    po.REQUESTER_WAIT: _resolved,
    po.AGENT_WORK: _resolved,
    po.RESOLUTION: _resolved,
    po.OWNERSHIP: _handed_over,
}
STOPPED_BY_EVENTS: Final = frozenset({po.PERIODIC_UPDATE, po.PAUSABLE_UPDATE, po.OWNERSHIP})
"""What stops an instance starts the next one, and is no state that could stop that at once."""
