"""What a KPI is made of: a fraction of sums of facts, and what it comes to.

    value = factor * (sum of its top terms) / (sum of its bottom terms)

Without bottom terms it is the top alone; where the bottom is 0 there is no value.
"""

from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core.sums import Sums

COUNT: Final = "count"
SECONDS: Final = "seconds"
POINTS: Final = "points"


class Term(NamedTuple):
    """One part of a KPI: how often a kind of fact happened, or what its values add up to."""

    key: str
    """Its name in the report, beside the value."""
    kind: str
    of: str = COUNT
    """`COUNT`, or what the values are that are added up: `SECONDS`, `POINTS`, `replies`."""
    times: int = 1
    """How often it is added; negative subtracts it."""


class Kpi(NamedTuple):
    """One KPI of the report's `kpis`."""

    name: str
    meaning: str
    unit: str
    """`share` (0 to 1), `points`, `number`, `seconds`, `score`, `money`."""
    top: tuple[Term, ...]
    bottom: tuple[Term, ...] = ()
    factor: int = 1
    better: str = "higher"
    """Which way is good: `higher`, `lower`, or `neither`."""
    group: str = "tickets"
    """Under which heading it is documented and shown."""
    panel: str = ""
    """The panel of the dashboards that draws it, with others of the same; "" is one of its own."""
    by_queue: bool = False
    """Metrics have its sums by queue, too; of others only those over all queues."""

    @property
    def in_windows(self) -> bool:
        """Whether trailing windows know it: what it needs is told by one ticket at a time.

        A term that is subtracted may be missing there; its value then is an upper bound.
        """
        needed = [term for term in (*self.top, *self.bottom) if term.times > 0]
        return all(term.kind in fact.WINDOWED for term in needed)


class Duration(NamedTuple):
    """How long something took, one of the report's `durations`: always better when lower."""

    name: str
    meaning: str
    kind: str
    group: str = "tickets"
    panel: str = ""
    """As of a KPI."""


class Measured(NamedTuple):
    """What a KPI came to."""

    value: float | None
    terms: dict[str, float]
    """The sums it was made of, by key."""
    sample: int
    """What the bottom counts (the top, where there is none): how much there is to go by."""


def measure(kpi: Kpi, sums: Sums) -> Measured:
    """The value of a KPI, with the sums it comes from; amounts in the KPI's unit."""
    terms: dict[str, float] = {}
    top = _total(kpi.top, sums, terms)
    if not kpi.bottom:
        return Measured(kpi.factor * top, terms, _sample(kpi.top, sums))
    bottom = _total(kpi.bottom, sums, terms)
    value = kpi.factor * top / bottom if bottom else None
    return Measured(value, terms, _sample(kpi.bottom, sums))


def _total(terms: tuple[Term, ...], sums: Sums, found: dict[str, float]) -> float:
    total = 0.0
    for term in terms:
        one = sums.counts[term.kind] if term.of == COUNT else sums.amounts[term.kind] / 1000
        found[term.key] = one
        total += term.times * one
    return total


def _sample(terms: tuple[Term, ...], sums: Sums) -> int:
    return max(0, sum(term.times * sums.counts[term.kind] for term in terms))
