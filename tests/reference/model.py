"""The reference model: Deskpulse's answers recomputed from the set of all events, slowly.

Reading order: `settings`, `events`, `judging` (which arrivals count), `ticket` (the steps and
simple facts of one ticket), `spans` (its durations and waits), `calendars` and `policies` (what
is promised), `runs` and `clocks` (what became of it), `facts` (what a ticket adds to each
total), and this module, which sums up. Written from the definitions alone, so that it can
disagree with the engine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from tests.reference.clocks import Instance, instances, rows
from tests.reference.events import format_time
from tests.reference.facts import DURATIONS, Fact, facts_of
from tests.reference.judging import Judged, judge, split
from tests.reference.policies import Policies
from tests.reference.settings import Settings
from tests.reference.spans import first_response, response_start, waiting_since
from tests.reference.ticket import Steps, walk

Arrivals = Iterable[Mapping[str, Any]]
Given = Mapping[str, Any] | Settings | None

TICKETS = ("created", "active", "resolved", "closed", "deleted", "merged", "orphan")
COUNTS = (
    "reopens",
    "transfers",
    "assignments",
    "priority_changes",
    "agent_replies",
    "requester_messages",
    "resolutions",
)
WINDOW_COUNTS = {
    "created": "created",
    "resolutions": "resolved",
    "reopens": "reopened",
    "transfers": "transferred",
    "agent_replies": "agent_replies",
}


def report(
    arrivals: Arrivals,
    *,
    settings: Given = None,
    as_of: int | None = None,
    rejected: Mapping[str, int] | None = None,
    sla: Mapping[str, Any] | Policies | None = None,
) -> dict[str, Any]:
    """The report (without `kpis`) on `arrivals`, parsed events in arrival order.

    `as_of` is in epoch milliseconds, inclusive; None means the highest time of an applied
    event. `rejected` counts arrivals that are no valid event, by reason. `sla` is the data of
    sla.yml; without it there is no part `sla`, and working time equals wall time.
    """
    settings = Settings.of(settings)
    judged = judge(arrivals, settings, rejected)
    as_of = judged.newest_ms() if as_of is None else as_of
    tickets = tickets_of(judged, settings, as_of)
    policies = None if sla is None else Policies.of(sla)
    facts = [fact for steps in tickets for fact in facts_of(steps, settings, as_of, policies)]
    return {
        "as_of": None if as_of is None else format_time(as_of),
        "events": _events(judged, facts),
        **summary(facts, settings.min_sample),
        "queue_depth": _queue_depth(tickets, facts, settings, as_of),
        "by": {name: _by(facts, name, settings) for name in ("queue", "priority", "channel")},
        **({} if policies is None else {"sla": rows(tickets, policies, settings, as_of)}),
    }


def waiting_now(arrivals: Arrivals, *, settings: Given = None, as_of: int) -> dict[str, int]:
    """Active tickets that wait for a reply at `as_of`, each with the time since when (ms)."""
    settings = Settings.of(settings)
    waits = {
        steps[0].event.subject: waiting_since(steps, settings)
        for steps in _active(arrivals, settings, as_of)
    }
    return {ticket: since for ticket, since in waits.items() if since is not None}


def unanswered_now(arrivals: Arrivals, *, settings: Given = None, as_of: int) -> set[str]:
    """Active tickets whose first-response clock has started and that have no first response."""
    settings = Settings.of(settings)
    return {
        steps[0].event.subject
        for steps in _active(arrivals, settings, as_of)
        if response_start(steps) and not first_response(steps, settings)
    }


def unassigned_now(arrivals: Arrivals, *, settings: Given = None, as_of: int) -> set[str]:
    """Active tickets without an assignee."""
    return {
        steps[0].event.subject
        for steps in _active(arrivals, Settings.of(settings), as_of)
        if steps[-1].after.attributes.get("assignee") is None
    }


def clocks_now(
    arrivals: Arrivals, *, sla: Mapping[str, Any] | Policies, settings: Given = None, as_of: int
) -> dict[str, list[Instance]]:
    """By subject: every instance of a clock that a policy has named, at `as_of`."""
    settings, policies = Settings.of(settings), Policies.of(sla)
    found: dict[str, list[Instance]] = {}
    for steps in tickets_of(judge(arrivals, settings), settings, as_of):
        own = instances(steps, policies, settings, as_of)
        found.setdefault(steps[0].event.subject, []).extend(own)
    return found


def windows(
    arrivals: Arrivals, *, settings: Given = None, now_ms: int, window_ms: int, step_ms: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """What happened in (floor(now, step) - window, now], by queue.

    `counts` of `created`, `resolved`, `reopened`, `transferred` and `agent_replies`;
    `durations_ms`, sorted, of `first_response` and `resolution` (every one, from the creation).
    Each stands under the queue right after its event and at the time of that event.
    """
    settings = Settings.of(settings)
    start_ms = now_ms - now_ms % step_ms - window_ms
    counts: dict[str, Counter[str]] = {name: Counter() for name in WINDOW_COUNTS.values()}
    durations: dict[str, dict[str, list[int]]] = {"first_response": {}, "resolution": {}}
    for steps in tickets_of(judge(arrivals, settings), settings, now_ms):
        for fact in facts_of(steps, settings, now_ms):
            if fact.time_ms <= start_ms:
                continue
            if fact.name in WINDOW_COUNTS:
                counts[WINDOW_COUNTS[fact.name]][fact.key("queue")] += 1
            if fact.name in {"first_response", "each_resolution"}:
                kind = fact.name.removeprefix("each_")
                durations[kind].setdefault(fact.key("queue"), []).append(fact.ms)
    sorted_durations = {
        kind: {queue: sorted(spans) for queue, spans in by_queue.items()}
        for kind, by_queue in durations.items()
    }
    return {"counts": {k: dict(c) for k, c in counts.items()}, "durations_ms": sorted_durations}


# Tickets


def tickets_of(judged: Judged, settings: Settings, as_of: int | None) -> list[Steps]:
    """Every ticket that has an event at or before `as_of`; a subject may have been several."""
    return [
        walk(events)
        for kept in judged.kept.values()
        for events in split(
            (e for e in kept if as_of is not None and e.time_ms <= as_of), settings.forgotten_ms
        )
    ]


def _active(arrivals: Arrivals, settings: Settings, as_of: int) -> list[Steps]:
    tickets = tickets_of(judge(arrivals, settings), settings, as_of)
    return [
        steps
        for steps in tickets
        if any(fact.name == "active" for fact in facts_of(steps, settings, as_of))
    ]


# Parts of the report


def _events(judged: Judged, facts: list[Fact]) -> dict[str, Any]:
    flags = judged.flags()
    flags["orphan"] = sum(fact.name == "orphan" for fact in facts)
    flags["skew"] = sum(fact.name == "skew" for fact in facts)
    return {
        "read": judged.read,
        "applied": judged.applied,
        "duplicate": judged.duplicate,
        "late": judged.late,
        "ignored": dict(judged.ignored),
        "rejected": dict(judged.rejected),
        "flags": dict(+flags),
    }


def summary(facts: Sequence[Fact], min_sample: int) -> dict[str, Any]:
    """`tickets`, `counts` and `durations` of some facts; those of few are marked."""
    found = Counter(fact.name for fact in facts)
    spans = {name: [fact for fact in facts if fact.name == name] for name in DURATIONS}
    durations = {name: marked([fact.ms for fact in own], min_sample) for name, own in spans.items()}
    for name, own in spans.items():
        durations[f"{name}_working"] = marked([fact.working_ms for fact in own], min_sample)
    return {
        "tickets": {name: found[name] for name in TICKETS},
        "counts": {name: found[name] for name in COUNTS},
        "durations": durations,
    }


def _by(facts: list[Fact], name: str, settings: Settings) -> dict[str, Any]:
    """The summary of the facts under each value of one attribute, `""` for none."""
    under: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.name in {*TICKETS, *COUNTS, *DURATIONS}:
            under.setdefault(fact.key(name), []).append(fact)
    return {value: summary(own, settings.min_sample) for value, own in under.items()}


def marked(spans_ms: list[int], min_sample: int) -> dict[str, Any]:
    """The distribution, and whether it is one of too few."""
    return {**distribution(spans_ms), "low_sample": len(spans_ms) < min_sample}


def distribution(spans_ms: list[int]) -> dict[str, float]:
    """Count, sum, mean, nearest-rank percentiles and maximum, in seconds; zeros when empty."""
    ranked = sorted(spans_ms) or [0]
    seconds = {
        "sum_s": sum(spans_ms) / 1000,
        "mean_s": sum(spans_ms) / len(ranked) / 1000,
        **{f"p{p}_s": ranked[-(-len(ranked) * p // 100) - 1] / 1000 for p in (50, 90, 99)},
        "max_s": ranked[-1] / 1000,
    }
    return {"count": len(spans_ms), **seconds}


def _queue_depth(
    tickets: list[Steps], facts: list[Fact], settings: Settings, as_of: int | None
) -> dict[str, Any]:
    active = [fact for fact in facts if fact.name == "active"]
    return {
        "now": len(active),
        "peak": _peak(tickets, settings, as_of),
        "by_queue": dict(Counter(fact.key("queue") for fact in active)),
        "by_status": dict(Counter(fact.attributes.get("status") or "new" for fact in active)),
        "by_priority": dict(Counter(fact.key("priority") for fact in active)),
        "by_channel": dict(Counter(fact.key("channel") for fact in active)),
    }


def _peak(tickets: list[Steps], settings: Settings, as_of: int | None) -> dict[str, Any]:
    """The highest number of active tickets at any instant up to `as_of`, and when it was first."""
    changes: Counter[int] = Counter()
    for steps in tickets:
        active = False
        for instant, at_once in groupby(steps, key=lambda step: step.time_ms):
            *_, last = at_once
            changes[instant] += last.after.active - active
            active = last.after.active
        if active:
            # The first millisecond at which the newest event is more than `forgotten` ago.
            changes[steps[-1].time_ms + settings.forgotten_ms + 1] -= 1
    value, depth, at = 0, 0, None
    for instant in sorted(changes):
        depth += changes[instant]
        if as_of is not None and instant <= as_of and depth > value:
            value, at = depth, format_time(instant)
    return {"value": value, "at": at}
