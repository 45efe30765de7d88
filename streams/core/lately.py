"""What agents, customers and requesters come to now, for the metrics of a running worker.

Nothing is summed while events arrive (`streams.core.entity`). Here each entity is counted once,
and again when it has changed or, where time alone changes it, when its figures have aged:

    arrivals -> touched -> counted again: what it came to before - and what it comes to now +

So a scrape reads sums that are as they would be if all were counted anew, but for those still
waiting their turn. Figures are keyed by the metric they are shown as, and its labels as they
came: of agents there is no name in them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from streams.core import customers as cu
from streams.core import people
from streams.core import requesters as rq
from streams.core.customers import Customers
from streams.core.entities import Entities
from streams.core.entity import Entity, Sums, answer, runs_of
from streams.core.events import Event
from streams.core.instants import MINUTE
from streams.core.people import Agents
from streams.core.policies import governing
from streams.core.record import Packing
from streams.core.requesters import Requesters
from streams.core.settings import Settings
from streams.core.spans import day_before, first_day, local_day, month_of, period_of

Figures = Counter[tuple[str, ...]]
"""Whole numbers by metric and labels; times are milliseconds."""

ON_SHIFT: Final = "agents_scheduled"
IN_STATE: Final = "agents"
STATES: Final = (*sorted(people.WORKING), *sorted(people.PAUSED))
SHIFTS: Final = {
    people.SCHEDULED_TIME: "window_scheduled_seconds",
    people.WITHIN: "window_within_shift_seconds",
    people.OVERTIME: "window_overtime_seconds",
}
"""Measure of the time of agents -> metric, by window and queue."""
LOST: Final = "window_lost_seconds"
"""By window, queue and reason."""
PROMISED: Final = "cover_promised"

OF_PERIOD: Final = {
    cu.OF_PERIOD: "customers",
    cu.RETAINED: "customers_retained",
    cu.RETURNING: "customers_returning",
}
"""Measure of customers -> metric, by period: the month, quarter and year of now."""
BEFORE: Final = "customers_before"
EVER: Final = {
    cu.PURCHASERS: "customers_purchased",
    cu.REPURCHASERS: "customers_repurchased",
    cu.CHURNED: "customers_churned",
}
CONTACTS: Final = {
    cu.QUEUED: "contacts_queued",
    cu.ANSWERED: "contacts_answered",
    cu.ABANDONED: "contacts_abandoned",
    cu.WAITED: "contacts_waited_seconds",
}
"""By channel; of the last `CONTACT_DAYS` local days."""
CONTACT_DAYS: Final = 7
MONTHLY: Final = {
    rq.TICKETS: "requesters_tickets",
    rq.REPEATS: "requesters_repeat_contacts",
    rq.REQUESTERS: "requesters",
    rq.REPEAT_REQUESTERS: "requesters_repeated",
}
"""Measure of requesters -> metric; of the local month of now."""

AGED: Final = MINUTE
"""Agents are counted again after so long: a shift goes on without any event."""


class Shown(Protocol):
    """How one sort of entity is shown."""

    @property
    def every(self) -> int | None:
        """How old its figures may be without any event; `None`: only events change them."""

    def of(self, record: Entity, now: int) -> Sums:
        """What one entity comes to."""

    def figures(self, sums: Sums, settled: Sums, now: int) -> Figures:
        """What all of them come to, those who were dropped included."""


@dataclass(frozen=True, slots=True)
class ShownAgents:
    """What agents do now, and what became of their shifts in trailing windows.

    A window begins where the history does, for an agent whose history outgrew its cap.
    """

    kind: Agents
    settings: Settings
    packing: Packing
    spans: tuple[tuple[str, int], ...]
    """Windows: name and length."""

    @property
    def every(self) -> int | None:
        """Time goes on."""
        return AGED

    def of(self, record: Entity, now: int) -> Sums:
        """Their state and shift of now, and the time in each window."""
        events = sorted(e for e in self.packing.unpack(record.history) if e.at <= now)
        runs = runs_of(events, self.settings.forgotten, record.joined)
        found: Sums = Counter()
        if not runs:
            return found
        events = runs[-1]
        for moment in self.kind.moments(events, now, now + 1, now + 1):
            if moment.state is not None:
                found[IN_STATE, moment.state.queue, moment.state.state] += 1
            if moment.planned is not None:
                found[ON_SHIFT, moment.planned] += 1
        for name, span in self.spans:
            since = max(now - span, record.since)
            for key, time in self._times(events, since, now):
                measure, queue = key[0], key[2]
                if measure in SHIFTS:
                    found[SHIFTS[measure], name, queue] += time
                elif measure in _REASONS:
                    found[LOST, name, queue, _REASONS[measure]] += time
        return found

    def _times(
        self, events: Sequence[Event], since: int, now: int
    ) -> Iterator[tuple[tuple[str, ...], int]]:
        touching = self.kind.touching(events, since)
        for key, number in self.kind.count(touching, since, now, now).items():
            if len(key) == 3:
                yield key, number

    def figures(self, sums: Sums, settled: Sums, now: int) -> Figures:
        """The sums, with zeros for what a queue does not have now.

        Beside them whether each queue is promised to be open now, where a policy says so.
        """
        del settled
        found: Figures = Counter(sums)
        queues = {key[1] for key in sums if key[0] in {IN_STATE, ON_SHIFT}}
        queues |= {key[2] for key in sums if key[0] not in {IN_STATE, ON_SHIFT}}
        for queue in sorted(queues):
            found[ON_SHIFT, queue] += 0
            for state in STATES:
                found[IN_STATE, queue, state] += 0
            promised = self._promised(queue, now)
            if promised is not None:
                found[PROMISED, queue] = int(promised)
        return found

    def _promised(self, queue: str, now: int) -> bool | None:
        policies = self.settings.policies
        matching = policies.matching(lambda name: queue if name == "queue" else None)
        policy = governing(matching, now)
        return None if policy is None else policy.calendar.is_open(now)


_REASONS: Final = {measure: reason for reason, measure in people.LOST.items()}


@dataclass(frozen=True, slots=True)
class ShownCustomers:
    """Who is a customer of this month, quarter and year, who left, and who waited of late."""

    kind: Customers
    settings: Settings
    packing: Packing

    @property
    def every(self) -> int | None:
        """Nothing that is shown changes by itself."""
        return None

    def of(self, record: Entity, now: int) -> Sums:
        """The measures that are shown, without the rest of their labels."""
        live, settled = answer(
            record, self.kind, self.settings, self.packing, _all_told(record, now, self.settings)
        )
        live.update(settled)
        return _shown_of_customers(live)

    def figures(self, sums: Sums, settled: Sums, now: int) -> Figures:
        """Of the periods of now, and of the last days."""
        total: Sums = Counter(sums)
        total.update(_shown_of_customers(settled))
        today = local_day(now, self.kind.zone)
        days = _last_days(now, self.kind)
        names = {period_of(today, period): period for period in cu.PERIODS}
        before = {
            period_of(day_before(first_day(today, period)), period): period for period in cu.PERIODS
        }
        found: Figures = Counter()
        for period in cu.PERIODS:
            for metric in (*OF_PERIOD.values(), BEFORE):
                found[metric, period] += 0
        for metric in EVER.values():
            found[metric,] += 0
        for key, number in total.items():
            if key[0] in OF_PERIOD:
                if key[1] in names:
                    found[OF_PERIOD[key[0]], names[key[1]]] += number
                elif key[0] == cu.OF_PERIOD and key[1] in before:
                    found[BEFORE, before[key[1]]] += number
            elif key[0] in EVER:
                found[EVER[key[0]],] += number
            elif key[1] in days:
                found[CONTACTS[key[0]], key[2]] += number
        return found


def _all_told(record: Entity, now: int, settings: Settings) -> int:
    """An instant as of which everything counts that has been told: some clocks are fast."""
    return max(now + settings.future_skew, record.last_at) + 1


def _shown_of_customers(sums: Sums) -> Sums:
    found: Sums = Counter()
    for key, number in sums.items():
        if key[0] in OF_PERIOD:
            found[key[0], key[2]] += number
        elif key[0] in EVER:
            found[(key[0],)] += number
        elif key[0] in CONTACTS:
            found[key[0], key[1], key[2]] += number
    return found


def _last_days(now: int, kind: Customers) -> frozenset[str]:
    day = local_day(now, kind.zone)
    days = [day]
    while len(days) < CONTACT_DAYS:
        day = day_before(day)
        days.append(day)
    return frozenset(days)


@dataclass(frozen=True, slots=True)
class ShownRequesters:
    """Who asks, and who asks again, in the month of now."""

    kind: Requesters
    settings: Settings
    packing: Packing

    @property
    def every(self) -> int | None:
        """Nothing that is shown changes by itself."""
        return None

    def of(self, record: Entity, now: int) -> Sums:
        """The measures by month."""
        live, settled = answer(
            record, self.kind, self.settings, self.packing, _all_told(record, now, self.settings)
        )
        live.update(settled)
        return _by_month(live)

    def figures(self, sums: Sums, settled: Sums, now: int) -> Figures:
        """Those of the month."""
        month = month_of(local_day(now, self.kind.zone))
        dropped = _by_month(settled)
        return Counter(
            {
                (metric,): sums[measure, month] + dropped[measure, month]
                for measure, metric in MONTHLY.items()
            }
        )


def _by_month(sums: Sums) -> Sums:
    found: Sums = Counter()
    for key, number in sums.items():
        if key[0] in MONTHLY:
            found[key[0], month_of(key[1])] += number
    return found


Part = tuple[tuple[tuple[str, ...], int], ...]
SETTLED_AGED: Final = 10 * MINUTE
"""What those who were dropped came to is looked at again after so long."""


class Lately:
    """The figures of one partition, kept up to date."""

    __slots__ = ("_at", "_entities", "_parts", "_settled", "_settled_at", "_shown", "_sums")

    def __init__(self, entities: Entities, shown: Shown) -> None:
        """Follows these entities from now on; all of them are to be counted first."""
        self._entities = entities
        self._shown = shown
        self._sums: Sums = Counter()
        self._parts: dict[str, Part] = {}
        """What each of them is in the sums with; nothing of who comes to nothing."""
        self._at: dict[str, int] = {}
        """When each was counted last, the oldest first, where figures age."""
        self._settled: Sums = Counter()
        self._settled_at: int | None = None
        entities.touched = set(entities.records)

    @property
    def whole(self) -> bool:
        """Whether all there are have been counted once."""
        return self._settled_at is not None

    def refresh(self, now: int, most: int) -> bool:
        """Count again what has changed or aged, at most so many; true when more is due."""
        touched = self._entities.touched
        if touched is None:
            return False
        for _ in range(most):
            if touched:
                self._count(touched.pop(), now)
            elif not self._age(now):
                self._look_at_settled(now)
                return False
        return True

    def _age(self, now: int) -> bool:
        every = self._shown.every
        oldest = next(iter(self._at), None)
        if every is None or oldest is None or now - self._at[oldest] < every:
            return False
        self._count(oldest, now)
        return True

    def _look_at_settled(self, now: int) -> None:
        if self._settled_at is None or now - self._settled_at >= SETTLED_AGED:
            self._settled = Counter(self._entities.settled)
            self._settled_at = now

    def _count(self, name: str, now: int) -> None:
        for key, number in self._parts.pop(name, ()):
            left = self._sums[key] - number
            if left:
                self._sums[key] = left
            else:
                del self._sums[key]
        self._at.pop(name, None)
        record = self._entities.records.get(name)
        if record is None:
            # Whoever was dropped is among the settled.
            if self._settled_at is not None:
                self._settled_at = now - SETTLED_AGED
            return
        found = self._shown.of(record, now)
        part = tuple([(key, number) for key, number in found.items() if number])
        if part:
            self._parts[name] = part
            self._sums.update(found)
        if self._shown.every is not None:
            self._at[name] = now

    def figures(self, now: int) -> Figures:
        """What all of them come to; only once `whole`."""
        return self._shown.figures(self._sums, self._settled, now)
