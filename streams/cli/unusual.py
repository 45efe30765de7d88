"""What is unusual for this hour, from the sums that workers export: early warning's own words.

The rules of Prometheus say the same; here there is no second quarter of an hour that has to agree.
"""

from collections.abc import Iterator

from streams.cli import quantities
from streams.core.expected import CSAT, FIRST_RESPONSE, INFLOW, SIGNALS, Expected, Reading, expected
from streams.metrics.numbers import Numbers

_WORDS = {
    INFLOW: "tickets in an hour",
    FIRST_RESPONSE: "first response p90",
    CSAT: "CSAT of a day",
}


def unusual(numbers: Numbers) -> Iterator[str]:
    """One line for each signal that has left its band."""
    for signal in SIGNALS:
        found = judged(numbers, signal)
        if found is not None and found.verdict:
            side = "above" if found.verdict > 0 else "below"
            low, high = (_text(signal, max(0.0, end)) for end in (found.low, found.high))
            yield (
                f"unusual: {_WORDS[signal]} {_text(signal, found.now)}, {side} "
                f"{high if found.verdict > 0 else low} (at this hour usually "
                f"{_text(signal, found.usual)})"
            )


def judged(numbers: Numbers, signal: str) -> Expected | None:
    """A signal against its band; `None` where there is too little to go by."""
    known = (numbers.value(f"early_warning_{name}") for name in ("min_sample", "min_known", "band"))
    least, least_weeks, band = known
    if least is None or least_weeks is None or band is None:
        return None
    weeks = numbers.by("hour_created", "week")
    now, *before = (_reading(numbers, signal, str(week)) for week in range(max(1, len(weeks))))
    return expected(
        signal, now, before, least=round(least), least_weeks=round(least_weeks), band=band
    )


def _reading(numbers: Numbers, signal: str, week: str) -> Reading | None:
    """What it came to over all workers; `None` of a week that one of them does not know."""

    def told(week: str) -> int:
        found = numbers.series.get("hour_created", ())
        return sum(labels.get("week") == week for labels, _ in found)

    def total(name: str) -> float:
        return numbers.value(name, week=week) or 0

    if not told(week) or told(week) < told("0"):
        return None
    if signal == INFLOW:
        return Reading(total("hour_created"), total("hour_created"))
    if signal == FIRST_RESPONSE:
        return _mean(total("hour_first_response_weighted_seconds"), total("hour_first_responses"))
    return _mean(total("day_csat_satisfied"), total("day_csat"))


def _mean(top: float, number: float) -> Reading:
    return Reading(top / number if number else 0, number)


def _text(signal: str, value: float) -> str:
    if signal == INFLOW:
        return quantities.count(value)
    return quantities.span(value) if signal == FIRST_RESPONSE else f"{value:.0%}"
