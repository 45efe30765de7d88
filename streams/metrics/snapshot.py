"""A picture of the worker's numbers, taken on the event loop after each commit cycle.

Between two turns of the loop nothing is half done, so the picture is consistent. Taking it
is copying: the copies are summed and labelled later, by whoever scrapes, in its own thread.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.config.values import duration_text
from streams.core.aggregates import Oldest
from streams.core.lately import Figures
from streams.core.processor import Processor
from streams.core.pursuit import Parts
from streams.core.rhythm import silent
from streams.core.usual import Weeks, together
from streams.core.watch import OutcomeKey, Watch
from streams.core.windows import WindowKey
from streams.kafka.partitions import DELAYS, Owned, Partitions
from streams.metrics.catalogue import WITHIN

Waiting = tuple[str, str, int, int]
"""Tickets for which something is owed: queue, priority, how many, and the earliest start
(epoch milliseconds). A plain tuple, because there are thousands in a picture."""


class Tickets(NamedTuple):
    """The numbers of one restored partition, under the labels as they came."""

    active: Mapping[tuple[str, str, str, str], int]
    """By (queue, priority, channel, status)."""
    segments: Mapping[str, int]
    """By segment."""
    unassigned: Mapping[str, int]
    unanswered: tuple[Waiting, ...]
    unattended: tuple[Waiting, ...]
    windows: Mapping[str, Mapping[WindowKey, int]]
    """The sums by window (`1h`); none while the partition has no effective now."""


class Promises(NamedTuple):
    """The SLA clocks of one restored partition, under the labels as they came."""

    open: Mapping[tuple[str, str, str, str], int]
    """By (policy, clock, queue, state)."""
    urgent: Mapping[tuple[str, str, str], int]
    """Those of urgent tickets, by (clock, queue, state)."""
    due: Mapping[tuple[str, str], Sequence[int]]
    """Deadlines to come by (policy, clock), within each of `WITHIN`; none without effective now."""
    windows: Mapping[tuple[str, str], Mapping[OutcomeKey, int]]
    """Instances by the time of their deadline, by (window, `wall` or `working`)."""


class Progress(NamedTuple):
    """How far one owned partition is. Times are epoch milliseconds, `None` is unknown."""

    partition: int
    ready: bool
    watermark: int | None = None
    lag_events: int | None = None
    lag_ms: int | None = None


class Source(NamedTuple):
    """What is known of one source system."""

    newest: int
    """Epoch milliseconds."""
    silent: bool
    weekly: float
    """Events usual in a week."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All numbers of a worker at one moment; nobody writes to it."""

    progress: tuple[Progress, ...] = ()
    tickets: tuple[Tickets, ...] = ()
    """Of the partitions that are restored."""
    promises: tuple[Promises, ...] = ()
    """Of the same; empty without policies."""
    goals: tuple[tuple[Parts, ...], ...] = ()
    """Of the same, where now is known: the parts of each goal, in the order of the settings."""
    weeks: Weeks = ()
    """Of the same together, where now is known: the same hour of the last weeks."""
    lately: Figures | None = None
    """Of agents, customers and requesters, as far as they are shown and have been counted."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    sums: Mapping[WindowKey, int] = field(default_factory=dict)
    """Facts counted since the worker started."""
    outcomes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Arrivals counted since then, by outcome and reason; flags by ("flag", name)."""
    corrections: int = 0
    transitions: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Said of SLA clocks since then, by (policy, clock, queue, transition)."""
    spent: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Budget used by clocks that stopped since then, as in `Counted`."""
    delays: tuple[int, ...] = (0,) * (len(DELAYS) + 1)
    """Breaches by how late they were announced, as in `Counted`."""
    delay_ms: int = 0
    committed_at: int | None = None
    held_up_s: float = 0.0
    """How long the event loop let something wait lately, as in `PartitionsOf`."""


def take(partitions: Partitions, now: int, lately: Figures | None = None) -> Snapshot:
    """The picture of now (epoch milliseconds); partitions not restored show only that."""
    counted = partitions.counted
    owned = sorted(partitions.owned.values(), key=lambda one: one.partition)
    ready = [one.processor for one in owned if one.ready]
    for processor in ready:
        processor.settle()
    return Snapshot(
        progress=tuple(_progress(one, now) for one in owned),
        tickets=tuple(_tickets(one) for one in ready),
        promises=tuple(_promises(one) for one in ready if one.settings.policies),
        goals=tuple(_goals(ready)),
        weeks=together(one.usual.picture() for one in ready if one.usual is not None),
        lately=lately,
        sources=_sources(ready),
        sums=dict(counted.totals.sums),
        outcomes=dict(counted.outcomes),
        corrections=counted.totals.corrections,
        transitions=dict(counted.transitions),
        spent=dict(counted.spent),
        delays=tuple(counted.delays),
        delay_ms=counted.delay,
        committed_at=counted.committed_at,
        held_up_s=partitions.held_up_s,
    )


def _progress(owned: Owned, now: int) -> Progress:
    if not owned.ready:
        return Progress(owned.partition, ready=False)
    effective, read_at = owned.processor.windows.now, owned.last_read_at
    lag_events = None if owned.answer is None else owned.lag
    lag_ms = None if read_at is None else max(0, now - read_at)
    if owned.caught_up:
        lag_events = lag_ms = 0
    return Progress(
        owned.partition,
        ready=True,
        # Until it has caught up for the first time, it is as old as what it read last.
        watermark=read_at if effective is None else effective,
        lag_events=lag_events,
        lag_ms=lag_ms,
    )


def _tickets(processor: Processor) -> Tickets:
    now, windows = processor.now, processor.windows
    return Tickets(
        active=dict(now.active),
        segments=dict(now.segments),
        unassigned=dict(now.unassigned),
        unanswered=_waiting(now.unanswered),
        unattended=_waiting(now.waiting),
        windows={}
        if windows.now is None
        else {duration_text(one.span): dict(one.totals) for one in windows.windows},
    )


def _promises(processor: Processor) -> Promises:
    watch = processor.watch
    now = watch.now
    if now is None:
        return Promises(dict(watch.open), dict(watch.pressing()), {}, {})
    spans = tuple(WITHIN.values())
    return Promises(
        dict(watch.open),
        dict(watch.pressing()),
        {pair: deadlines.within(now, spans) for pair, deadlines in watch.due.items()},
        dict(_outcomes(watch)),
    )


def _outcomes(watch: Watch) -> Iterator[tuple[tuple[str, str], Mapping[OutcomeKey, int]]]:
    """Every window in wall time, and in the working time of each policy's own calendar."""
    for place, window in enumerate(watch.wall.windows):
        name = duration_text(window.span)
        yield (name, "wall"), dict(window.totals)
        yield (
            (name, "working"),
            {
                key: count
                for windows in (watch.wall, *watch.working.values())
                for key, count in windows.windows[place].totals.items()
                if watch.windows(key[0]) is windows
            },
        )


def _goals(processors: Iterable[Processor]) -> Iterator[tuple[Parts, ...]]:
    for one in processors:
        parts = () if one.pursuit is None else tuple(one.pursuit.picture())
        if parts:
            yield parts


def _waiting(instants: Mapping[tuple[str, str], Oldest]) -> tuple[Waiting, ...]:
    return tuple(
        (queue, priority, len(oldest), since)
        for (queue, priority), oldest in instants.items()
        if (since := oldest.first()) is not None
    )


def _sources(processors: Iterable[Processor]) -> dict[str, Source]:
    rhythms = [(one.rhythm, one.windows.now) for one in processors]
    heard = [(rhythm, now) for rhythm, now in rhythms if now is not None]
    return {
        source: Source(
            max(rhythm.newest(source) for rhythm, _ in rhythms),
            silent(source, heard),
            sum(rhythm.weekly(source) for rhythm, _ in rhythms),
        )
        for source in frozenset().union(*(rhythm.sources() for rhythm, _ in rhythms))
    }
