"""Exported numbers, read back: the series of one or several workers, and questions to them.

Names are those of the catalogue without their prefix. A sum is the right way to put most
series together, but not all; `HIGHEST` and `LOWEST` name the others.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from streams.metrics.catalogue import PREFIX

HIGHEST: Final = frozenset(
    {
        "annotation_timestamp_seconds",
        "consumer_lag_seconds",
        "cover_min_staff",
        "cover_promised",
        "early_warning_band",
        "early_warning_min_known",
        "early_warning_min_sample",
        "goal_min_sample",
        "goal_target",
        "source_last_event_timestamp_seconds",
        "watermark_timestamp_seconds",
    }
)
"""Of these the highest counts: the worst lag, the newest instant, what all workers say alike."""
LOWEST: Final = frozenset(
    {
        "last_commit_timestamp_seconds",
        "oldest_unanswered_timestamp_seconds",
        "oldest_unattended_timestamp_seconds",
        "source_silent",
        "state_ready",
    }
)
"""Of these the lowest counts: the oldest instant; a source is silent if it is so everywhere, a
partition ready if nobody says that it is not."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram."""

    buckets: tuple[tuple[float, float], ...]
    """(upper bound in seconds, inclusive; observations up to it), ascending."""

    @property
    def count(self) -> int:
        """All observations."""
        return int(self.buckets[-1][1]) if self.buckets else 0

    @property
    def highest_bound(self) -> float:
        """The last finite bound, seconds; 0 without any."""
        return max((bound for bound, _ in self.buckets if math.isfinite(bound)), default=0.0)

    def quantile(self, share: float) -> float | None:
        """Seconds below which `share` of the observations lie, interpolated in the bucket.

        `None` without observations; infinite when it lies beyond the highest finite bound.
        """
        rank = share * self.count
        lower = below = 0.0
        for bound, up_to in self.buckets:
            if up_to >= rank and up_to > below:
                if math.isinf(bound):
                    return bound
                return lower + (bound - lower) * (rank - below) / (up_to - below)
            lower, below = bound, up_to
        return None


Series = Mapping[str, Sequence[tuple[Labels, float]]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Series of one worker, or of several together."""

    series: Series
    """By name; the same labels twice when two workers export them."""

    @classmethod
    def read(cls, text: str) -> "Numbers":
        """Our series of one exposition in Prometheus' text format; `ValueError` if it is none."""
        series: dict[str, list[tuple[Labels, float]]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                # Not a number means: known to be unknown.
                if sample.name.startswith(PREFIX) and not math.isnan(sample.value):
                    name = sample.name.removeprefix(PREFIX)
                    series.setdefault(name, []).append((sample.labels, sample.value))
        return cls(series)

    @classmethod
    def together(cls, parts: Iterable["Numbers"]) -> "Numbers":
        """The series of several workers side by side; a question then joins them."""
        series: dict[str, list[tuple[Labels, float]]] = {}
        for part in parts:
            for name, found in part.series.items():
                series.setdefault(name, []).extend(found)
        return cls(series)

    def __bool__(self) -> bool:
        """Whether there is any number of ours."""
        return bool(self.series)

    def value(self, name: str, **where: str) -> float | None:
        """All series of a name with these labels in one number; `None` if there are none."""
        found = [value for _, value in self._select(name, where)]
        return _joined(name)(found) if found else None

    def by(self, name: str, label: str, **where: str) -> dict[str, float]:
        """The same for each value of a label; an absent label counts as empty."""
        found: dict[str, list[float]] = {}
        for labels, value in self._select(name, where):
            found.setdefault(labels.get(label, ""), []).append(value)
        join = _joined(name)
        return {key: join(values) for key, values in found.items()}

    def distribution(self, name: str, **where: str) -> Distribution:
        """All series of a histogram with these labels, added up."""
        found = self.by(f"{name}_bucket", "le", **where)
        return Distribution(tuple(sorted((float(le), n) for le, n in found.items())))

    def _select(self, name: str, where: Mapping[str, str]) -> Iterable[tuple[Labels, float]]:
        for labels, value in self.series.get(name, ()):
            if where.items() <= labels.items():
                yield labels, value


def _joined(name: str) -> Callable[[Iterable[float]], float]:
    if name in HIGHEST:
        return max
    return min if name in LOWEST else sum
