"""From what scorecards.yml says to the goals of the engine.

How a value is written depends on what the KPI is measured in: `1h`, `95%`, `4.5`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from streams.config.goals import AnnotationEntry, GoalEntry, ScorecardEntry
from streams.config.problems import Contradiction, Path, found_text, likely, listed
from streams.core.facts import WORKING
from streams.core.formula import SECONDS
from streams.core.goals import (
    EACH,
    IMPROVES,
    SHARE_WITHIN,
    Action,
    Annotation,
    Goal,
    Scorecard,
    beyond,
)
from streams.core.measures import BY_CLOCK, MEASURES, SHARE, Measure

_NUMBER: Final = r"(-?[0-9]{1,12}(?:\.[0-9]{1,6})?)"
_LENGTHS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(f"{_NUMBER}([smhd])")
_PERCENT: Final = re.compile(f"{_NUMBER}%")
_WITHIN: Final = re.compile(r"(?:(\S+) )?within (\S+)")


def goal_of(entry: GoalEntry, title: str, zone: tzinfo, min_sample: int) -> Goal:
    """The goal of a valid entry."""
    measure = MEASURES[entry.kpi]
    stat = entry.stat or measure.stats[0]
    target, within = _target(entry, measure)
    return Goal(
        title=title,
        measure=entry.kpi,
        slice={name: frozenset(values) for name, values in entry.slice.values},
        stat=stat,
        period=entry.period,
        working=entry.basis == "working",
        comparator=entry.comparator,
        target=target,
        within=within,
        warn_at=None if entry.warn_at is None else _amount(entry.warn_at, entry, measure),
        min_sample=entry.min_sample or min_sample,
        unit=None if entry.unit in _LENGTHS or entry.unit == "%" else entry.unit,
        owner=entry.owner,
        due=None if entry.due is None else entry.due.isoformat(),
        expected=entry.expected,
        benchmark=entry.benchmark,
        actions=tuple(
            Action(one.text, None if one.since is None else one.since.instant(zone))
            for one in entry.actions
        ),
        guard=entry.guard,
    )


def scorecard_of(name: str, entry: ScorecardEntry, zone: tzinfo, min_sample: int) -> Scorecard:
    """The scorecard of a valid entry that has goals."""
    goals = entry.goals or ()
    return Scorecard(
        name,
        tuple(
            goal_of(goal, title, zone, min_sample)
            for goal, title in zip(goals, titles(goals), strict=True)
        ),
    )


def annotations_of(entries: Sequence[AnnotationEntry], zone: tzinfo) -> tuple[Annotation, ...]:
    """What happened, in the order of time."""
    return tuple(sorted(Annotation(one.at.instant(zone), one.text) for one in entries))


def titles(goals: Sequence[GoalEntry]) -> list[str]:
    """What goals are called: by their KPI and what sets it apart; by their period, too, if need."""
    short = [_title(goal) for goal in goals]
    times = Counter(short)
    return [
        title if times[title] == 1 else f"{title} a {goal.period}"
        for goal, title in zip(goals, short, strict=True)
    ]


def _title(goal: GoalEntry) -> str:
    stat = goal.stat or MEASURES[goal.kpi].stats[0]
    parts = [goal.kpi, *([stat] if MEASURES[goal.kpi].times else [])]
    if goal.basis == "working":
        parts.append("working")
    parts += [f"{name}={'|'.join(values)}" for name, values in goal.slice.values]
    return " ".join(parts)


# -- values -------------------------------------------------------------------------------


def _target(entry: GoalEntry, measure: Measure) -> tuple[float | None, int | None]:
    """The value to reach, and the limit of `share_within`; raises `ValueError`."""
    if entry.goal is None:
        if entry.stat == SHARE_WITHIN:
            raise ValueError("a limit such as 90% within 1h")
        return None, None
    if entry.stat != SHARE_WITHIN:
        return _amount(entry.goal, entry, measure), None
    match = _WITHIN.fullmatch(str(entry.goal))
    if match is None:
        raise ValueError("a share and a limit such as 90% within 1h")
    within = round(1000 * _seconds(match[2], None))
    return None if match[1] is None else _share(match[1], None), within


def _amount(value: str | float, entry: GoalEntry, measure: Measure) -> float:
    """A value in the unit of its measure; raises `ValueError` saying how it is written."""
    if measure.unit == SHARE or entry.stat == SHARE_WITHIN:
        return _share(value, entry.unit)
    if measure.unit == SECONDS:
        return _seconds(value, entry.unit)
    if not re.fullmatch(_NUMBER, str(value)):
        raise ValueError("a number such as 4.5")
    return float(value)


def _share(value: str | float, unit: str | None) -> float:
    match = _PERCENT.fullmatch(str(value))
    if match is None and not re.fullmatch(_NUMBER, str(value)):
        raise ValueError("a share such as 95%")
    share = float(match[1]) / 100 if match else float(value) / (100 if unit == "%" else 1)
    if not 0 <= share <= 1:
        raise ValueError("a share from 0% to 100%")
    return share


def _seconds(value: str | float, unit: str | None) -> float:
    match = _DURATION.fullmatch(str(value))
    if match is not None:
        return float(match[1]) * _LENGTHS[match[2]]
    if unit not in _LENGTHS or not re.fullmatch(_NUMBER, str(value)):
        raise ValueError("a duration such as 90s, 15m, 4h or 2d")
    return float(value) * _LENGTHS[unit or ""]


# -- rules --------------------------------------------------------------------------------


def broken_goals(
    scorecards: Mapping[str, ScorecardEntry], shipped: Sequence[str], attributes: Sequence[str]
) -> Iterator[Contradiction]:
    """Every rule that goals break."""
    for name, card in scorecards.items():
        path: Path = ("scorecards", name)
        if card.goals is None:
            if name not in shipped:
                message = (
                    f"no goals, expected some, or the name of a shipped one: {listed(shipped)}"
                )
                yield Contradiction((path,), message)
            continue
        known: dict[str, int] = {}
        for place, (goal, title) in enumerate(zip(card.goals, titles(card.goals), strict=True)):
            here = (*path, "goals", place)
            if title in known:
                message = f"found {title} a second time, expected once (goals[{known[title]}])"
                yield Contradiction((here,), message)
            known.setdefault(title, place)
            for each in [each for each in goal.slice.customer or () if each not in attributes]:
                message = f"is none of customer_attributes, {likely(each, attributes)}"
                yield Contradiction(((*here, "slice", "customer", each),), message)
            yield from _broken(goal, here)


Wrong = Callable[[str, str], Contradiction]
"""A mistake at a key of the goal, with what is to be said."""


def _broken(goal: GoalEntry, path: Path) -> Iterator[Contradiction]:
    measure = MEASURES[goal.kpi]

    def wrong(key: str, message: str) -> Contradiction:
        return Contradiction(((*path, key), (*path, "kpi")), message)

    if goal.stat is not None and goal.stat not in measure.stats:
        yield wrong("stat", f"{goal.kpi} has {listed(measure.stats)}, found {goal.stat}")
        return
    if goal.basis == "working" and measure.times not in WORKING:
        yield wrong("basis", f"{goal.kpi} is known in wall time only")
    if measure.calendar and goal.period in {"day", "week"}:
        yield wrong("period", f"{goal.kpi} has month, quarter and year, found {goal.period}")
    yield from _broken_slice(goal, measure, wrong)
    yield from _broken_target(goal, measure, wrong)
    for place, guard in enumerate(goal.guard):
        if MEASURES[guard].better == "neither":
            message = f"more of {guard} is neither better nor worse"
            yield Contradiction(((*path, "guard", place),), message)


def _broken_slice(goal: GoalEntry, measure: Measure, wrong: Wrong) -> Iterator[Contradiction]:
    refused = measure.refuses([name for name, _ in goal.slice.values])
    if refused:
        what = "expected no slice" if measure.whole else "expected one of these"
        yield wrong("slice", f"{goal.kpi} is {refused}, {what}")
    if sum(EACH in values for _, values in goal.slice.values) > 1:
        yield wrong("slice", f"found {EACH} of several dimensions, expected of one")
    if any(EACH in values for name, values in goal.slice.values if name in BY_CLOCK):
        yield wrong("slice", f"found {EACH} of {listed(BY_CLOCK)}, expected values")
    if any(EACH in values and len(values) > 1 for _, values in goal.slice.values):
        yield wrong("slice", f"found {EACH} beside other values, expected it alone")


def _broken_target(goal: GoalEntry, measure: Measure, wrong: Wrong) -> Iterator[Contradiction]:
    try:
        target, _ = _target(goal, measure)
    except ValueError as error:
        yield wrong("goal", f"found {found_text(goal.goal)}, expected {error}")
        return
    if goal.comparator is None and goal.goal is not None and goal.stat != SHARE_WITHIN:
        yield wrong("goal", "needs comparator")
    if goal.comparator == IMPROVES:
        if target is not None:
            yield wrong("goal", "needs no value: improves is against the period before")
        if measure.better == "neither":
            yield wrong("comparator", f"more of {goal.kpi} is neither better nor worse")
    elif goal.comparator is not None and target is None:
        yield wrong("comparator", "needs goal")
    yield from _broken_warning(goal, measure, target, wrong)


def _broken_warning(
    goal: GoalEntry, measure: Measure, target: float | None, wrong: Wrong
) -> Iterator[Contradiction]:
    if goal.warn_at is None:
        return
    if target is None or goal.comparator in {None, IMPROVES}:
        yield wrong("warn_at", "needs goal")
        return
    try:
        warn_at = _amount(goal.warn_at, goal, measure)
    except ValueError as error:
        yield wrong("warn_at", f"found {found_text(goal.warn_at)}, expected {error}")
        return
    if not beyond(warn_at, f"{goal.comparator}".rstrip("=") + "=", target):
        found = found_text(goal.warn_at)
        yield wrong("warn_at", f"found {found}, expected a value on the good side of goal")
