"""Early warning, from its definition: what an hour was like, and whether it is unusual.

Written without a look at the engine: facts are gone through one by one, local times are looked
for among all quarters of an hour, a median is what stands in the middle.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from math import sqrt
from typing import NamedTuple

QUARTER = 15 * 60_000
HOUR = 4 * QUARTER
DAY = 24 * HOUR

Happened = tuple[str, int, int | None, int]
"""Kind of fact, instant, milliseconds it took, 1 or -1."""


class Hour(NamedTuple):
    """What came in, how long answers took (each, in milliseconds), who was satisfied in a day."""

    created: int
    responses: list[int]
    answered: int
    satisfied: int


def same_time(now: int, weeks: int, zone: tzinfo) -> int:
    """The end of the last full quarter, so many weeks earlier by the clock on the wall."""
    end = now - now % QUARTER
    local = datetime.fromtimestamp(end / 1000, zone).replace(tzinfo=None)
    wanted = local - timedelta(weeks=weeks)
    near = end - weeks * 7 * DAY
    for at in range(near - 2 * HOUR, near + 2 * HOUR, QUARTER):
        if datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None) == wanted:
            return at
    # Skipped by the clock: as it would be read had the clock not been changed yet.
    for at in range(near - 2 * HOUR, near + 2 * HOUR, QUARTER):
        if datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None) == wanted + timedelta(
            hours=1
        ):
            return at
    raise AssertionError(wanted)


def hour(happened: Iterable[Happened], end: int) -> Hour:
    """Of everything that happened, what belongs to the hour and the day before an instant."""
    created = answered = satisfied = 0
    responses: list[int] = []
    for kind, at, took, sign in happened:
        if end - HOUR < at <= end and kind == "created":
            created += sign
        if end - HOUR < at <= end and kind == "first_response":
            assert took is not None
            assert sign == 1
            responses.append(took)
        if end - DAY < at <= end and kind == "csat":
            answered += sign
        if end - DAY < at <= end and kind == "csat_satisfied":
            satisfied += sign
    return Hour(created, sorted(responses), answered, satisfied)


def middle(values: Sequence[float]) -> float:
    """The one in the middle; of two, halfway between them."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


class Settings(NamedTuple):
    """Of the section early_warning."""

    min_sample: int = 10
    min_weeks: int = 3
    band: float = 4


def limits(
    signal: str, number: float, weeks: Sequence[tuple[float, float] | None], settings: Settings
) -> tuple[float, float] | None:
    """The band, of (value, number it is made of) in each week; `number` is that of now."""
    values = []
    for week in weeks:
        if week is None:
            continue
        value, count = week
        if signal == "inflow" or count >= settings.min_sample:
            values.append(value)
    if len(values) < settings.min_weeks:
        return None
    usual = middle(values)
    if signal == "inflow" and usual < settings.min_sample:
        return None
    if signal != "inflow" and number < settings.min_sample:
        return None
    deviation = 1.4826 * middle([abs(usual - value) for value in values])
    if signal == "inflow":
        scale = max(deviation, sqrt(usual), usual / 10)
    elif signal == "first_response":
        scale = max(deviation, 1.7 * usual / sqrt(number), usual / 10)
    else:
        likely = (usual * number + 1) / (number + 2)
        scale = max(deviation, sqrt(likely * (1 - likely) / number))
    return usual - settings.band * scale, usual + settings.band * scale
