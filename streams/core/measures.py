"""Measures: whatever a goal or a comparison can be about, under one name.

A measure is a KPI that is made of sums, how long something took, the depth of the queues at a
named instant, or money. What SLA clocks, and the processors of agents and customers know is named
here, too, so that a scorecard or a comparison may ask for it (`streams.core.elsewhere`); where it
is not at hand it is *unavailable*, with the reason.

What a measure can be told apart by (`Measure.slices`) stands beside it: a slice that nobody keeps
is refused, with those there are.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core.formula import COUNT, SECONDS, Kpi, Term
from streams.core.goals import MEAN, PERCENTILES, SHARE_WITHIN, VALUE
from streams.core.kpis import DURATIONS, KPIS
from streams.core.sums import CUSTOMER, SLICED, Sums

SHARE: Final = "share"
MONEY: Final = "money"

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
    """It is made of the events of another topic, or of `CLOCKS`."""
    labels: tuple[str, ...] = ()
    """With a topic: what it can be told apart by; `CUSTOMER` stands for customers' attributes."""
    total: bool = False
    """With a topic: it is a number or a time in all, and no fraction."""

    @property
    def calendar(self) -> bool:
        """Whether it is known of calendar months, quarters and years only."""
        return self.name in {"retention", "returning_customers"}

    @property
    def no_fraction(self) -> bool:
        """Whether it is a number or a time in all."""
        return self.total or (self.kpi is not None and not self.kpi.bottom)

    @property
    def adds_up(self) -> bool:
        """Whether a longer run of days has more of it."""
        return self.no_fraction and not self.calendar

    @property
    def counted(self) -> bool:
        """Whether a low number is an answer, and not too little to go by."""
        if self.topic == "customer-events":
            return self.unit == "number"
        if self.topic == CLOCKS:
            return False
        return self.no_fraction or bool(self.topic) or self.name.startswith(UNRESOLVED)

    @property
    def stats(self) -> tuple[str, ...]:
        """What can be asked of it, the usual first."""
        return (MEAN, *PERCENTILES, SHARE_WITHIN) if self.times else (VALUE,)

    @property
    def slices(self) -> tuple[str, ...]:
        """What it can be told apart by; none where only all of it is known.

        Depth is followed ticket by ticket, not cell by cell.
        """
        if self.topic:
            return self.labels
        depth = self.kpi is not None and any(
            term.kind == fact.DEPTH for term in (*self.kpi.top, *self.kpi.bottom)
        )
        return () if depth or self.name.startswith(UNRESOLVED) else (*SLICED, CUSTOMER)

    @property
    def whole(self) -> bool:
        """Only all of it is known, not a slice."""
        return not self.slices

    def takes(self, label: str) -> bool:
        """Whether it can be told apart by a label, or an attribute of customers."""
        return (CUSTOMER if label.startswith(CUSTOMER) else label) in self.slices

    def refuses(self, labels: Iterable[str]) -> str:
        """Why a slice by these labels cannot be had; "" where it can."""
        wrong = [label for label in labels if not self.takes(label)]
        if not wrong:
            return ""
        if self.whole:
            return "known as a whole only"
        known = (f"{CUSTOMER}..." if label == CUSTOMER else label for label in self.slices)
        return f"told apart by {', '.join(known)}, not by {', '.join(wrong)}"


def _count(name: str, meaning: str, *terms: Term) -> Measure:
    return Measure(name, meaning, "number", "neither", Kpi(name, meaning, "number", terms))


AGENTS: Final = "agent-events"
CUSTOMERS: Final = "customer-events"
CLOCKS: Final = "the SLA clocks of sla.yml"
"""Where measures come from that are no sums of facts of tickets."""

_BY_AGENT: Final = ("queue", "agent")
_BY_CONTACT: Final = ("channel", "queue", CUSTOMER)
_BY_CUSTOMER: Final = (CUSTOMER,)
BY_CLOCK: Final = ("policy", "clock")
"""What SLA clocks are told apart by."""
NUMBER: Final = "number"

_ELSEWHERE: Final = (
    Measure(
        "sla_attainment",
        "instances of SLA clocks that were met, of those whose deadline lies in the time",
        SHARE,
        "higher",
        topic=CLOCKS,
        labels=BY_CLOCK,
    ),
    Measure(
        "sla_budget_used",
        "instances that missed their deadline, of those that the objective allows to miss: 100% is "
        "all of the error budget; of a shorter time it is the burn rate",
        SHARE,
        topic=CLOCKS,
        labels=BY_CLOCK,
    ),
    Measure(
        "lost_service_hours",
        "time scheduled and not present",
        SECONDS,
        topic=AGENTS,
        labels=_BY_AGENT,
        total=True,
    ),
    Measure(
        "adherence",
        "time present of the time scheduled",
        SHARE,
        "higher",
        topic=AGENTS,
        labels=_BY_AGENT,
    ),
    Measure(
        "occupancy",
        "handling time of the time present",
        SHARE,
        "higher",
        topic=AGENTS,
        labels=("agent",),
    ),
    Measure(
        "touched_per_day",
        "tickets worked on for the first time, a day and agent that was there",
        NUMBER,
        "higher",
        topic=AGENTS,
        labels=("agent",),
    ),
    Measure(
        "resolved_per_day",
        "tickets resolved for the first time, a day and agent that was there",
        NUMBER,
        "higher",
        topic=AGENTS,
        labels=("agent",),
    ),
    Measure(
        "cover",
        "promised time with at least `min_staff` present, of the last 35 days",
        SHARE,
        "higher",
        topic=AGENTS,
        labels=("queue",),
    ),
    Measure(
        "staff_satisfaction",
        "satisfied answers of agents to surveys of the staff",
        SHARE,
        "higher",
        topic=AGENTS,
        labels=("agent",),
    ),
    Measure(
        "retention_after_support",
        "customers with a ticket resolved who are active again within return_within",
        SHARE,
        "higher",
        topic=CUSTOMERS,
        labels=("queue", "channel", "category", "segment", CUSTOMER),
    ),
    Measure(
        "retention",
        "customers of a calendar period who are active in the next one",
        SHARE,
        "higher",
        topic=CUSTOMERS,
        labels=_BY_CUSTOMER,
    ),
    Measure(
        "returning_customers",
        "customers of a calendar period who were so before",
        NUMBER,
        "higher",
        topic=CUSTOMERS,
        labels=_BY_CUSTOMER,
        total=True,
    ),
    Measure(
        "repurchase",
        "customers with two purchases or more, of those with one, up to the last of the days",
        SHARE,
        "higher",
        topic=CUSTOMERS,
        labels=_BY_CUSTOMER,
    ),
    Measure(
        "churned",
        "customers who left",
        NUMBER,
        topic=CUSTOMERS,
        labels=_BY_CUSTOMER,
        total=True,
    ),
    Measure(
        "speed_of_answer",
        "mean time from the queue of a phone or chat to the answer",
        SECONDS,
        topic=CUSTOMERS,
        labels=_BY_CONTACT,
    ),
    Measure(
        "abandonment",
        "contacts abandoned, of those queued",
        SHARE,
        topic=CUSTOMERS,
        labels=_BY_CONTACT,
    ),
    Measure(
        "deflection",
        "visits of the self-service after which the customer did not ask all the same",
        SHARE,
        "higher",
        topic=CUSTOMERS,
        labels=_BY_CUSTOMER,
    ),
    Measure(
        "review_index",
        "mean score of public reviews, on a scale of 0 to 100",
        "points",
        "higher",
        topic=CUSTOMERS,
        labels=("channel",),
    ),
    Measure(
        "review_sentiment",
        "mean sentiment of public reviews, from -1 to 1",
        NUMBER,
        "higher",
        topic=CUSTOMERS,
        labels=("channel",),
    ),
)

_CREATED: Final = Term("created", fact.CREATED)
_RESOLVED: Final = Term("resolved", fact.RESOLVED)
_COUNTS: Final = {
    "reopens": ("reopenings", fact.REOPENED),
    "transfers": ("changes of the queue", fact.TRANSFERRED),
    "assignments": ("changes of the assignee", fact.ASSIGNED),
    "priority_changes": ("changes of the priority", fact.PRIORITY_CHANGED),
    "agent_replies": ("public replies by people", fact.AGENT_REPLY),
    "requester_messages": ("public messages of requesters", fact.REQUESTER_MESSAGE),
}
"""As under `counts` in the report."""

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
        *(_count(name, text, Term(name, kind)) for name, (text, kind) in _COUNTS.items()),
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
        Measure(PER_CONTACT, "costs per contact", MONEY),
        Measure(PER_RESOLUTION, "costs per resolution", MONEY),
        *_ELSEWHERE,
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
