"""The tables of goals, and of what happened."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from streams.core.goals import Annotation
from streams.core.instants import format_rfc3339
from streams.core.pursued import Pursued
from streams.core.pursuit import Parts
from streams.metrics.table import Labels

Values = dict[str, Mapping[Labels, float]]


def judged_by(goals: Sequence[Pursued], pictures: Iterable[Sequence[Parts]]) -> Values:
    """The parts of each goal and guard, summed over partitions; none while none knows now."""
    sums = [Parts(*map(sum, zip(*parts, strict=True))) for parts in zip(*pictures, strict=True)]
    found: dict[str, dict[Labels, float]] = {}

    def put(name: str, labels: Labels, value: float) -> None:
        found.setdefault(f"goal_{name}", {})[labels] = value

    for goal, parts in zip(goals if sums else (), sums, strict=True):
        labels: Labels = (goal.scorecard, goal.title, goal.comparator)
        of = ""
        if goal.guard:
            labels, of = (goal.scorecard, goal.title, goal.guard, goal.comparator), "guard_"
        put(f"{of}numerator", labels, goal.factor * parts.top / 1000)
        if goal.divided:
            put(f"{of}denominator", labels, parts.bottom / 1000)
        if goal.target is None:
            put(f"{of}previous_numerator", labels, goal.factor * parts.top_before / 1000)
            if goal.divided:
                put(f"{of}previous_denominator", labels, parts.bottom_before / 1000)
        else:
            put("target", labels, goal.target)
        if goal.warn_at is not None:
            top = parts.warn if goal.warned_apart else parts.top
            put("warn_numerator", labels, goal.factor * top / 1000)
            put("warn_at", labels, goal.warn_at)
        if not of:
            put("min_sample", labels, goal.min_sample)
    return dict(found)


def happened(annotations: Sequence[Annotation]) -> Mapping[Labels, float]:
    """When what happened, in seconds; of two with one text each says when it was."""
    texts = Counter(one.text for one in annotations)
    return {
        (one.text if texts[one.text] == 1 else f"{one.text} ({format_rfc3339(one.at)})",): one.at
        / 1000
        for one in annotations
    }
