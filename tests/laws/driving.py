"""The engine, driven the way a worker drives it, and its report made comparable.

Events are the CloudEvents dicts of `tests.strategies`. They go through the real decoder, so
the laws hold from the bytes on; what a worker keeps outside the processor (its changelog and
its committed position) is a `Partition` here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from zlib import crc32

import orjson

from streams.core import record as records
from streams.core.announcing import Transition
from streams.core.events import Arrival
from streams.core.processor import Processor, Verdict
from streams.core.report import Books, report
from streams.core.settings import (
    Credit,
    FixedCost,
    QueueSettings,
    ResolutionAt,
    ResponseSignal,
    Settings,
    SourceSettings,
)
from streams.wire import packing
from streams.wire.cloudevents import decode_line
from streams.wire.pressing import the_press
from tests import promised
from tests.reference import model
from tests.reference.facts import DURATIONS
from tests.reference.judging import judge
from tests.reference.settings import Settings as ReferenceSettings

CloudEvent = Mapping[str, Any]
Report = dict[str, Any]

COMPARED_FLAGS = ("conflict", "orphan", "skew")
"""Flags that are facts of the tickets. The engine counts the others (`unknown_enum`, ...) on
every arrival that carries them, the reference on the events that count."""

WALL_MS = 4_102_444_800_000
"""2100: no event of a test is in the future of the decoder."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The same settings twice: for the engine and for the reference model."""

    engine: Settings
    reference: ReferenceSettings
    sla: promised.Sla | None = None
    """What is promised (`tests.promised.slas`); without it there are no clocks."""

    @classmethod
    def of(
        cls,
        chosen: Mapping[str, Any] | None = None,
        sla: promised.Sla | None = None,
        **engine: Any,
    ) -> Self:
        """`chosen` are settings of the reference model (`tests.strategies.settings`).

        `engine` are settings of the engine; horizons among them hold for both.
        """
        if sla is not None:
            engine["policies"] = promised.policies(sla)
        shared = {
            f"{name}_ms": engine[name]
            for name in ("apply_within", "future_skew", "forgotten")
            if name in engine
        }
        given = ReferenceSettings(**{**(chosen or {}), **shared})
        sources = tuple(
            (
                pattern,
                SourceSettings(
                    ResponseSignal(options.get("response_signal", "reply")),
                    ResolutionAt(options.get("resolution_at", "resolved")),
                ),
            )
            for pattern, options in given.sources
        )
        return cls(Settings(**{**_of_engine(given), "sources": sources, **engine}), given, sla)


def _of_engine(given: ReferenceSettings) -> dict[str, Any]:
    """The reference model's settings, but horizons and sources, as the engine names them."""
    same = (
        *("count_bots", "count_automatic", "zone", "count_reopened", "fcr_basis"),
        *("currency", "rates", "min_sample"),
    )
    return {name: getattr(given, name) for name in same} | {
        "credit": Credit(given.credit),
        "queues": {name: QueueSettings(**queue) for name, queue in given.queues.items()},
        "by_department": given.transfer_level == "department",
        "mature_after": given.mature_after_ms,
        "fcr_window": given.fcr_window_ms,
        "contact_gap": given.contact_gap_ms,
        "repeat_window": given.repeat_window_ms,
        "low_is_easy": given.ces_direction == "low_easy",
        "satisfied": tuple((*scale, least) for scale, least in given.satisfied.items()),
        "conflict_since_creation": given.conflict_clock == "created",
        "hourly_rates": {
            "" if name == "default" else name: int(amount * 1_000_000)
            for name, amount in given.hourly.items()
        },
        "fixed_costs": tuple(FixedCost(*fixed) for fixed in given.fixed),
        "cost_per": given.contact,
        "periods": tuple(given.periods),
        "snapshots": tuple((name, *at) for name, at in given.snapshots.items()),
    }


def decoded(events: Iterable[CloudEvent], settings: Settings) -> list[Arrival]:
    """The arrivals these events are; one without `data` gets an empty one."""
    return [
        decode_line(
            orjson.dumps({"data": {}, **event}), now_ms=WALL_MS, future_skew_ms=settings.future_skew
        )
        for event in events
    ]


def canonical(events: Iterable[CloudEvent]) -> list[CloudEvent]:
    """The events for the reference model, which compares `data` as it is written.

    Of two events with one order key the one with the lowest `data` counts: for the engine, as
    JSON with sorted keys and with closed lists mapped.
    """
    return [
        orjson.loads(orjson.dumps(event, option=orjson.OPT_SORT_KEYS).replace(UNKNOWN, OTHER))
        for event in events
    ]


UNKNOWN, OTHER = b'"unheard_of"', b'"other"'


def restored(settings: Settings, changelog: Mapping[bytes, bytes | None]) -> Processor:
    """A processor that has taken over a changelog."""
    processor = Processor(settings, packing, press=the_press())
    for _ in processor.restore(dict(changelog)):
        pass
    return processor


@dataclass(slots=True)
class Partition:
    """One source partition: its arrivals, its changelog, its committed position."""

    settings: Settings
    log: list[Arrival] = field(default_factory=list)
    changelog: dict[bytes, bytes | None] = field(default_factory=dict)
    committed: int = 0
    said: list[Transition] = field(default_factory=list)
    """What was said of clocks, and has left the worker."""
    processor: Processor = field(init=False)

    def __post_init__(self) -> None:
        self.processor = Processor(self.settings, packing, press=the_press())

    @property
    def left(self) -> int:
        """How many arrivals were not read yet (or have to be read again)."""
        return len(self.log) - self.processor.position

    def read(self, count: int | None = None) -> list[Verdict]:
        """Apply the next `count` arrivals as one batch; all that are left by default."""
        start = self.processor.position
        end = len(self.log) if count is None else min(len(self.log), start + count)
        verdicts = self.processor.apply(list(enumerate(self.log[start:end], start)))
        self.rest()
        return verdicts

    def rest(self) -> None:
        """Lay all tickets down that may rest: those that had no event in the last batch."""
        self.processor.look_for_rest()
        self.processor.rest(self.processor.awake)

    def catch_up(self) -> None:
        """After a crash, read again all that was read once."""
        while self.processor.position <= self.processor._counted_to:
            self.read(1)

    def advance(self, ahead: int) -> None:
        """Move effective now to so long after the newest event."""
        if self.processor.newest is not None:
            self.processor.advance(self.processor.newest + ahead)

    def commit(self) -> None:
        """Make all changes durable, then the position."""
        cut = self.processor.cut()
        self.changelog.update(cut.writes)
        self.said += cut.transitions
        self.committed = cut.position

    def crash(self, share: float = 0.0) -> None:
        """Die while committing, with a first share of the writes durable, and start again.

        0 is what a lost transaction leaves; 1 lacks nothing but the position. Without
        transactions what was to be said has left before all writes.
        """
        cut = self.processor.cut()
        self.changelog.update(cut.writes[: round(share * len(cut.writes))])
        if share:
            self.said += cut.transitions
        self.processor = restored(self.settings, self.changelog)
        self.processor.position = self.committed

    def reconfigure(self, settings: Settings) -> None:
        """Stop, and start again with other settings."""
        self.commit()
        self.settings = settings
        self.processor = restored(settings, self.changelog)
        self.processor.position = self.committed

    def squash(self) -> None:
        """Squash what no event on time can precede, long before it is due."""
        for record in self.processor.wake().values():
            before = record.ticket.last_at - self.settings.horizon
            created_at = record.ticket.created_at
            if record.history and created_at is not None and created_at < before:
                records.squash(record, self.settings, packing, before)

    def assert_nothing_vanished(self) -> None:
        """Read = applied + duplicate + late + ignored + rejected."""
        outcomes = self.processor.outcomes + self.processor._fresh_outcomes
        judged = sum(n for (outcome, _), n in outcomes.items() if outcome != "flag")
        # What is read again after a crash was counted when it was read first.
        assert judged == max(self.processor.position, self.processor._counted_to + 1)

    def books(self) -> Books:
        """What this partition holds, cut as a worker would."""
        self.commit()
        processor = self.processor
        return Books(processor.wake(), processor.settled, processor.outcomes)


def engine(events: Sequence[CloudEvent], rules: Rules, batches: Iterable[int] = ()) -> Partition:
    """One partition that has read all events, in batches of these sizes and the rest at once."""
    partition = Partition(rules.engine, decoded(events, rules.engine))
    for size in batches:
        partition.read(size)
    partition.read()
    return partition


def partitions_of(events: Sequence[CloudEvent], count: int, settings: Settings) -> list[Partition]:
    """`count` partitions with these events to read, each where its key leads."""
    partitions = [Partition(settings) for _ in range(count)]
    for event, arrival in zip(events, decoded(events, settings), strict=True):
        partitions[crc32(event["subject"].encode()) % count].log.append(arrival)
    return partitions


def merged(books: Iterable[Books]) -> Books:
    """The books of all partitions of an application."""
    whole = Books()
    for one in books:
        assert whole.records.keys().isdisjoint(one.records)
        whole.records.update(one.records)
        whole.settled.merge(one.settled)
        whole.outcomes.update(one.outcomes)
    return whole


# Reports


def engine_report(books: Books, rules: Rules, as_of: int | None = None) -> Report:
    """The engine's report, comparable; by default as of the newest event applied."""
    as_of = books.newest if as_of is None else as_of
    if as_of is None:
        return {}
    found = report(books, rules.engine, packing, as_of)
    depth = found["queue_depth"]
    found["queue_depth"] = {name: depth[name] for name in ("now", "peak", *_BY)}
    found = {name: found[name] for name in _SHARED}
    found["by"] = {name: _plain(parts) for name, parts in found["by"].items() if name in _DRAWN}
    found |= _figures(found)
    if rules.sla is None:
        del found["sla"]
    else:
        found["sla"] = _rows(found["sla"])
    return comparable(found)


def reference_report(
    arrived: Sequence[CloudEvent], rules: Rules, as_of: int | None = None
) -> Report:
    """The reference model's report, comparable.

    Its peak is recounted over the tickets the engine keeps: a forgotten one has left them.
    """
    settings, arrived = rules.reference, canonical(arrived)
    found = model.report(arrived, settings=settings, as_of=as_of, sla=rules.sla)
    if rules.sla is not None:
        found["sla"] = _rows(found["sla"])
    kept = judge(arrived, settings).kept
    newest = {name: max(e.time_ms for e in events) for name, events in kept.items() if events}
    if not newest:
        return {}
    now = max(newest.values()) if as_of is None else as_of
    remembered = {name for name, at in newest.items() if at >= now - settings.forgotten_ms}
    if len(remembered) < len(newest):
        of_kept = [event for event in arrived if event["subject"] in remembered]
        found["queue_depth"]["peak"] = model.report(of_kept, settings=settings, as_of=now)[
            "queue_depth"
        ]["peak"]
    return comparable(found)


def comparable(found: Mapping[str, Any], flags: Collection[str] = COMPARED_FLAGS) -> Report:
    """A report without its zeros and empty parts, and with the flags that both count alike."""
    events = found["events"]
    kept = {name: events["flags"].get(name, 0) for name in flags}
    return _without_zeros({**found, "events": {**events, "flags": kept}})


def _rows(sla: Iterable[Mapping[str, Any]]) -> list[Report]:
    """The rows of `sla`, sorted: the states. Budgets have laws of their own, as attainment has."""
    rows = ({name: n for name, n in row.items() if name not in _JUDGED} for row in sla)
    return sorted(rows, key=lambda row: (row["policy"], row["clock"]))


_JUDGED = {"spent_s", "attainment", "low_sample", "objective", "periods"}


def catalogue_report(books: Books, rules: Rules, as_of: int | None = None) -> Report:
    """The rest of the engine's report: KPIs, periods and what goes with them."""
    as_of = books.newest if as_of is None else as_of
    if as_of is None:
        return {}
    found = report(books, rules.engine, packing, as_of)
    return {name: part for name, part in found.items() if name not in _SHARED - {"by"}}


def _plain(parts: Mapping[str, Report]) -> Report:
    return {value: _figures(figures) for value, figures in parts.items()}


def _figures(found: Report) -> Report:
    """Tickets, counts and the durations that the reference model has, too."""
    durations = found["durations"]
    names = [f"{name}{kind}" for name in DURATIONS for kind in ("", "_working")]
    return {
        "tickets": found["tickets"],
        "counts": found["counts"],
        "durations": {name: durations[name] for name in names},
    }


_SHARED = frozenset(
    {"as_of", "events", "tickets", "counts", "durations", "queue_depth", "sla", "by"}
)
"""What the reference model reports, too."""
_DRAWN = frozenset({"queue", "priority", "channel"})
_BY = ("by_queue", "by_status", "by_priority", "by_channel")


def _without_zeros(value: Mapping[str, Any]) -> Report:
    pruned = {
        name: _without_zeros(inner) if isinstance(inner, Mapping) else inner
        for name, inner in value.items()
    }
    kept = {name: inner for name, inner in pruned.items() if inner}
    return kept if kept.keys() - {"low_sample"} else {}
