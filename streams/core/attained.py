"""Were promises kept? Attainment, and how much of the misses that an objective allows are used.

    attainment     met / (met + missed)
    budget used    missed / ((1 - objective) * (met + missed))

An instance counts on the local day of its deadline, so one that is still open counts as missed
from then on. Over the period that an objective is meant for, what is used is used of the error
budget; over a shorter one it is the burn rate: 1 uses the budget up exactly, 2 in half the time.
What is left of dropped tickets counts in the middle of the month in which it was due.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from streams.core import facts as fact
from streams.core.clocks import MET, STATES, VERDICTS
from streams.core.contrast import UNKNOWN, Days, Elsewhere, Known, Moments
from streams.core.goals import DAYS
from streams.core.instants import local_day
from streams.core.looking import MIDDLE
from streams.core.measures import Reading
from streams.core.policies import Policies
from streams.core.recount import Recount, Slice
from streams.core.sums import Slices

_LABELS: Final = ("policy", "clock")
_FINE: Final = 1_000_000
"""Parts of an instance: an objective may be 99.95 %."""

Rows = dict[Sequence[str], list[tuple[int, str, int]]]
"""By policy and clock: local day, state, and how many instances."""


def of_promises(count: Recount) -> dict[str, Elsewhere]:
    """The measures that SLA clocks make; none where nothing was ever promised."""
    rows = _rows(count)
    if not rows and not count.settings.policies:
        return {}
    objectives = objectives_of(count.settings.policies)

    def attainment(slice_: Slice, days: Days) -> Known:
        units = Moments()
        for _, state, number in _within(rows, slice_, days):
            units.add(1_000 * (state == MET), 1_000, number)
        return _known(units, 1_000)

    def budget(slice_: Slice, days: Days) -> Known:
        units = Moments()
        for policy, state, number in _within(rows, slice_, days):
            objective = objectives.get(policy)
            if objective is not None:
                allowed = round(_FINE * (1 - objective))
                units.add(_FINE * (state != MET), allowed, number)
        return _known(units, _FINE)

    return {"sla_attainment": attainment, "sla_budget_used": budget}


def objectives_of(policies: Policies) -> Mapping[str, float]:
    """The objective of each policy that has one."""
    return {one.name: one.objective for one in policies.policies if one.objective is not None}


def sla_rows(count: Recount, known: Mapping[str, Elsewhere]) -> list[dict[str, Any]]:
    """The report's `sla`; `known` is what `of_promises` made of the same recount."""
    return [
        {**row, **_attained(count, known, row)}
        for row in _states(count.slices, count.settings.policies)
    ]


def _attained(
    count: Recount, known: Mapping[str, Elsewhere], row: Mapping[str, Any]
) -> dict[str, Any]:
    """What one row kept of all, and of the last days; periods are trailing, as those of goals.

    Without an objective there is no budget.
    """
    objective = objectives_of(count.settings.policies).get(row["policy"])
    slice_ = {name: frozenset({row[name]}) for name in _LABELS}
    today = local_day(count.as_of, count.settings.zone)
    judged = sum(row[state] for state in VERDICTS)
    found: dict[str, Any] = {
        "attainment": row[MET] / judged if judged else None,
        "low_sample": judged < count.settings.min_sample,
        "objective": objective,
        "periods": {},
    }
    for period, length in DAYS.items():
        days = Days(today - length + 1, today)
        kept = known["sla_attainment"](slice_, days).reading
        budget = known["sla_budget_used"](slice_, days).reading
        found["periods"][period] = {
            "met": round(kept.top),
            "missed": round(kept.bottom - kept.top),
            "attainment": kept.value,
            "low_sample": kept.sample < count.settings.min_sample,
            "allowed": None if objective is None else budget.bottom,
            "budget_used": budget.value,
        }
    return found


def _states(slices: Slices, policies: Policies) -> list[dict[str, Any]]:
    """One row for each policy and clock: the instances by state, and where the budget went."""
    promised = sorted({labels[:2] for kind, labels in slices.parts if kind == fact.PROMISE})
    rows: dict[tuple[str, ...], dict[str, Any]] = {
        pair: {
            "policy": pair[0],
            "clock": pair[1],
            "started": 0,
            **dict.fromkeys(STATES, 0),
            "spent_s": {part: {} for part in fact.SPENT},
        }
        # Also of policies long gone.
        for pair in dict.fromkeys((*policies.pairs, *promised))
    }
    for (kind, labels), number in sorted(slices.parts.items()):
        row = rows.get(labels[:2])
        if row is None:
            continue
        if kind == fact.PROMISE:
            row["started"] += number
            row[labels[2]] += number
        elif kind in _PARTS:
            row["spent_s"][_PARTS[kind]][labels[2]] = slices.amounts[kind, labels] / 1000
    return list(rows.values())


_PARTS: Final = {kind: part for part, kind in fact.SPENT.items()}


def _rows(count: Recount) -> Rows:
    rows: Rows = {}
    for day, numbers in count.promised.items():
        for labels, number in numbers.items():
            rows.setdefault(labels[:2], []).append((day, labels[2], number))
    for month, slices in count.settled.months.items():
        day = date.fromisoformat(f"{month}-{MIDDLE}").toordinal()
        for (kind, labels), number in slices.parts.items():
            if kind == fact.PROMISE:
                rows.setdefault(labels[:2], []).append((day, labels[2], number))
    return rows


def _within(rows: Rows, slice_: Slice, days: Days) -> Iterator[tuple[str, str, int]]:
    """Policy, state and number of the verdicts of some days."""
    for pair, numbers in rows.items():
        if all(pair[_LABELS.index(name)] in values for name, values in slice_.items()):
            for day, state, number in numbers:
                if days.first <= day <= days.last and state in VERDICTS:
                    yield pair[0], state, number


def _known(units: Moments, scale: int) -> Known:
    if not units.bottom:
        return UNKNOWN
    value = units.top / units.bottom
    reading = Reading(value, units.tickets, units.top / scale, units.bottom / scale)
    return Known(reading, units, "instances")
