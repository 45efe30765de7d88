"""The ledger of a ticket: where each of its clocks spent its time, and why (law 7).

A clock keeps one number, the budget used. Its ledger is that number taken apart again: lines
[from, to) without a hole from the start to the stop (or to `as_of`), each with the event that
began it, what the ticket was like, whether its time counts and by which rule. The counted
milliseconds of the lines sum exactly to the number that the report and the transitions show.

It is made by folding the record once more and watching what each event does to the clocks.
Everything is counted under the terms in force at the stop (or now), from the start on, as the
engine does; the terms before are listed beside it.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from streams.core import promises
from streams.core.calendars import Interval
from streams.core.clocks import CANCELLED, Clock, Entry, Stretch
from streams.core.events import Event
from streams.core.facts import SPENT, Fact
from streams.core.fold import walk
from streams.core.instants import format_rfc3339
from streams.core.policies import Terms
from streams.core.record import Packing, Record, checkpoint_of
from streams.core.report import TooOldError
from streams.core.settings import Settings
from streams.core.ticket import Ticket
from streams.core.traces import Held, Matched, Watch


class Rule(StrEnum):
    """Why the time of a line counts, or does not."""

    RUNNING = "running"
    """The open time of the calendar counts."""
    CLOSED = "closed"
    """It runs, and the calendar has no open time there."""
    PAUSED = "paused"
    """The terms pause it in the ticket's status."""
    STOPPED = "stopped"
    """From a resolution to the reopening that resumed it."""
    DELETED = "deleted"
    """Nothing is owed since the ticket was deleted or merged."""
    UNNAMED = "unnamed"
    """Nothing is owed since no policy names the clock any more."""
    SQUASHED = "squashed"
    """Older than the history kept: what was used there is known as a sum only."""


class Cause(NamedTuple):
    """The event that began something."""

    at: int
    source: str
    id: str
    type: str | None
    """`None` where the event is not in the history any more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One interval [start, end) in which nothing changed for the clock."""

    start: int
    end: int
    cause: Cause | None
    """What began it; `None` where that is not in the history any more."""
    stretch: Stretch | None
    """What the ticket was like; `None` where that is not kept (`Rule.SQUASHED`)."""
    rule: Rule
    counted: int
    """Budget used in it, milliseconds."""
    open: tuple[Interval, ...] = ()
    """The calendar's open time that was counted; its lengths sum to `counted`."""


class Level(NamedTuple):
    """A warn level of the terms in force."""

    level: str
    used: int
    """It is passed when more budget is used than this, milliseconds."""
    at: int | None
    """When so much is used; `None` where that is not known (paused, stopped before)."""


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger of one instance, with everything its verdict depends on."""

    clock: str
    started: Cause
    until: int
    """Where the ledger ends: at the stop, or at `as_of`."""
    stopped: Cause | None
    """`None` while it has not stopped, or where that is not in the history any more."""
    stop: int | None
    state: str
    """One of `streams.core.clocks.STATES`."""
    policy: str
    matched: tuple[Matched, ...] | None
    """Why that policy; `None` where that is not in the history any more."""
    terms: Terms | None
    """Everything is counted under these; `None` of one that other policies decided, long ago."""
    held: tuple[Held, ...]
    """Every terms that it ran under, as far as history reaches; the last are `terms`."""
    levels: tuple[Level, ...]
    deadline: int | None
    """`None` while it is paused and has none."""
    first_deadline: int | None
    lines: tuple[Line, ...]
    log: tuple[Entry, ...]
    """What happened to it, as of `as_of`."""

    @property
    def used(self) -> int:
        """The number: the sum of the lines, milliseconds."""
        return sum(line.counted for line in self.lines)

    @property
    def spent(self) -> dict[str, dict[str, int]]:
        """Where it was used: milliseconds by queue, status and assignee ("" for none).

        The amounts of each part sum to `used`, but for what is squashed.
        """
        found: dict[str, dict[str, int]] = {part: {} for part in SPENT}
        for line in self.lines:
            if line.stretch is not None and line.counted:
                for part, amounts in found.items():
                    value = getattr(line.stretch, part) or ""
                    amounts[value] = amounts.get(value, 0) + line.counted
        return found


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ticket at an instant, and the accounts of its instances in the order they started."""

    ticket: Ticket
    as_of: int
    """Or the instant at which the ticket was forgotten, if that was before."""
    accounts: tuple[Account, ...]
    kept_from: int | None
    """Events before it are squashed into the checkpoint; `None`: all are in the history."""


def ticket_at(record: Record, settings: Settings, packing: Packing, as_of: int) -> Ticket:
    """The ticket as it was at `as_of`; it is shared with the record where that is its newest.

    Raises `TooOldError` where the events after `as_of` cannot be told apart any more.
    """
    if record.ticket.last_at <= as_of or record.redacted:
        return record.ticket
    ticket = Ticket()
    for _, after in _walked(record, settings, packing, as_of):
        ticket = after
    return ticket


def ledger(record: Record, settings: Settings, packing: Packing, as_of: int) -> Ledger:
    """The ledger of a ticket; without an event up to `as_of`, its `ticket.first_at` is None.

    Raises `TooOldError` where the events after `as_of` cannot be told apart any more.
    """
    watch = Watch(settings.policies)
    ticket = Ticket()
    for event, after in _walked(record, settings, packing, as_of):
        watch.see(event, after)
        ticket = after
    until = as_of
    if ticket.first_at is not None:
        until = min(as_of, ticket.last_at + settings.forgotten + 1)
    clocks = sorted(promises.instances(ticket), key=lambda clock: clock.start)
    accounts = tuple(_account(clock, ticket, watch, until) for clock in clocks)
    kept_from = record.cut_at if record.checkpoint else None
    return Ledger(ticket, until, accounts, kept_from)


def _walked(
    record: Record, settings: Settings, packing: Packing, as_of: int
) -> Iterator[tuple[Event | None, Ticket]]:
    """The ticket of the checkpoint, then after each event of the history up to `as_of`."""
    base = checkpoint_of(record, settings, packing).ticket
    if base.last_at > as_of and not record.redacted:
        raise TooOldError(
            "as-of is older than the history kept: events up to "
            f"{format_rfc3339(base.last_at)} are squashed into checkpoints"
        )
    yield None, base
    events = [event for event in packing.unpack(record.history) if event.at <= as_of]
    facts: list[Fact] = []
    yield from walk(events, settings, facts, base)


# -- one instance -----------------------------------------------------------------------------


def _account(clock: Clock, ticket: Ticket, watch: Watch, as_of: int) -> Account:
    traced = watch.traced[clock.key]
    state = clock.state(as_of)
    until = clock.stop if clock.stopped else as_of
    off = traced.off_since if state == CANCELLED else None
    started = watch.events.get((clock.source, clock.id))
    stopped = traced.causes.get(clock.stop)
    lines = tuple(_Lines(clock, ticket, watch, off).until(until))
    return Account(
        clock=clock.kind,
        started=Cause(clock.start, clock.source, clock.id, started.type if started else None),
        until=until,
        stopped=_cause(stopped),
        stop=clock.stop if clock.stopped else None,
        state=state,
        policy=clock.policy,
        matched=traced.matched,
        terms=clock.terms,
        held=tuple(traced.held),
        levels=tuple(_levels(clock, lines)),
        deadline=clock.deadline if clock.deadline >= 0 else None,
        first_deadline=clock.first_deadline if clock.first_deadline >= 0 else None,
        lines=lines,
        log=(*clock.log, *(Entry(m.transition, m.level, m.at) for m in clock.passed_by(as_of))),
    )


def _cause(event: Event | None) -> Cause | None:
    return None if event is None else Cause(event.at, event.source, event.id, event.type)


class _Lines:
    """Cuts the life of one instance where anything changes for it."""

    __slots__ = ("_clock", "_off", "_started", "_ticket", "_traced", "_watch")

    def __init__(self, clock: Clock, ticket: Ticket, watch: Watch, off: int | None) -> None:
        self._clock, self._ticket, self._watch = clock, ticket, watch
        self._traced = watch.traced[clock.key]
        self._off = off
        self._started = watch.events.get((clock.source, clock.id))

    def until(self, end: int) -> Iterator[Line]:
        """The lines from the start to `end`, in order, without a hole."""
        clock, timeline = self._clock, self._ticket.timeline
        kept = timeline[0].at if timeline and clock.terms is not None else end
        first = min(max(clock.start, kept), end)
        cuts = {first, *(stretch.at for stretch in timeline), self._off}
        cuts.update(edge for gap in clock.gaps for edge in gap)
        edges = sorted(at for at in cuts if at is not None and first <= at < end)
        lines = [self._line(start, until) for start, until in pairwise((*edges, end))]
        if clock.start < first:
            known = sum(line.counted for line in lines)
            rest = 0 if self._off is not None else clock.used_at(end) - known
            yield Line(clock.start, first, _cause(self._started), None, Rule.SQUASHED, rest)
        yield from lines

    def _line(self, start: int, end: int) -> Line:
        terms = self._clock.terms
        if terms is None:
            raise AssertionError("without terms nothing is known but the sum")
        timeline = self._ticket.timeline
        stretch = timeline[bisect_right(timeline, start, key=_at) - 1]
        rule, cause = self._rule(start, stretch), self._cause_of(start)
        if rule is not Rule.RUNNING:
            return Line(start, end, cause, stretch, rule, 0)
        opened = tuple(terms.calendar.open_in(start, end))
        rule = Rule.RUNNING if opened else Rule.CLOSED
        return Line(start, end, cause, stretch, rule, terms.calendar.between(start, end), opened)

    def _rule(self, at: int, stretch: Stretch) -> Rule:
        clock, terms = self._clock, self._clock.terms
        if self._off is not None and at >= self._off:
            return Rule.DELETED if clock.gone else Rule.UNNAMED
        if any(stop <= at < resumed for stop, resumed in clock.gaps):
            return Rule.STOPPED
        paused = terms is not None and stretch.status in terms.pause
        return Rule.PAUSED if paused else Rule.RUNNING

    def _cause_of(self, at: int) -> Cause | None:
        if at == self._clock.start:
            return _cause(self._started)
        return _cause(self._traced.causes.get(at) or self._watch.changes.get(at))


def _at(stretch: Stretch) -> int:
    return stretch.at


def _levels(clock: Clock, lines: tuple[Line, ...]) -> Iterator[Level]:
    """The warn levels, each with the instant at which its amount is used."""
    if clock.terms is not None:
        for amount, level in clock.terms.warn:
            yield Level(level, amount, _reached(clock, lines, amount))


def _reached(clock: Clock, lines: tuple[Line, ...], amount: int) -> int | None:
    calendar = None if clock.terms is None else clock.terms.calendar
    if calendar is None or amount <= 0:
        return clock.start
    used = 0
    for line in lines:
        if amount <= used + line.counted:
            squashed = line.rule is Rule.SQUASHED
            return None if squashed else calendar.add(line.start, amount - used)
        used += line.counted
    return calendar.add(clock.since, amount - clock.used) if clock.running and clock.live else None
