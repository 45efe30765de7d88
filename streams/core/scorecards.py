"""Scorecards: rows of Goal, Actual, Trend, Status and Action, from a recount."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from streams.core.clientele import NOBODY, Clientele
from streams.core.contrast import NOWHERE, Elsewhere, provisional
from streams.core.goals import IMPROVES, Goal, Scorecard, beyond
from streams.core.happened import Happened, Judge, annotations, few, figure, plain
from streams.core.instants import format_rfc3339, local_day
from streams.core.looking import Looking, concrete, slices
from streams.core.measures import MEASURES, Reading, better
from streams.core.recount import Books, Recount
from streams.core.settings import Settings

MET: Final = "met"
MISSED: Final = "missed"
AT_RISK: Final = "at risk"
AT_A_COST: Final = "met at a cost"
TOO_FEW: Final = "too few"
UNAVAILABLE: Final = "unavailable"
WATCHED: Final = "watched"
STATUSES: Final = (MET, MISSED, AT_RISK, AT_A_COST, TOO_FEW, UNAVAILABLE, WATCHED)
"""What can be said of a goal; `WATCHED` is a row without one."""


def rows(
    card: Scorecard, looking: Looking, happened: Happened, judge: Judge
) -> list[dict[str, Any]]:
    """The rows of a scorecard, as JSON values."""
    return [_row(goal, looking, happened, judge) for goal in card.goals]


def _row(goal: Goal, looking: Looking, happened: Happened, judge: Judge) -> dict[str, Any]:
    measure = MEASURES[goal.measure]
    days = looking.period(goal)
    trend = looking.trend(goal)
    now, former = trend[-1], trend[-2]
    guards = [_guard(goal, name, looking) for name in goal.guard]
    worsened = [guard["kpi"] for guard in guards if guard["worsened"]]
    status, reason = _status(goal, now, former, looking.missing(goal), worsened)
    return {
        "goal": goal.title,
        "kpi": goal.measure,
        "meaning": measure.meaning,
        "stat": goal.stat,
        "basis": "working" if goal.working else "wall",
        "slice": {name: sorted(values) for name, values in sorted(goal.slice.items())},
        "period": goal.period,
        "from": str(date.fromordinal(days.first)),
        "to": str(date.fromordinal(days.last)),
        "measured_in": measure.unit,
        "unit": goal.unit,
        "comparator": goal.comparator,
        "target": goal.target,
        "within_s": None if goal.within is None else goal.within / 1000,
        "warn_at": goal.warn_at,
        "min_sample": goal.min_sample,
        "actual": figure(now, goal),
        "previous": figure(former, goal),
        "provisional": provisional(measure, days, looking.count.settings, looking.count.as_of),
        "trend": [reading.value for reading in trend],
        "status": status,
        "reason": reason,
        "guards": guards,
        "actions": [
            {"text": one.text, "since": None if one.since is None else format_rfc3339(one.since)}
            for one in goal.actions
        ],
        "owner": goal.owner,
        "due": goal.due,
        "expected": goal.expected,
        "benchmark": goal.benchmark,
        "changes": [
            {
                "at": format_rfc3339(one.at),
                "text": one.text,
                **judge(contrast, measure, goal, looking.count),
            }
            for one, contrast in happened.of(goal)
        ],
    }


def _status(
    goal: Goal, now: Reading, former: Reading, missing: str, worsened: Sequence[str]
) -> tuple[str, str]:
    """What is to be said of a goal, and why where that is not plain."""
    if missing:
        return UNAVAILABLE, missing
    if goal.comparator is None:
        return WATCHED, ""
    for reading, when in ((now, "in this period"), (former, "in the period before")):
        if few(reading, goal) and (reading is now or goal.comparator == IMPROVES):
            return TOO_FEW, f"{reading.sample} {when}, at least {goal.min_sample} needed"
    return _verdict(goal, now.value or 0.0, former.value or 0.0, worsened)


def _verdict(goal: Goal, now: float, former: float, worsened: Sequence[str]) -> tuple[str, str]:
    measure, comparator = MEASURES[goal.measure], goal.comparator or ""
    if comparator == IMPROVES:
        reached = better(measure, goal.stat, now, former)
    else:
        reached = beyond(now, comparator, goal.target or 0.0)
    at_risk = goal.warn_at is not None and not beyond(now, comparator, goal.warn_at)
    return verdict(worsened, reached=reached, at_risk=at_risk)


def verdict(worsened: Sequence[str], *, reached: bool, at_risk: bool) -> tuple[str, str]:
    """The status of a goal of which there is enough to go by, and why where that is not plain."""
    if not reached:
        return MISSED, ""
    if worsened:
        return AT_A_COST, f"worse than before: {', '.join(worsened)}"
    return (AT_RISK if at_risk else MET), ""


def _guard(goal: Goal, name: str, looking: Looking) -> dict[str, Any]:
    measure = MEASURES[name]
    now = looking.reading(goal, looking.period(goal, 0, name), name)
    former = looking.reading(goal, looking.period(goal, 1, name), name)
    enough = min(now.sample, former.sample) >= goal.min_sample
    worse = (
        enough
        and now.value is not None
        and former.value is not None
        and better(measure, measure.stats[0], former.value, now.value)
    )
    return {"kpi": name, "before": former.value, "now": now.value, "worsened": worse}


def _begun(books: Books, settings: Settings, as_of: int) -> int:
    """The first day on which anything is recorded."""
    starts = (record.ticket.first_at for record in books.records.values())
    first = min((start for start in starts if start is not None), default=as_of)
    dropped = (date.fromisoformat(f"{month}-01") for month in books.settled.months)
    days = (day.toordinal() for day in dropped)
    return min((local_day(first, settings.zone), *days))


class Asked:
    """All that scorecards and annotations need to know of a recount."""

    def __init__(
        self, settings: Settings, books: Books, as_of: int, clientele: Clientele = NOBODY
    ) -> None:
        self._cards = concrete(settings.scorecards, books.records, clientele)
        self._happened = Happened(self._cards, settings, as_of, _begun(books, settings, as_of))
        self.slices = slices(self._cards)
        self.each = self._happened.each if self._happened.asks else None
        """What the recount has to tell of each ticket."""

    def answer(
        self,
        count: Recount,
        judge: Judge = plain,
        elsewhere: Mapping[str, Elsewhere] = NOWHERE,
    ) -> dict[str, Any]:
        """The report's `scorecards` and `annotations`."""
        self._happened.close(count, elsewhere)
        looking = Looking(count, self.slices, elsewhere)
        return {
            "scorecards": {
                card.name: rows(card, looking, self._happened, judge) for card in self._cards
            },
            "annotations": annotations(self._happened, count, judge),
        }
