"""From a picture of the numbers to the values of every metric, by label values.

All partitions are summed, and everything is put under the names that labels have. One table
per metric of the catalogue, keyed as its labels are ordered there; a metric without labels
has its value at `()`. What has no value now is absent: the numbers of tickets while no
partition is restored, the oldest of none.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import accumulate
from operator import add
from typing import Final, TypeVar

from streams.config.model import Config
from streams.core import facts
from streams.core.lately import Figures
from streams.core.pursued import pursued
from streams.core.windows import COUNT, EDGES, SUM, WindowKey
from streams.metrics.catalogue import CATALOGUE, ROLES, Metric, Origin, is_shown, shown_windows
from streams.metrics.early import compared
from streams.metrics.goals import happened, judged_by
from streams.metrics.labels import Names, queue_limit
from streams.metrics.numbers import HIGHEST
from streams.metrics.promised import Promised
from streams.metrics.snapshot import Snapshot, Source, Tickets, Waiting
from streams.metrics.table import Histogram, Labels, Naming, Tables
from streams.metrics.trust import judged, progressed

KeyNaming = Callable[[WindowKey], WindowKey]
Sums = defaultdict[WindowKey, int]


class Tabulator:
    """Makes tables of one picture after the other; names and cells once shown stay.

    Not safe to be used by two threads at once.
    """

    def __init__(self, config: Config, at_ms: int = 0) -> None:
        """Of a configuration that was read at this instant."""
        self._config = config
        self._queues = Names(queue_limit(config))
        self._channels = Names(config.labels.channel.max)
        self._segments = Names(config.labels.segment.max)
        self._sources = Names(config.labels.source.max)
        self._criteria = Names(config.labels.criterion.max)
        self._promised = Promised(config.engine.policies)
        self._goals = [one for one, _ in pursued(config.engine)]
        self._happened = happened(config.engine.happenings)
        self._loaded = (1, at_ms)
        """Whether the configuration could be read when it last was, and when it could."""
        self._cells: frozenset[Labels] = frozenset()
        """The (queue, priority, status) in which there was a ticket once."""

    def promise(self, config: Config, at_ms: int) -> None:
        """Other policies; what was counted under the former ones stays."""
        self._config, self._loaded = config, (1, at_ms)
        self._promised = Promised(config.engine.policies, self._promised)

    def refused(self) -> None:
        """A configuration could not be read; the former one stays."""
        self._loaded = (0, self._loaded[1])

    def tabulate(self, snapshot: Snapshot) -> Tables:
        """The values of all metrics, from one picture."""
        self._admit(snapshot)
        queue = cache(self._queues.of)
        # Each key stands in every window of every partition.
        criterion = cache(self._criteria.of)
        named = cache(
            lambda key: (
                key[0],
                (criterion if key[0] == facts.CRITERION else queue)(key[1]),
                key[2],
            )
        )
        tables = Tables({}, {})
        self._since_start(snapshot, named, tables)
        if snapshot.tickets:
            tables.values.update(self._now(snapshot.tickets, queue))
            self._windows(snapshot.tickets, named, tables)
            tables.values.update(self._heard(snapshot.sources))
        tables.values.update(compared(snapshot.weeks, self._config.early_warning))
        if snapshot.lately is not None:
            tables.values.update(self._lately(snapshot.lately))
        self._promised.tabulate(snapshot, queue, tables)
        tables.values.update(judged_by(self._goals, snapshot.goals))
        tables.values["annotation_timestamp_seconds"] = self._happened
        tables.values.update(judged(snapshot))
        tables.values.update(progressed(snapshot))
        successful, since_ms = self._loaded
        tables.values["config_last_reload_successful"] = {(): successful}
        tables.values["config_last_reload_success_timestamp_seconds"] = {(): since_ms / 1000}
        return tables

    def _admit(self, snapshot: Snapshot) -> None:
        """Name what is new, by volume: tickets active now, and created in the longest window."""
        queues: Counter[str] = Counter({name: 0 for _, name, _ in snapshot.sums})
        channels: Counter[str] = Counter()
        segments: Counter[str] = Counter()
        for metric, *labels in snapshot.lately or ():
            for label, name in zip(LATELY[metric].labels, labels, strict=True):
                if label in {"queue", "channel"}:
                    # Those of tickets come first.
                    (queues if label == "queue" else channels)[name] += 0
        for one in snapshot.tickets:
            for (name, _, channel, _), count in one.active.items():
                queues[name] += count
                channels[channel] += count
            segments.update(one.segments)
            # Every other window lies within the longest one.
            for longest in list(one.windows.values())[-1:]:
                for name in {name for kind, name, _ in longest if kind != facts.CRITERION}:
                    queues[name] += longest.get((facts.CREATED, name, COUNT), 0)
        self._queues.admit(queues)
        self._channels.admit(channels)
        self._segments.admit(segments)
        if self._config.metrics.agents:
            self._criteria.admit(_criteria(snapshot.tickets))
        self._sources.admit({name: one.weekly for name, one in snapshot.sources.items()})

    def _zeros(self) -> dict[Labels, float]:
        return {(queue,): 0 for queue in self._queues.shown}

    # -- now ------------------------------------------------------------------------------

    def _now(
        self, tickets: tuple[Tickets, ...], queue: Naming
    ) -> dict[str, Mapping[Labels, float]]:
        cells: Counter[Labels] = Counter(dict.fromkeys(self._cells, 0))
        channels: Counter[str] = Counter(dict.fromkeys(self._channels.shown, 0))
        segments: Counter[str] = Counter(dict.fromkeys(self._segments.shown, 0))
        unassigned = self._zeros()
        channel_of = cache(self._channels.of)
        for one in tickets:
            for (name, priority, channel, status), count in one.active.items():
                cells[queue(name), priority, status] += count
                channels[channel_of(channel)] += count
            for name, count in one.segments.items():
                segments[self._segments.of(name)] += count
            for name, count in one.unassigned.items():
                unassigned[queue(name),] += count
        self._cells = frozenset(cells)
        unanswered = [each for one in tickets for each in one.unanswered]
        unattended = [each for one in tickets for each in one.unattended]
        return {
            # In order, for people who read the page: a queue's cells stand together.
            "tickets_active": dict(sorted(cells.items())),
            "channel_tickets_active": {(name,): count for name, count in channels.items()},
            "segment_tickets_active": {(name,): count for name, count in segments.items()},
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

    def _since_start(self, snapshot: Snapshot, named: KeyNaming, tables: Tables) -> None:
        metrics = _summing(Origin.SINCE)
        roles = frozenset((kind, COUNT) for kind in ROLES.values())
        sums = _summed([snapshot.sums], named, _needed(metrics) | roles)
        shown = self._queues.shown
        for metric in metrics:
            if metric.edges:
                tables.histograms[metric.name] = _distributions(metric, sums, shown)
            else:
                tables.values[metric.name] = _numbers(metric, sums, shown)
        tables.values["replies"] = {
            (role,): sum(sums[kind, queue, COUNT] for queue in shown)
            for role, kind in ROLES.items()
        }

    def _windows(self, tickets: tuple[Tickets, ...], named: KeyNaming, tables: Tables) -> None:
        """Each window, of each partition that has one; a queue without events shows zeros."""
        values: dict[str, dict[Labels, float]] = {}
        histograms: dict[str, dict[Labels, Histogram]] = {}
        for window in dict.fromkeys(name for one in tickets for name in one.windows):
            metrics = [metric for metric in _OF_WINDOWS if self._shows(metric, window)]
            parts = (one.windows.get(window, {}) for one in tickets)
            sums = _summed(parts, named, _needed(metrics))
            for metric in metrics:
                shown = (self._criteria if "criterion" in metric.labels else self._queues).shown
                if metric.edges:
                    rows = _distributions(metric, sums, shown)
                    histograms.setdefault(metric.name, {}).update(_within(window, rows))
                else:
                    numbers = _numbers(metric, sums, shown)
                    values.setdefault(metric.name, {}).update(_within(window, numbers))
        tables.values.update(values)
        tables.histograms.update(histograms)

    def _lately(self, figures: Figures) -> dict[str, Mapping[Labels, float]]:
        """Figures of agents and customers under the names of their labels."""
        tables: dict[str, dict[Labels, float]] = {}
        naming = {"queue": self._queues.of, "channel": self._channels.of}
        for (name, *labels), number in figures.items():
            metric = LATELY[name]
            shown = tuple(
                naming[label](value) if label in naming else value
                for label, value in zip(metric.labels, labels, strict=True)
            )
            table = tables.setdefault(name, {})
            value = number / 1000 if name.endswith("_seconds") else number
            # One queue is promised, or it is not: of those that share a name, any.
            both = max if name in HIGHEST else add
            table[shown] = both(table[shown], value) if shown in table else value
        return {name: dict(sorted(table.items())) for name, table in tables.items()}

    def _shows(self, metric: Metric, window: str) -> bool:
        if not is_shown(metric, self._config):
            return False
        chosen = shown_windows(metric, self._config)
        return chosen is None or window in chosen

    # -- sources --------------------------------------------------------------------------

    def _heard(self, sources: Mapping[str, Source]) -> dict[str, Mapping[Labels, float]]:
        newest: dict[Labels, float] = {}
        is_silent: dict[Labels, float] = {}
        for name, one in sources.items():
            label = (self._sources.of(name),)
            newest[label] = max(newest.get(label, 0), one.newest / 1000)
            is_silent[label] = max(is_silent.get(label, 0), float(one.silent))
        return {"source_last_event_timestamp_seconds": newest, "source_silent": is_silent}


Needed = frozenset[tuple[str, int]]
"""(kind of fact, `COUNT`, `SUM` or the index of a histogram bucket)."""
Value = TypeVar("Value")


def _criteria(tickets: Iterable[Tickets]) -> Mapping[str, float]:
    """The criteria of quality reviews, by how often they were scored."""
    volumes: Counter[str] = Counter()
    for sums in (sums for one in tickets for sums in one.windows.values()):
        for (kind, name, place), count in sums.items():
            if kind == facts.CRITERION and place == COUNT:
                volumes[name] += count
    return volumes


def _summing(*origins: Origin) -> tuple[Metric, ...]:
    return tuple(metric for metric in CATALOGUE if metric.origin in origins and metric.fact)


_OF_WINDOWS: Final = _summing(Origin.WINDOW, Origin.KPIS, Origin.AGENTS)
LATELY: Final = {
    metric.name: metric
    for metric in CATALOGUE
    if metric.origin in {Origin.AGENTS, Origin.CUSTOMERS} and not metric.fact
}
"""The metrics of `streams.core.lately`, by name."""


def _needed(metrics: Iterable[Metric]) -> Needed:
    """What of the sums these metrics show."""
    needed = {(each.fact, SUM if each.amounts else COUNT) for each in metrics if not each.edges}
    for each in metrics:
        if each.edges:
            needed.update((each.fact, place) for place in (SUM, *range(len(EDGES) + 1)))
    return frozenset(needed)


def _summed(several: Iterable[Mapping[WindowKey, int]], named: KeyNaming, needed: Needed) -> Sums:
    """What is needed, under its names."""
    total: Sums = defaultdict(int)
    for sums in several:
        for key, amount in sums.items():
            if (key[0], key[2]) in needed:
                total[named(key)] += amount
    return total


def _within(window: str, rows: Mapping[Labels, Value]) -> dict[Labels, Value]:
    return {(window, *labels): value for labels, value in rows.items()}


def _numbers(metric: Metric, sums: Sums, queues: tuple[str, ...]) -> dict[Labels, float]:
    """By queue, or of all queues together; amounts are thousandths."""
    place, unit = (SUM, 1000) if metric.amounts else (COUNT, 1)
    found: dict[Labels, float] = {
        (queue,): sums[metric.fact, queue, place] / unit for queue in queues
    }
    by_name = "queue" in metric.labels or "criterion" in metric.labels
    return found if by_name else {(): sum(found.values())}


def _distributions(metric: Metric, sums: Sums, queues: tuple[str, ...]) -> dict[Labels, Histogram]:
    if "queue" not in metric.labels:
        return {(): _histogram(metric.fact, sums, queues)}
    return {(queue,): _histogram(metric.fact, sums, (queue,)) for queue in queues}


def _histogram(kind: str, sums: Sums, queues: tuple[str, ...]) -> Histogram:
    def total(index: int) -> int:
        return sum(sums[kind, queue, index] for queue in queues)

    return Histogram(tuple(accumulate(map(total, range(len(EDGES) + 1)))), total(SUM))


def _oldest(starts: Iterable[tuple[Labels, int]]) -> dict[Labels, float]:
    table: dict[Labels, float] = {}
    for labels, since in starts:
        table[labels] = min(table.get(labels, float("inf")), since / 1000)
    return table
