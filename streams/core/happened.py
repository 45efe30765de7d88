"""What happened, and what came of it: as many days before it and after it, side by side."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from streams.core import facts as fact
from streams.core.clientele import Labels
from streams.core.contrast import NOWHERE, Contrast, Days, Elsewhere, Side, last_instant
from streams.core.goals import Annotation, Goal, Scorecard
from streams.core.hours import BY
from streams.core.instants import DAY, format_rfc3339, local_day
from streams.core.looking import TREND, key_of
from streams.core.measures import MEASURES, Measure, Reading
from streams.core.movers import Moved, Movers
from streams.core.periods import midnight
from streams.core.recount import Recount, Slice
from streams.core.settings import Settings
from streams.core.sums import SLICED
from streams.core.tally import Tally
from streams.core.ticket import DIMENSIONS

MOVERS: Final = 5
"""So many values of labels are named whose volume has moved most."""
LONGEST: Final = 28
"""Days before and after an annotation over which the volume is compared, at most."""

Judge = Callable[[Contrast, Measure, Goal, Recount], dict[str, Any]]
"""Before, after and their difference, with how sure it is."""


def since(
    at: int, span: int, settings: Settings, as_of: int, begun: int
) -> tuple[Days, Days] | None:
    """As many whole days before and after an instant, `span` at most; `None` without any.

    The day of the instant is one of them only if the instant is its beginning; a day that is not
    over is none, nor is one before `begun`, the first on which anything is recorded.
    """
    zone = settings.zone
    day, today = local_day(at, zone), local_day(as_of, zone)
    over = today if last_instant(today, settings) <= as_of else today - 1
    first = day if midnight(day, zone) == at else day + 1
    length = min(span, over - first + 1, day - begun)
    if length < 1:
        return None
    return Days(day - length, day - 1), Days(first, first + length - 1)


class Volumes:
    """Tickets created before and after, by each value of each label of a ticket."""

    def __init__(self, before: Days, after: Days) -> None:
        self._days = (before, after)
        self._movers = Movers(before.length)

    def add(self, tally: Tally) -> None:
        """Count the facts of one ticket."""
        for (kind, labels, day), number, _, _ in tally.rows():
            if kind != fact.CREATED or len(labels) != len(SLICED):
                continue
            for place, days in enumerate(self._days):
                if days.first <= day <= days.last:
                    for label, value in zip(SLICED, labels, strict=True):
                        self._movers.add(label, value, day, number, after=place == 1)

    def movers(self) -> list[tuple[str, str, Contrast]]:
        """Those that have moved most, the farthest first."""
        ranked = [moved for moved in self._movers.ranked() if moved.label in DIMENSIONS]
        return [(moved.label, moved.value, self._contrast(moved)) for moved in ranked[:MOVERS]]

    def by(self) -> dict[str, dict[str, dict[str, int]]]:
        """By queue, channel and agent: created before, after, and how many more."""
        found: dict[str, dict[str, dict[str, int]]] = {name: {} for name in BY}
        for moved in self._movers.every():
            if moved.label in found:
                earlier, later = moved.before.total(), moved.after.total()
                row = {"before": earlier, "after": later, "change": later - earlier}
                found[moved.label][moved.value] = row
        return found

    def _contrast(self, moved: Moved) -> Contrast:
        contrast = Contrast({moved.label: frozenset({moved.value})}, *self._days)
        _fill(contrast.before, moved.before)
        _fill(contrast.after, moved.after)
        return contrast


def _fill(side: Side, days: Counter[int]) -> None:
    for day, number in days.items():
        side.sums.add(fact.CREATED, number, 0, None)
        side.by_day[day] = Counter({fact.CREATED: number})


class Happened:
    """The comparisons that goals ask for: before and after their actions, and annotations."""

    def __init__(
        self, scorecards: Iterable[Scorecard], settings: Settings, as_of: int, begun: int
    ) -> None:
        """`begun` is the first day on which anything is recorded."""
        self._settings = settings
        self._as_of = as_of
        self._begun = begun
        self._known: dict[Any, Contrast] = {}
        self.volumes: list[tuple[Annotation, Contrast | None]] = []
        """Of all that happened: the volume before and after."""
        self.by_label: dict[tuple[Days, Days], Volumes] = {}
        for card in scorecards:
            for goal in card.goals:
                self.of(goal)
        for one in settings.happenings:
            days = since(one.at, LONGEST, settings, as_of, begun)
            self.volumes.append((one, None if days is None else self._one({}, *days)))
            if days is not None:
                self.by_label.setdefault(days, Volumes(*days))

    def of(self, goal: Goal) -> list[tuple[Annotation, Contrast]]:
        """What is compared for a goal: its actions that have begun, and what happened lately."""
        if MEASURES[goal.measure].calendar:
            # As many days before and after are no months.
            return []
        lately = self._as_of - TREND * goal.span * DAY
        begun = {Annotation(a.since, a.text) for a in goal.actions if a.since is not None}
        happened = {one for one in self._settings.annotations if one.at > lately}
        found = []
        for one in sorted(begun | happened):
            days = since(one.at, goal.span, self._settings, self._as_of, self._begun)
            if days is not None:
                found.append((one, self._one(goal.slice, *days)))
        return found

    def _one(self, slice_: Slice, before: Days, after: Days) -> Contrast:
        key = (key_of(slice_), before, after)
        if key not in self._known:
            self._known[key] = Contrast(slice_, before, after)
        return self._known[key]

    def each(self, tally: Tally, customer: Labels) -> None:
        """Count the facts of one ticket, for a recount to call."""
        days = [day for _, _, day in tally.counts]
        first, last = min(days, default=0), max(days, default=0)
        for contrast in self._known.values():
            if first <= contrast.after.days.last and last >= contrast.before.days.first:
                contrast.add(tally, customer)
        for volumes in self.by_label.values():
            volumes.add(tally)

    @property
    def asks(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self._known)

    def close(self, count: Recount, elsewhere: Mapping[str, Elsewhere] = NOWHERE) -> None:
        """Call it once, after the recount."""
        for contrast in self._known.values():
            contrast.close(count, elsewhere)


def plain(contrast: Contrast, measure: Measure, goal: Goal, count: Recount) -> dict[str, Any]:
    """Before and after with their difference; how sure it is, is left to others."""
    before, after = contrast.readings(
        measure, count, goal.stat, working=goal.working, within=goal.within
    )
    difference = None if before.value is None or after.value is None else after.value - before.value
    return {
        "before": {"days": str(contrast.before.days), **figure(before, goal)},
        "after": {"days": str(contrast.after.days), **figure(after, goal)},
        "difference": difference,
        "interval": None,
        "method": "",
    }


def few(reading: Reading, goal: Goal) -> bool:
    """Whether a reading is none, or too little to go by."""
    counted = MEASURES[goal.measure].counted
    return reading.value is None or (reading.sample < goal.min_sample and not counted)


def figure(reading: Reading, goal: Goal) -> dict[str, Any]:
    """A reading as JSON values."""
    return {
        "value": reading.value,
        "sample": reading.sample,
        "numerator": reading.top,
        "denominator": reading.bottom,
        "low_sample": few(reading, goal),
    }


_VOLUME: Final = Goal("volume", "volume", {}, "value")


def annotations(happened: Happened, count: Recount, judge: Judge) -> list[dict[str, Any]]:
    """What happened, with the tickets created a day before and after: all, and what moved most."""
    found = []
    for one, contrast in happened.volumes:
        row: dict[str, Any] = {"at": format_rfc3339(one.at), "text": one.text}
        if contrast is not None:
            row["volume_per_day"] = judge(contrast, MEASURES["volume"], _VOLUME, count)
            volumes = happened.by_label[contrast.before.days, contrast.after.days]
            row["by"] = volumes.by()
            row["movers"] = [
                {"label": label, "value": value, **judge(own, MEASURES["volume"], _VOLUME, count)}
                for label, value, own in volumes.movers()
            ]
        found.append(row)
    return found
