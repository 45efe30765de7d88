"""What a scrape's numbers are handed over in: one table for each metric."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

Labels = tuple[str, ...]
Naming = Callable[[str], str]
"""From a value as it came to the label it is shown under."""


class Histogram(NamedTuple):
    """A distribution of durations."""

    upto: tuple[int, ...]
    """How many are at most as long as each of the engine's edges; the last is how many in all."""
    sum_ms: int


class Tables(NamedTuple):
    """Every value of a scrape, by the metric's name in the catalogue."""

    values: dict[str, Mapping[Labels, float]]
    histograms: dict[str, Mapping[Labels, Histogram]]
