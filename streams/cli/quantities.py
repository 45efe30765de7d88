"""Quantities as a person reads them at a glance: at most two units, nothing if unknown."""

import math
from datetime import UTC, datetime
from typing import Final

from streams.core.formula import SECONDS
from streams.core.measures import SHARE, Reading
from streams.metrics.numbers import Distribution

NOTHING: Final = "-"
MIN_SAMPLE: Final = 5
"""A percentile of fewer observations carries a mark."""
FEW: Final = "*"


def count(number: float | None) -> str:
    """A whole number with thousands set apart."""
    return NOTHING if number is None else f"{number:,.0f}"


def rate(per_second: float | None) -> str:
    """A rate; small ones keep one digit."""
    if per_second is None:
        return NOTHING
    return f"{per_second:,.1f}" if per_second < 10 else f"{per_second:,.0f}"


def span(seconds: float | None) -> str:
    """A length of time, rounded down: 42s, 7m05s, 3h20m, 2d, 2d04h, 130d. Never negative."""
    if seconds is None:
        return NOTHING
    minutes, s = divmod(max(0, int(seconds)), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days >= 100:
        return f"{days:,}d"
    if days:
        return _two(days, "d", h, "h")
    if hours:
        return _two(hours, "h", m, "m")
    return _two(minutes, "m", s, "s") if minutes else f"{s}s"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large}{unit}" + (f"{small:02}{small_unit}" if small else "")


def ago(seconds: float | None, now_ms: int | None) -> str:
    """How long before `now_ms` an instant (epoch seconds) lies."""
    if seconds is None or now_ms is None:
        return NOTHING
    return f"{span(now_ms / 1000 - seconds)} ago"


def percentiles(found: Distribution, *shares: float) -> str:
    """Percentiles of a histogram, `7m05s/3h20m`; marked when the sample is small."""
    if not found.count:
        return NOTHING
    mark = FEW if found.count < MIN_SAMPLE else ""
    return "/".join(_percentile(found, share) for share in shares) + mark


def _percentile(found: Distribution, share: float) -> str:
    seconds = found.quantile(share)
    if seconds is not None and math.isinf(seconds):
        return f">{span(found.highest_bound)}"
    return span(seconds)


def share(part: float, whole: float) -> str:
    """A share with the counts behind it, `87% 20/23`; of few only the counts, marked."""
    if not whole:
        return NOTHING
    counts = f"{part:,.0f}/{whole:,.0f}"
    return f"{counts}{FEW}" if whole < MIN_SAMPLE else f"{part / whole:.0%} {counts}"


def mean(seconds: float, number: float) -> str:
    """A mean length of time; marked when the sample is small."""
    if not number:
        return NOTHING
    return span(seconds / number) + (FEW if number < MIN_SAMPLE else "")


def reading(found: Reading, unit: str) -> str:
    """What a measure came to, in its unit, with the counts behind a share; of few marked."""
    if found.value is None:
        return NOTHING
    if unit == SHARE:
        return share(found.top, found.bottom)
    mark = FEW if found.bottom and found.sample < MIN_SAMPLE else ""
    if unit == SECONDS:
        return span(found.value) + mark
    return (f"{found.value:,.0f}" if not found.bottom else f"{found.value:,.2f}") + mark


def instant(ms: int | None) -> str:
    """An instant with its date, UTC."""
    if ms is None:
        return NOTHING
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
