"""Early warning: is what happens now what the same hour of the last weeks makes one expect.

Three signals: how many tickets come in, how long nine of ten first responses take at most, and how
many of those who answer are satisfied. Each is held against a band around the median of the same
hour of the weeks before (`streams.core.usual`):

    usual - band * scale            usual            usual + band * scale
    ------------|---------------------|---------------------|------------->  the value now
       below    |                 as usual                  |    above

    usual   median of the weeks
    scale   the largest of: how much the weeks differ (their median absolute deviation, as a
            standard deviation), what chance makes of so few, a tenth of what is usual

Nothing is said where there is little to go by: fewer than `least` tickets usually, responses or
answers in a week or now, fewer than `least_weeks` weeks. The rules of Prometheus say the same in
PromQL, because only there the sums of all workers meet; a test holds the two together.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import median
from typing import Final, NamedTuple

INFLOW: Final = "inflow"
FIRST_RESPONSE: Final = "first_response"
CSAT: Final = "csat"
SIGNALS: Final = (INFLOW, FIRST_RESPONSE, CSAT)

NORMAL: Final = 1.4826
"""A median absolute deviation times this is a standard deviation, of what is spread normally."""
STEADY: Final = 0.1
"""Of what is usual: how steady tickets and times are taken to be at most."""
SPREAD_OF_P90: Final = 1.7
"""The standard deviation of a p90 of n times, over p90 / sqrt(n), where times are spread
log-normally, by a factor of e."""


class Reading(NamedTuple):
    """What a signal came to in one week."""

    value: float
    """Tickets; seconds; a share."""
    number: float
    """Of how many tickets, responses or answers."""


class Expected(NamedTuple):
    """A signal now, and the band around what is usual."""

    now: float
    usual: float
    low: float
    high: float

    @property
    def verdict(self) -> int:
        """1 above the band, -1 below it, 0 inside."""
        return (self.now > self.high) - (self.now < self.low)


def expected(
    signal: str,
    now: Reading | None,
    weeks: Sequence[Reading | None],
    *,
    least: int,
    least_weeks: int,
    band: float,
) -> Expected | None:
    """A signal against the weeks before; `None` where there is too little to go by."""
    counted = signal == INFLOW
    values = [one.value for one in weeks if one and (counted or one.number >= least)]
    if now is None or len(values) < max(1, least_weeks):
        return None
    usual = median(values)
    if (usual if counted else now.number) < least:
        return None
    spread = NORMAL * median([abs(value - usual) for value in values])
    scale = max(spread, chance(signal, usual, now.number))
    if signal != CSAT:
        scale = max(scale, STEADY * usual)
    return Expected(now.value, usual, usual - band * scale, usual + band * scale)


def chance(signal: str, usual: float, number: float) -> float:
    """The standard deviation that chance alone makes of so many."""
    if signal == INFLOW:
        return sqrt(usual)
    if signal == FIRST_RESPONSE:
        return usual * SPREAD_OF_P90 / sqrt(number)
    # Not quite the usual share: where all are satisfied, one who is not is no news.
    share = (usual * number + 1) / (number + 2)
    return sqrt(share * (1 - share) / number)
