"""Goals: what a scorecard holds a KPI against.

Frozen values, already validated; `streams.config` builds them from YAML. Instants are epoch
milliseconds; numbers are in the unit of the goal's measure (`streams.core.measures`).

A goal looks back: its *period* is so many days up to and including today, whole days of the
configured zone (live: so many times 24 hours up to now). So a goal has a verdict on the first
of a month, too, and the report and the live numbers mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

DAYS: Final[Mapping[str, int]] = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
"""How long a goal's period is."""

MEAN: Final = "mean"
VALUE: Final = "value"
SHARE_WITHIN: Final = "share_within"
PERCENTILES: Final[Mapping[str, float]] = {"p50": 0.5, "p90": 0.9}

IMPROVES: Final = "improves"
"""The comparator that asks for a better value than in the period before."""
EACH: Final = "*"
"""In a slice: one row for each value there is, the largest first; at most `MOST_ROWS`."""
MOST_ROWS: Final = 5


class Annotation(NamedTuple):
    """Something that happened: a release, a campaign, a new shift plan."""

    at: int
    text: str


class Action(NamedTuple):
    """What is done to reach a goal."""

    text: str
    since: int | None = None
    """When it began; `None` while it has not."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of a scorecard."""

    title: str
    """What it is called in metrics; no other of the scorecard is called so."""
    measure: str
    """A name of `streams.core.measures.MEASURES`."""
    slice: Mapping[str, frozenset[str]]
    """Which facts count: the values a dimension may have; one that is not named may have any."""
    stat: str
    """`MEAN`, `VALUE`, `SHARE_WITHIN` or one of `PERCENTILES`."""
    period: str = "month"
    """One of `DAYS`."""
    working: bool = False
    """Times are working time."""
    comparator: str | None = None
    """`<`, `<=`, `>=`, `>`, `IMPROVES`; `None` is a row that is only watched."""
    target: float | None = None
    within: int | None = None
    """Of `SHARE_WITHIN`: milliseconds."""
    warn_at: float | None = None
    """From here on a goal that is met is at risk."""
    min_sample: int = 5
    unit: str | None = None
    """What is written behind the value, where its measure does not say it: `EUR`, `of 5`."""
    owner: str | None = None
    due: str | None = None
    expected: str | None = None
    benchmark: str | None = None
    actions: tuple[Action, ...] = ()
    guard: tuple[str, ...] = ()
    """Measures that must not get worse meanwhile."""

    @property
    def span(self) -> int:
        """Its period in days."""
        return DAYS[self.period]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Goals under one name."""

    name: str
    goals: tuple[Goal, ...]


def beyond(value: float, comparator: str, target: float) -> bool:
    """Whether a value is what `comparator` asks for."""
    if comparator == "<":
        return value < target
    if comparator == "<=":
        return value <= target
    return value > target if comparator == ">" else value >= target
