"""What a benchmark hands over: readings of one run; and what is made of them over all runs."""

from collections.abc import Iterable
from statistics import median
from typing import Any, NamedTuple


class Reading(NamedTuple):
    """One number that one run came to."""

    name: str
    unit: str
    value: float


class Figure(NamedTuple):
    """The same number over all runs."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """What to quote."""
        return median(self.values)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        spread = {"median": self.median, "min": min(self.values), "max": max(self.values)}
        return {"name": self.name, "unit": self.unit, **spread, "values": list(self.values)}

    def row(self) -> str:
        """All of it as a row of the table."""
        spread = f"{_short(min(self.values))} ... {_short(max(self.values))}"
        cells = f"{self.name:<32} {_short(self.median):>9}  {self.unit:<30}"
        return f"{cells} {spread:>21}  {len(self.values):>4}"


HEAD = f"{'figure':<32} {'median':>9}  {'unit':<30} {'min ... max':>21}  {'runs':>4}"
"""The head of the table."""


def figures(readings: Iterable[Reading]) -> list[Figure]:
    """Readings of the same name and unit are one figure; in the order of their first reading."""
    values: dict[tuple[str, str], list[float]] = {}
    for name, unit, value in readings:
        values.setdefault((name, unit), []).append(value)
    return [Figure(name, unit, tuple(several)) for (name, unit), several in values.items()]


def _short(value: float) -> str:
    """Three digits, or all before the point: more would be noise."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
