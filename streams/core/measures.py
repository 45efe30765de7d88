"""Measures: whatever a goal or a comparison can be about, under one name.

A measure is a KPI that is made of sums, how long something took, the depth of the queues at a
named instant, or money. What processors of agents and customers know is named here, too, so that
a scorecard may ask for it; where it is not at hand it is *unavailable*, with the reason.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core.formula import COUNT, SECONDS, Kpi, Term
from streams.core.goals import MEAN, PERCENTILES, SHARE_WITHIN, VALUE
from streams.core.kpis import DURATIONS, KPIS
from streams.core.sums import Sums

SHARE: Final = "share"

PER_CONTACT: Final = "cost_per_contact"
PER_RESOLUTION: Final = "cost_per_resolution"
UNRESOLVED: Final = "unresolved_"
"""Prefix: the name of a snapshot of queue depth stands behind it."""


class Measure(NamedTuple):
    """One thing that can be measured."""

    name: str
    meaning: str
    unit: str
    """As in `streams.core.kpis.Kpi`."""
    better: str = "lower"
    """Which way is good: `higher`, `lower`, or `neither`."""
    kpi: Kpi | None = None
    """It is a KPI made of sums."""
    times: str = ""
    """It is how long something took: the kind of fact, in wall time."""
    topic: str = ""
    """It is made of the events of another topic."""

    @property
    def calendar(self) -> bool:
        """Whether it is known of calendar months, quarters and years only."""
        return self.name in {"retention", "returning_customers"}

    @property
    def counted(self) -> bool:
        """Whether a low number is an answer, and not too little to go by."""
        if self.topic == "customer-events":
            return self.unit == "number"
        no_fraction = self.kpi is not None and not self.kpi.bottom
        return no_fraction or bool(self.topic) or self.name.startswith(UNRESOLVED)

    @property
    def stats(self) -> tuple[str, ...]:
        """What can be asked of it, the usual first."""
        return (MEAN, *PERCENTILES, SHARE_WITHIN) if self.times else (VALUE,)

    @property
    def whole(self) -> bool:
        """Only all of it is known, not a slice: depth is followed ticket by ticket, not cell."""
        if self.topic or self.name.startswith(UNRESOLVED):
            return True
        return self.kpi is not None and any(
            term.kind == fact.DEPTH for term in (*self.kpi.top, *self.kpi.bottom)
        )


def _count(name: str, meaning: str, *terms: Term) -> Measure:
    return Measure(name, meaning, "number", "neither", Kpi(name, meaning, "number", terms))


def _elsewhere(topic: str, better: str, rows: Mapping[str, tuple[str, str]]) -> list[Measure]:
    return [
        Measure(name, meaning, unit, better, topic=topic) for name, (unit, meaning) in rows.items()
    ]


_CREATED: Final = Term("created", fact.CREATED)
_RESOLVED: Final = Term("resolved", fact.RESOLVED)

MEASURES: Final[Mapping[str, Measure]] = {
    measure.name: measure
    for measure in (
        *(Measure(kpi.name, kpi.meaning, kpi.unit, kpi.better, kpi) for kpi in KPIS),
        *(Measure(one.name, one.meaning, SECONDS, times=one.kind) for one in DURATIONS),
        _count("volume", "tickets created", _CREATED),
        _count("outflow", "resolutions", _RESOLVED),
        _count(
            "net_flow", "tickets created less resolutions", _CREATED, _RESOLVED._replace(times=-1)
        ),
        Measure(
            f"{UNRESOLVED}end_of_day",
            "active tickets at the end of the day, mean of days",
            "number",
        ),
        Measure(
            f"{UNRESOLVED}end_of_week",
            "active tickets at the end of the week, mean of weeks",
            "number",
        ),
        Measure(PER_CONTACT, "costs per contact", "money"),
        Measure(PER_RESOLUTION, "costs per resolution", "money"),
        *_elsewhere(
            "agent-events",
            "lower",
            {"lost_service_hours": (SECONDS, "time scheduled and not present")},
        ),
        *_elsewhere(
            "agent-events",
            "higher",
            {
                "adherence": (SHARE, "time present of the time scheduled"),
                "occupancy": (SHARE, "handling time of the time present"),
            },
        ),
        *_elsewhere(
            "customer-events",
            "higher",
            {
                "retention_after_support": (
                    SHARE,
                    "customers with a ticket resolved who are active again within return_within",
                ),
                "retention": (
                    SHARE,
                    "customers of a calendar period who are active in the next one",
                ),
                "returning_customers": (
                    "number",
                    "customers of the last whole calendar period who were so before",
                ),
            },
        ),
        *_elsewhere(
            "customer-events",
            "lower",
            {
                "churned": ("number", "customers who left"),
                "speed_of_answer": (
                    SECONDS,
                    "mean time from the queue of a phone or chat to the answer",
                ),
                "abandonment": (SHARE, "contacts abandoned, of those queued"),
            },
        ),
    )
}
"""Every measure by its name."""


class Reading(NamedTuple):
    """What a measure came to."""

    value: float | None
    """In the unit of the measure; a share for `SHARE_WITHIN`."""
    sample: int
    """How much there is to go by."""
    top: float = 0.0
    bottom: float = 0.0
    """The fraction the value is, before the factor of its KPI."""


NOTHING: Final = Reading(None, 0)


def kind_of(measure: Measure, *, working: bool) -> str:
    """The kind of fact whose times a measure of times is about."""
    return fact.WORKING.get(measure.times, measure.times) if working else measure.times


def total(terms: Iterable[Term], sums: Sums) -> int:
    """What terms add up to, in thousandths."""
    return sum(
        term.times
        * (1_000 * sums.counts[term.kind] if term.of == COUNT else sums.amounts[term.kind])
        for term in terms
    )


def read_kpi(kpi: Kpi, sums: Sums) -> Reading:
    """The value of a KPI; a count where it has nothing to be divided by."""
    top = total(kpi.top, sums)
    if not kpi.bottom:
        return Reading(kpi.factor * top / 1000, sample(kpi.top, sums), top / 1000)
    bottom = total(kpi.bottom, sums)
    value = kpi.factor * top / bottom if bottom else None
    return Reading(value, sample(kpi.bottom, sums), top / 1000, bottom / 1000)


def sample(terms: Iterable[Term], sums: Sums) -> int:
    """How many facts terms are made of."""
    return max(0, sum(term.times * sums.counts[term.kind] for term in terms))


def read_times(kind: str, stat: str, within: int | None, sums: Sums) -> Reading:
    """A mean or percentile in seconds, or the share of times that are at most `within`."""
    times = sums.durations.get(kind)
    count = 0 if times is None else times.count
    if times is None or not count:
        return NOTHING
    if stat == MEAN:
        return Reading(times.sum / count / 1000, count, times.sum / 1000, count)
    if stat == SHARE_WITHIN:
        inside = sum(n for value, n in times.values.items() if value <= (within or 0))
        return Reading(inside / count, count, inside, count)
    (found,) = times.percentiles(PERCENTILES[stat])
    return Reading(found / 1000, count)


def better(measure: Measure, stat: str, one: float, other: float) -> bool:
    """Whether one value is better than another."""
    return one > other if direction(measure, stat) == ">" else one < other


def direction(measure: Measure, stat: str) -> str:
    """Which way is good: `>` or `<`; more of a share that is within its limit is always good."""
    return ">" if stat == SHARE_WITHIN or measure.better == "higher" else "<"
