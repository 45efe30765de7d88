"""The report: every figure of CONTRACTS section 5, from a recount of the records."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from streams.core import facts as fact
from streams.core.attained import of_promises, sla_rows
from streams.core.clientele import NOBODY, Clientele
from streams.core.contrast import NOWHERE, Elsewhere
from streams.core.costs import costs
from streams.core.happened import Judge, plain
from streams.core.hours import bands
from streams.core.instants import format_rfc3339
from streams.core.kpis import DURATIONS, KPIS, measure
from streams.core.periods import figures_by_period, snapshots, snapshots_by_queue
from streams.core.processor import Outcome, Tallied
from streams.core.record import Packing, Record
from streams.core.recount import Books, Recount, TooOldError
from streams.core.scorecards import Asked
from streams.core.settings import Settings
from streams.core.sums import SLICED, Slices, Sums

__all__ = ("Books", "TooOldError", "figures", "report", "report_of")

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


def report(
    books: Books,
    settings: Settings,
    packing: Packing,
    as_of: int,
    *,
    judge: Judge = plain,
    elsewhere: Mapping[str, Elsewhere] = NOWHERE,
    clientele: Clientele = NOBODY,
) -> dict[str, Any]:
    """The report as JSON values; times RFC 3339, durations in seconds.

    `judge` says of a before and an after how sure their difference is; `elsewhere` has measures
    of agents and customers by name, `clientele` what is known of requesters. Raises `TooOldError`
    when `as_of` lies before the oldest history kept.
    """
    count, asked = recounted(books, settings, packing, as_of, clientele)
    return report_of(count, asked, books, judge=judge, elsewhere=elsewhere)


def recounted(
    books: Books,
    settings: Settings,
    packing: Packing,
    as_of: int,
    clientele: Clientele = NOBODY,
) -> tuple[Recount, Asked]:
    """The recount of these books, and what scorecards asked of it; errors as of `report`."""
    asked = Asked(settings, books, as_of, clientele)
    each = asked.each
    return Recount(
        books, settings, packing, as_of, *asked.slices, each=each, clientele=clientele
    ), asked


def report_of(
    count: Recount,
    asked: Asked,
    books: Books,
    *,
    judge: Judge = plain,
    elsewhere: Mapping[str, Elsewhere] = NOWHERE,
) -> dict[str, Any]:
    """The report from a recount of these books."""
    settings, as_of = count.settings, count.as_of
    whole = count.slices.whole()
    count.flags["merge_cycle"] += _merge_cycles(books.records)
    count.flags["orphan"] += whole.counts[fact.ORPHAN]
    count.flags["skew"] += whole.counts[fact.SKEWED]
    overall = figures(whole, settings)
    promised = of_promises(count)
    return {
        "as_of": format_rfc3339(as_of),
        "events": _events(books.outcomes, count.flags),
        **overall,
        "queue_depth": _queue_depth(count),
        "sla": sla_rows(count, promised),
        "by": {
            name: _by(count.slices, name, settings)
            for name in (*SLICED, *count.clientele.dimensions)
        },
        "kpis": _kpis(count, overall, settings),
        "periods": figures_by_period(count, figures),
        "volume": count.hours.volume(),
        "movers": count.hours.movers(),
        "hours_bands": bands(
            count.hours, settings, lambda sums, kind: _duration(sums, kind, settings.min_sample)
        ),
        "drivers": count.drivers.report(settings.min_sample),
        **asked.answer(count, judge, {**promised, **elsewhere}),
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


def figures(sums: Sums, settings: Settings, *, every: bool = True) -> dict[str, Any]:
    """Tickets, counts, durations and KPIs; without `every`, KPIs only where there are any."""
    durations: dict[str, Any] = {}
    for one in DURATIONS:
        name, kind = one.name, one.kind
        working = fact.WORKING.get(kind)
        if every or working or kind in sums.durations:
            durations[name] = _duration(sums, kind, settings.min_sample)
        if working:
            # Without a policy there is no calendar, and working time is wall time.
            kind = working if settings.policies else kind
            durations[f"{name}_working"] = _duration(sums, kind, settings.min_sample)
    return {
        "tickets": {name: sums.counts[kind] for name, kind in TICKETS.items()},
        "counts": {name: sums.counts[kind] for name, kind in COUNTS.items()},
        "durations": durations,
        "kpis": _measured(sums, settings, every=every),
    }


def figures_of_agents(count: Recount) -> dict[str, list[dict[str, Any]]]:
    """By agent the figures of the last days and of those before (`streams.core.progress`).

    Depth is of now, and no figure of a period.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for name, sides in count.progress.sums.items():
        found[name] = [figures(one, count.settings, every=False) for one in sides]
        for one in found[name]:
            one["kpis"].pop("resolved_of_all", None)
    return found


def _duration(sums: Sums, kind: str, min_sample: int) -> dict[str, Any]:
    values = sums.durations.get(kind)
    number = 0 if values is None else values.count
    if values is None or not number:
        names = ("sum_s", "mean_s", "p50_s", "p90_s", "p99_s", "max_s")
        return {"count": 0, **dict.fromkeys(names, 0.0), "low_sample": True}
    p50, p90, p99 = values.percentiles(0.5, 0.9, 0.99)
    return {
        "count": number,
        "sum_s": values.sum / 1000,
        "mean_s": values.sum / number / 1000,
        "p50_s": p50 / 1000,
        "p90_s": p90 / 1000,
        "p99_s": p99 / 1000,
        "max_s": values.max / 1000,
        "low_sample": number < min_sample,
    }


def _measured(sums: Sums, settings: Settings, *, every: bool) -> dict[str, Any]:
    """Each KPI that is made of sums: its value, what it comes from, and whether that is enough."""
    if fact.DEPTH not in sums.counts:
        sums.counts[fact.DEPTH] = sums.counts[fact.ACTIVE]
    found: dict[str, Any] = {}
    for kpi in KPIS:
        value, terms, sample = measure(kpi, sums)
        if every or sample:
            low = sample < settings.min_sample
            found[kpi.name] = {"value": value, **terms, "low_sample": low}
    for name, kinds in _PROVISIONAL.items():
        if name in found:
            found[name]["provisional"] = {
                key: sums.counts[f"{fact.PROVISIONAL}{kind}"] for key, kind in kinds.items()
            }
    return found


_PROVISIONAL: Final = {
    "resolved_share": {"created": fact.CREATED, "resolved": fact.COHORT_RESOLVED},
    "fcr": {"first_contact": fact.FIRST_CONTACT, "judged": fact.FIRST_CONTACT_JUDGED},
}
"""Of KPIs that wait for a window to pass: the parts whose window is not over."""


def _by(slices: Slices, name: str, settings: Settings) -> dict[str, Any]:
    """The figures for each value of one dimension."""
    return {value: figures(sums, settings, every=False) for value, sums in slices.values(name)}


def _queue_depth(count: Recount) -> dict[str, Any]:
    depth = peak = 0
    peak_at: int | None = None
    for at in sorted(count.flips):
        depth += count.flips[at]
        if depth > peak:
            peak, peak_at = depth, at
    found: dict[str, Any] = {
        "now": _under("status", count.depth).total(),
        "peak": {"value": peak, "at": None if peak_at is None else format_rfc3339(peak_at)},
    }
    for name in _NOW:
        found[f"by_{name}"] = _under(name, count.depth)
    for what, open_now in count.open_now.items():
        found[what] = _under("status", open_now).total()
        found[f"{what}_by"] = {name: _under(name, open_now) for name in _NOW}
    for name in ("unanswered", "unattended"):
        since = count.oldest.get(name)
        found[f"oldest_{name}"] = None if since is None else format_rfc3339(since)
    found["snapshots"] = snapshots(count)
    found["snapshots_by_queue"] = snapshots_by_queue(count)
    return found


_NOW: Final = ("queue", "status", "priority", "channel")
"""What active tickets are told apart by."""


def _under(name: str, tickets: Counter[tuple[str, str]]) -> Counter[str]:
    """By the values of one label."""
    return Counter({value: n for (label, value), n in sorted(tickets.items()) if label == name})


def _kpis(count: Recount, overall: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The KPIs of the whole log, with what only the whole log can tell."""
    whole, kpis = count.slices.whole(), overall.pop("kpis")
    created, resolved = overall["tickets"]["created"], overall["counts"]["resolutions"]
    kpis["fcr"]["unavailable"] = whole.counts[fact.FIRST_CONTACT_UNKNOWN]
    kpis["csat"]["mean"] = kpis["csat_mean"]["value"]
    kpis["csat"]["index"] = kpis["csat_index"]["value"]
    kpis["csat"]["aspects"] = _named(count.slices, fact.ASPECT, "csat", settings)
    kpis["csat"]["reasons"] = _named(count.slices, fact.REASON, "csat", settings)
    kpis["quality_score"]["by_criterion"] = _criteria(count.slices, settings.min_sample)
    kpis["transfer_rate"]["pairs"] = _pairs(count.slices)
    kpis["escalation_rate"]["by_tier"] = _tiers(count.slices)
    return {
        "flow": {
            "inflow": created,
            "outflow": resolved,
            "net_flow": created - resolved,
            "clearance_ratio": resolved / created if created else None,
        },
        **kpis,
        "cost": costs(count, settings),
        "peak_slow_down": count.hours.slow_down(),
    }


def _named(slices: Slices, kind: str, of: str, settings: Settings) -> dict[str, Any]:
    """What sources gave a name to: how often, and (where it has a score) its mean."""
    found: dict[str, Any] = {}
    for key, number in sorted(slices.parts.items()):
        (each, (survey, name, _)) = key
        if each == kind and survey == of and number:
            found[name] = {"count": number}
            if kind != fact.REASON:
                found[name]["mean"] = slices.amounts[key] / number / 1000
                found[name]["low_sample"] = number < settings.min_sample
    return found


def _criteria(slices: Slices, min_sample: int) -> dict[str, Any]:
    """What quality reviews found, by criterion: of all, by queue of the ticket, and by agent."""
    parts: dict[str, dict[str, dict[str, list[int]]]] = {}
    for (kind, labels), number in sorted(slices.parts.items()):
        if kind != fact.CRITERION or not number:
            continue
        agent, name, queue = labels
        ways = parts.setdefault(name, {"": {}, "by_queue": {}, "by_agent": {}})
        for way, value in (("", ""), ("by_queue", queue), ("by_agent", agent)):
            one = ways[way].setdefault(value, [0, 0])
            one[0] += number
            one[1] += slices.amounts[kind, labels]
    return {
        name: {
            **_mean_of(ways[""][""], min_sample),
            **{
                way: {key: _mean_of(one, min_sample) for key, one in ways[way].items()}
                for way in _WAYS
            },
        }
        for name, ways in parts.items()
    }


_WAYS: Final = ("by_queue", "by_agent")


def _mean_of(part: list[int], min_sample: int) -> dict[str, Any]:
    number, amount = part
    mean = amount / number / 1000
    return {"count": number, "mean": mean, "low_sample": number < min_sample}


def _pairs(slices: Slices) -> list[dict[str, Any]]:
    """Which way tickets were transferred, most frequent first."""
    pairs = [
        (labels[0], labels[1], number)
        for (kind, labels), number in slices.parts.items()
        if kind == fact.TRANSFER_PAIR and number
    ]
    pairs.sort(key=lambda pair: (-pair[2], pair))
    return [{"from": one, "to": other, "transfers": number} for one, other, number in pairs]


def _tiers(slices: Slices) -> list[dict[str, Any]]:
    """From which tier to which tickets were escalated, in order of the tiers."""
    found = [
        {"from": int(labels[0]), "to": int(labels[1]), "escalations": number}
        for (kind, labels), number in slices.parts.items()
        if kind == fact.ESCALATION and number
    ]
    return sorted(found, key=lambda row: (row["from"], row["to"]))


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
