"""The cells of a scorecard's rows in words: Goal, Actual, Trend, Status, Action.

A row is one of the report's `scorecards`, as `streams.core.scorecards` makes it. A share is never
shown without the counts behind it, and a value of few is marked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, tzinfo
from typing import Any, Final, NamedTuple

from streams.config.values import time_text
from streams.core.measures import MEASURES

Row = Mapping[str, Any]

NOTHING: Final = "-"
FEW: Final = "*"
"""Marks a value of fewer than `min_sample`."""
MINUS: Final = "\N{MINUS SIGN}"
POINTS: Final = " points"
"""Percentage points."""
_BARS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "·"
_NAMES: Final = {"csat": "CSAT", "nps": "NPS", "ces": "CES", "fcr": "FCR"}


class Cells(NamedTuple):
    """One row in words."""

    goal: str
    actual: str
    trend: str
    status: str
    action: str


def cells(row: Row) -> Cells:
    """A row of a scorecard."""
    reason = f": {row['reason']}" if row["reason"] else ""
    return Cells(
        goal(row), actual(row), spark(row["trend"]), f"{row['status']}{reason}", action(row)
    )


def name(measure: str) -> str:
    """A measure as a reader knows it: `first response`, `CSAT mean`."""
    return " ".join(_NAMES.get(word, word) for word in measure.split("_"))


def subject(row: Row) -> str:
    """What is measured, and of which tickets: `first response p90 (week), queue billing`."""
    stat = row["stat"] if row["stat"] in {"mean", "p50", "p90"} else ""
    if row["within_s"] is not None:
        stat = f"within {_seconds(row['within_s'])}"
    working = "working" if row["basis"] == "working" else ""
    parts = (f"{dimension} {_listed(values)}" for dimension, values in row["slice"].items())
    period = "" if row.get("period", "month") == "month" else f"({row['period']})"
    what = " ".join(part for part in (name(row["kpi"]), stat, working, period) if part)
    return ", ".join((what, *parts))


def goal(row: Row) -> str:
    """What is to be reached: `first response mean < 1h`."""
    what = subject(row)
    if row["comparator"] is None:
        return what
    if row["comparator"] != "improves":
        return f"{what} {row['comparator']} {value(row, row['target'])}"
    former = row["previous"]["value"]
    return f"{what} improves" + ("" if former is None else f" on {value(row, former)}")


def actual(row: Row) -> str:
    """What it came to, with what that is made of: `90% (18/20)`."""
    return counted(row, row["actual"]) + (" provisional" if row["provisional"] else "")


def counted(row: Row, figure: Mapping[str, Any]) -> str:
    """A value with how much there is to go by."""
    if figure["value"] is None:
        return NOTHING
    text = value(row, figure["value"])
    if MEASURES[row["kpi"]].no_fraction:
        return text
    few = FEW if figure["low_sample"] else ""
    behind = f"{figure['sample']:,}"
    if is_share(row):
        behind = f"{figure['numerator']:,.0f}/{figure['denominator']:,.0f}"
    return f"{text} ({behind}){few}"


def action(row: Row) -> str:
    """What is done, by whom, until when."""
    who = ", ".join(part for part in (row["owner"], row["due"] and f"by {row['due']}") if part)
    deeds = "; ".join(one["text"] for one in row["actions"])
    return ": ".join(part for part in (who, deeds) if part)


def daily(row: Row) -> Row:
    """The row for before and after: a count is one per day there."""
    return {**row, "unit": "a day"} if MEASURES[row["kpi"]].adds_up else row


def is_share(row: Row) -> bool:
    """Whether its value is a share of 1."""
    return bool(row["measured_in"] == "share" or row["stat"] == "share_within")


def value(row: Row, number: float | None) -> str:
    """A value in the unit of its row."""
    if number is None:
        return NOTHING
    sign = MINUS if number < 0 else ""
    size = abs(number)
    if is_share(row):
        return f"{sign}{_short(100 * size, 1)}%"
    text = sign + (_seconds(size) if row["measured_in"] == "seconds" else _short(size, 2))
    return f"{text} {row['unit']}" if row["unit"] else text


def change(row: Row, number: float | None) -> str:
    """A difference with its sign; of shares in percentage points."""
    if number is None:
        return NOTHING
    sign = MINUS if number < 0 else "+"
    if is_share(row):
        return f"{sign}{_short(100 * abs(number), 1)}{POINTS}"
    return sign + value({**row, "unit": None}, abs(number))


def interval(row: Row, ends: Sequence[float] | None) -> str:
    """From where to where a difference may lie."""
    if ends is None:
        return NOTHING
    low, high = (change(row, end) for end in ends)
    return f"{low.removesuffix(POINTS)} to {high}"


PROMISES: Final = ("Promise", "Met", "Objective", "Last 30 days", "Budget used", "Burn 1/7 days")
"""Of the rows of the report's `sla`: all that was ever due, then the last days."""


def promise(row: Row) -> tuple[str, ...]:
    """A policy and clock: what was kept of it, and what that leaves of the error budget.

    The budget is that of 30 days; a burn of 1 uses it up exactly in that time.
    """
    judged = row["met"] + row["breached_closed"] + row["breached_open"]
    month, burn = row["periods"]["month"], (row["periods"]["day"], row["periods"]["week"])
    rates = (one["budget_used"] for one in burn)
    return (
        f"{row['policy']} {row['clock']}",
        _of(row["met"], judged, row),
        NOTHING if row["objective"] is None else f"{_short(100 * row['objective'], 2)}%",
        _of(month["met"], month["met"] + month["missed"], month),
        NOTHING if month["budget_used"] is None else f"{_short(100 * month['budget_used'], 0)}%",
        " / ".join(NOTHING if rate is None else _short(rate, 1) for rate in rates),
    )


def _of(part: int, whole: int, row: Row) -> str:
    """A share with the counts behind it."""
    if not whole:
        return NOTHING
    return (
        f"{_short(100 * part / whole, 1)}% ({part:,}/{whole:,}){FEW if row['low_sample'] else ''}"
    )


def when(instant: str, zone: tzinfo) -> str:
    """An instant of the report by the local clock; of a midnight only the date."""
    local = datetime.fromisoformat(instant).astimezone(zone)
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M}"


def spark(values: Sequence[float | None]) -> str:
    """A trend in one line of text, oldest first."""
    known = [one for one in values if one is not None]
    if not known:
        return NOTHING
    low, high = min(known), max(known)
    steps = len(_BARS) - 1
    return "".join(
        _GAP
        if one is None
        else _BARS[round(steps * (one - low) / (high - low)) if high > low else steps // 2]
        for one in values
    )


def _short(number: float, places: int) -> str:
    text = f"{number:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _seconds(seconds: float) -> str:
    return time_text(round(seconds) * 1000)


def _listed(values: Sequence[str]) -> str:
    return " or ".join(one or "(none)" for one in values)
