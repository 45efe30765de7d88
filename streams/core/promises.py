"""The clocks of a ticket: which start, stop, pause and change their terms at each event.

`follow` is the part of the fold that keeps them. It sees the ticket right after an event, and
what it was `before`; everything it does is derived from the two, so clocks are a function of
the ticket's events like everything else. When each clock starts and stops says
`streams.core.occasions`; where the definitions leave room, docs/decisions/0005 does.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from streams.core import clocks as ck
from streams.core import events as ev
from streams.core import facts as fact
from streams.core import policies as po
from streams.core.calendars import FOREVER
from streams.core.clocks import Clock, Stretch
from streams.core.events import Event
from streams.core.facts import Fact
from streams.core.occasions import (
    STARTS,
    STOPPED_BY_EVENTS,
    STOPS,
    Before,
    Start,
    here,
    is_answered,
)
from streams.core.policies import OnReopen, Policy, Terms, governing
from streams.core.settings import Settings
from streams.core.ticket import Ticket

RESUMABLE: Final = frozenset({po.REQUESTER_WAIT, po.AGENT_WORK, po.RESOLUTION})
"""Clocks whose instance runs on after a reopening; the others are final once stopped."""

MAX_TIMELINE: Final = 2_000
"""Stretches kept of a ticket that flaps. What its clocks used before them stays used until their
terms change: then only what is left of the timeline can be counted again."""
_URGENT: Final = "urgent"


class Standing(NamedTuple):
    """What one instance contributes to every count of instances."""

    policy: str
    clock: str
    queue: str
    urgent: bool
    state: str
    """One of `streams.core.clocks.STATES`."""
    deadline: int
    """Epoch milliseconds; -1 where it is not known."""


def standings(ticket: Ticket, now: int) -> tuple[Standing, ...]:
    """The contributions of all instances that a policy has ever named, as of `now`."""
    return tuple([_standing(clock, now) for clock in instances(ticket)])


def _standing(clock: Clock, now: int) -> Standing:
    made: Standing = tuple.__new__(
        Standing,
        (
            clock.policy,
            clock.kind,
            clock.queue,
            clock.urgent,
            clock.state(now),
            clock.deadline,
        ),
    )
    return made


def instances(ticket: Ticket) -> list[Clock]:
    """The instances that a policy has ever named; finished ones first."""
    clocks = ticket.clocks if not ticket.finished else (*ticket.finished, *ticket.clocks)
    return [clock for clock in clocks if clock.policy]


def current(ticket: Ticket, kind: str) -> Clock | None:
    """The newest instance of a clock, stopped or not."""
    for clock in ticket.clocks:
        if clock.kind == kind:
            return clock
    return None


def runs(ticket: Ticket) -> bool:
    """Whether the passing of time can do anything to a clock of the ticket."""
    return any(clock.live for clock in ticket.clocks)


def next_due(ticket: Ticket, now: int) -> int | None:
    """The first instant after `now` at which time does something to a clock."""
    earliest: int | None = None
    for clock in ticket.clocks:
        due = None if clock.stopped else clock.next_due(now)
        if due is not None and (earliest is None or due < earliest):
            earliest = due
    return earliest


def settled(ticket: Ticket, now: int) -> Iterator[Fact]:
    """What all instances leave behind when the ticket is forgotten, as of `now`."""
    for clock in instances(ticket):
        yield from _facts(clock, ticket, now)


def settle(
    ticket: Ticket, before: int, *, early: bool = False
) -> tuple[set[tuple[str, str, str]], list[Fact]]:
    """Take off the instances that ended and (unless it is early) were due before an instant.

    Returns their keys, and what they leave behind.
    """
    old = [
        clock
        for clock in instances(ticket)
        if clock.final and clock.stop < before and (early or clock.deadline < before)
    ]
    facts = [item for clock in old for item in _facts(clock, ticket, clock.stop)]
    keys = {clock.key for clock in old}
    drop(ticket, keys)
    return keys, facts


def _facts(clock: Clock, ticket: Ticket, now: int) -> Iterator[Fact]:
    """Its state, a verdict at the instant of its deadline (as windows count it); what it used."""
    name, state = (clock.policy, clock.kind), clock.state(now)
    due = state in ck.VERDICTS and 0 <= clock.deadline < FOREVER
    yield Fact(fact.PROMISE, clock.deadline if due else now, (*name, state))
    if state == ck.CANCELLED:
        return
    for (part, value), amount in spent(clock, ticket, now).items():
        yield Fact(fact.SPENT[part], now, (*name, value), amount)


def trim(ticket: Ticket, start: int) -> None:
    """Forget the timeline before `start`, and the oldest part of one that grew without bound."""
    timeline = ticket.timeline
    first = max(0, bisect_right([stretch.at for stretch in timeline], start) - 1)
    ticket.timeline = timeline[max(first, len(timeline) - MAX_TIMELINE) :]


def drop(ticket: Ticket, keys: Collection[tuple[str, str, str]]) -> None:
    """Take instances off a ticket."""
    ticket.clocks = tuple(clock for clock in ticket.clocks if clock.key not in keys)
    ticket.finished = tuple(clock for clock in ticket.finished if clock.key not in keys)
    # Final ones too: where their budget went is asked until they are settled.
    left = (*ticket.finished, *ticket.clocks)
    starts = [clock.start for clock in left if clock.counted or not clock.final]
    trim(ticket, min(starts, default=ticket.last_at))


def forget_names(ticket: Ticket) -> None:
    """Take the assignees out of the timeline, for a redaction."""
    ticket.timeline = tuple(stretch._replace(assignee=None) for stretch in ticket.timeline)


def spent(clock: Clock, ticket: Ticket, now: int, since: int = 0) -> dict[tuple[str, str], int]:
    """Where the budget went until `now`: milliseconds by (part, value), parts as in `fact.SPENT`.

    The amounts of each part sum to what was used (from `since` on).
    """
    amounts: dict[tuple[str, str], int] = {}
    if clock.terms is not None:
        for start, end, stretch in clock.stretches(ticket.timeline, now):
            used = clock.terms.calendar.between(max(start, since), max(end, since))
            for where in (
                ("queue", stretch.queue or ""),
                ("status", stretch.status),
                ("assignee", stretch.assignee or ""),
            ):
                amounts[where] = amounts.get(where, 0) + used
    return amounts


def total(amounts: Mapping[tuple[str, str], int]) -> int:
    """The budget that `spent` splits, milliseconds."""
    return sum(amount for (part, _), amount in amounts.items() if part == "queue")


# -- one event ------------------------------------------------------------------------------


def follow(ticket: Ticket, event: Event, was: Before, settings: Settings) -> None:
    """Move the ticket's clocks over an event that has just been applied."""
    _write_timeline(ticket, event.at)
    if ticket.held_since is not None and was.held_since is None:
        ticket.held_by = (event.source, event.id)
    if was.holds(ticket, settings.policies):
        return
    step = _Step(ticket, event, was, settings)
    if ticket.gone != was.gone:
        gone_or_back(ticket, event.at)
    for kind in settings.policies.clocks:
        clock = current(ticket, kind)
        if clock is not None and not clock.final:
            step.move(clock)
        for start in STARTS[kind](ticket, event, was, settings):
            step.start(kind, start)


def gone_or_back(ticket: Ticket, at: int) -> None:
    """The ticket was deleted or merged, or restored: nothing is owed, or it is again."""
    ticket.moved = True
    for clock in (*ticket.finished, *ticket.clocks):
        if ticket.gone and not clock.gone and not clock.stopped:
            clock.log_marks(at)
            clock.gone = True
            if clock.named:
                clock.note(ck.CANCELLED, at)
        elif clock.gone and not ticket.gone:
            clock.gone = False
            if clock.named and clock.terms is not None:
                if not clock.stopped:
                    clock.note(ck.RESUMED, at)
                clock.recount(clock.terms, ticket.timeline, at)
                if clock.stopped:
                    _verdict(clock, at)


def reconsider(ticket: Ticket, settings: Settings) -> None:
    """Put what has not stopped under policies that are not those of the fold so far."""
    event = Event(ticket.last_at, 0, "", "", ev.UPDATED, {})
    step = _Step(ticket, event, Before(ticket, settings.policies), settings)
    for clock in ticket.clocks:
        if not clock.stopped:
            step.retarget(clock)
    ticket.moved = True


def _verdict(clock: Clock, at: int) -> None:
    clock.note(ck.MET_LATE if clock.stop > clock.deadline else ck.MET, at)


def _write_timeline(ticket: Ticket, at: int) -> None:
    timeline, status = ticket.timeline, ticket.status or "new"
    if timeline:
        last = timeline[-1]
        same = last[1] == status and last[2] == ticket.queue and last[3] == ticket.assignee
        if same or last[0] > at:
            # Nothing new, or the creation of an orphan that comes too late to be sorted in.
            return
    now: Stretch = tuple.__new__(Stretch, (at, status, ticket.queue, ticket.assignee))
    # Two changes in one millisecond leave nothing in between.
    former = timeline[:-1] if timeline and timeline[-1].at == at else timeline
    ticket.timeline = (*former, now)


class _Step:
    """The clocks of one ticket at one event."""

    __slots__ = ("_at", "_changed", "_event", "_matching", "_settings", "_ticket", "_was")

    def __init__(self, ticket: Ticket, event: Event, was: Before, settings: Settings) -> None:
        self._ticket, self._event, self._was, self._settings = ticket, event, was, settings
        self._at = event.at
        self._changed = event.type in _WITH_ATTRIBUTES
        self._matching: tuple[Policy, ...] | None = None

    def move(self, clock: Clock) -> None:
        """Stop it, resume it, give it other terms, pause it or let it run: what is due."""
        was = _heard(clock)
        stops = STOPS[clock.kind](self._ticket, self._was)
        if clock.stopped:
            if not stops and self._was.done:
                self._reopen(clock)
        else:
            if self._changed:
                self.retarget(clock)
            if stops:
                self._stop(clock)
            elif clock.named:
                self._pause_or_run(clock)
        self._say_pause(clock)
        if _heard(clock) != was:
            self._ticket.moved = True

    def start(self, kind: str, start: Start) -> None:
        """Begin an instance; what holds already stops it at once, span 0."""
        ticket = self._ticket
        clock = Clock(kind, *start)
        clock.gone = ticket.gone
        stops = self._stops_at_once(kind, start)
        if stops and clock.start < self._at and (self._was.done or self._was.responded):
            # What stops it was there before it could start.
            clock.stop, clock.final = clock.start, kind not in RESUMABLE
        self.retarget(clock)
        if not clock.stopped:
            if stops:
                self._stop(clock)
        elif clock.named and not clock.gone:
            _verdict(clock, self._at)
        self._say_pause(clock)
        former = current(ticket, kind)
        if former is not None and not former.stopped:
            # An answered creation beside a message that still waits.
            ticket.finished = (*ticket.finished, clock)
        else:
            if former is not None and former.counted:
                ticket.finished = (*ticket.finished, former)
            ticket.clocks = (*(c for c in ticket.clocks if c is not former), clock)
        if clock.named:
            ticket.moved = True

    def _stops_at_once(self, kind: str, start: Start) -> bool:
        if kind == po.NEXT_REPLY:
            created = self._ticket.existed and not self._was.existed
            return (
                created
                and start == here(self._event)
                and is_answered(self._ticket, self._at, self._settings)
            )
        return kind not in STOPPED_BY_EVENTS and STOPS[kind](self._ticket, self._was)

    # -- what can happen to a clock -----------------------------------------------------------

    def _stop(self, clock: Clock) -> None:
        clock.log_marks(self._at)
        clock.end(self._at)
        clock.final = clock.kind not in RESUMABLE
        if clock.named and not clock.gone:
            self._place(clock)
            _verdict(clock, self._at)

    def _reopen(self, clock: Clock) -> None:
        terms = self._terms(clock)
        on_reopen = OnReopen.RESUME if terms is None else terms.on_reopen
        if on_reopen is OnReopen.KEEP_FIRST:
            return
        if on_reopen is OnReopen.RESTART:
            clock.final = True
            self.start(clock.kind, here(self._event))
            return
        clock.resume(self._at)
        clock.gone = self._ticket.gone
        if clock.named:
            clock.note(ck.CANCELLED if clock.gone else ck.RESUMED, self._at)
        self.retarget(clock)
        if clock.named:
            self._pause_or_run(clock)

    def retarget(self, clock: Clock) -> None:
        """Put the clock under the terms of the policy in force, or under none."""
        terms = self._terms(clock)
        if terms is None:
            if clock.named:
                clock.log_marks(self._at)
                clock.named = False
                if not clock.gone:
                    clock.note(ck.CANCELLED, self._at)
            return
        clock.policy = terms.policy
        self._place(clock)
        former, kept = clock.terms, clock.terms
        if former is None or not former.keep:
            kept = terms
        if not clock.named:
            self._name(clock)
        elif kept is former:
            return
        else:
            clock.log_marks(self._at)
        if kept is not None:
            clock.recount(kept, self._ticket.timeline, self._at)

    def _name(self, clock: Clock) -> None:
        """A policy names it for the first time, or again."""
        clock.named = True
        if clock.gone:
            if clock.terms is None:
                clock.note(ck.CANCELLED, self._at)
        elif clock.terms is not None:
            clock.note(ck.RESUMED, self._at)
        elif self._settings.policies.announce_all:
            clock.note(ck.ACTIVATED, self._at)

    def _pause_or_run(self, clock: Clock) -> None:
        """Follow the ticket's status, and its queue."""
        self._place(clock)
        if clock.terms is None:
            return
        paused = (self._ticket.status or "new") in clock.terms.pause
        if paused == (not clock.running):
            return
        clock.log_marks(self._at)
        if paused:
            clock.hold(self._at)
        else:
            clock.run(self._at)

    def _say_pause(self, clock: Clock) -> None:
        """Where everything is announced: that it stands still, or runs again."""
        if not self._settings.policies.announce_all or not clock.live:
            return
        turns = (entry.transition for entry in reversed(clock.log) if entry.transition in _TURNS)
        paused = next(turns, "") == ck.PAUSED
        if paused == clock.running:
            clock.note(ck.RESUMED if clock.running else ck.PAUSED, self._at)

    def _place(self, clock: Clock) -> None:
        clock.queue = self._ticket.queue or ""
        clock.urgent = self._ticket.priority == _URGENT

    def _terms(self, clock: Clock) -> Terms | None:
        if self._matching is None:
            self._matching = self._settings.policies.matching(self._ticket.attribute)
        policy = governing(self._matching, clock.start)
        return None if policy is None else policy.terms(clock.kind, self._ticket.priority)


def _heard(clock: Clock) -> tuple[object, ...]:
    """All that decides what is to be said of a clock; time may be ahead of the event."""
    return clock.log, clock.terms, clock.running, clock.deadline


_TURNS: Final = frozenset({ck.ACTIVATED, ck.RESUMED, ck.PAUSED})
_WITH_ATTRIBUTES: Final = frozenset({ev.CREATED, ev.UPDATED})
