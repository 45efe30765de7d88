"""Which goals can be judged live: those whose value is a fraction of sums of facts.

What is no such fraction - depth at an instant, money, what several tickets of a requester come
to, other topics - is not kept live: the report has it, and `unkept` says why. A percentile is the
share of times on the near side of its target, and of its `warn_at`. A guard is kept like a goal
that improves: in the goal's period, and in the one before.
"""

from dataclasses import replace
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
WARN: Final = "warn"
"""Of a percentile with a `warn_at`: so many times are on the near side of that."""
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
    guard: str = ""
    """Of a guard of the goal its measure; `comparator` then says which way is good."""
    warn_at: float | None = None
    """What the value is compared with, too; of a percentile its rank."""
    warned_apart: bool = False
    """The value that is compared with `warn_at` has a top of its own."""


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


def name_of(scorecard: str, title: str, guard: str = "") -> str:
    """What sums of a goal, or of a guard of it, are kept under."""
    return f"{scorecard}\n{title}\n{guard}" if guard else f"{scorecard}\n{title}"


def pursued(settings: Settings) -> list[tuple[Pursued, list[Want]]]:
    """The goals that are kept live, each followed by its guards, with what they are made of."""
    found: list[tuple[Pursued, list[Want]]] = []
    for card in settings.scorecards:
        for goal in card.goals:
            kept = _kept(card.name, goal, settings)
            if kept is None:
                continue
            found.append(kept)
            for name in goal.guard:
                guarded = _kept(card.name, as_guard(goal, name), settings, name)
                if guarded is not None:
                    found.append(guarded)
    return found


def as_guard(goal: Goal, name: str) -> Goal:
    """A guard as a goal: its usual value is not to get worse."""
    stat = MEASURES[name].stats[0]
    return replace(
        goal,
        measure=name,
        stat=stat,
        comparator=IMPROVES,
        target=None,
        within=None,
        warn_at=None,
        guard=(),
    )


def unkept(goal: Goal, settings: Settings) -> str:
    """Why no worker can judge a goal; "" where they can."""
    measure = MEASURES[goal.measure]
    if measure.topic:
        return f"made of {measure.topic}"
    return _why_not_plain(goal) or _why_no_sums(goal, measure, settings)


def _why_not_plain(goal: Goal) -> str:
    """Why its verdict needs more than sums."""
    if any(name.startswith(CUSTOMER) for name in goal.slice):
        # Who customers are is known to another processor (docs/decisions/0019).
        return "by an attribute of customers"
    if any(EACH in values for values in goal.slice.values()):
        return "a row for each value"
    relative = goal.comparator == IMPROVES and goal.stat in PERCENTILES
    return "a percentile against the one before" if relative else ""


def _why_no_sums(goal: Goal, measure: me.Measure, settings: Settings) -> str:
    terms = _terms(goal, settings)
    if terms is None:
        return "money" if measure.unit == me.MONEY else "depth at an instant"
    kinds = {part.term.kind for parts in terms for part in parts}
    if fact.DEPTH in kinds:
        return "depth at an instant"
    return "" if kinds <= _LIVE else "what several tickets of a requester come to"


def _kept(
    card: str, goal: Goal, settings: Settings, guard: str = ""
) -> tuple[Pursued, list[Want]] | None:
    """A goal with what it is made of; `None` where it is only watched, or not kept."""
    if goal.comparator is None or unkept(goal, settings):
        return None
    terms = _terms(goal, settings)
    if terms is None:
        return None
    name = name_of(card, goal.title, guard)
    wants = [
        want
        for part, of in ((TOP, terms[0]), (BOTTOM, terms[1]), (WARN, _warning(goal, settings)))
        for one in of
        for want in _wants((name, part, PLACE), one, goal)
    ]
    return _pursued(card, goal, guard, divided=bool(terms[1])), wants


def _warning(goal: Goal, settings: Settings) -> "list[_Part]":
    """What is on the near side of a percentile's `warn_at`; nothing of other goals."""
    if goal.warn_at is None or goal.stat not in PERCENTILES:
        return []
    terms = _terms(replace(goal, target=goal.warn_at), settings)
    return [] if terms is None else terms[0]


class _Part(NamedTuple):
    term: Term
    limit: int = 0


_Terms = tuple[list[_Part], list[_Part]]


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


def _pursued(card: str, goal: Goal, guard: str, *, divided: bool) -> Pursued:
    measure = MEASURES[goal.measure]
    comparator, target, warn_at = goal.comparator or "", goal.target, goal.warn_at
    if comparator == IMPROVES:
        comparator, target = me.direction(measure, goal.stat), None
    elif goal.stat in PERCENTILES:
        # So many are on the near side of the target: at least as many, or fewer.
        comparator = ">=" if comparator in {"<", "<="} else "<"
        target = PERCENTILES[goal.stat]
        warn_at = None if warn_at is None else target
    return Pursued(
        card,
        goal.title,
        comparator,
        target,
        1 if measure.kpi is None else measure.kpi.factor,
        divided,
        goal.min_sample,
        goal.period,
        guard,
        warn_at,
        warn_at is not None and goal.stat in PERCENTILES,
    )
