"""One partition of entities: arrivals in, changed records out, as `Processor` does for tickets.

Arrivals are judged (refuse, ignore, late, duplicate, apply: in this precedence, one by one in
offset order) and kept. Nothing is counted until somebody asks (`streams.core.entity`), so there
are no sums to keep in step. Whoever drives it takes a `Cut` and makes it durable; it knows
neither Kafka nor the clock.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from streams.core import entity as entities
from streams.core.aggregates import Totals
from streams.core.entity import Entity, Kind, Sums
from streams.core.events import Accepted, Arrival, Event, Ignored, Redaction, Refused
from streams.core.formats import check_format
from streams.core.processor import TOTALS_KEY, Cut, Mark, Outcome, Tallied, Verdict
from streams.core.record import Packing
from streams.core.refusals import UNBOUNDED, Bound, Excess, Refusals
from streams.core.settings import Settings
from streams.core.timers import Timers

SETTLED_KEY: Final = b"\xffsettled"
"""Key of what dropped entities leave, beside `TOTALS_KEY`: no name is invalid UTF-8."""


@dataclass(slots=True)
class EntityBooks:
    """What the partitions of one processor hold together."""

    records: dict[str, Entity] = field(default_factory=dict)
    settled: Sums = field(default_factory=Counter)
    outcomes: Tallied = field(default_factory=Counter)

    @property
    def newest(self) -> int | None:
        """The highest time of an applied event that is still kept; `None` where there is none."""
        return max((record.last_at for record in self.records.values()), default=None)


class Entities:
    """The state of one source partition of agents, customers or requesters."""

    def __init__(
        self, kind: Kind, settings: Settings, packing: Packing, bound: Bound = UNBOUNDED
    ) -> None:
        """`bound` is how much may be refused before the partition stops."""
        self.kind = kind
        self.refusals = Refusals(bound)
        self.excess: Excess | None = None
        self.settings = settings
        self.records: dict[str, Entity] = {}
        self.settled: Sums = Counter()
        """What dropped entities leave behind."""
        self.outcomes: Tallied = Counter()
        """All arrivals of the partition since its first offset."""
        self.touched: set[str] | None = None
        """Who has changed; kept for whoever sets it and takes them out (`streams.core.lately`)."""
        self.newest: int | None = None
        """Highest event time applied."""
        self.position: int = 0
        self.mark: Mark | None = None
        """The record read last, by which a source that was made anew is recognised."""
        self._counted_to: int = -1
        """Outcomes of offsets up to here are counted already (a restart reads some again)."""
        self._packing = packing
        self._clock: int = -1
        self._since: int | None = None
        """The first effective now of this run."""
        self._arrived: set[str] = set()
        """Those with arrivals since effective now was last moved."""
        self._timers = Timers()
        self._dirty: set[str] = set()
        self._dropped: dict[str, int] = {}
        """Dropped entities, each with the last offset read by then, as long as it may be read
        again: what stands at or below is settled."""
        self._named: dict[str, int] = {}
        """The dropped ones whom the changelog names: their names have to go from there, too."""
        self._fresh_outcomes: Tallied = Counter()

    # -- arrivals -------------------------------------------------------------------------

    def apply(self, arrivals: Sequence[tuple[int, Arrival]]) -> list[Verdict]:
        """Judge and keep arrivals, given as (offset, arrival) in offset order.

        It ends before the first one that would be refused too many (`excess`).
        """
        verdicts: list[Verdict] = []
        for index, (offset, arrival) in enumerate(arrivals):
            outcome, reason = self._judge(offset, arrival)
            if offset > self._counted_to:
                if outcome is Outcome.REJECTED:
                    self.excess = self.refusals.refuse(offset, reason)
                    if self.excess is not None:
                        break
                else:
                    self.refusals.passed(1)
                self._counted_to = offset
                self._count(outcome, reason, arrival)
            if outcome in {Outcome.LATE, Outcome.REJECTED}:
                verdicts.append(Verdict(index, outcome, reason))
            self.position = offset + 1
        return verdicts

    def _judge(self, offset: int, arrival: Arrival) -> tuple[Outcome, str]:
        if isinstance(arrival, Refused):
            return Outcome.REJECTED, arrival.reason
        if isinstance(arrival, Ignored):
            return Outcome.IGNORED, arrival.reason
        name = arrival.ticket
        record = self.records.get(name)
        if offset <= (self._dropped.get(name, -1) if record is None else record.offset):
            # Read again after a restart: what the changelog says already holds it.
            return Outcome.APPLIED, ""
        if isinstance(arrival, Redaction):
            # By arrival: the numbers stay, without the name.
            if record is not None:
                self._drop(name, record, record.last_at)
            self._dropped[name] = offset
            self._changed(name)
            return Outcome.APPLIED, ""
        if record is None:
            record = self.records[name] = Entity()
        return self._judge_event(offset, arrival, record)

    def _judge_event(self, offset: int, arrival: Accepted, record: Entity) -> tuple[Outcome, str]:
        event = arrival.event
        self._touch(arrival.ticket, offset, record)
        too_old = record.last_at - self.kind.on_time(self.settings)
        late = event.at < too_old or (record.early and event.at < record.since)
        # A redaction acts by arrival.
        if late and not event.data.get("redacted"):
            return Outcome.LATE, ""
        known = self._known(arrival, record)
        if known is not None:
            return Outcome.DUPLICATE, known
        record.append(event, arrival.packed)
        if entities.REDACTED in record.history:
            self._erase(arrival.ticket, record)
        if entities.look_due(record, self.settings):
            entities.settle(record, self.kind, self.settings, self._packing)
        self.newest = event.at if self.newest is None else max(self.newest, event.at)
        self._schedule(arrival.ticket, record)
        return Outcome.APPLIED, ""

    def _erase(self, name: str, record: Entity) -> None:
        """Carry out what redactions in the history ask for."""
        left = self.kind.unredacted(self._packing.unpack(record.history))
        record.keep(left, self._packing)
        if not left:
            self._drop(name, record, record.last_at)
            self._dropped[name] = record.offset

    def _touch(self, name: str, offset: int, record: Entity) -> None:
        record.offset = offset
        self._changed(name)
        if self._since is not None:
            self._arrived.add(name)

    def _known(self, arrival: Accepted, record: Entity) -> str | None:
        """How this event is known already: "" the same, "conflict" with another content.

        Of events that share source and id the one with the lowest order key counts: if that
        is this one, it takes the place of the other in the history. `None`: a new event.
        """
        event = arrival.event
        if event.at > record.last_at + self.settings.forgotten:
            return None
        seen = bool(record.seen) and entities.was_seen(record, event)
        if not seen and arrival.identity not in record.history:
            return None
        history = self._packing.unpack(record.history)
        runs = entities.runs_of(sorted([*history, event]), self.settings.forgotten, record.joined)
        # A forgotten entity of this name may share the record, not its ids.
        place = next(place for place, run in enumerate(runs) if event in run)
        if seen and place == 0:
            # Whether it differs from the one that counts is not known any more.
            return ""
        same = [one for one in history if one[2:4] == event[2:4] and one in runs[place]]
        if not same:
            return None
        other = same[0]
        if self._key(event) < self._key(other):
            history[history.index(other)] = event
            record.keep(history, self._packing)
            record.last_at = max(one.at for one in history)
        return "" if other == event else "conflict"

    def _key(self, event: Event) -> tuple[Any, ...]:
        """The order key, and the canonical bytes of the event to break a tie."""
        return (*event[:4], self._packing.pack(event))

    def _count(self, outcome: Outcome, reason: str, arrival: Arrival) -> None:
        conflict = outcome is Outcome.DUPLICATE and reason == "conflict"
        self._fresh_outcomes[outcome, "" if conflict else reason] += 1
        if conflict:
            self._fresh_outcomes["flag", "conflict"] += 1
        if isinstance(arrival, Accepted):
            for flag in arrival.flags:
                self._fresh_outcomes["flag", flag] += 1

    # -- time -----------------------------------------------------------------------------

    def advance(self, now: int, most: int | None = None) -> bool:
        """Move effective now forward: who is forgotten is dropped. It never decreases.

        At most so many are; true when more are due, which the next call sees to.
        """
        self._clock = max(self._clock, now)
        if self._since is None:
            self._since = now
        for name in self._arrived:
            if name in self.records:
                self.records[name].arrived_at = now
        self._arrived.clear()
        if self.position <= self._counted_to:
            # Events are read again after a crash: whom they belong to has to be there still.
            return False
        for due, name in islice(self._timers.due(now), most):
            record = self.records.get(name)
            if record is not None and record.timer == due:
                record.timer = -1
                if now >= self._drop_at(record):
                    self._drop(name, record, record.last_at + self.settings.forgotten + 1)
                else:
                    self._schedule(name, record)
        return self._timers.is_due(now)

    def _drop(self, name: str, record: Entity, as_of: int) -> None:
        found = entities.answer(record, self.kind, self.settings, self._packing, as_of)
        self.settled.update(found.live)
        self.settled.update(found.settled)
        del self.records[name]
        self._dropped[name] = self.position - 1
        self._changed(name)

    def _changed(self, name: str) -> None:
        self._dirty.add(name)
        if self.touched is not None:
            self.touched.add(name)

    def _schedule(self, name: str, record: Entity) -> None:
        due = self._drop_at(record)
        if record.timer < 0 or due < record.timer:
            record.timer = due
            self._timers.set(name, due)

    def _drop_at(self, record: Entity) -> int:
        """The first instant at which it has been silent for longer than it is remembered.

        Silent in event time, and quiet in arrival too (docs/decisions/0003).
        """
        arrived = max(record.arrived_at, self._since or -1)
        last = record.last_at if record.last_at >= 0 else arrived
        return 1 + max(last + self.settings.forgotten, arrived + self.settings.apply_within)

    # -- durability -----------------------------------------------------------------------

    @property
    def speaks(self) -> bool:
        """Nothing here waits to be said."""
        return False

    @property
    def changed(self) -> bool:
        """Whether there is anything to make durable."""
        if self._dirty or self._fresh_outcomes:
            return True
        return any(last < self.position for last in self._named.values())

    @property
    def clock(self) -> int:
        """Effective now; -1 while there is none."""
        return self._clock

    @property
    def pending(self) -> int:
        """How many have changed since the last cut."""
        return len(self._dirty)

    @property
    def kept(self) -> int:
        """How many records there are."""
        return len(self.records)

    @property
    def awake(self) -> int:
        """All of them."""
        return len(self.records)

    def look_for_rest(self) -> None:
        """None of them rests: they are few, and their numbers are asked for all the time."""

    def rest(self, most: int) -> bool:
        """Nothing goes on."""
        del most
        return False

    def cut(self) -> Cut:
        """Take all that changed since the last cut; the partition's own records come first."""
        self.outcomes.update(self._fresh_outcomes)
        totals = {
            "v": entities.FORMAT,
            "position": self._counted_to + 1,
            "mark": self.mark,
            "outcomes": [[*key, count] for key, count in sorted(self.outcomes.items())],
            "newest": self.newest,
            "now": self._clock,
            "refusals": self.refusals.dump(),
        }
        writes: list[tuple[bytes, bytes | None]] = [(TOTALS_KEY, self._packing.dumps(totals))]
        if self._dropped or self._named:
            settled = entities.dumped(entities.coarse(self.settled, self.settings, self._latest))
            left = {"v": entities.FORMAT, "dropped": self._dropped, "settled": settled}
            writes.append((SETTLED_KEY, self._packing.dumps(left)))
            self._named = dict(self._dropped)
        for name in self._dirty:
            record = self.records.get(name)
            value = None if record is None else entities.dump(record, self._packing)
            writes.append((name.encode(), value))
        cut = Cut(self.position, writes, Totals(), self._fresh_outcomes, [])
        self._dirty = set()
        self._dropped = {n: last for n, last in self._dropped.items() if last >= self.position}
        self._fresh_outcomes = Counter()
        return cut

    @property
    def _latest(self) -> int:
        return max(0, self._clock, self.newest or 0)

    def restore(self, changelog: dict[bytes, bytes | None]) -> Iterator[int]:
        """Take over what the changelog says, the last write per key; then ready to `apply`.

        Yields how many were taken over so far; it must be exhausted. What is taken over is
        taken out of `changelog`. Raises `FormatError` for a format this version cannot read.
        """
        told, left = changelog.pop(TOTALS_KEY, None), changelog.pop(SETTLED_KEY, None)
        totals = None if told is None else self._packing.loads(told)
        if totals is not None:
            check_format(totals["v"], entities.FORMAT)
        if left is not None:
            values = self._packing.loads(left)
            self.settled, self._dropped = entities.loaded(values["settled"]), values["dropped"]
            self._named = dict(self._dropped)
        if totals is not None:
            self._load_totals(totals)
        while changelog:
            key, value = changelog.popitem()
            if value is None:
                continue
            name, record = key.decode(), entities.load(value, self._packing)
            if record.offset > self._dropped.get(name, -1):
                self.records[name] = record
                self._schedule(name, record)
                yield len(self.records)
            else:
                # The drop was written, the deletion was not.
                self._dirty.add(name)

    def _load_totals(self, totals: dict[str, Any]) -> None:
        self.position = totals["position"]
        mark = totals.get("mark")
        self.mark = None if mark is None else (mark[0], mark[1])
        self._counted_to = self.position - 1
        for outcome, reason, number in totals["outcomes"]:
            self.outcomes[outcome, reason] = number
        self.newest, self._clock = totals["newest"], totals["now"]
        self.refusals.load(totals["refusals"])
