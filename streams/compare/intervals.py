"""95 % intervals of a difference, each by the method that fits what is compared.

    share, each ticket counted at most once    Newcombe: the Wilson limits of both sides, combined
    mean, or any other fraction                Welch, on what each ticket adds to the fraction
    percentile                                 order statistics of both sides, combined alike
    count                                      Welch on the days, as a number per day
    hours of agents, waiting, reviews          Welch on the days, on what each adds to the fraction

Newcombe's way of combining limits - square and add - asks nothing of the distributions, needs no
random numbers and serves percentiles as well. Distributions come from SciPy, which is an extra
(`pip install 'deskpulse[compare]'`): without it there are differences and no intervals.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from math import ceil, hypot, isnan, sqrt
from typing import Any, Final, NamedTuple

from streams.core.contrast import Contrast, Known, Moments, Side
from streams.core.goals import MEAN, PERCENTILES, SHARE_WITHIN, Goal
from streams.core.happened import plain
from streams.core.kpis import COUNT, Kpi
from streams.core.measures import SHARE, Measure, kind_of, sample, total
from streams.core.recount import Recount

LEVEL: Final = 0.95
FEWEST: Final = 2
"""Tickets or days whose spread says anything."""

WITHOUT: Final = "no interval: it needs SciPy, pip install 'deskpulse[compare]'"
NEWCOMBE: Final = "Newcombe with Wilson limits (scipy.stats.binomtest)"
WELCH: Final = "Welch over tickets (scipy.stats.t)"
WELCH_TIMES: Final = "Welch (scipy.stats.t)"
WELCH_DAYS: Final = "Welch over days (scipy.stats.t)"
ORDER: Final = "order statistics, combined as by Newcombe (scipy.stats.quantile_test)"
TOO_FEW: Final = "no interval: too few"
ALIKE: Final = "no interval: all values are alike"
DROPPED: Final = "no interval: of dropped tickets only sums are left"
DEPENDENT: Final = "no interval: one snapshot depends on the last"
SPREAD: Final = "no interval: fixed costs are spread, not counted"


class Interval(NamedTuple):
    """Where a difference lies, with 95 % confidence."""

    low: float | None
    high: float | None
    method: str
    """How it was computed, or why there is none."""


class _Limits(NamedTuple):
    value: float
    low: float
    high: float


class _Spread(NamedTuple):
    """A mean, the variance of that mean, and the degrees of freedom behind it."""

    value: float
    variance: float
    freedom: int


def judge(contrast: Contrast, measure: Measure, goal: Goal, count: Recount) -> dict[str, Any]:
    """Before, after and their difference, with its interval; for `streams.core.report.report`."""
    found = plain(contrast, measure, goal, count)
    if found["difference"] is not None:
        interval = difference(contrast, measure, goal, count)
        both = interval.low is not None and interval.high is not None
        found["interval"] = [interval.low, interval.high] if both else None
        found["method"] = interval.method
    return found


def difference(contrast: Contrast, measure: Measure, goal: Goal, count: Recount) -> Interval:
    """The interval of what a measure came to after, less what it came to before."""
    if find_spec("scipy") is None:
        return Interval(None, None, WITHOUT)
    if measure.topic:
        return _of_units(contrast.known(measure), measure)
    sides = (contrast.before, contrast.after)
    if measure.times:
        working = goal.working and bool(count.settings.policies)
        return _of_times(sides, kind_of(measure, working=working), goal)
    if measure.kpi is None or measure.whole:
        money = measure.unit == "money"
        return Interval(None, None, SPREAD if money else DEPENDENT)
    if measure.adds_up:
        return _of_days(sides, measure.kpi)
    return _of_fraction(sides, measure.kpi)


def _of_units(sides: Sequence[Known], measure: Measure) -> Interval:
    """What was not told by tickets: by days, or by whatever is counted there."""
    why = next((side.of for side in sides if side.units is None), "")
    if why:
        return Interval(None, None, f"no interval: {why}")
    units = [side.units or Moments() for side in sides]
    if measure.unit == SHARE and all(one.once for one in units):
        return _shares([(one.top // 1000, one.bottom // 1000) for one in units])
    return _welch([_ratio(one, 1) for one in units], f"Welch over {sides[0].of} (scipy.stats.t)")


def _of_fraction(sides: Sequence[Side], kpi: Kpi) -> Interval:
    moments = [side.moments.get(kpi.name, Moments()) for side in sides]
    parts = [(total(kpi.top, s.sums) // 1000, sample(kpi.bottom, s.sums)) for s in sides]
    counts = kpi.unit == "share" and all(term.of == COUNT for term in (*kpi.top, *kpi.bottom))
    each_once = counts and all(one.once for one in moments)
    if each_once and all(0 <= top <= bottom for top, bottom in parts):
        return _shares(parts)
    if any(side.settled for side in sides):
        return Interval(None, None, DROPPED)
    return _welch([_ratio(one, kpi.factor) for one in moments], WELCH)


def _of_times(sides: Sequence[Side], kind: str, goal: Goal) -> Interval:
    times = [side.sums.durations.get(kind) for side in sides]
    values: list[Mapping[int, int]] = [{} if one is None else one.values for one in times]
    if goal.stat == SHARE_WITHIN:
        limit = goal.within or 0
        inside = (sum(n for value, n in one.items() if value <= limit) for one in values)
        return _shares(list(zip(inside, (sum(one.values()) for one in values), strict=True)))
    if goal.stat == MEAN:
        return _welch([_mean(one) for one in values], WELCH_TIMES)
    return _percentiles(values, PERCENTILES[goal.stat])


def _of_days(sides: Sequence[Side], kpi: Kpi) -> Interval:
    """A day on which nothing happened is a day, too."""
    if any(side.settled for side in sides):
        return Interval(None, None, DROPPED)
    found = []
    for side in sides:
        numbers: Counter[int] = Counter()
        for day in range(side.days.first, side.days.last + 1):
            kinds = side.by_day.get(day, _NONE)
            numbers[1_000 * sum(term.times * kinds[term.kind] for term in kpi.top)] += 1
        found.append(_mean(numbers))
    return _welch(found, WELCH_DAYS)


_NONE: Final[Counter[str]] = Counter()


# -- shares and percentiles: limits of each side, combined ------------------------------------


def _shares(parts: Sequence[tuple[int, int]]) -> Interval:
    from scipy.stats import binomtest

    if not all(whole for _, whole in parts):
        return Interval(None, None, TOO_FEW)
    limits = []
    for part, whole in parts:
        found = binomtest(part, whole).proportion_ci(LEVEL, method="wilson")
        limits.append(_Limits(part / whole, float(found.low), float(found.high)))
    return _combined(limits, NEWCOMBE)


def _percentiles(values: Sequence[Mapping[int, int]], rank: float) -> Interval:
    import numpy as np
    from scipy.stats import quantile_test

    limits = []
    for one in values:
        drawn: Any = np.repeat(np.array([*one], dtype=float), np.array([*one.values()], dtype=int))
        if not drawn.size:
            return Interval(None, None, TOO_FEW)
        found = quantile_test(drawn, p=rank).confidence_interval(LEVEL)
        middle = float(np.sort(drawn)[max(0, ceil(rank * drawn.size) - 1)])
        if isnan(found.low) or isnan(found.high):
            return Interval(None, None, TOO_FEW)
        limits.append(_Limits(middle / 1000, float(found.low) / 1000, float(found.high) / 1000))
    return _combined(limits, ORDER)


def _combined(limits: Sequence[_Limits], method: str) -> Interval:
    """Square and add: each side may be off towards the other one, but hardly both at once."""
    before, after = limits
    change = after.value - before.value
    low = hypot(after.value - after.low, before.high - before.value)
    high = hypot(after.high - after.value, before.value - before.low)
    return Interval(change - low, change + high, method)


# -- means and other fractions ------------------------------------------------------------------


def _mean(values: Mapping[int, int]) -> _Spread | None:
    """Of values in thousandths, each with how often it came."""
    number = sum(values.values())
    if number < FEWEST:
        return None
    amount = sum(value * times for value, times in values.items())
    squares = sum(value * value * times for value, times in values.items())
    # In whole numbers until the end: the difference of two large sums.
    variance = (number * squares - amount * amount) / (number * number * (number - 1))
    return _Spread(amount / number / 1000, variance / 1_000_000, number - 1)


def _ratio(one: Moments, factor: int) -> _Spread | None:
    """A fraction of sums over tickets: what each adds beyond its share of the value varies."""
    if one.tickets < FEWEST or not one.bottom:
        return None
    top, bottom = one.top, one.bottom
    squares = one.tops * bottom**2 - 2 * top * bottom * one.both + top**2 * one.bottoms
    variance = one.tickets / (one.tickets - 1) * (squares / bottom**4)
    return _Spread(factor * top / bottom, factor**2 * variance, one.tickets - 1)


def _welch(spreads: Sequence[_Spread | None], method: str) -> Interval:
    from scipy.stats import t

    before, after = spreads
    if before is None or after is None:
        return Interval(None, None, TOO_FEW)
    variance = before.variance + after.variance
    if variance <= 0:
        return Interval(None, None, ALIKE)
    freedom = variance**2 / (
        before.variance**2 / before.freedom + after.variance**2 / after.freedom
    )
    reach = float(t.ppf((1 + LEVEL) / 2, freedom)) * sqrt(variance)
    change = after.value - before.value
    return Interval(change - reach, change + reach, method)
