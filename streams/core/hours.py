"""When do tickets come? Volume by hour of the week and month, and what peaks and nights cost.

Hours are those of the configured zone's clock. Only tickets that are still kept are in here. A
response belongs to the hours in which it began to be owed, whenever it came: beside the cover of
these hours it tells what they are like for customers.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from streams.core import facts as fact
from streams.core.cover import BANDS, band_of
from streams.core.instants import DAY, HOUR
from streams.core.movers import Movers
from streams.core.settings import Settings
from streams.core.sums import SLICED, Sums
from streams.core.tally import DayOf, Distribution, Tally
from streams.core.ticket import Ticket

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PEAK: Final = 10
"""Percent of the hours of the week, the busiest, that are its peak."""


CHANGES: Final = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY}
CHANGED: Final = ("now", "before", "last_week")
"""Trailing windows, open on the left and closed on the right, whose volume is compared."""
BY: Final = ("queue", "channel", "agent")
"""What that volume is told apart by."""
MOVERS: Final = ("queue", "channel", "segment", "product", "category", "kind")
"""Of their values, and of those of customers' attributes, the report names those that changed."""
MOST_MOVERS: Final = 5
WEEK: Final = 7
"""Days."""
RESPONSES: Final = (fact.FIRST_RESPONSE, fact.PICKUP, fact.NEXT_REPLY)
"""Told apart by band; the first two at most once for a ticket."""
_ENDED_WAITS: Final = {
    name: (kind, band) for kind, names in fact.IN_BAND.items() for band, name in names.items()
}
"""Kinds that have their band in their name."""
Band = tuple[str, bool, str]
"""A band, and a queue; without (`False`), of all queues."""


class Hours:
    """Creations by local hour of the week, with the first responses to them."""

    def __init__(self, settings: Settings, day_of: DayOf, as_of: int) -> None:
        self._as_of = as_of
        self._lately: Counter[tuple[str, str]] = Counter()
        """Creations by window that ends now (`CHANGES`), and by which of its three it is."""
        self._by: dict[str, dict[str, Counter[tuple[str, str]]]] = {name: {} for name in BY}
        """The same by label and value."""
        self._moved = Movers(WEEK)
        """Creations of the last seven times 24 hours, and of those before."""
        self._zone = settings.zone
        self._day_of = day_of
        self.in_band: Counter[Band] = Counter()
        """Creations, under the queue right after them."""
        self.times: dict[Band, dict[str, Distribution]] = {}
        """How long responses took, by band of their start and the queue right after them; by kind
        of fact, those in working time where there are policies."""
        self.created: Counter[int] = Counter()
        """By hour of the week; 0 is the one after midnight on Monday."""
        self.months: Counter[int] = Counter()
        """By month of the year, 1 to 12."""
        self.responses: dict[int, Distribution] = {}

    def add(self, ticket: Ticket, tally: Tally, customer: Mapping[str, str]) -> None:
        """Count a ticket of such a customer, given with all its facts.

        An orphan came nobody knows when; who waited there is known.
        """
        self._waits(tally)
        if ticket.created_at is None:
            return
        self._bands(ticket, ticket.created_at, tally)
        self._move(ticket.created_at, tally, customer)
        ago = self._as_of - ticket.created_at
        compared = [
            (window, when)
            for window, span in CHANGES.items()
            for when, back in (("now", 0), ("before", span), ("last_week", 7 * DAY))
            if back <= ago < back + span
        ]
        if compared:
            self._lately.update(compared)
            for labels in self._labels(ticket.created_at, tally):
                for name in BY:
                    value = labels[SLICED.index(name)]
                    self._by[name].setdefault(value, Counter()).update(compared)
        local = datetime.fromtimestamp(ticket.created_at / 1000, UTC).astimezone(self._zone)
        hour = local.weekday() * 24 + local.hour
        self.created[hour] += 1
        self.months[local.month] += 1
        start, responded = ticket.response_start, ticket.first_response_at
        if start is not None and responded is not None:
            self.responses.setdefault(hour, Distribution()).add(max(0, responded - start))

    def _move(self, created_at: int, tally: Tally, customer: Mapping[str, str]) -> None:
        ago = self._as_of - created_at
        if not 0 <= ago < 2 * WEEK * DAY:
            return
        back = ago // DAY
        for labels in self._labels(created_at, tally):
            own = {name: labels[SLICED.index(name)] for name in MOVERS}
            for name, value in (own | dict(customer)).items():
                self._moved.add(name, value, back, 1, after=back < WEEK)

    def _labels(self, created_at: int, tally: Tally) -> list[tuple[str, ...]]:
        """Those of the creation; a forgotten ticket of the same name came on another day."""
        day = self._day_of(created_at)
        return [
            labels
            for (kind, labels, on), number in tally.counts.items()
            if kind == fact.CREATED and on == day and number
        ]

    def movers(self) -> dict[str, list[dict[str, Any]]]:
        """By dimension the values whose volume moved most within a week, the farthest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self._moved.ranked():
            rows = found.setdefault(one.label, [])
            now, before = one.after.total(), one.before.total()
            if len(rows) < MOST_MOVERS:
                change = now - before
                rows.append({"value": one.value, "now": now, "before": before, "change": change})
        return dict(sorted(found.items()))

    def _bands(self, ticket: Ticket, created_at: int, tally: Tally) -> None:
        start, picked_up = ticket.response_start, ticket.picked_up
        ends = {fact.CREATED: (created_at, created_at)}
        if start is not None and ticket.first_response_at is not None:
            ends[fact.FIRST_RESPONSE] = start, ticket.first_response_at
        if picked_up is not None:
            ends[fact.PICKUP] = created_at, picked_up[0]
        ends |= {fact.WORKING[kind]: ends[kind] for kind in RESPONSES if kind in ends}
        for (kind, labels, day), count, _, times in tally.rows():
            # A forgotten ticket of the same name had its own, on other days.
            if kind not in ends or day != self._day_of(ends[kind][1]):
                continue
            band = band_of(ends[kind][0], self._zone)
            for key in ((band, False, ""), (band, True, labels[0])):
                if times is None:
                    self.in_band[key] += count
                else:
                    kinds = self.times.setdefault(key, {})
                    kinds.setdefault(kind, Distribution()).merge(times)

    def _waits(self, tally: Tally) -> None:
        for (name, labels, _), _, _, times in tally.rows():
            if name in _ENDED_WAITS and times is not None:
                kind, band = _ENDED_WAITS[name]
                for key in ((band, False, ""), (band, True, labels[0])):
                    self.times.setdefault(key, {}).setdefault(kind, Distribution()).merge(times)

    def volume(self) -> dict[str, Any]:
        """Creations by hour of the week (`mon 09`) and month of the year, and what changed.

        That is the last hour, day and week against those right before, and a week ago; also of
        each queue, channel and agent with any of them.
        """
        return {
            "change": _changes(self._lately),
            "by": {
                name: {value: _changes(own) for value, own in sorted(values.items())}
                for name, values in self._by.items()
            },
            "by_hour_of_week": {
                f"{WEEKDAYS[hour // 24]} {hour % 24:02}": number
                for hour, number in sorted(self.created.items())
            },
            "by_month_of_year": {f"{month:02}": n for month, n in sorted(self.months.items())},
        }

    def slow_down(self) -> dict[str, Any]:
        """First responses to tickets of the busiest hours of the week, over those to the rest."""
        ranked = sorted(self.created, key=lambda hour: (-self.created[hour], hour))
        busiest = set(ranked[: max(1, len(ranked) * PEAK // 100)])
        peak, rest = Distribution(), Distribution()
        for hour, times in self.responses.items():
            (peak if hour in busiest else rest).merge(times)
        found: dict[str, Any] = {
            "hours": [f"{WEEKDAYS[hour // 24]} {hour % 24:02}" for hour in sorted(busiest)],
            "peak_responses": peak.count,
            "other_responses": rest.count,
        }
        for name, rank in (("p50", 0.5), ("p90", 0.9)):
            above = peak.percentiles(rank) if peak.count else []
            below = rest.percentiles(rank) if rest.count else []
            ratio = above[0] / below[0] if above and below and below[0] else None
            found[f"{name}_ratio"] = ratio
        return found


def _changes(numbers: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    return {window: {when: numbers[window, when] for when in CHANGED} for window in CHANGES}


def bands(hours: Hours, settings: Settings, figures: Callable[[Sums, str], Any]) -> dict[str, Any]:
    """Creations and response times by band, over all and by queue."""

    def part(key: Band) -> dict[str, Any]:
        sums = Sums()
        sums.durations.update(hours.times.get(key, {}))
        found: dict[str, Any] = {"created": hours.in_band[key]}
        for kind in RESPONSES:
            found[kind] = figures(sums, kind)
            working = fact.WORKING[kind] if settings.policies else kind
            found[fact.WORKING[kind]] = figures(sums, working)
        return found

    known = sorted({*hours.in_band, *hours.times})
    return {
        band: {
            **part((band, False, "")),
            "by_queue": {key[2]: part(key) for key in known if key[:2] == (band, True)},
        }
        for band in BANDS
        if (band, False, "") in known
    }
