"""What each event did to the clocks of a ticket, seen while its record is folded again.

The fold keeps where clocks stand. What brought them there (which event stopped an instance,
which terms it ran under before) is only needed to explain it, so it is watched here, from
event to event, and kept nowhere.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streams.core.clocks import CANCELLED, Clock, Timeline
from streams.core.events import Event
from streams.core.policies import Condition, Policies, Terms, governing
from streams.core.ticket import Ticket

Key = tuple[str, str, str]
"""Which instance of a ticket's (`Clock.key`)."""


class Held(NamedTuple):
    """Terms that an instance ran under, and from when on."""

    at: int
    policy: str
    """Whose instance it was; terms that are kept may be those of another policy."""
    terms: Terms


class Matched(NamedTuple):
    """A condition of the policy in force, with the ticket's value that meets it."""

    condition: Condition
    value: Any


class _Seen(NamedTuple):
    """What is compared from one event to the next to know whether it moved a clock."""

    stop: int
    gaps: int
    off: bool


@dataclass(slots=True)
class Traced:
    """What is known of one instance beside its clock."""

    seen: _Seen
    causes: dict[int, Event] = field(default_factory=dict)
    """What stopped it, resumed it, cancelled it or brought it back, by time."""
    off_since: int | None = None
    """Since when it is cancelled."""
    held: list[Held] = field(default_factory=list)
    matched: tuple[Matched, ...] | None = None


class Watch:
    """Sees a ticket after each event, and remembers which of them moved its clocks."""

    __slots__ = ("_finished", "_policies", "_ticket", "_timeline", "changes", "events", "traced")

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._forget(Ticket())

    def _forget(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._timeline: Timeline = ()
        self._finished = 0
        self.events: dict[tuple[str, str], Event] = {}
        """By source and id."""
        self.changes: dict[int, Event] = {}
        """What wrote the stretch of the timeline that begins then."""
        self.traced: dict[Key, Traced] = {}

    def see(self, event: Event | None, ticket: Ticket) -> None:
        """Look at the ticket right after an event, or (without one) at a checkpoint."""
        if ticket is not self._ticket:
            self._forget(ticket)
        if event is not None:
            self.events[event.source, event.id] = event
            if ticket.timeline is not self._timeline:
                self.changes[event.at] = event
        self._timeline = ticket.timeline
        # Instances before these have stopped for good.
        for clock in (*ticket.finished[self._finished :], *ticket.clocks):
            self._look(clock, event, ticket)
        self._finished = len(ticket.finished)

    def _look(self, clock: Clock, event: Event | None, ticket: Ticket) -> None:
        seen = _Seen(clock.stop, len(clock.gaps), clock.gone or not clock.named)
        traced = self.traced.get(clock.key)
        if traced is None:
            before = None
            traced = self.traced[clock.key] = Traced(seen)
        else:
            before, traced.seen = traced.seen, seen
        if event is not None and seen != before:
            traced.causes[event.at] = event
        if seen.off != (before is not None and before.off):
            at = _cancelled_at(clock) if event is None else event.at
            traced.off_since = at if seen.off else None
        if not clock.stopped or (event is not None and (before is None or before.stop < 0)):
            traced.matched = self._matched(clock, ticket)
        held = None if clock.terms is None else (clock.policy, clock.terms)
        if held is not None and (not traced.held or traced.held[-1][1:] != held):
            at = clock.start if event is None or not traced.held else event.at
            traced.held.append(Held(at, *held))

    def _matched(self, clock: Clock, ticket: Ticket) -> tuple[Matched, ...] | None:
        policy = governing(self._policies.matching(ticket.attribute), clock.start)
        if policy is None or policy.terms(clock.kind, ticket.priority) is None:
            return None
        return tuple(Matched(each, ticket.attribute(each.attribute)) for each in policy.when)


def _cancelled_at(clock: Clock) -> int:
    """When an instance of a checkpoint was cancelled, as its log has it."""
    return max(
        (entry.at for entry in clock.log if entry.transition == CANCELLED), default=clock.start
    )
