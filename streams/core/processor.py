"""One partition of tickets: arrivals in, changed records, sums and verdicts out.

The way of an arrival: judged (refuse, ignore, late, duplicate, apply: in this precedence,
one by one in offset order), folded, its contributions diffed once per ticket and batch,
added to the sums. Whoever drives the processor then takes a `Cut` - all that changed up to
one offset - makes it durable, and only then counts it.

A processor knows neither Kafka nor the clock. Effective now is handed to it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Final, NamedTuple

from streams.core import events as ev
from streams.core import promises
from streams.core import record as records
from streams.core.aggregates import Now, Totals
from streams.core.announcing import Transition, announce
from streams.core.events import Accepted, Arrival, Event, Ignored, Redaction, Refused
from streams.core.facts import (
    BOT_REPLY,
    CATALOGUED,
    COUNTED,
    CRITERION,
    Change,
    Fact,
    change,
    standing,
)
from streams.core.fold import extends, resolution_times, step
from streams.core.formats import check_format
from streams.core.pursuit import Pursuit
from streams.core.record import FORMAT, Packing, Record, Shown
from streams.core.refusals import UNBOUNDED, Bound, Excess, Refusals
from streams.core.requesters import Told
from streams.core.resting import Press, Rested, Resting
from streams.core.rhythm import Rhythm
from streams.core.settings import Settings
from streams.core.settled import Settled
from streams.core.slots import SEAL_KEY, Slots, fingerprint
from streams.core.telling import Telling
from streams.core.ticket import Ticket
from streams.core.timers import Timers
from streams.core.usual import WATCHED, Usual
from streams.core.watch import Watch
from streams.core.windows import COUNT, EDGES, SUM, WindowKey, Windows, count, keys_of

TOTALS_KEY: Final = b"\xfftotals"
"""Key of a record that belongs to the partition, beside those of `streams.core.settled` and
`streams.core.slots`; no ticket id is invalid UTF-8."""
_OWN: Final = b"\xff"
"""What all of them begin with."""


class Outcome(StrEnum):
    """What became of an arrival. Read equals the sum of all outcomes, always (law 8)."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    LATE = "late"
    IGNORED = "ignored"
    REJECTED = "rejected"


_APPLIED: Final = Outcome.APPLIED
_LATE: Final = Outcome.LATE
_REJECTED: Final = Outcome.REJECTED


class Verdict(NamedTuple):
    """An arrival that has to be written somewhere else: late or refused."""

    place: int
    """Its index in the batch."""
    outcome: Outcome
    reason: str


Mark = tuple[int, str]
"""A record of the source: its offset, and a digest of its content."""

Tallied = Counter[tuple[str, str]]
"""Outcomes by (outcome, reason), and flags by ("flag", name)."""


class Cut(NamedTuple):
    """All that changed since the last cut, consistent as of one offset."""

    position: int
    """The next offset to read."""
    writes: list[tuple[bytes, bytes | None]]
    """Changelog records by key, in the order they must be written; `None` deletes."""
    totals: Totals
    outcomes: Tallied
    transitions: list[Transition]
    """What is to be said of SLA clocks, in order."""
    told: tuple[Told, ...] = ()
    """What requesters are to be told of their tickets."""


Times = tuple[Fact, ...]
"""How long its resolution took, where a goal asks for that."""


@dataclass(slots=True)
class _Batch:
    """What one call of `apply` works on."""

    before: dict[str, Times] = field(default_factory=dict)
    """Tickets that are touched, with their times as they were."""
    stale: dict[str, list[Fact]] = field(default_factory=dict)
    """Tickets that need a new fold, with the facts of the old one."""


class Processor:
    """The state of one source partition."""

    def __init__(  # noqa: PLR0915 - one line for each field
        self,
        settings: Settings,
        packing: Packing,
        edges: tuple[int, ...] = EDGES,
        *,
        announcing: bool = True,
        bound: Bound = UNBOUNDED,
        telling: bool = False,
        press: Press | None = None,
    ) -> None:
        """Without `announcing` nothing is said of clocks (a replay only reports).

        `bound` is how much may be refused before the partition stops. With `telling` requesters
        are told of their tickets (docs/decisions/0015). With a `press` tickets that nobody touches
        may rest (docs/decisions/0025).
        """
        self.settings = settings
        self.records: dict[str, Record] = {}
        """Those that do not rest."""
        self.resting: Resting | None = None if press is None else Resting(press)
        self.now = Now()
        self.windows: Windows[WindowKey] = Windows(
            settings.windows, CATALOGUED, settings.kpi_windows
        )
        self.watch = Watch(settings.policies, settings.windows)
        """What SLA clocks do now, and which promises were kept."""
        self.pursuit: Pursuit | None = Pursuit.of(settings, packing) if announcing else None
        """How goals do; `None` without any, and in a replay, whose report counts them itself."""
        self.usual: Usual | None = Usual.of(settings, packing) if announcing else None
        """What the same hours of the last weeks were like; `None` in a replay."""
        self.settled = Settled()
        """What dropped tickets leave behind."""
        self.outcomes: Tallied = Counter()
        """All arrivals of the partition since its first offset."""
        self.refusals = Refusals(bound)
        self.excess: Excess | None = None
        """Why the partition has stopped: nothing from there on is read."""
        self.rhythm = Rhythm(settings.zone)
        """When each source is usually heard of."""
        self.newest: int | None = None
        """Highest event time applied."""
        self.position: int = 0
        self.mark: Mark | None = None
        """The record read last, by which a source that was made anew is recognised."""
        self._counted_to: int = -1
        """Outcomes of offsets up to here are counted already (a restart reads some again)."""
        self._packing = packing
        self._edges = edges
        self._announcing = announcing
        self._telling = Telling(settings.forgotten) if telling else None
        self._transitions: list[Transition] = []
        self._clock: int = -1
        """The latest effective now ever; it is kept, so that after a restart nothing that was said
        is taken back for want of time."""
        self._acted: int = -1
        """The latest effective now at which every timer that was due had acted; it is kept, so
        that the others still act after a restart."""
        self._slots = Slots(self.windows, fingerprint(settings, edges), packing)
        self._cut: int = 0
        """The number of the last cut; no two that anything became durable of have the same."""
        self._timers = Timers()
        self._since: int | None = None
        """The first effective now of this run."""
        self._arrived: set[str] = set()
        """Tickets with arrivals since effective now was last moved."""
        self._dirty: set[str] = set()
        self._dropped: dict[str, int] = {}
        """Dropped tickets, each with the last offset read by then, as long as it may be read
        again: what stands at or below is settled, be it an event or a record."""
        self._fresh = Totals()
        self._fresh_outcomes: Tallied = Counter()

    # -- arrivals -------------------------------------------------------------------------

    def apply(self, arrivals: Sequence[tuple[int, Arrival]]) -> list[Verdict]:
        """Judge and fold arrivals, given as (offset, arrival) in offset order.

        It ends before the first one that would be refused too many (`excess`).
        """
        batch = _Batch()
        verdicts: list[Verdict] = []
        applied = others = passed = 0
        for index, (offset, arrival) in enumerate(arrivals):
            outcome, reason = self._judge(offset, arrival, batch)
            if offset > self._counted_to:
                if outcome is _APPLIED:
                    applied += 1
                    self._count_flags(arrival)
                elif outcome is not _REJECTED:
                    others += 1
                    self._count(outcome, reason, arrival)
                else:
                    self.refusals.passed(applied + others - passed)
                    passed = applied + others
                    self.excess = self.refusals.refuse(offset, reason)
                    if self.excess is not None:
                        break
                    self._count(outcome, reason, arrival)
                self._counted_to = offset
            if outcome is _LATE or outcome is _REJECTED:
                verdicts.append(Verdict(index, outcome, reason))
            self.position = offset + 1
        self.refusals.passed(applied + others - passed)
        if applied:
            self._fresh_outcomes[_APPLIED, ""] += applied
        self._finish(batch)
        return verdicts

    def _judge(self, offset: int, arrival: Arrival, batch: _Batch) -> tuple[Outcome, str]:
        if isinstance(arrival, Refused):
            return _REJECTED, arrival.reason
        if isinstance(arrival, Ignored):
            return Outcome.IGNORED, arrival.reason
        record = self._find(arrival.ticket)
        known = self._dropped.get(arrival.ticket, -1) if record is None else record.offset
        if offset <= known:
            # Read again after a restart: what the changelog says already holds it.
            return _APPLIED, ""
        if isinstance(arrival, Redaction):
            self._redact(offset, arrival.ticket, record, batch)
            return _APPLIED, ""
        if record is None:
            record = self.records[arrival.ticket] = Record()
        if self._telling is not None:
            self._telling.hear(arrival.ticket, arrival.event, record)
        return self._judge_event(offset, arrival, record, batch)

    def _judge_event(
        self, offset: int, arrival: Accepted, record: Record, batch: _Batch
    ) -> tuple[Outcome, str]:
        event = arrival.event
        if event.type == ev.DELETED and event.data["reason"] == ev.REDACTED:
            # By arrival, like a tombstone.
            if record.redacted:
                return Outcome.IGNORED, ev.REDACTED
            self._redact(offset, arrival.ticket, record, batch)
            return _APPLIED, ""
        if record.redacted:
            if event.type != ev.RESTORED:
                return Outcome.IGNORED, ev.REDACTED
            self._touch(arrival.ticket, record, batch)
            records.unredact(record, self.settings, self._packing, self._clock)
        elif self._late(arrival, record, batch):
            return _LATE, ""
        else:
            known = self._known(arrival, record, batch)
            if known is not None:
                record.offset = offset
                return Outcome.DUPLICATE, known
        self._touch(arrival.ticket, record, batch)
        record.offset = offset
        self._add(arrival, record, batch)
        if record.events > records.MAX_FINISHED and self.settings.policies:
            # Whether a record has outgrown its cap must not depend on where a batch ends.
            self._refresh(arrival.ticket, record, batch)
        if records.squash_due(record, self.settings):
            # At once, so that what comes too late does not depend on where a batch ends.
            self._refresh(arrival.ticket, record, batch)
            records.squash(record, self.settings, self._packing)
        self._note(event)
        return _APPLIED, ""

    def _note(self, event: Event) -> None:
        """What the partition as a whole knows of an event that was applied."""
        self.rhythm.note(event.source, event.at)
        if self.newest is None or event.at > self.newest:
            self.newest = event.at
        if self.usual is not None:
            self.usual.hear(event.at)

    def _late(self, arrival: Accepted, record: Record, batch: _Batch) -> bool:
        event = arrival.event
        if event.type == ev.CREATED:
            # A ticket that waits for its new fold may not be an orphan any more.
            self._refresh(arrival.ticket, record, batch)
            earliest = (record.ticket.first_at or 0) - self.settings.forgotten
            if record.ticket.orphan and event.at >= earliest:
                return False
        too_old = record.ticket.last_at - self.settings.apply_within
        return event.at < too_old or event.at < record.cut_at

    def _known(self, arrival: Accepted, record: Record, batch: _Batch) -> str | None:
        """How this event is known already: "" the same, "conflict" with another content.

        Of events that share source and id the one with the lowest order key counts: if that
        is this one, it takes the place of the other in the history. `None`: a new event.
        """
        event = arrival.event
        if event.at > record.ticket.last_at + self.settings.forgotten:
            return None
        squashed = records.was_squashed(record, event)
        if not squashed and not records.may_hold(record, arrival.identity):
            return None
        # A forgotten ticket may share the record, not its ids: the fold tells them apart.
        self._refresh(arrival.ticket, record, batch)
        begun = record.ticket.first_at or 0
        if squashed and begun < record.cut_at:
            # All squashed events are older than the cut, and this one is not.
            return "conflict"
        history = self._packing.unpack(record.history)
        same = [e for e in history if (e.source, e.id) == event[2:4] and e.at >= begun]
        if not same:
            return None
        other = same[0]
        if self._key(event) < self._key(other):
            if self._telling is not None:
                self._telling.remember(arrival.ticket, record)
            self._touch(arrival.ticket, record, batch)
            self._make_stale(arrival.ticket, record, batch)
            history[history.index(other)] = event
            records.keep(record, history, self._packing)
            if self.usual is not None:
                self.usual.hear(event.at)
            # The other one may have been the newest, which says what is late.
            self._refresh(arrival.ticket, record, batch)
        return "" if other == event else "conflict"

    def _key(self, event: Event) -> tuple[Any, ...]:
        """The order key, and the canonical bytes of the event to break a tie."""
        return (*event[:4], self._packing.pack(event))

    def _add(self, arrival: Accepted, record: Record, batch: _Batch) -> None:
        event = arrival.event
        if event.at < record.cut_at:
            # The creation of an orphan whose history had to be squashed early, or the end
            # of a redaction: nothing to sort it among, so the checkpoint takes it.
            self._make_stale(arrival.ticket, record, batch)
            records.add_to_checkpoint(record, event, self.settings, self._packing)
            return
        in_order = arrival.ticket not in batch.stale and extends(
            record.ticket, event, self.settings
        )
        if in_order and not self._spam(record, event):
            facts: list[Fact] = []
            step(record.ticket, event, self.settings, facts)
            record.append(event, arrival.packed)
            self._sum(facts)
            return
        if event.at > record.ticket.last_at + self.settings.forgotten:
            self._part(arrival.ticket, record, batch)
        self._make_stale(arrival.ticket, record, batch)
        record.append(event, arrival.packed)
        record.ticket.last_at = max(record.ticket.last_at, event.at)

    def _sum(self, facts: list[Fact]) -> None:
        """Add facts that are new to what is summed."""
        if self.pursuit is not None:
            self.pursuit.add(facts)
        windows = self.windows if self.windows.windows else None
        usual = self.usual
        for item in facts:
            kind, at, cell, value, _, sign = item
            if usual is not None and kind in WATCHED:
                usual.put(kind, at, value, sign)
            if kind in COUNTED:
                amounts = keys_of(item, self._edges)
                self._fresh.count(amounts)
                if windows is not None and kind != BOT_REPLY:
                    for key, amount in amounts:
                        windows.put(at, key, amount)
            elif windows is not None and kind in CATALOGUED:
                queue = cell[1] if kind == CRITERION else cell[0]
                windows.put(at, (kind, queue, COUNT), sign)
                if value is not None:
                    windows.put(at, (kind, queue, SUM), sign * value)

    def _part(self, ticket: str, record: Record, batch: _Batch) -> None:
        """A new ticket begins in this record: what was said of the forgotten one stands.

        As it does where the record was dropped in time.
        """
        self._refresh(ticket, record, batch)
        record.ticket.moved = True
        self._announce(ticket, record, record.ticket.last_at + self.settings.forgotten + 1)
        record.announced = b""

    def _redact(self, offset: int, ticket: str, record: Record | None, batch: _Batch) -> None:
        if record is None:
            record = self.records[ticket] = Record()
        if not record.redacted:
            self._touch(ticket, record, batch)
            self._refresh(ticket, record, batch)
            if self._telling is not None:
                events = self._packing.unpack(record.history)
                self._telling.redact(ticket, offset, record, events)
            records.erase(record, self.settings, self._packing, self._clock)
        record.offset = offset
        self._dirty.add(ticket)

    # -- once per ticket and batch --------------------------------------------------------

    def _touch(self, ticket: str, record: Record, batch: _Batch) -> None:
        if ticket not in batch.before:
            batch.before[ticket] = self._times(record)

    def _times(self, record: Record) -> Times:
        if self.pursuit is None or not self.pursuit.of_resolutions or self._is_spam(record.ticket):
            return ()
        return resolution_times(record.ticket, self.settings)

    def _is_spam(self, ticket: Ticket) -> bool:
        """Whether windows do not count a ticket, because it is spam."""
        return self.settings.exclude_spam_from_windows and ticket.deleted == ev.SPAM

    def _show(self, record: Record) -> None:
        """Count the ticket as it is now, instead of as it was."""
        ticket = record.ticket
        clocks = promises.standings(ticket, self._clock) if self.settings.policies else ()
        self._count_as(record, (standing(ticket), clocks))

    def _count_as(self, record: Record, shown: Shown) -> None:
        self.now.move(record.shown[0], shown[0])
        self.watch.move(record.shown[1], shown[1])
        record.shown = shown

    def _make_stale(self, ticket: str, record: Record, batch: _Batch) -> None:
        if ticket not in batch.stale:
            _, batch.stale[ticket] = self._refold(record)

    def _refold(self, record: Record) -> tuple[Ticket, list[Fact]]:
        """Fold again: the ticket, and the facts that windows count."""
        ticket, facts = records.refold(record, self.settings, self._packing)
        return ticket, [] if self._is_spam(ticket) else facts

    def _spam(self, record: Record, event: Event) -> bool:
        """Whether windows may have to be rewritten, because spam does not count in them."""
        return self.settings.exclude_spam_from_windows and (
            event.type in {ev.DELETED, ev.RESTORED} or record.ticket.deleted == ev.SPAM
        )

    def _refresh(self, ticket: str, record: Record, batch: _Batch) -> None:
        """Fold a stale ticket again, and move the sums by the difference."""
        old = batch.stale.pop(ticket, None)
        if old is None:
            return
        record.ticket, new = self._refold(record)
        record.ticket.moved = True
        moved = change(old, new)
        count(self.windows, moved.lost, -1, self._edges)
        count(self.windows, moved.gained, 1, self._edges)
        if self.pursuit is not None:
            self.pursuit.move(moved.lost, moved.gained)
        if self.usual is not None:
            self.usual.move(moved.lost, moved.gained)
        self._fresh.correct(Change(moved.gained, moved.lost), self._edges)

    def _finish(self, batch: _Batch) -> None:
        for ticket in list(batch.stale):
            self._refresh(ticket, self.records[ticket], batch)
        for ticket, times in batch.before.items():
            record = self.records[ticket]
            self._show(record)
            if self.pursuit is not None:
                self.pursuit.move(times, self._times(record))
            self._announce(ticket, record)
            self._dirty.add(ticket)
            if self._since is not None:
                self._arrived.add(ticket)
            self._schedule(ticket, record)

    def _announce(self, ticket: str, record: Record, now: int = -1) -> None:
        """Say what is true of the ticket's clocks (at effective now or later) and was not said."""
        if self._announcing and record.ticket.moved:
            record.ticket.moved = False
            now = max(self._clock, now)
            record.announced, said = announce(
                ticket, record.ticket, record.announced, now, self._packing
            )
            self._transitions += said

    # -- outcomes -------------------------------------------------------------------------

    def _count(self, outcome: Outcome, reason: str, arrival: Arrival) -> None:
        conflict = outcome is Outcome.DUPLICATE and reason == "conflict"
        self._fresh_outcomes[outcome, "" if conflict else reason] += 1
        if conflict:
            self._fresh_outcomes["flag", "conflict"] += 1
        self._count_flags(arrival)

    def _count_flags(self, arrival: Arrival) -> None:
        if isinstance(arrival, Accepted):
            for flag in arrival.flags:
                self._fresh_outcomes["flag", flag] += 1

    # -- time -----------------------------------------------------------------------------

    def advance(self, now: int, most: int | None = None) -> bool:
        """Move effective now forward: windows slide, due timers act. It never decreases.

        At most so many timers act; true when more are due, which the next call sees to.
        """
        self._clock = max(self._clock, now)
        self.windows.advance(self._clock)
        self.watch.advance(self._clock)
        if self.pursuit is not None:
            self.pursuit.advance(self._clock)
        if self.usual is not None:
            self.usual.advance(self._clock)
        if self._since is None:
            self._since = now
        for ticket in self._arrived:
            # By the clock after the batch: in a recorded log the batch itself may move it far.
            self.records[ticket].arrived_at = now
        self._arrived.clear()
        if self.position <= self._counted_to:
            # Events are read again after a crash: whom they belong to has to be there still.
            return False
        for due, ticket in islice(self._timers.due(now), most):
            record = self._find(ticket)
            if record is not None and record.timer == due:
                record.timer = -1
                self._pass(ticket, record)
                self._retire(ticket, record, now)
        more = self._timers.is_due(now)
        if not more:
            self._acted = self._clock
        return more

    def settle(self) -> None:
        """Bring the windows up to date with all that was applied; before anybody reads them."""
        if self.newest is not None:
            # Also while effective now stands still, because the partition has fallen behind.
            self._expect(self.newest - self.settings.behind)
        self.windows.settle()
        self.watch.settle()
        if self.pursuit is not None:
            self.pursuit.settle()
        if self.usual is not None:
            self.usual.settle()

    def _expect(self, earliest: int) -> None:
        self.windows.expect(earliest)
        self.watch.expect(earliest)
        if self.pursuit is not None:
            self.pursuit.expect(earliest)
        if self.usual is not None:
            self.usual.expect(earliest)

    def _pass(self, ticket: str, record: Record) -> None:
        """Time may have passed a deadline or a warn level of the ticket's clocks."""
        if promises.runs(record.ticket):
            said = len(self._transitions)
            self._show(record)
            record.ticket.moved = True
            self._announce(ticket, record)
            if len(self._transitions) > said:
                self._transitions[said:] = [
                    one._replace(by_timer=True) for one in self._transitions[said:]
                ]
                self._dirty.add(ticket)

    @property
    def speaks(self) -> bool:
        """Whether something is to be said of clocks: no reason to wait with the next cut."""
        return bool(self._transitions)

    def _schedule(self, ticket: str, record: Record, acted: int | None = None) -> None:
        """Set the ticket's timer; time up to `acted` (default: effective now) was seen to."""
        due = min(self._drop_at(record), self._shrink_at(record))
        if self.settings.policies:
            passes = promises.next_due(record.ticket, self._clock if acted is None else acted)
            record.due = -1 if passes is None else passes
            due = due if passes is None else min(due, passes)
        if record.timer < 0 or due < record.timer:
            record.timer = due
            self._timers.set(ticket, due)

    def _drop_at(self, record: Record) -> int:
        return self._quiet_at(record, self.settings.forgotten)

    def _shrink_at(self, record: Record) -> int:
        """When a closed ticket shrinks; the instant of the drop where nothing is to shrink."""
        if not record.shrinks:
            return self._drop_at(record)
        return self._quiet_at(record, self.settings.closed_ticket)

    def _quiet_at(self, record: Record, retention: int) -> int:
        return self._silent_at(record.ticket.last_at, record.arrived_at, retention)

    def _silent_at(self, last_at: int, arrived_at: int, retention: int) -> int:
        """The first instant at which a ticket has been silent for longer than `retention`.

        Silent in event time, and quiet in arrival too: a log that is replayed ticket by
        ticket brings the rest of an old ticket right behind its beginning.
        """
        arrived = max(arrived_at, self._since or -1)
        last = last_at if last_at >= 0 else arrived
        return 1 + max(last + retention, arrived + self.settings.apply_within)

    def _retire(self, ticket: str, record: Record, now: int) -> None:
        """Drop a forgotten ticket, shrink a closed one to its checkpoint, or wait on."""
        if now >= self._drop_at(record):
            self._count_as(record, records.NOTHING)
            self.settled.add(records.settled(record, self.settings, self._packing))
            del self.records[ticket]
            self._dropped[ticket] = self.position - 1
            self._dirty.add(ticket)
            return
        if now >= self._shrink_at(record):
            records.squash(record, self.settings, self._packing, record.ticket.last_at + 1)
            self._show(record)
            self._dirty.add(ticket)
        self._schedule(ticket, record)

    # -- durability -----------------------------------------------------------------------

    @property
    def changed(self) -> bool:
        """Whether there is anything to make durable."""
        return bool(self._dirty or self._fresh_outcomes)

    @property
    def pending(self) -> int:
        """How many tickets have changed since the last cut."""
        return len(self._dirty)

    @property
    def kept(self) -> int:
        """How many records there are."""
        return len(self.records) + (0 if self.resting is None else len(self.resting))

    @property
    def awake(self) -> int:
        """How many of them are objects."""
        return len(self.records)

    # -- rest -----------------------------------------------------------------------------

    def look_for_rest(self) -> None:
        """Begin a round: who has had no event since the last one began may rest."""
        if self.resting is not None:
            self.resting.look(self.records, self.position)

    def rest(self, most: int) -> bool:
        """Go on with a round: at most so many tickets are looked at; whether it goes on."""
        if self.resting is None:
            return False
        for ticket, record in self.resting.quiet(self.records, most):
            if ticket not in self._dirty and ticket not in self._arrived:
                raw = records.dump(record, self.settings, self._packing)
                self.resting.put(ticket, Rested(raw, record.timer, record.arrived_at))
                del self.records[ticket]
        return self.resting.goes_on

    def wake(self) -> dict[str, Record]:
        """All tickets, awake, for a look at each of them."""
        for ticket in list(self.resting or ()):
            self._find(ticket)
        return self.records

    def _find(self, ticket: str) -> Record | None:
        """A ticket, which may have to be woken; `None` where there is none."""
        record = self.records.get(ticket)
        if record is not None or self.resting is None:
            return record
        rested = self.resting.find(ticket)
        if rested is None:
            return None
        record = records.load(rested.raw, self.settings, self._packing)
        record.timer, record.arrived_at = rested.timer, rested.arrived_at
        self.records[ticket] = record
        self.resting.leave(ticket)
        return record

    def cut(self) -> Cut:
        """Take all that changed since the last cut.

        The partition's own records come first: if the broker keeps only the beginning of
        the writes (no transactions), outcomes read again are not counted twice, and then a
        ticket that was being dropped is recognised at restore. What ends the cut comes last.
        """
        # What waits for the windows must not grow without bound.
        self.settle()
        self._cut += 1
        self.outcomes.update(self._fresh_outcomes)
        writes: list[tuple[bytes, bytes | None]] = [
            (TOTALS_KEY, self._packing.dumps(self._dump_totals()))
        ]
        writes += self.settled.changes(self._cut, self._dropped, self._packing).items()
        writes += self._slots.changes(self._cut).items()
        if self.pursuit is not None:
            writes += self.pursuit.changes(self._cut).items()
        if self.usual is not None:
            writes += self.usual.changes(self._cut).items()
        for ticket in self._dirty:
            record = self.records.get(ticket)
            value = None if record is None else records.dump(record, self.settings, self._packing)
            writes.append((ticket.encode(), value))
        if self.pursuit is not None:
            writes += self.pursuit.seals(self._cut).items()
        if self.usual is not None:
            writes += self.usual.seal(self._cut).items()
        writes.append((SEAL_KEY, self._slots.seal(self._cut)))
        cut = Cut(
            self.position,
            writes,
            self._fresh,
            self._fresh_outcomes,
            self._transitions,
            self._telling.take(self.records, self._dirty) if self._telling is not None else (),
        )
        self._transitions = []
        self._dirty = set()
        self._dropped = {t: last for t, last in self._dropped.items() if last >= self.position}
        self._fresh, self._fresh_outcomes = Totals(), Counter()
        return cut

    def _dump_totals(self) -> dict[str, Any]:
        return {
            "v": FORMAT,
            "cut": self._cut,
            "position": self._counted_to + 1,
            "mark": self.mark,
            "outcomes": [[*key, count] for key, count in sorted(self.outcomes.items())],
            "refusals": self.refusals.dump(),
            "rhythm": self.rhythm.dump(),
            "newest": self.newest,
            "now": self._clock,
            "acted": self._acted,
            "usual": None if self.usual is None else self.usual.dump(),
        }

    def restore(self, changelog: dict[bytes, bytes | None]) -> Iterator[int]:
        """Take over what the changelog says, the last write per key; then ready to `apply`.

        Yields how many tickets were taken over so far, so that others get their turn in
        between; it must be exhausted. What is taken over is taken out of `changelog`. Raises
        `FormatError` when a record was written by a version this one cannot read.
        """
        told = changelog.pop(TOTALS_KEY, None)
        totals = None if told is None else self._packing.loads(told)
        if totals is not None:
            check_format(totals["v"], FORMAT)
        self._dropped = self.settled.load(changelog, self._packing)
        if totals is not None:
            self._load_totals(totals)
        folding = not self._slots.load(changelog, self._cut)
        if self.pursuit is not None:
            self.pursuit.load(changelog, self._cut)
        if self.usual is not None and totals is not None:
            self.usual.load(changelog, self._cut, totals.get("usual"))
        while changelog:
            # Each goes as it is taken, so that a partition is not in memory twice.
            key, value = changelog.popitem()
            if key.startswith(_OWN):
                self._slots.leave(key)
            elif value is not None:
                ticket = key.decode()
                if not folding and self._lay_down(ticket, value):
                    yield self.kept
                    continue
                record = records.load(value, self.settings, self._packing)
                if record.offset > self._dropped.get(ticket, -1):
                    self._take_over(ticket, record, folding=folding)
                    yield self.kept
                else:
                    # The drop was written, the deletion was not.
                    self._dirty.add(ticket)

    def _load_totals(self, totals: dict[str, Any]) -> None:
        self._cut = totals.get("cut", 0)
        self.position = totals["position"]
        mark = totals.get("mark")
        self.mark = None if mark is None else (mark[0], mark[1])
        self._counted_to = self.position - 1
        for outcome, reason, number in totals["outcomes"]:
            self.outcomes[outcome, reason] = number
        self.refusals.load(totals.get("refusals", (0, 0, 0)))
        self.rhythm = Rhythm.load(totals["rhythm"], self.settings.zone)
        self.newest = totals["newest"]
        self._clock = totals["now"]
        self._acted = totals.get("acted", self._clock)
        self._expect(self._clock)
        if self.newest is not None:
            self._expect(self.newest - self.settings.behind)

    def _take_over(self, ticket: str, record: Record, *, folding: bool) -> None:
        """Count a ticket of the changelog; `folding`: its facts are not in the windows yet."""
        self.records[ticket] = record
        record.shown = records.NOTHING
        self._show(record)
        if record.ticket.moved:
            # Other policies than those it was kept under.
            self._announce(ticket, record)
            self._dirty.add(ticket)
        if folding:
            self._fill_windows(record)
        if self.pursuit is not None:
            self.pursuit.fill(record)
        self._schedule(ticket, record, self._acted)

    def _lay_down(self, ticket: str, raw: bytes) -> bool:
        """Count a ticket of the changelog as it was counted, and have it rest; whether it can."""
        if self.resting is None or (self.pursuit is not None and not self.pursuit.filled):
            return False
        seen = records.glance(raw, self._packing)
        if seen is None or seen.rules != self.settings.policies.fingerprint:
            return False
        if seen.offset <= self._dropped.get(ticket, -1):
            return False
        if -1 < seen.due <= self._clock:
            # Time has done something to it since.
            return False
        self.now.move(None, seen.shown[0])
        self.watch.move((), seen.shown[1])
        retention = self.settings.closed_ticket if seen.shrinks else self.settings.forgotten
        timer = self._silent_at(seen.last_at, -1, min(retention, self.settings.forgotten))
        if seen.due > -1:
            timer = min(timer, seen.due)
        self._timers.set(ticket, timer)
        self.resting.put(ticket, Rested(raw, timer, -1))
        return True

    def _fill_windows(self, record: Record) -> None:
        newest = record.ticket.last_at if self.newest is None else self.newest
        if record.history and record.ticket.last_at >= newest - self.settings.horizon:
            _, facts = self._refold(record)
            count(self.windows, facts, 1, self._edges)
