"""The report: every figure of CONTRACTS section 5, recounted from the records.

The records are the truth. The report folds each of them again up to `as_of` and sums the
facts, so it owes nothing to the incremental sums of the live worker - and law 4 may compare
the two. It is the same whoever kept the records: one worker, three, or a replay of a file.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from streams.core import facts as fact
from streams.core import promises
from streams.core.clocks import STATES
from streams.core.facts import Fact
from streams.core.fold import fold, settle, state_facts
from streams.core.instants import format_rfc3339
from streams.core.policies import Policies
from streams.core.processor import Outcome, Tallied
from streams.core.record import Packing, Record, checkpoint_of, remembered
from streams.core.settings import Settings
from streams.core.tally import Distribution, Tally
from streams.core.ticket import DIMENSIONS, Ticket

TICKETS: Final = {
    "created": fact.CREATED,
    "active": fact.ACTIVE,
    "resolved": fact.RESOLVED_ONCE,
    "closed": fact.CLOSED,
    "deleted": fact.DELETED,
    "merged": fact.MERGED,
    "orphan": fact.ORPHAN,
}
"""Report key -> kind of fact: tickets counted once each."""
COUNTS: Final = {
    "reopens": fact.REOPENED,
    "transfers": fact.TRANSFERRED,
    "assignments": fact.ASSIGNED,
    "priority_changes": fact.PRIORITY_CHANGED,
    "agent_replies": fact.AGENT_REPLY,
    "requester_messages": fact.REQUESTER_MESSAGE,
    "resolutions": fact.RESOLVED,
}
"""Report key -> kind of fact: things that happened, each time."""
DURATIONS: Final = {
    "first_response": fact.FIRST_RESPONSE,
    "pickup": fact.PICKUP,
    "first_resolution": fact.FIRST_RESOLUTION,
    "full_resolution": fact.FULL_RESOLUTION,
}
"""Report key -> kind of fact: how long things took, from their start."""


class TooOldError(ValueError):
    """The report asks for an instant whose events are squashed into checkpoints already."""


@dataclass(slots=True)
class Books:
    """What the partitions of one application hold together."""

    records: dict[str, Record] = field(default_factory=dict)
    settled: Tally = field(default_factory=Tally)
    outcomes: Tallied = field(default_factory=Counter)

    @property
    def newest(self) -> int | None:
        """The highest time of an applied event; `None` where there is none."""
        tickets = (record.ticket for record in self.records.values())
        # A ticket that was redacted before its first event has none.
        return max((t.last_at for t in tickets if t.first_at is not None), default=None)


@dataclass(slots=True)
class _Count:
    """One pass over the records."""

    settings: Settings
    packing: Packing
    as_of: int
    live: Tally = field(default_factory=Tally)
    settled: Tally = field(default_factory=Tally)
    flips: Counter[int] = field(default_factory=Counter)
    depth: Counter[tuple[str, str]] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    open_now: Counter[str] = field(default_factory=Counter)
    oldest: dict[str, int] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count one ticket as it was at `as_of`."""
        base, past, flips = checkpoint_of(record, self.settings, self.packing)
        if base.last_at > self.as_of and not record.redacted:
            raise TooOldError(
                "as-of is older than the history kept: events up to "
                f"{format_rfc3339(base.last_at)} are squashed into checkpoints"
            )
        facts: list[Fact] = []
        events = [e for e in self.packing.unpack(record.history) if e.at <= self.as_of]
        ticket = fold(events, self.settings, facts, base)
        if ticket.first_at is None:
            return
        if self.as_of - ticket.last_at > self.settings.forgotten:
            settle(ticket, self.settings, facts)
            self.settled.merge(past)
            self.settled.add(remembered(facts))
            return
        facts += state_facts(ticket, self.settings)
        facts += promises.settled(ticket, self.as_of)
        self.live.merge(past)
        self.live.add(facts)
        for index, at in enumerate(flips):
            self.flips[at] += 1 if index % 2 == 0 else -1
        for item in facts:
            if item.kind in {fact.ENTERED, fact.LEFT}:
                self.flips[item.at] += 1 if item.kind == fact.ENTERED else -1
        self.flags["squashed_early"] += record.squashed_early
        if ticket.active:
            self._now(ticket)

    def _now(self, ticket: Ticket) -> None:
        self.live.add((Fact(fact.ACTIVE, self.as_of, ticket.cell),))
        self.depth["by_status", ticket.status or "new"] += 1
        for name, value in zip(DIMENSIONS, ticket.cell, strict=True):
            self.depth[f"by_{name}", value] += 1
        self.open_now["unassigned"] += ticket.assignee is None
        for name, since in (
            ("unanswered", ticket.unanswered_since),
            ("unattended", ticket.waiting_since),
        ):
            if since is not None:
                self.open_now[name] += 1
                self.oldest[name] = min(since, self.oldest.get(name, since))


def report(books: Books, settings: Settings, packing: Packing, as_of: int) -> dict[str, Any]:
    """The report as JSON values; times RFC 3339, durations in seconds.

    Raises `TooOldError` when `as_of` lies before the oldest history kept.
    """
    count = _Count(settings, packing, as_of)
    for record in books.records.values():
        count.add(record)
    count.settled.merge(books.settled)
    count.settled.compact()
    count.live.merge(count.settled)
    count.flags["merge_cycle"] += _merge_cycles(books.records)
    tally = count.live
    overall = _figures(tally, settings)
    count.flags["orphan"] += overall["tickets"]["orphan"]
    count.flags["skew"] += sum(n for (kind, _), n in tally.counts.items() if kind == fact.SKEWED)
    return {
        "as_of": format_rfc3339(as_of),
        "events": _events(books.outcomes, count.flags),
        **overall,
        "queue_depth": _queue_depth(count),
        "sla": _sla(tally, settings.policies),
        "by": {name: _by(tally, place, settings) for place, name in enumerate(DIMENSIONS)},
        "kpis": _kpis(overall),
    }


def _events(outcomes: Tallied, derived: Mapping[str, int]) -> dict[str, Any]:
    """How many arrivals came to what, by reason; and what was flagged."""
    by_outcome: Counter[str] = Counter()
    reasons: dict[str, dict[str, int]] = {"ignored": {}, "rejected": {}, "flag": {}}
    for (outcome, reason), number in sorted(outcomes.items()):
        if outcome in reasons:
            reasons[outcome][reason] = number
        if outcome != "flag":
            by_outcome[outcome] += number
    flags = dict(reasons["flag"])
    for name, number in derived.items():
        if number or name == "orphan":
            flags[name] = flags.get(name, 0) + number
    return {
        "read": by_outcome.total(),
        "applied": by_outcome[Outcome.APPLIED],
        "duplicate": by_outcome[Outcome.DUPLICATE],
        "late": by_outcome[Outcome.LATE],
        "ignored": reasons["ignored"],
        "rejected": reasons["rejected"],
        "flags": flags,
    }


def _sla(tally: Tally, policies: Policies) -> list[dict[str, Any]]:
    """One row for each policy and clock: the instances by state, and where the budget went."""
    rows: dict[tuple[str, str], dict[str, Any]] = {
        pair: {
            "policy": pair[0],
            "clock": pair[1],
            "started": 0,
            **dict.fromkeys(STATES, 0),
            "spent_s": {part: {} for part in fact.SPENT},
        }
        for pair in dict.fromkeys((*policies.pairs, *_promised(tally)))
    }
    for (kind, (policy, clock, value)), number in sorted(tally.counts.items()):
        if kind == fact.PROMISE:
            rows[policy, clock]["started"] += number
            rows[policy, clock][value] += number
        elif kind in _PARTS:
            rows[policy, clock]["spent_s"][_PARTS[kind]][value] = number / 1000
    return list(rows.values())


def _promised(tally: Tally) -> list[tuple[str, str]]:
    """Pairs of policy and clock that instances were counted under, also of policies long gone."""
    return sorted({(cell[0], cell[1]) for kind, cell in tally.counts if kind == fact.PROMISE})


_PARTS: Final = {kind: part for part, kind in fact.SPENT.items()}
_OF_CLOCKS: Final = frozenset({fact.PROMISE, *_PARTS})


def _figures(tally: Tally, settings: Settings) -> dict[str, Any]:
    """Tickets, counts and durations of all labels together."""
    totals: Counter[str] = Counter()
    for (kind, _), number in tally.counts.items():
        totals[kind] += number
    durations: dict[str, Any] = {}
    for name, kind in DURATIONS.items():
        durations[name] = _duration(tally, kind)
        # Without a policy there is no calendar, and working time is wall time.
        working = fact.WORKING[kind] if settings.policies else kind
        durations[f"{name}_working"] = _duration(tally, working)
    return {
        "tickets": {name: totals[kind] for name, kind in TICKETS.items()},
        "counts": {name: totals[kind] for name, kind in COUNTS.items()},
        "durations": durations,
    }


def _duration(tally: Tally, kind: str) -> dict[str, float]:
    values = Distribution()
    for (each, _), some in tally.durations.items():
        if each == kind:
            values.merge(some)
    number = values.count
    if not number:
        names = ("sum_s", "mean_s", "p50_s", "p90_s", "p99_s", "max_s")
        return {"count": 0, **dict.fromkeys(names, 0.0)}
    p50, p90, p99 = values.percentiles(0.5, 0.9, 0.99)
    return {
        "count": number,
        "sum_s": values.sum / 1000,
        "mean_s": values.sum / number / 1000,
        "p50_s": p50 / 1000,
        "p90_s": p90 / 1000,
        "p99_s": p99 / 1000,
        "max_s": values.max / 1000,
    }


def _by(tally: Tally, place: int, settings: Settings) -> dict[str, Any]:
    """The figures for each value of one dimension."""
    parts: dict[str, Tally] = {}
    for (kind, cell), number in tally.counts.items():
        if kind not in _OF_CLOCKS:
            parts.setdefault(cell[place], Tally()).counts[kind, cell] = number
    for key, values in tally.durations.items():
        parts[key[1][place]].durations[key] = values
    return {value: _figures(part, settings) for value, part in sorted(parts.items())}


def _queue_depth(count: _Count) -> dict[str, Any]:
    depth = peak = 0
    peak_at: int | None = None
    for at in sorted(count.flips):
        depth += count.flips[at]
        if depth > peak:
            peak, peak_at = depth, at
    found: dict[str, Any] = {
        "now": sum(n for (key, _), n in count.depth.items() if key == "by_status"),
        "peak": {"value": peak, "at": None if peak_at is None else format_rfc3339(peak_at)},
    }
    for name in ("queue", "status", "priority", "channel"):
        key = f"by_{name}"
        found[key] = {v: n for (k, v), n in sorted(count.depth.items()) if k == key}
    for name in ("unassigned", "unanswered", "unattended"):
        found[name] = count.open_now[name]
    for name in ("unanswered", "unattended"):
        since = count.oldest.get(name)
        found[f"oldest_{name}"] = None if since is None else format_rfc3339(since)
    return found


def _kpis(overall: Mapping[str, Any]) -> dict[str, Any]:
    """Rates of the whole log, with the counts they come from."""
    created, resolved = overall["tickets"]["created"], overall["counts"]["resolutions"]
    reopens = overall["counts"]["reopens"]
    return {
        "flow": {
            "inflow": created,
            "outflow": resolved,
            "net_flow": created - resolved,
            "clearance_ratio": resolved / created if created else None,
        },
        "reopen_rate": {
            "value": reopens / resolved if resolved else None,
            "reopens": reopens,
            "resolutions": resolved,
        },
    }


def _merge_cycles(records: Mapping[str, Record]) -> int:
    """How many rings of tickets were merged into each other."""
    into = {name: r.ticket.merged_into for name, r in records.items() if r.ticket.merged_into}
    seen: set[str] = set()
    cycles = 0
    for start in into:
        path: set[str] = set()
        ticket: str | None = start
        while ticket is not None and ticket in into and ticket not in seen:
            seen.add(ticket)
            path.add(ticket)
            ticket = into[ticket]
        cycles += ticket in path
    return cycles
