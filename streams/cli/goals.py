"""Goals in the live view: what each comes to now, from the sums that workers export."""

from typing import Final, NamedTuple

from rich.table import Table
from rich.text import Text

from streams.config.values import time_text
from streams.core.formula import SECONDS
from streams.core.goals import PERCENTILES, SHARE_WITHIN, beyond
from streams.core.measures import MEASURES, SHARE
from streams.core.scorecards import AT_A_COST, AT_RISK, MET, MISSED, TOO_FEW, verdict
from streams.metrics.numbers import Numbers

NOTHING: Final = "-"
STYLES: Final = {MET: "green", MISSED: "bold red", AT_RISK: "yellow", AT_A_COST: "yellow"}


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
    """As in reports (`streams.core.scorecards`)."""
    reason: str
    """Of one that is met at a cost: what got worse."""


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
    status, reason = TOO_FEW, ""
    if not few and value is not None and target is not None:
        warned, warn_at = _fraction(of("warn_numerator"), of("denominator")), of("warn_at")
        near = warned is not None and warn_at is not None
        status, reason = verdict(
            _worsened(numbers, scorecard, title, least),
            reached=beyond(value, comparator, target),
            at_risk=near and not beyond(warned or 0.0, comparator, warn_at or 0.0),
        )
    return Standing(scorecard, title, comparator, value, target, improves, status, reason)


def _worsened(numbers: Numbers, scorecard: str, title: str, least: float) -> list[str]:
    """The guards of a goal that got worse against the period before."""
    own = {"scorecard": scorecard, "goal": title}
    found = []
    for labels, _ in numbers.series.get("goal_guard_numerator", ()):
        if {**labels, **own} != labels or labels["guard"] in found:
            continue
        named = {**own, "guard": labels["guard"]}
        sides = [
            (
                numbers.value(f"{name}numerator", **named),
                numbers.value(f"{name}denominator", **named),
            )
            for name in ("goal_guard_", "goal_guard_previous_")
        ]
        samples = [top if bottom is None else bottom for top, bottom in sides]
        now, before = (_fraction(*side) for side in sides)
        if now is None or before is None or min(one or 0 for one in samples) < least:
            continue
        if beyond(before, labels["comparator"], now):
            found.append(labels["guard"])
    return found


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
            Text(": ".join(filter(None, (one.status, one.reason))), STYLES.get(one.status, "")),
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
