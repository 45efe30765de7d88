"""From a picture of the numbers to the values of every metric, by label values.

All partitions are summed, and everything is put under the names that labels have. One table
per metric of the catalogue, keyed as its labels are ordered there; a metric without labels
has its value at `()`. What has no value now is absent: the numbers of tickets while no
partition is restored, the oldest of none.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from streams.config.model import Config
from streams.core import facts
from streams.core.windows import COUNT, EDGES, SUM, WindowKey
from streams.metrics.catalogue import (
    CATALOGUE,
    ROLES,
    WINDOW_HISTOGRAMS,
    Kind,
    Metric,
    Origin,
)
from streams.metrics.labels import Names, queue_limit
from streams.metrics.snapshot import Snapshot, Source, Tickets, Waiting
from streams.metrics.trust import judged, progressed

Labels = tuple[str, ...]
Naming = Callable[[str], str]


class Histogram(NamedTuple):
    """A distribution of durations."""

    upto: tuple[int, ...]
    """How many are at most as long as each of the engine's edges; the last is how many in all."""
    sum_ms: int


class Tables(NamedTuple):
    """Every value of a scrape, by the metric's name in the catalogue."""

    values: dict[str, Mapping[Labels, float]]
    histograms: dict[str, Mapping[Labels, Histogram]]


class Tabulator:
    """Makes tables of one picture after the other; names and cells once shown stay.

    Not safe to be used by two threads at once.
    """

    def __init__(self, config: Config) -> None:
        self._queues = Names(queue_limit(config))
        self._channels = Names(config.labels.channel.max)
        self._sources = Names(config.labels.source.max)
        self._cells: frozenset[Labels] = frozenset()
        """The (queue, priority, status) in which there was a ticket once."""

    def tabulate(self, snapshot: Snapshot) -> Tables:
        """The values of all metrics, from one picture."""
        self._admit(snapshot)
        queue = cache(self._queues.of)
        tables = Tables({}, {})
        self._since_start(snapshot, queue, tables)
        if snapshot.tickets:
            tables.values.update(self._now(snapshot.tickets, queue))
            self._windows(snapshot.tickets, queue, tables)
            tables.values.update(self._heard(snapshot.sources))
        tables.values.update(judged(snapshot))
        tables.values.update(progressed(snapshot))
        return tables

    def _admit(self, snapshot: Snapshot) -> None:
        """Name what is new, by volume: tickets active now, and created in the longest window."""
        queues: Counter[str] = Counter(dict.fromkeys((key[1] for key in snapshot.sums), 0))
        channels: Counter[str] = Counter()
        for one in snapshot.tickets:
            for (queue, _, channel, _), count in one.active.items():
                queues[queue] += count
                channels[channel] += count
            for longest in list(one.windows.values())[-1:]:
                for (kind, queue, index), count in longest.items():
                    queues[queue] += count if kind == facts.CREATED and index == COUNT else 0
        self._queues.admit(queues)
        self._channels.admit(channels)
        self._sources.admit({name: one.weekly for name, one in snapshot.sources.items()})

    def _zeros(self) -> dict[Labels, float]:
        return {(queue,): 0 for queue in self._queues.shown}

    # -- now ------------------------------------------------------------------------------

    def _now(
        self, tickets: tuple[Tickets, ...], queue: Naming
    ) -> dict[str, Mapping[Labels, float]]:
        cells: Counter[Labels] = Counter(dict.fromkeys(self._cells, 0))
        channels: Counter[str] = Counter(dict.fromkeys(self._channels.shown, 0))
        unassigned = self._zeros()
        channel_of = cache(self._channels.of)
        for one in tickets:
            for (name, priority, channel, status), count in one.active.items():
                cells[queue(name), priority, status] += count
                channels[channel_of(channel)] += count
            for name, count in one.unassigned.items():
                unassigned[queue(name),] += count
        self._cells = frozenset(cells)
        unanswered = [each for one in tickets for each in one.unanswered]
        unattended = [each for one in tickets for each in one.unattended]
        return {
            "tickets_active": cells,
            "channel_tickets_active": {(name,): count for name, count in channels.items()},
            "tickets_unassigned": unassigned,
            "tickets_unanswered": self._owed(unanswered, queue),
            "tickets_unattended": self._owed(unattended, queue),
            "oldest_unanswered_timestamp_seconds": _oldest(
                ((queue(name), priority), since) for name, priority, _, since in unanswered
            ),
            "oldest_unattended_timestamp_seconds": _oldest(
                ((queue(name),), since) for name, _, _, since in unattended
            ),
        }

    def _owed(self, waiting: Iterable[Waiting], queue: Naming) -> dict[Labels, float]:
        table = self._zeros()
        for name, _, tickets, _ in waiting:
            table[queue(name),] += tickets
        return table

    # -- sums of facts --------------------------------------------------------------------

    def _since_start(self, snapshot: Snapshot, queue: Naming, tables: Tables) -> None:
        sums = _summed([snapshot.sums], queue)
        shown = self._queues.shown
        for metric in _summing(Origin.SINCE):
            if metric.kind is Kind.COUNTER:
                tables.values[metric.name] = _counts(metric, sums, shown)
            else:
                tables.histograms[metric.name] = _distributions(metric, sums, shown)
        tables.values["replies"] = {
            (role,): sum(sums[kind, queue, COUNT] for queue in shown)
            for role, kind in ROLES.items()
        }

    def _windows(self, tickets: tuple[Tickets, ...], queue: Naming, tables: Tables) -> None:
        """Each window, of each partition that has one; a queue without events shows zeros."""
        shown = self._queues.shown
        windows = dict.fromkeys(name for one in tickets for name in one.windows)
        sums = {
            window: _summed((one.windows.get(window, {}) for one in tickets), queue)
            for window in windows
        }
        for metric in _summing(Origin.WINDOW):
            if metric.kind is Kind.GAUGE:
                tables.values[metric.name] = {
                    (window, *labels): value
                    for window in sums
                    for labels, value in _counts(metric, sums[window], shown).items()
                }
            else:
                tables.histograms[metric.name] = {
                    (window, *labels): value
                    for window in sums
                    if window in WINDOW_HISTOGRAMS
                    for labels, value in _distributions(metric, sums[window], shown).items()
                }

    # -- sources --------------------------------------------------------------------------

    def _heard(self, sources: Mapping[str, Source]) -> dict[str, Mapping[Labels, float]]:
        newest: dict[Labels, float] = {}
        is_silent: dict[Labels, float] = {}
        for name, one in sources.items():
            label = (self._sources.of(name),)
            newest[label] = max(newest.get(label, 0), one.newest / 1000)
            is_silent[label] = max(is_silent.get(label, 0), float(one.silent))
        return {"source_last_event_timestamp_seconds": newest, "source_silent": is_silent}


@cache
def _summing(origin: Origin) -> tuple[Metric, ...]:
    return tuple(metric for metric in CATALOGUE if metric.origin is origin and metric.fact)


def _summed(several: Iterable[Mapping[WindowKey, int]], queue: Naming) -> Counter[WindowKey]:
    total: Counter[WindowKey] = Counter()
    for sums in several:
        for (kind, name, index), amount in sums.items():
            total[kind, queue(name), index] += amount
    return total


def _counts(
    metric: Metric, sums: Counter[WindowKey], queues: tuple[str, ...]
) -> dict[Labels, float]:
    return {(queue,): sums[metric.fact, queue, COUNT] for queue in queues}


def _distributions(
    metric: Metric, sums: Counter[WindowKey], queues: tuple[str, ...]
) -> dict[Labels, Histogram]:
    if "queue" not in metric.labels:
        return {(): _histogram(metric.fact, sums, queues)}
    return {(queue,): _histogram(metric.fact, sums, (queue,)) for queue in queues}


def _histogram(kind: str, sums: Counter[WindowKey], queues: tuple[str, ...]) -> Histogram:
    def total(index: int) -> int:
        return sum(sums[kind, queue, index] for queue in queues)

    return Histogram(tuple(accumulate(map(total, range(len(EDGES) + 1)))), total(SUM))


def _oldest(starts: Iterable[tuple[Labels, int]]) -> dict[Labels, float]:
    table: dict[Labels, float] = {}
    for labels, since in starts:
        table[labels] = min(table.get(labels, float("inf")), since / 1000)
    return table
