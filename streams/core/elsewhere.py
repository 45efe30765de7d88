"""What goals ask of agents and customers, on some days.

Sums of agents and customers are kept by local day, and by month where they are old: a month counts
on its middle. Who is a customer of a period is known of calendar periods only, so there a goal
looks at the last whole month, quarter or year, and its trend at those before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from streams.core import customers as cu
from streams.core import people
from streams.core.contrast import Days, last_instant
from streams.core.customers_report import Customer, CustomerBooks, returned, together
from streams.core.entities import EntityBooks
from streams.core.entity import Kind, Sums, answer, coarse
from streams.core.goals import Goal
from streams.core.instants import local_day
from streams.core.looking import MIDDLE, Elsewhere
from streams.core.measures import NOTHING, Reading
from streams.core.periods import midnight
from streams.core.record import Packing
from streams.core.settings import Settings
from streams.core.sums import period_of
from streams.core.workdays import Work

Daily = Mapping[int, Counter[str]]
"""By local day, how much of each measure there was."""


def of_agents(
    books: EntityBooks,
    kind: Kind,
    settings: Settings,
    packing: Packing,
    as_of: int,
    work: Mapping[tuple[str, str], Work],
) -> dict[str, Elsewhere]:
    """The measures that shifts and presence make; none where nothing is known of them.

    `work` is what agents did with tickets, by agent and day. Raises `SettledError` when `as_of`
    lies too far back.
    """
    if not books.outcomes:
        return {}
    sums = coarse(books.settled, settings, as_of)
    handled: Counter[int] = Counter()
    for name, record in books.records.items():
        found = answer(record, kind, settings, packing, as_of)
        for part in found:
            sums.update(part)
        for day in {key[1] for key in found.live if key[0] in _PRESENT}:
            handled[_day(day)] += work.get((name, day), Work()).handled_ms
    daily = _by_day(sums)
    for day_worked, time in handled.items():
        daily.setdefault(day_worked, Counter())[_HANDLED] += time

    def lost(total: Counter[str]) -> Reading:
        planned = total[people.SCHEDULED_TIME]
        missed = planned - total[people.WITHIN]
        return Reading(missed / 1000 if planned else None, int(planned > 0), missed / 1000)

    return {
        "lost_service_hours": _over(daily, lost),
        "adherence": _share(daily, (people.WITHIN,), (people.SCHEDULED_TIME,)),
        "occupancy": _share(daily, (_HANDLED,), _PRESENT),
    }


def of_customers(
    books: CustomerBooks,
    kind: Kind,
    settings: Settings,
    packing: Packing,
    as_of: int,
    return_within: int,
) -> dict[str, Elsewhere]:
    """The measures that customers make; none where nothing is known of them.

    Raises `SettledError` when `as_of` lies too far back.
    """
    if not books.customers.outcomes:
        return {}
    sums = coarse(books.customers.settled, settings, as_of)
    for record in books.customers.records.values():
        for part in answer(record, kind, settings, packing, as_of):
            sums.update(part)
    daily, calendar = _by_day(sums), _Calendar(sums, settings, as_of)
    support = _Support(together(books, packing, as_of), settings, as_of, return_within)

    def waited(total: Counter[str]) -> Reading:
        answered = total[cu.ANSWERED]
        time = total[cu.WAITED] / 1000
        return Reading(time / answered if answered else None, answered, time, answered)

    def left(total: Counter[str]) -> Reading:
        return Reading(total[cu.CHURNED], total[cu.CHURNED], total[cu.CHURNED])

    return {
        "retention_after_support": support.retained,
        "retention": calendar.retained,
        "returning_customers": calendar.returning,
        "churned": _over(daily, left),
        "speed_of_answer": _over(daily, waited),
        "abandonment": _share(daily, (cu.ABANDONED,), (cu.QUEUED,)),
    }


_PRESENT: Final = (people.WITHIN, people.OVERTIME)
_HANDLED: Final = "handled"


def _by_day(sums: Sums) -> dict[int, Counter[str]]:
    daily: dict[int, Counter[str]] = {}
    for key, number in sums.items():
        daily.setdefault(_day(key[1]), Counter())[key[0]] += number
    return daily


def _day(label: str) -> int:
    """A day, or of a month its middle."""
    month = len(label) == len("2026-03")
    return date.fromisoformat(f"{label}-{MIDDLE}" if month else label).toordinal()


def _over(daily: Daily, made: Callable[[Counter[str]], Reading]) -> Elsewhere:
    def reading(_: Goal, days: Days) -> Reading:
        total: Counter[str] = Counter()
        for day, one in daily.items():
            if days.first <= day <= days.last:
                total.update(one)
        return made(total)

    return reading


def _share(daily: Daily, top: Sequence[str], bottom: Sequence[str]) -> Elsewhere:
    def made(total: Counter[str]) -> Reading:
        above, below = sum(total[one] for one in top), sum(total[one] for one in bottom)
        return Reading(above / below if below else None, below, above, below)

    return _over(daily, made)


class _Calendar:
    """Customers by calendar period: the last whole one, and those before."""

    def __init__(self, sums: Sums, settings: Settings, as_of: int) -> None:
        self._sums: Counter[tuple[str, str]] = Counter()
        for key, number in sums.items():
            if key[0] in {cu.OF_PERIOD, cu.RETAINED, cu.RETURNING}:
                self._sums[key[0], key[2]] += number
        self._today = local_day(as_of, settings.zone)

    def _name(self, goal: Goal, days: Days, earlier: int = 0) -> str:
        """The whole calendar period that stands for the goal's, or one before it."""
        day = self._today
        for _ in range(1 + earlier + (self._today - days.last) // goal.span):
            day = _first(day, goal.period) - 1
        return period_of(day, goal.period)

    def returning(self, goal: Goal, days: Days) -> Reading:
        """Customers of the period who were customers before."""
        name = self._name(goal, days)
        if not self._sums[cu.OF_PERIOD, name]:
            return NOTHING
        number = self._sums[cu.RETURNING, name]
        return Reading(number, number, number)

    def retained(self, goal: Goal, days: Days) -> Reading:
        """Customers of the period before who are customers of this one, too."""
        former = self._sums[cu.OF_PERIOD, self._name(goal, days, 1)]
        again = self._sums[cu.RETAINED, self._name(goal, days)]
        return Reading(again / former if former else None, former, again, former)


def _first(day: int, period: str) -> int:
    """The first day of the calendar month, quarter or year that a day lies in."""
    local = date.fromordinal(day)
    month = {"month": local.month, "quarter": (local.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return date(local.year, month, 1).toordinal()


class _Support:
    """Who came back after a resolution, of the last weeks."""

    def __init__(
        self, met: Mapping[str, Customer], settings: Settings, as_of: int, within: int
    ) -> None:
        self._met = met
        self._settings = settings
        self._as_of = as_of
        self._within = within

    def retained(self, _: Goal, days: Days) -> Reading:
        """Of the resolutions `return_within` before these days, so that each has had its time."""
        start = midnight(days.first, self._settings.zone) - self._within
        end = min(last_instant(days.last, self._settings) + 1, self._as_of) - self._within
        if start < self._as_of - cu.LOOKS_BACK:
            return NOTHING
        found = Counter(self._verdicts(start, end))
        whole = found["retained"] + found["lost"]
        value = found["retained"] / whole if whole else None
        return Reading(value, whole, found["retained"], whole)

    def _verdicts(self, start: int, end: int) -> Iterable[str]:
        for customer in self._met.values():
            ends = [at for one in customer.tickets for at in one.resolved if start <= at < end]
            if ends:
                yield returned(ends, customer.active, self._within, self._as_of)
