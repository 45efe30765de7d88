"""Which goals can be judged live: those whose value is a fraction of sums of facts.

What is no such fraction - depth at an instant, money, what several tickets of a requester come
to, other topics - is not kept live: the report has it. A percentile is the share of times on the
near side of its target.
"""

from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core import measures as me
from streams.core.formula import SECONDS, Term
from streams.core.goals import EACH, IMPROVES, MEAN, PERCENTILES, SHARE_WITHIN, Goal
from streams.core.measures import MEASURES
from streams.core.settings import Settings
from streams.core.sums import CUSTOMER, SLICED, counted_as
from streams.core.windows import COUNT as PLACE
from streams.core.windows import WindowKey

TOP: Final = "top"
BOTTOM: Final = "bottom"
INSIDE: Final = "inside"
"""How a term is summed, beside `COUNT` and what values are: how many times are within a limit."""
OF_RESOLUTIONS: Final = frozenset(
    kind
    for wall in (fact.FIRST_RESOLUTION, fact.FULL_RESOLUTION, fact.TIME_TO_CLOSE)
    for kind in (wall, fact.WORKING[wall])
)
"""Kinds that stand only while a ticket is resolved; no event makes them for good."""
_LIVE: Final = (
    fact.WINDOWED
    | OF_RESOLUTIONS
    | frozenset(fact.WORKING.values())
    | frozenset(kind for kinds in fact.FURTHER.values() for kind in kinds)
)
"""Kinds that come with the events, one ticket at a time."""


class Pursued(NamedTuple):
    """A goal as it can be judged from two sums."""

    scorecard: str
    title: str
    comparator: str
    """`<`, `<=`, `>=` or `>`."""
    target: float | None
    """`None`: what the period before came to."""
    factor: int
    """The value is `factor * top / bottom`."""
    divided: bool
    """Else the value is the top alone."""
    min_sample: int
    period: str


class Want(NamedTuple):
    """One kind of fact that a goal is made of."""

    key: WindowKey
    kind: str
    of: str
    times: int
    limit: int
    """Of `INSIDE`: the longest time that is inside."""
    slice: tuple[tuple[int, frozenset[str]], ...]
    """By place in the labels."""


def name_of(scorecard: str, title: str) -> str:
    """What sums of a goal are kept under."""
    return f"{scorecard}\n{title}"


def pursued(settings: Settings) -> list[tuple[Pursued, list[Want]]]:
    """The goals that are kept live, with what they are made of."""
    found = []
    for card in settings.scorecards:
        for goal in card.goals:
            terms = _terms(goal, settings) if _plain(goal) else None
            if terms is None:
                continue
            name = name_of(card.name, goal.title)
            wants = [
                want
                for part, of in ((TOP, terms[0]), (BOTTOM, terms[1]))
                for one in of
                for want in _wants((name, part, PLACE), one, goal)
            ]
            if all(want.kind in _LIVE for want in wants):
                found.append((_pursued(card.name, goal, divided=bool(terms[1])), wants))
    return found


class _Part(NamedTuple):
    term: Term
    limit: int = 0


_Terms = tuple[list[_Part], list[_Part]]


def _plain(goal: Goal) -> bool:
    """Whether it has a verdict that does not need more than the sums."""
    relative = goal.comparator == IMPROVES and goal.stat in PERCENTILES
    each = any(EACH in values for values in goal.slice.values())
    if any(name.startswith(CUSTOMER) for name in goal.slice):
        # Who customers are is known to another processor (docs/decisions/0019).
        return False
    return goal.comparator is not None and not relative and not each


def _terms(goal: Goal, settings: Settings) -> _Terms | None:
    """What the fraction of a goal is made of; `None` where it is none."""
    measure = MEASURES[goal.measure]
    if measure.kpi is not None:
        kpi = measure.kpi
        # What counts for nothing is only shown beside the value.
        top = [_Part(term) for term in kpi.top if term.times]
        return top, [_Part(term) for term in kpi.bottom]
    if not measure.times:
        return None
    kind = me.kind_of(measure, working=goal.working and bool(settings.policies))
    count = _Part(Term("times", kind))
    if goal.stat == MEAN:
        return [_Part(Term("total", kind, SECONDS))], [count]
    limit = goal.within if goal.stat == SHARE_WITHIN else _limit(goal)
    return [_Part(Term("inside", kind, INSIDE), limit or 0)], [count]


def _limit(goal: Goal) -> int:
    """The longest time on the near side of a percentile's target."""
    target = round(1000 * (goal.target or 0.0))
    return target - 1 if goal.comparator in {"<", ">="} else target


def _wants(key: WindowKey, part: _Part, goal: Goal) -> list[Want]:
    term = part.term
    places = tuple((SLICED.index(name), values) for name, values in goal.slice.items())
    # What counts under one label only, because the ticket has counted before, counts there.
    further = fact.FURTHER.get(term.kind, ())
    kinds = [kind for kind in further if counted_as(kind, goal.slice) == term.kind]
    return [
        Want(key, kind, term.of, term.times, part.limit, places) for kind in (term.kind, *kinds)
    ]


def _pursued(card: str, goal: Goal, *, divided: bool) -> Pursued:
    measure = MEASURES[goal.measure]
    comparator, target = goal.comparator or "", goal.target
    if comparator == IMPROVES:
        comparator, target = me.direction(measure, goal.stat), None
    elif goal.stat in PERCENTILES:
        # So many are on the near side of the target: at least as many, or fewer.
        comparator = ">=" if comparator in {"<", "<="} else "<"
        target = PERCENTILES[goal.stat]
    factor = 1 if measure.kpi is None else measure.kpi.factor
    return Pursued(
        card, goal.title, comparator, target, factor, divided, goal.min_sample, goal.period
    )
