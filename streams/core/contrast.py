"""Before and after: what two runs of days came to, and how much it varied from ticket to ticket.

Facts are counted under the local day they happened on, so a comparison is one of whole days.
Beside sums it keeps, for each KPI, what an honest interval needs: how the two parts of the
fraction vary and go together over tickets. A ticket counts once, however many surveys it had.

What is no sum of facts of tickets - hours of agents, customers, SLA clocks - is asked of whoever
knows it (`Elsewhere`), with what varies there: days, contacts, customers, instances.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core import measures as me
from streams.core.clientele import Labels
from streams.core.costs import contacts, currency_of, total_cost
from streams.core.goals import VALUE
from streams.core.kpis import Kpi
from streams.core.measures import MEASURES, Measure, Reading
from streams.core.periods import midnight, snapshots
from streams.core.recount import Recount, Slice, holds
from streams.core.settings import Settings
from streams.core.sums import SLICED, Sums, counted_as
from streams.core.tally import Tally

RATIOS: Final[tuple[Kpi, ...]] = tuple(
    one.kpi for one in MEASURES.values() if one.kpi is not None and one.kpi.bottom
)
"""KPIs that are fractions."""


class Days(NamedTuple):
    """A run of local days, both ends included, as ordinals of `datetime.date`."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many."""
        return self.last - self.first + 1

    @property
    def months(self) -> tuple[str, ...]:
        """The months it touches, `2026-03`."""
        first, last = date.fromordinal(self.first), date.fromordinal(self.last)
        return tuple(
            f"{month // 12}-{month % 12 + 1:02}"
            for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        )

    @property
    def is_months(self) -> bool:
        """Whether it is made of whole months."""
        after = date.fromordinal(self.last) + timedelta(days=1)
        return date.fromordinal(self.first).day == after.day == 1

    def __str__(self) -> str:
        """The two dates, as on the command line."""
        return f"{date.fromordinal(self.first)}..{date.fromordinal(self.last)}"


class Moments:
    """How the parts of a fraction vary over tickets; everything in thousandths."""

    __slots__ = ("both", "bottom", "bottoms", "tickets", "top", "tops")

    def __init__(self) -> None:
        self.tickets = 0
        self.top = 0
        self.bottom = 0
        self.tops = 0
        """Sum of the squares of the tops."""
        self.bottoms = 0
        self.both = 0
        """Sum of the products."""

    def add(self, top: int, bottom: int, times: int = 1) -> None:
        """Count one ticket, or so many that are alike."""
        self.tickets += times
        self.top += times * top
        self.bottom += times * bottom
        self.tops += times * top * top
        self.bottoms += times * bottom * bottom
        self.both += times * top * bottom

    @property
    def once(self) -> bool:
        """Whether each ticket is at most once below the line."""
        return self.bottoms == 1_000 * self.bottom


class Known(NamedTuple):
    """What a measure that is no sum of facts of tickets came to on some days."""

    reading: Reading
    units: Moments | None = None
    """How it varies; `None` where no interval is honest."""
    of: str = "days"
    """What the units are; without them why there is no interval."""


UNKNOWN: Final = Known(me.NOTHING)
"""Nothing is known of these days, or of this slice."""

Elsewhere = Callable[[Slice, Days], Known]
"""A measure that is no sum of facts of tickets, on some days."""
NOWHERE: Final[Mapping[str, Elsewhere]] = {}


class Side:
    """What one run of days came to."""

    __slots__ = ("by_day", "days", "gone", "moments", "settled", "sums", "whole")

    def __init__(self, days: Days) -> None:
        self.days = days
        self.sums = Sums()
        """Of the slice; dropped tickets included where they can be."""
        self.whole = Sums()
        """Of everything."""
        self.by_day: dict[int, Counter[str]] = {}
        """How often each kind of fact happened in the slice, by day."""
        self.moments: dict[str, Moments] = {}
        """By name of the KPI; of the tickets that are kept."""
        self.settled: int = 0
        """Tickets created in these days and dropped since that are counted, by month."""
        self.gone: int = 0
        """The same that are not: what is left of them does not tell these days, or this slice."""

    def add(self, tally: Tally, slice_: Slice, customer: Labels) -> None:
        """Count what one ticket of such a customer did on these days."""
        part = Sums()
        for (kind, labels, day), count, amount, times in tally.rows():
            if not self.days.first <= day <= self.days.last or len(labels) != len(SLICED):
                continue
            self.whole.add(kind, count, amount, times)
            if holds(slice_, labels, customer):
                named = counted_as(kind, slice_)
                part.add(named, count, amount, times)
                self.by_day.setdefault(day, Counter())[named] += count
        if not part.counts:
            return
        self.sums.merge(part)
        for kpi in RATIOS:
            top, bottom = me.total(kpi.top, part), me.total(kpi.bottom, part)
            if top or bottom:
                self.moments.setdefault(kpi.name, Moments()).add(top, bottom)

    def add_dropped(self, count: Recount, slice_: Slice) -> None:
        """Count dropped tickets, too: of whole months, and by one dimension at most."""
        for month in self.days.months:
            slices = count.settled.months.get(month)
            if slices is None:
                continue
            if not self.days.is_months or len(slice_) > 1:
                self.gone += slices.whole().counts[fact.CREATED]
                continue
            self.settled += slices.whole().counts[fact.CREATED]
            self.whole.merge(slices.whole())
            for scope in _scopes(slice_):
                if scope in slices.by:
                    self.sums.merge(slices.by[scope])


def _scopes(slice_: Slice) -> Iterator[tuple[str, str]]:
    """Where the sums of dropped tickets stand that belong to a slice of one dimension, or none."""
    if not slice_:
        yield "", ""
    for dimension, values in slice_.items():
        for value in sorted(values):
            yield dimension, value


class Contrast:
    """One slice on two runs of days; told of tickets by a recount (`each=contrast.add`)."""

    def __init__(self, slice_: Slice, before: Days, after: Days) -> None:
        self.slice = slice_
        self.before, self.after = Side(before), Side(after)
        self.elsewhere: Mapping[str, Elsewhere] = NOWHERE

    def add(self, tally: Tally, customer: Labels) -> None:
        """Count the facts of one ticket."""
        self.before.add(tally, self.slice, customer)
        self.after.add(tally, self.slice, customer)

    def close(self, count: Recount, elsewhere: Mapping[str, Elsewhere] = NOWHERE) -> None:
        """Count what the recount has of dropped tickets; call it once, after the recount.

        `elsewhere` has the measures that are no sums of facts, by name.
        """
        self.elsewhere = elsewhere
        for side in (self.before, self.after):
            side.add_dropped(count, self.slice)

    def known(self, measure: Measure) -> list[Known]:
        """A measure with a topic before and after."""
        found = self.elsewhere.get(measure.name)
        sides = (self.before, self.after)
        return [UNKNOWN if found is None else found(self.slice, side.days) for side in sides]

    def readings(
        self,
        measure: Measure,
        count: Recount,
        stat: str = VALUE,
        *,
        working: bool = False,
        within: int | None = None,
    ) -> tuple[Reading, Reading]:
        """A measure before and after; a count is one per day, so that runs may differ in length."""
        sides = (self.before, self.after)
        if measure.topic:
            found = [known.reading for known in self.known(measure)]
        else:
            found = [
                read(measure, stat, side.sums, side.whole, side.days, count, working, within)
                for side in sides
            ]
        before, after = (
            _per_day(reading, side.days.length) if measure.adds_up else reading
            for reading, side in zip(found, sides, strict=True)
        )
        return before, after


def provisional(measure: Measure, days: Days, settings: Settings, as_of: int) -> bool:
    """Whether the newest of these days may still change: their tickets are too young."""
    window = {
        "resolved_share": settings.mature_after,
        "conflict_resolved_share": settings.mature_after,
        "fcr": settings.fcr_window,
    }.get(measure.name)
    return window is not None and last_instant(days.last, settings) > as_of - window


def _per_day(reading: Reading, days: int) -> Reading:
    value = None if reading.value is None else reading.value / days
    return reading._replace(value=value)


def read(
    measure: Measure,
    stat: str,
    sums: Sums,
    whole: Sums,
    days: Days,
    count: Recount,
    working: bool,
    within: int | None,
) -> Reading:
    """A measure without a topic, from the sums of a slice and of everything on these days."""
    settings = count.settings
    if measure.times:
        kind = me.kind_of(measure, working=working and bool(settings.policies))
        return me.read_times(kind, stat, within, sums)
    if measure.name.startswith(me.UNRESOLVED):
        return _depth(measure.name.removeprefix(me.UNRESOLVED), days, count)
    if measure.kpi is None:
        return _cost(measure, sums, whole, days, count)
    if measure.whole:
        end = min(count.as_of, last_instant(days.last, settings))
        sums.counts[fact.DEPTH] = count.depth_at([end])[0]
    return me.read_kpi(measure.kpi, sums)


def last_instant(day: int, settings: Settings) -> int:
    """The last millisecond of a local day."""
    return midnight(day + 1, settings.zone) - 1


def _depth(name: str, days: Days, count: Recount) -> Reading:
    depths = [
        depth
        for day, depth in snapshots(count).get(name, {}).items()
        if days.first <= date.fromisoformat(day).toordinal() <= days.last
    ]
    if not depths:
        return me.NOTHING
    return Reading(sum(depths) / len(depths), len(depths), sum(depths), len(depths))


def _cost(measure: Measure, sums: Sums, whole: Sums, days: Days, count: Recount) -> Reading:
    settings = count.settings
    ever = count.slices.whole()
    spent = any(ever.amounts[kind] for kind in ever.amounts if kind.startswith(f"{fact.COST}:"))
    if not (spent or ever.amounts[fact.LABOUR] or settings.fixed_costs):
        return me.NOTHING
    currency = currency_of(ever, settings)
    divisor = (
        contacts(sums, settings) if measure.name == me.PER_CONTACT else sums.counts[fact.RESOLVED]
    )
    # Fixed costs are those of days on which there was anything to pay for.
    first = max(days.first, count.slices.since or days.first)
    cost = total_cost(sums, whole, first, days.last, currency, settings)
    value = float(cost / divisor) if divisor else None
    return Reading(value, divisor, float(cost), divisor)
