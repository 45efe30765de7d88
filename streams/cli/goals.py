"""Goals in the live view: what each comes to now, from the sums that workers export."""

from typing import Final, NamedTuple

from rich.table import Table
from rich.text import Text

from streams.config.values import time_text
from streams.core.formula import SECONDS
from streams.core.goals import PERCENTILES, SHARE_WITHIN, beyond
from streams.core.measures import MEASURES, SHARE
from streams.metrics.numbers import Numbers

MET: Final = "met"
MISSED: Final = "missed"
TOO_FEW: Final = "too few"
NOTHING: Final = "-"
STYLES: Final = {MET: "green", MISSED: "bold red"}


class Standing(NamedTuple):
    """One goal now."""

    scorecard: str
    title: str
    comparator: str
    value: float | None
    target: float | None
    """Of a goal that improves, the value of the period before."""
    improves: bool
    status: str


def standings(numbers: Numbers) -> list[Standing]:
    """Every goal that workers keep, in their order."""
    found = dict.fromkeys(
        (labels["scorecard"], labels["goal"], labels["comparator"])
        for labels, _ in numbers.series.get("goal_numerator", ())
    )
    return [_standing(numbers, *labels) for labels in found]


def _standing(numbers: Numbers, scorecard: str, title: str, comparator: str) -> Standing:
    def of(name: str) -> float | None:
        return numbers.value(f"goal_{name}", scorecard=scorecard, goal=title)

    value = _fraction(of("numerator"), of("denominator"))
    target, least = of("target"), of("min_sample") or 0
    improves = target is None
    if improves:
        target = _fraction(of("previous_numerator"), of("previous_denominator"))
    samples = (of("denominator"), of("previous_denominator"))
    few = any(sample is not None and sample < least for sample in samples)
    if few or value is None or target is None:
        status = TOO_FEW
    else:
        status = MET if beyond(value, comparator, target) else MISSED
    return Standing(scorecard, title, comparator, value, target, improves, status)


def _fraction(top: float | None, bottom: float | None) -> float | None:
    if top is None or bottom is None:
        return top
    return top / bottom if bottom else None


def goal_table(goals: list[Standing]) -> Table:
    """The goals, for rich to print: a line of titles and one for each."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("scorecard", "goal", "now", "asked for", "status"):
        made.add_column(title, no_wrap=True)
    for one in goals:
        asked = f"{one.comparator} {_value(one, one.target)}"
        made.add_row(
            Text(one.scorecard),
            Text(one.title),
            _value(one, one.value),
            asked + (" (before)" if one.improves else ""),
            Text(one.status, STYLES.get(one.status, "")),
        )
    return made


def _value(one: Standing, number: float | None) -> str:
    if number is None:
        return NOTHING
    name, *rest = one.title.split()
    unit = MEASURES[name].unit
    if unit == SHARE or {SHARE_WITHIN, *PERCENTILES} & set(rest):
        return f"{number:.0%}"
    if unit == SECONDS:
        return time_text(round(number) * 1000)
    return f"{number:,.2f}".rstrip("0").rstrip(".")
