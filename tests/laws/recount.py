"""What the live sums should be: counted again from all events, by the reference model."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.core.aggregates import Oldest
from streams.core.processor import Processor
from streams.core.windows import COUNT, EDGES, SUM, WindowKey, step_of
from tests.laws.driving import canonical
from tests.reference.catalogue import TIMES, own_facts
from tests.reference.facts import Fact, facts_of
from tests.reference.judging import judge, split
from tests.reference.settings import Settings
from tests.reference.spans import first_response, response_start, waiting_since
from tests.reference.ticket import Step, Steps, walk

Arrivals = Iterable[Mapping[str, Any]]
Tickets = list[list[Step]]
Gauges = dict[str, dict[Any, Any]]

KINDS = {
    "created": "created",
    "resolutions": "resolved",
    "reopens": "reopened",
    "transfers": "transferred",
    "assignments": "assigned",
    "agent_replies": "agent_reply",
    "requester_messages": "requester_message",
    "first_response": "first_response",
    "pickup": "pickup",
    "each_resolution": "resolution",
}
"""What windows count: the reference's name of a fact, and the engine's."""
DURATIONS = {"first_response", "pickup", "each_resolution"}
ELAPSED = {"next_reply", "requester_wait", "agent_work", "ownership"}

CATALOGUE = {
    **{
        name: name
        for name in (
            *("outcome", "one_touch", "two_touch", "multi_touch", "complexity"),
            *("complexity_estimated", "cohort_resolved", "same_day", "proactive"),
            *("first_contact", "first_contact_judged", "first_contact_unknown"),
            *("csat", "nps", "ces", "csat_sent", "nps_sent", "ces_sent"),
            *("csat_answered", "nps_answered", "ces_answered", "followed_up"),
            *("handled", "touched", "interaction", "talked", "unrecorded", "labour"),
            *("turned", "conflict_resolved", "conflict_csat", "conflict_satisfied"),
        )
    },
    "replies": "outcome_replies",
    "transferred": "outcome_moved",
    "queue_stations": "outcome_queues",
    "assignee_stations": "outcome_assignees",
    "people": "outcome_people",
    "moves": "moved",
    "escalations": "escalated",
    "resolved": "resolved_once",
    "contacts": "contact",
    "with_bot": "bot_ticket",
    "contained": "bot_contained",
    "satisfied": "csat_satisfied",
    "promoters": "promoter",
    "detractors": "detractor",
    "low_scores": "low_score",
    "reviews": "review",
    "reviewed": "reviewed_ticket",
    "criteria": "reviewed_criterion",
    "errors": "review_errors",
    "conflicts": "conflict",
    "criterion": "criterion",
}
"""What windows count of the catalogue besides `TIMES`."""
VALUES = {
    **dict.fromkeys(("replies", "transferred", "queue_stations", "assignee_stations"), 1_000),
    **dict.fromkeys(("people", "complexity", "csat", "nps", "ces", "conflict_csat"), 1_000),
    **dict.fromkeys(("handled", "interaction", "unrecorded", "criteria", "errors"), 1_000),
    "criterion": 1_000,
    "labour": 1_000_000,
}
"""Those whose values are summed, with the parts of one in which windows do it."""


def tickets(arrived: Arrivals, settings: Settings) -> Tickets:
    """The newest ticket of each subject: an older one is forgotten."""
    kept = judge(canonical(arrived), settings).kept.values()
    return [walk(split(events, settings.forgotten_ms)[-1]) for events in kept]


def window(found: Tickets, settings: Settings, now_ms: int, span_ms: int) -> Counter[WindowKey]:
    """The sums over (floor(now, step) - span, now]."""
    start_ms = now_ms - now_ms % step_of(span_ms) - span_ms
    return _sums(f for f in _facts(found, settings) if start_ms < f.time_ms <= now_ms)


def catalogue_window(
    found: Tickets, settings: Settings, now_ms: int, span_ms: int
) -> Counter[WindowKey]:
    """The same for the kinds of the catalogue."""
    start_ms = now_ms - now_ms % step_of(span_ms) - span_ms
    sums: Counter[WindowKey] = Counter()
    for fact in (fact for steps in found for fact in _catalogue_facts(steps, settings)):
        if start_ms < fact.time_ms <= now_ms:
            sums.update(_catalogued(fact))
    return Counter({key: amount for key, amount in sums.items() if amount})


def _catalogue_facts(steps: Steps, settings: Settings) -> Iterator[Fact]:
    yield from own_facts(steps, settings)
    yield from (
        fact for fact in facts_of(steps, settings, None) if fact.name in {"resolved", *ELAPSED}
    )


def _catalogued(fact: Fact) -> dict[WindowKey, int]:
    queue = fact.key("queue")
    if fact.name in TIMES or fact.name in ELAPSED:
        return {(fact.name, queue, COUNT): 1, (fact.name, queue, SUM): fact.ms}
    if fact.name not in CATALOGUE:
        return {}
    kind = CATALOGUE[fact.name]
    if kind == "criterion":
        queue = fact.part[1]
    parts = VALUES.get(fact.name, 0)
    return {(kind, queue, COUNT): 1, (kind, queue, SUM): round(fact.value * parts)}


def everything(found: Tickets, settings: Settings) -> Counter[WindowKey]:
    """The sums since ever."""
    return _sums(_facts(found, settings))


def _sums(facts: Iterable[Fact]) -> Counter[WindowKey]:
    sums: Counter[WindowKey] = Counter()
    for fact in facts:
        if fact.name in KINDS:
            kind, queue = KINDS[fact.name], fact.key("queue")
            sums[kind, queue, COUNT] += 1
            if fact.name in DURATIONS:
                sums[kind, queue, bisect_left(EDGES, fact.ms)] += 1
                sums[kind, queue, SUM] += fact.ms
    return +sums


def gauges(found: Tickets, settings: Settings) -> Gauges:
    """Active tickets by labels and status; the instants since when something is owed."""
    active: Counter[tuple[str, ...]] = Counter()
    segments: Counter[str] = Counter()
    unassigned: Counter[str] = Counter()
    owed: dict[str, dict[tuple[str, str], list[int]]] = {"unanswered": {}, "waiting": {}}
    for steps in (steps for steps in found if steps[-1].after.active):
        state = steps[-1].after
        queue, priority, channel = (
            str(state.attributes.get(name) or "") for name in ("queue", "priority", "channel")
        )
        active[queue, priority, channel, state.status] += 1
        segments[str(state.attributes.get("segment") or "")] += 1
        unassigned[queue] += "assignee" not in state.attributes
        start = response_start(steps)
        if start is not None and first_response(steps, settings) is None:
            owed["unanswered"].setdefault((queue, priority), []).append(start.time_ms)
        since = waiting_since(steps, settings)
        if since is not None:
            owed["waiting"].setdefault((queue, priority), []).append(since)
    counted: Gauges = {"active": dict(active), "segments": dict(segments)}
    return {**counted, "unassigned": dict(+unassigned), **_sorted(owed)}


def live_gauges(processor: Processor) -> Gauges:
    """The same of the engine."""
    now = processor.now
    owed = {"unanswered": now.unanswered, "waiting": now.waiting}
    return {
        "active": dict(now.active),
        "segments": dict(now.segments),
        "unassigned": dict(now.unassigned),
        **_sorted({name: {k: _instants(v) for k, v in by.items()} for name, by in owed.items()}),
    }


def live_windows(processor: Processor) -> dict[int, Counter[WindowKey]]:
    """The engine's windows by span."""
    processor.settle()
    kinds = set(KINDS.values())
    return {
        window.span: Counter({key: n for key, n in window.totals.items() if key[0] in kinds})
        for window in processor.windows.windows
    }


def live_catalogue(processor: Processor) -> dict[int, Counter[WindowKey]]:
    """The engine's windows by span, of the kinds of the catalogue."""
    processor.settle()
    kinds = {*TIMES, *ELAPSED, *CATALOGUE.values()}
    return {
        window.span: Counter({key: n for key, n in window.totals.items() if key[0] in kinds})
        for window in processor.windows.windows
    }


def _facts(found: Tickets, settings: Settings) -> Iterator[Fact]:
    for steps in found:
        yield from facts_of(steps, settings, None)


def _instants(oldest: Oldest) -> list[int]:
    return [at for at, count in oldest._counts.items() for _ in range(count)]


def _sorted(owed: Mapping[str, Mapping[tuple[str, str], list[int]]]) -> Gauges:
    return {
        name: {labels: sorted(instants) for labels, instants in by.items() if instants}
        for name, by in owed.items()
    }
