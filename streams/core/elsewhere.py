"""What goals and comparisons ask of agents and customers, on some days.

Sums of agents and customers are kept by local day, and by month where they are old: a month counts
on its middle. Who is a customer of a period is known of whole calendar months, quarters and years.

Beside the value of a measure goes what an interval needs. Hours and waits vary from day to day;
contacts, visits and customers are counted once each.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from typing import Final

from streams.core import customers as cu
from streams.core import people, surveys
from streams.core.clientele import NOBODY, Clientele
from streams.core.contrast import UNKNOWN, Days, Elsewhere, Known, Moments, last_instant
from streams.core.cover import Cover
from streams.core.customers_report import (
    DEFLECTED,
    NOT_DEFLECTED,
    Customer,
    CustomerBooks,
    returned,
    together,
    visits,
)
from streams.core.entities import EntityBooks
from streams.core.entity import Kind, Sums, answer, coarse
from streams.core.instants import local_day
from streams.core.looking import MIDDLE
from streams.core.measures import Reading
from streams.core.people import Agents
from streams.core.people_report import cover_by_queue
from streams.core.periods import midnight, whole_period
from streams.core.record import Packing
from streams.core.recount import Slice
from streams.core.requesters import TicketFacts
from streams.core.settings import Settings
from streams.core.spans import by_day
from streams.core.sums import CUSTOMER, period_of
from streams.core.workdays import LOOKS_BACK, Tickets, Work

Labels = Mapping[str, str]

BY_MONTH: Final = "what is as old as this is kept by month"
SAME: Final = "the same customers are on both sides"
SUMMED: Final = "of customers of a period there are sums only"


class _Ledger:
    """Sums by measure, day and labels, to be asked for a slice and a run of days."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, Labels, int]]] = {}
        self._months: set[int] = set()
        """Days that stand for a month."""

    def add(self, measure: str, label: str, labels: Labels, number: int) -> None:
        """Count so much on a day (`2026-03-02`), or in a month (`2026-03`)."""
        month = len(label) == len("2026-03")
        day = date.fromisoformat(f"{label}-{MIDDLE}" if month else label).toordinal()
        self._rows.setdefault(measure, []).append((day, labels, number))
        if month:
            self._months.add(day)

    def daily(self, measures: Iterable[str], slice_: Slice, days: Days) -> Counter[int]:
        """How much there was by day, of several measures together."""
        found: Counter[int] = Counter()
        for measure in measures:
            for day, labels, number in self._rows.get(measure, ()):
                if days.first <= day <= days.last and _holds(slice_, labels):
                    found[day] += number
        return found

    def by_month(self, days: Days) -> bool:
        """Whether some of these days are told together only."""
        return any(days.first <= day <= days.last for day in self._months)

    def total(self, measures: Sequence[str], unit: int = 1) -> Elsewhere:
        """A number or a time in all; values are thousandths of `unit`s, or counts."""

        def known(slice_: Slice, days: Days) -> Known:
            daily = self.daily(measures, slice_, days)
            amount = daily.total() / unit
            units = Moments()
            # A day on which nothing happened is a day, too.
            units.add(0, 1_000, days.length - len(daily))
            for number in daily.values():
                units.add(1_000 // unit * number, 1_000)
            return self._known(Reading(amount, len(daily), amount), units, days)

        return known

    def share(
        self,
        top: Sequence[str],
        bottom: Sequence[str],
        *,
        unit: int = 1,
        per: int = 1,
        less: float = 0.0,
    ) -> Elsewhere:
        """A fraction of two sums, less something; days are what varies.

        `unit` is what the top is told in, where the bottom is a number; `per` what both are.
        """

        def known(slice_: Slice, days: Days) -> Known:
            above = self.daily(top, slice_, days)
            below = self.daily(bottom, slice_, days)
            amount, whole = above.total() / unit, below.total()
            if not whole:
                return UNKNOWN
            units = Moments()
            for day in {*above, *below}:
                units.add(1_000 // unit * above[day], 1_000 * below[day])
            reading = Reading(amount / whole - less, whole // per, amount / per, whole / per)
            return self._known(reading, units, days)

        return known

    def once(self, top: str, bottom: str) -> Elsewhere:
        """A share of things that count once each."""

        def known(slice_: Slice, days: Days) -> Known:
            part = self.daily((top,), slice_, days).total()
            whole = self.daily((bottom,), slice_, days).total()
            return _once(part, whole, "contacts")

        return known

    def _known(self, reading: Reading, units: Moments, days: Days) -> Known:
        if self.by_month(days):
            return Known(reading, None, BY_MONTH)
        return Known(reading, units)


def _once(part: int, whole: int, of: str) -> Known:
    if not whole:
        return UNKNOWN
    units = Moments()
    units.add(1_000, 1_000, part)
    units.add(0, 1_000, whole - part)
    return Known(Reading(part / whole, whole, part, whole), units, of)


def _holds(slice_: Slice, labels: Labels) -> bool:
    return all(labels.get(name, "") in values for name, values in slice_.items())


# -- agents -----------------------------------------------------------------------------------


def of_agents(
    books: EntityBooks,
    kind: Agents,
    settings: Settings,
    packing: Packing,
    as_of: int,
    tickets: Tickets,
    min_staff: int = 1,
) -> dict[str, Elsewhere]:
    """The measures that shifts and presence make; none where nothing is known of them.

    `tickets` is what agents did with tickets. Raises `SettledError` when `as_of` lies too far
    back.
    """
    if not books.outcomes:
        return {}
    ledger = _Ledger()
    _note_hours("", coarse(books.settled, settings, as_of), ledger)
    worked: dict[str, dict[str, Work]] = {}
    for (agent, day), done in tickets.work.items():
        worked.setdefault(agent, {})[day] = done
    for name, record in books.records.items():
        found = answer(record, kind, settings, packing, as_of)
        _note_hours(name, found.live, ledger)
        _note_hours(name, found.settled, ledger)
        present = {key[1] for key in found.live if key[0] in _PRESENT}
        _note_work(name, worked.pop(name, {}), present, ledger)
    for name, own in worked.items():
        _note_work(name, own, set(), ledger)
    covered = cover_by_queue(books, kind, settings, packing, as_of, tickets, min_staff)
    for queue, (one, _) in covered.items():
        _note_cover(queue, one, kind.zone, ledger)
    since = local_day(max(0, as_of - LOOKS_BACK), settings.zone)
    cover = ledger.share((_COVERED,), (_PROMISED,), per=1_000)

    def cover_lately(slice_: Slice, days: Days) -> Known:
        """Of days before there is no presence any more: half of them would mislead."""
        return cover(slice_, days) if days.first > since else UNKNOWN

    return {
        "lost_service_hours": ledger.total((_LOST,), 1_000),
        "adherence": ledger.share((people.WITHIN,), (people.SCHEDULED_TIME,), per=1_000),
        "occupancy": ledger.share((_HANDLED,), _PRESENT, per=1_000),
        "touched_per_day": ledger.share((_TOUCHED,), (people.PRESENT_DAYS,)),
        "resolved_per_day": ledger.share((_RESOLVED,), (people.PRESENT_DAYS,)),
        "cover": cover_lately,
        "staff_satisfaction": ledger.share((_CONTENT,), (_ASKED,)),
    }


_PRESENT: Final = (people.WITHIN, people.OVERTIME)
_LOST: Final = "lost"
_HANDLED: Final = "handled"
_TOUCHED: Final = "touched"
_RESOLVED: Final = "resolved"
_PROMISED: Final = "promised"
_COVERED: Final = "covered"
_CONTENT: Final = "content"
_ASKED: Final = "asked"
_OF_STAFF: Final = {surveys.SATISFIED: _CONTENT, surveys.ANSWERS: _ASKED}


def _note_hours(agent: str, sums: Sums, ledger: _Ledger) -> None:
    for key, number in sums.items():
        measure, day = key[0], key[1]
        if measure in _OF_STAFF:
            ledger.add(_OF_STAFF[measure], day, {"agent": agent}, number)
            continue
        labels = {"agent": agent, "queue": key[2]}
        ledger.add(measure, day, labels, number)
        if measure == people.SCHEDULED_TIME:
            ledger.add(_LOST, day, labels, number)
        elif measure == people.WITHIN:
            ledger.add(_LOST, day, labels, -number)


def _note_work(agent: str, own: Mapping[str, Work], present: set[str], ledger: _Ledger) -> None:
    """What an agent did with tickets; whoever tells no presence was there when they worked.

    Work on a day without presence is no part of the occupancy.
    """
    labels = {"agent": agent}
    for day, done in own.items():
        ledger.add(_TOUCHED, day, labels, done.touched)
        ledger.add(_RESOLVED, day, labels, done.resolved)
        if day in present:
            ledger.add(_HANDLED, day, labels, done.handled_ms)
        if not present and len(day) > len("2026-03"):
            ledger.add(people.PRESENT_DAYS, day, labels, 1)


def _note_cover(queue: str, cover: Cover, zone: tzinfo, ledger: _Ledger) -> None:
    labels = {"queue": queue}
    for start, end in cover.hours:
        for day, low, high in by_day(start, end, zone):
            ledger.add(_PROMISED, day, labels, high - low)
            ledger.add(_COVERED, day, labels, high - low)
    for start, end in cover.gaps:
        for day, low, high in by_day(start, end, zone):
            ledger.add(_COVERED, day, labels, low - high)


# -- customers --------------------------------------------------------------------------------


def of_customers(
    books: CustomerBooks,
    kind: Kind,
    settings: Settings,
    packing: Packing,
    as_of: int,
    return_within: int,
    *,
    repeat_window: int = 0,
    clientele: Clientele = NOBODY,
) -> dict[str, Elsewhere]:
    """The measures that customers make; none where nothing is known of them.

    `repeat_window` is how soon a visit of the self-service is followed by a question,
    `clientele` what customers are now. Raises `SettledError` when `as_of` lies too far back.
    """
    if not books.customers.outcomes:
        return {}
    sums = coarse(books.customers.settled, settings, as_of)
    for record in books.customers.records.values():
        for part in answer(record, kind, settings, packing, as_of):
            sums.update(part)
    ledger = _Ledger()
    for key, number in sums.items():
        place = _OWN_LABELS.get(key[0])
        if place is not None:
            labels = {**dict(zip(place, key[2:], strict=False)), **_attributes(key[2:])}
            ledger.add(key[0], key[1], labels, number)
    periods = _Periods(sums)
    met = together(books, packing, as_of)
    support = _Support(met, settings, as_of, return_within, clientele)
    visits = _Visits(met, as_of, repeat_window, clientele, settings)

    def bought(slice_: Slice, days: Days) -> Known:
        ever = days._replace(first=0)
        first = ledger.daily((cu.PURCHASERS,), slice_, ever).total()
        again = ledger.daily((cu.REPURCHASERS,), slice_, ever).total()
        if not first:
            return UNKNOWN
        return Known(Reading(again / first, first, again, first), None, SAME)

    return {
        "retention_after_support": support.retained,
        "retention": periods.retained,
        "returning_customers": periods.returning,
        "repurchase": bought,
        "churned": ledger.total((cu.CHURNED,)),
        "speed_of_answer": ledger.share((cu.WAITED,), (cu.ANSWERED,), unit=1_000),
        "abandonment": ledger.once(cu.ABANDONED, cu.QUEUED),
        "deflection": visits.deflected,
        "review_index": ledger.share((cu.SCORE,), (cu.SCORED,), unit=1_000),
        "review_sentiment": ledger.share((cu.FEELING,), (cu.FELT,), unit=1_000, less=1.0),
    }


_OWN_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys((cu.QUEUED, cu.ANSWERED, cu.ABANDONED, cu.WAITED), ("channel", "queue")),
    **dict.fromkeys((cu.SCORED, cu.SCORE, cu.FELT, cu.FEELING), ("channel",)),
    **dict.fromkeys((cu.PURCHASERS, cu.REPURCHASERS, cu.CHURNED), ()),
}
"""Measures of customers and their first labels; attributes of the customer follow."""


def _attributes(labels: Iterable[str]) -> Labels:
    """What was known of a customer right then, of labels such as `region=emea`."""
    pairs = (label.partition("=") for label in labels)
    return {CUSTOMER + name: value for name, equals, value in pairs if equals}


class _Periods:
    """Customers by calendar period."""

    def __init__(self, sums: Sums) -> None:
        self._rows = [
            (key[0], key[2], _attributes(key[3:]), number)
            for key, number in sums.items()
            if key[0] in {cu.OF_PERIOD, cu.RETAINED, cu.RETURNING}
        ]

    def _sum(self, measure: str, day: int, period: str, slice_: Slice) -> int:
        name = period_of(day, period)
        return sum(
            number
            for what, of, labels, number in self._rows
            if what == measure and of == name and _holds(slice_, labels)
        )

    def returning(self, slice_: Slice, days: Days) -> Known:
        """Customers of the period who were customers before."""
        period = whole_period(days.first, days.last)
        if not period or not self._sum(cu.OF_PERIOD, days.first, period, slice_):
            return UNKNOWN
        number = self._sum(cu.RETURNING, days.first, period, slice_)
        return Known(Reading(number, number, number), None, SUMMED)

    def retained(self, slice_: Slice, days: Days) -> Known:
        """Customers of the period before who are customers of this one, too."""
        period = whole_period(days.first, days.last)
        if not period:
            return UNKNOWN
        former = self._sum(cu.OF_PERIOD, days.first - 1, period, slice_)
        return _once(self._sum(cu.RETAINED, days.first, period, slice_), former, "customers")


class _Support:
    """Who came back after a resolution, of the last weeks."""

    def __init__(
        self,
        met: Mapping[str, Customer],
        settings: Settings,
        as_of: int,
        within: int,
        clientele: Clientele,
    ) -> None:
        self._met = met
        self._settings = settings
        self._as_of = as_of
        self._within = within
        self._clientele = clientele

    def retained(self, slice_: Slice, days: Days) -> Known:
        """Of the resolutions `return_within` before these days, so that each has had its time."""
        start = midnight(days.first, self._settings.zone) - self._within
        end = min(last_instant(days.last, self._settings) + 1, self._as_of) - self._within
        if start < self._as_of - cu.LOOKS_BACK:
            return UNKNOWN
        found = Counter(self._verdicts(slice_, start, end))
        return _once(found["retained"], found["retained"] + found["lost"], "customers")

    def _verdicts(self, slice_: Slice, start: int, end: int) -> Iterator[str]:
        for name, customer in self._met.items():
            own = self._clientele.of(name)
            ends = [
                at
                for one in customer.tickets
                if _holds(slice_, {**own, **_of_ticket(one)})
                for at in one.resolved
                if start <= at < end
            ]
            if ends:
                yield returned(ends, customer.active, self._within, self._as_of)


def _of_ticket(one: TicketFacts) -> Labels:
    return {
        "queue": one.queue,
        "channel": one.channel,
        "category": one.category,
        "segment": one.segment,
    }


class _Visits:
    """What became of visits of the self-service, of the last weeks."""

    def __init__(
        self,
        met: Mapping[str, Customer],
        as_of: int,
        within: int,
        clientele: Clientele,
        settings: Settings,
    ) -> None:
        self._rows = [
            (local_day(at, settings.zone), clientele.of(name), verdict)
            for name, customer in met.items()
            for at, verdict in visits(customer, within, as_of)
        ]
        self._since = local_day(max(0, as_of - cu.LOOKS_BACK), settings.zone)

    def deflected(self, slice_: Slice, days: Days) -> Known:
        """Of those that were followed by a question, or had the time for one."""
        found = Counter(
            verdict
            for day, labels, verdict in self._rows
            if days.first <= day <= days.last and _holds(slice_, labels)
        )
        if days.first <= self._since:
            # Of days before there are no visits any more: half of them would mislead.
            return UNKNOWN
        return _once(found[DEFLECTED], found[DEFLECTED] + found[NOT_DEFLECTED], "visits")
