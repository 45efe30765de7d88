"""The catalogue's part of the report: KPIs, everything by label and agent, periods, drivers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.reference import model
from tests.reference.conflict import conflict_since, conflicts
from tests.reference.costs import OF_CONFLICT, cost
from tests.reference.days import (
    days_of,
    hour_of_week,
    hour_order,
    instant,
    local,
    local_day,
    period_of,
)
from tests.reference.effort import effort
from tests.reference.facts import LABELS, Fact, facts_of
from tests.reference.formulas import kpis, sums
from tests.reference.journey import complexity, journey
from tests.reference.judging import judge
from tests.reference.policies import Policies
from tests.reference.requesters import repeats
from tests.reference.settings import DAY_MS, Settings
from tests.reference.spans import first_response, response_start, waiting_since
from tests.reference.surveys import answers_of, is_satisfied, surveys
from tests.reference.ticket import Steps, creation, moves, reopens, resolutions

TIMES = (
    "handover",
    "follow_up",
    "conflict_wait",
    "conflict_reaction",
    "conflict_resolution",
)
PARTS = ("tickets", "counts", "durations", "kpis")

Part = dict[str, Any]


def catalogue(
    arrivals: model.Arrivals,
    *,
    settings: model.Given = None,
    as_of: int | None = None,
    sla: Mapping[str, Any] | Policies | None = None,
) -> Part:
    """The rest of the report on `arrivals`; the arguments are those of `model.report`."""
    settings = Settings.of(settings)
    judged = judge(arrivals, settings)
    as_of = judged.newest_ms() if as_of is None else as_of
    if as_of is None:
        return {}
    policies = None if sla is None else Policies.of(sla)
    tickets = model.tickets_of(judged, settings, as_of)
    facts = list(all_facts(tickets, settings, as_of, policies))
    return {
        "durations": {name: _times(facts, name, settings) for name in TIMES},
        "kpis": _kpis(tickets, facts, settings, as_of),
        "by": {name: _by(facts, name, settings, as_of) for name in LABELS},
        "periods": {
            name: _periods(tickets, facts, name, settings, as_of) for name in settings.periods
        },
        **_snapshots(tickets, settings, as_of),
        "open_now": _open_now(tickets, settings, as_of),
        "volume": volume(facts, settings, as_of),
        "movers": movers(facts, as_of),
        "hours_bands": hours_bands(tickets, settings, as_of, policies),
        "drivers": drivers(tickets, settings),
    }


def all_facts(
    tickets: Sequence[Steps], settings: Settings, as_of: int, policies: Policies | None = None
) -> Iterator[Fact]:
    """Every fact of all tickets."""
    for steps in tickets:
        yield from facts_of(steps, settings, as_of, policies)
        yield from own_facts(steps, settings)
        if conflict_since(steps) is not None:
            for fact in (*facts_of(steps, settings, as_of), *own_facts(steps, settings)):
                yield fact._replace(name=f"{OF_CONFLICT}{fact.name}")
    yield from repeats(tickets, settings)


def own_facts(steps: Steps, settings: Settings) -> Iterator[Fact]:
    """What one ticket adds to the catalogue, whatever the others do."""
    for part in (journey, surveys, effort, conflicts):
        yield from part(steps, settings)


def by_customer(
    arrivals: model.Arrivals,
    known: Mapping[str, str],
    *,
    settings: model.Given = None,
    as_of: int | None = None,
    sla: Mapping[str, Any] | Policies | None = None,
) -> Part:
    """Figures by an attribute of the customer: `known` has it by name, as it is at `as_of`.

    A ticket counts, with all its facts, under what its requester of now is.
    """
    settings = Settings.of(settings)
    judged = judge(arrivals, settings)
    as_of = judged.newest_ms() if as_of is None else as_of
    if as_of is None:
        return {}
    policies = None if sla is None else Policies.of(sla)
    under: dict[str, list[Steps]] = defaultdict(list)
    for steps in model.tickets_of(judged, settings, as_of):
        requester = steps[-1].after.attributes.get("requester")
        under[known.get(str(requester), "")].append(steps)
    found = {}
    for value, tickets in under.items():
        facts = list(all_facts(tickets, settings, as_of, policies))
        found[value] = figures(facts, settings, _active(facts), as_of)
    return found


# Figures


def figures(
    facts: Sequence[Fact],
    settings: Settings,
    depth: int,
    as_of: int,
    *,
    label: str | None = None,
    every: bool = False,
) -> Part:
    """Tickets, counts, durations and KPIs of some facts; `depth` is how many are active."""
    found = model.summary(facts, settings.min_sample)
    for name in TIMES:
        found["durations"][name] = _times(facts, name, settings)
    quantities = {**sums(facts, label), "depth": Fraction(depth)}
    named = kpis(quantities, settings.min_sample, every=every)
    young = [fact for fact in facts if as_of - fact.time_ms < settings.mature_after_ms]
    fresh = [fact for fact in facts if as_of - fact.time_ms <= settings.fcr_window_ms]
    for name, some, parts in (
        ("resolved_share", young, {"created": "created", "resolved": "cohort_resolved"}),
        ("fcr", fresh, {"first_contact": "first_contact", "judged": "first_contact_judged"}),
    ):
        if name in named:
            named[name]["provisional"] = {key: _count(some, of) for key, of in parts.items()}
    return {**found, "kpis": named}


def _times(facts: Iterable[Fact], name: str, settings: Settings) -> Part:
    return model.marked([fact.ms for fact in facts if fact.name == name], settings.min_sample)


def _active(facts: Iterable[Fact]) -> int:
    return sum(fact.name == "active" for fact in facts)


def _by(facts: Sequence[Fact], label: str, settings: Settings, as_of: int) -> Part:
    under: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        under[fact.key(label)].append(fact)
    return {
        value: figures(own, settings, _active(own), as_of, label=label)
        for value, own in under.items()
    }


def _kpis(tickets: Sequence[Steps], facts: Sequence[Fact], settings: Settings, as_of: int) -> Part:
    found = figures(facts, settings, _active(facts), as_of, every=True)
    named: Part = found["kpis"]
    named["fcr"]["unavailable"] = _count(facts, "first_contact_unknown")
    named["csat"]["mean"] = named["csat_mean"]["value"]
    named["csat"]["index"] = named["csat_index"]["value"]
    named["csat"]["aspects"] = _named(facts, "aspect", "csat", settings)
    named["csat"]["reasons"] = {
        name: {"count": part["count"]}
        for name, part in _named(facts, "reason", "csat", settings).items()
    }
    criteria: Part = {}
    for name in {fact.part[1] for fact in facts if fact.name == "criterion"}:
        own = [f for f in facts if f.name == "criterion" and f.part[1] == name]
        criteria[name] = _mean([fact.value for fact in own], settings) | {
            way: {
                value: _mean([fact.value for fact in own if fact.part[place] == value], settings)
                for value in {fact.part[place] for fact in own}
            }
            for way, place in (("by_agent", 0), ("by_queue", 2))
        }
    named["quality_score"]["by_criterion"] = criteria
    pairs = Counter(fact.part for fact in facts if fact.name == "transfer_pair")
    named["transfer_rate"]["pairs"] = [
        {"from": pair[0], "to": pair[1], "transfers": number}
        for pair, number in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    ]
    tiers = Counter(fact.part for fact in facts if fact.name == "escalated")
    named["escalation_rate"]["by_tier"] = [
        {"from": int(below), "to": int(above), "escalations": number}
        for (below, above), number in sorted(tiers.items(), key=lambda item: [*map(int, item[0])])
    ]
    created, resolved = _count(facts, "created"), _count(facts, "resolutions")
    named["flow"] = {
        "inflow": created,
        "outflow": resolved,
        "net_flow": created - resolved,
        "clearance_ratio": resolved / created if created else None,
    }
    named["peak_slow_down"] = slow_down(facts, tickets, settings)
    named["cost"] = cost(facts, settings, as_of)
    return named


def _count(facts: Iterable[Fact], name: str) -> int:
    return sum(fact.name == name for fact in facts)


def _mean(values: Sequence[Any], settings: Settings) -> Part:
    mean = float(sum(values) / len(values))
    return {"count": len(values), "mean": mean, "low_sample": len(values) < settings.min_sample}


def _named(facts: Iterable[Fact], name: str, of: str, settings: Settings) -> Part:
    values: dict[str, list[Any]] = defaultdict(list)
    for fact in facts:
        if fact.name == name and fact.part[0] == of:
            values[fact.part[1]].append(fact.value)
    return {key: _mean(own, settings) for key, own in values.items()}


# Time


def _depth_at(tickets: Iterable[Steps], settings: Settings, at_ms: int) -> Counter[str]:
    """How many tickets were active right after all events of that instant, by queue."""
    last = [[step for step in steps if step.time_ms <= at_ms][-1:] for steps in tickets]
    return Counter(
        str(step.after.attributes.get("queue") or "")
        for found in last
        for step in found
        if step.after.active and at_ms - step.time_ms <= settings.forgotten_ms
    )


def _periods(
    tickets: Sequence[Steps], facts: Sequence[Fact], period: str, settings: Settings, as_of: int
) -> Part:
    under: dict[str, list[Fact]] = defaultdict(list)
    day_in: dict[str, date] = {}
    for fact in facts:
        day = local_day(fact.time_ms, settings.zone)
        name = period_of(day, period)
        day_in[name] = day
        under[name].append(fact)
    rows: Part = {}
    for name, own in under.items():
        last_day = days_of(name, period, day_in[name])[-1]
        end = instant(last_day, 1440, settings.zone) - 1
        depth = _depth_at(tickets, settings, min(end, as_of)).total()
        rows[name] = {
            **figures(own, settings, depth, as_of),
            "active_at_end": depth,
            "over": end <= as_of,
        }
    for name, row in rows.items():
        before = period_of(days_of(name, period, day_in[name])[0] - timedelta(days=1), period)
        created, was = (_count(under.get(each, []), "created") for each in (name, before))
        row["change"] = (created - was) / was if was else None
    return rows


def _open_now(tickets: Sequence[Steps], settings: Settings, as_of: int) -> Part:
    """Active tickets that nobody has, that are owed a first response, whose requester waits."""
    active = [
        steps
        for steps in tickets
        if steps[-1].after.active and as_of - steps[-1].time_ms <= settings.forgotten_ms
    ]
    lacking = {
        "unassigned": [s for s in active if s[-1].after.attributes.get("assignee") is None],
        "unanswered": [s for s in active if response_start(s) and not first_response(s, settings)],
        "unattended": [s for s in active if waiting_since(s, settings) is not None],
    }
    found: Part = {}
    for name, some in lacking.items():
        found[name] = len(some)
        found[f"{name}_by"] = {
            label: dict(Counter(str(s[-1].after.attributes.get(label) or "") for s in some))
            for label in ("queue", "priority", "channel")
        } | {"status": dict(Counter(s[-1].after.status for s in some))}
    return found


def _snapshots(tickets: Sequence[Steps], settings: Settings, as_of: int) -> Part:
    """Queue depth at each named instant, by the local day; from the first active ticket's on."""
    active = [step.time_ms for steps in tickets for step in steps if step.after.active]
    if not active:
        return {"snapshots": {name: {} for name in settings.snapshots}, "snapshots_by_queue": {}}
    first = local_day(min(active), settings.zone)
    number = (local_day(as_of, settings.zone) - first).days + 1
    found: Part = {}
    by_queue: Part = {}
    for name, (weekday, minute) in settings.snapshots.items():
        found[name], by_queue[name] = {}, {}
        for day in (first + timedelta(days=n) for n in range(number)):
            at = instant(day, minute, settings.zone)
            if at <= as_of and weekday in {None, day.weekday()}:
                depths = _depth_at(tickets, settings, at)
                found[name][day.isoformat()] = depths.total()
                for queue, depth in depths.items():
                    by_queue[name].setdefault(queue, {})[day.isoformat()] = depth
    return {"snapshots": found, "snapshots_by_queue": by_queue}


def volume(facts: Iterable[Fact], settings: Settings, as_of: int) -> Part:
    """Tickets created by local hour of the week and month of the year, and what changed."""
    facts = [fact for fact in facts if fact.name == "created"]
    created = [fact.time_ms for fact in facts]
    return {
        "change": changes(created, as_of),
        "by": {
            label: {
                value: changes([f.time_ms for f in facts if f.key(label) == value], as_of)
                for value in {fact.key(label) for fact in facts}
            }
            for label in ("queue", "channel", "agent")
        },
        "by_hour_of_week": dict(Counter(hour_of_week(at, settings.zone) for at in created)),
        "by_month_of_year": dict(Counter(f"{local(at, settings.zone):%m}" for at in created)),
    }


def changes(created: Sequence[int], as_of: int) -> Part:
    """How many there were in an hour, a day and a week, right before, and a week ago."""
    week, spans = 7 * DAY_MS, {"1h": DAY_MS // 24, "24h": DAY_MS, "7d": 7 * DAY_MS}

    def until(end: int, span: int) -> int:
        return sum(end - span < at <= end for at in created)

    return {
        name: {
            "now": until(as_of, span),
            "before": until(as_of - span, span),
            "last_week": until(as_of - week, span),
        }
        for name, span in spans.items()
    }


def slow_down(facts: Iterable[Fact], tickets: Iterable[Steps], settings: Settings) -> Part:
    """First responses to what came in the busiest tenth of the hours of the week, to the rest."""
    created = Counter(
        hour_of_week(fact.time_ms, settings.zone) for fact in facts if fact.name == "created"
    )
    ranked = sorted(created, key=lambda hour: (-created[hour], *hour_order(hour)))
    busiest = ranked[: max(1, len(ranked) // 10)]
    spans: dict[bool, list[int]] = {True: [], False: []}
    for steps in tickets:
        came, response = creation(steps), first_response(steps, settings)
        if came and response:
            hour = hour_of_week(came.time_ms, settings.zone)
            spans[hour in busiest].append(response.ms)
    peak, rest = (model.distribution(spans[part]) for part in (True, False))
    ratios = {
        name: peak[f"{name}_s"] / rest[f"{name}_s"] if peak["count"] and rest[f"{name}_s"] else None
        for name in ("p50", "p90")
    }
    return {
        "hours": sorted(busiest, key=hour_order),
        "peak_responses": peak["count"],
        "other_responses": rest["count"],
        **{f"{name}_ratio": ratio for name, ratio in ratios.items()},
    }


def movers(facts: Iterable[Fact], as_of: int) -> Part:
    """What has more tickets than the week before, or fewer: at most five of each label."""
    found: Part = {}
    for label in ("queue", "channel", "segment", "product", "category", "kind"):
        days: dict[str, list[int]] = defaultdict(lambda: [0] * 14)
        for fact in facts:
            back = (as_of - fact.time_ms) // DAY_MS
            if fact.name == "created" and 0 <= back < 14:
                days[fact.key(label)][back] += 1
        rows = [
            (-_moved(of[:7], of[7:]), value, sum(of[:7]), sum(of[7:])) for value, of in days.items()
        ]
        if moved := sorted(row for row in rows if row[0]):
            found[label] = [
                {"value": value, "now": now, "before": before, "change": now - before}
                for _, value, now, before in moved[:5]
            ]
    return found


def _moved(now: Sequence[int], before: Sequence[int]) -> Fraction:
    """The square of Welch's t over the days; of a number whose days are alike, by chance alone."""
    means = [Fraction(sum(days), len(days)) for days in (now, before)]
    squares = (
        sum(((number - mean) * (number - mean) for number in days), Fraction(0)) / (len(days) - 1)
        for days, mean in zip((now, before), means, strict=True)
    )
    errors = sum(squares, Fraction(0)) / len(now)
    errors = errors or Fraction(sum(now) + sum(before), len(now) ** 2)
    difference = means[0] - means[1]
    return difference * difference / errors


def hours_bands(
    tickets: Sequence[Steps], settings: Settings, as_of: int, policies: Policies | None
) -> Part:
    """Responses by the hours in which they began to be owed, and by the queue right after them."""
    under: dict[str, list[tuple[str, Fact]]] = defaultdict(list)
    for steps in tickets:
        starts = {"created": creation(steps), "pickup": creation(steps)}
        starts["first_response"] = response_start(steps)
        for fact in facts_of(steps, settings, as_of, policies):
            start = starts.get(fact.name)
            if fact.name == "next_reply":
                band = _band_of_week(fact.time_ms - fact.ms, settings.zone)
                under[band].append((fact.key("queue"), fact))
            elif start is not None:
                under[_band_of_week(start.time_ms, settings.zone)].append((fact.key("queue"), fact))
    return {
        band: {
            **_responses([fact for _, fact in found], settings),
            "by_queue": {
                queue: _responses([fact for each, fact in found if each == queue], settings)
                for queue in {queue for queue, _ in found}
            },
        }
        for band, found in under.items()
    }


def _responses(facts: Sequence[Fact], settings: Settings) -> Part:
    found: Part = {"created": _count(facts, "created")}
    for name in ("first_response", "pickup", "next_reply"):
        own = [fact for fact in facts if fact.name == name]
        few = settings.min_sample
        found[name] = model.marked([fact.ms for fact in own], few)
        found[f"{name}_working"] = model.marked([fact.working_ms for fact in own], few)
    return found


def _band_of_week(at_ms: int, zone: Any) -> str:
    at = local(at_ms, zone)
    if at.weekday() >= 5:
        return "weekend"
    if 8 <= at.hour < 18:
        return "office"
    return "evening" if 18 <= at.hour < 22 else "night"


# Drivers

BANDS = ((DAY_MS // 24, "<= 1h"), (DAY_MS // 6, "<= 4h"), (DAY_MS, "<= 1d"), (3 * DAY_MS, "<= 3d"))


def drivers(tickets: Sequence[Steps], settings: Settings) -> Part:
    """The same over all channels, and of each."""
    of: dict[str, list[Steps]] = defaultdict(list)
    for steps in tickets:
        of[str(steps[-1].after.attributes.get("channel") or "")].append(steps)
    own = {channel: _drivers(some, settings) for channel, some in of.items()}
    return {
        **_drivers(tickets, settings),
        "by_channel": {channel: part for channel, part in own.items() if part},
    }


def _drivers(tickets: Iterable[Steps], settings: Settings) -> Part:
    """Satisfaction, reopenings and conflicts by bands of what each ticket is now."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for steps in tickets:
        answers = [a for a in answers_of(steps).values() if a.event.data["kind"] == "csat"]
        for driver, band in _bands(steps, settings):
            found[driver][band] += Counter(
                tickets=1,
                resolved=bool(resolutions(steps)),
                reopened=bool(reopens(steps)),
                conflicts=conflict_since(steps) is not None,
                responses=len(answers),
                satisfied=sum(is_satisfied(answer, settings) for answer in answers),
            )
    return {
        driver: {
            band: {
                **counts,
                "csat": _rate(counts["satisfied"], counts["responses"]),
                "reopen_rate": _rate(counts["reopened"], counts["resolved"]),
                "conflict_rate": _rate(counts["conflicts"], counts["tickets"]),
                "low_sample": {
                    "csat": counts["responses"] < settings.min_sample,
                    "reopen_rate": counts["resolved"] < settings.min_sample,
                    "conflict_rate": counts["tickets"] < settings.min_sample,
                },
            }
            for band, counts in bands.items()
        }
        for driver, bands in found.items()
    }


def _bands(steps: Steps, settings: Settings) -> Iterator[tuple[str, str]]:
    """The band of each driver that the ticket has; of its latest resolution, also when reopened."""
    if response := first_response(steps, settings):
        yield "first_response", _band(response.ms)
    created, resolved = creation(steps), resolutions(steps)
    if created and resolved:
        yield "resolution", _band(max(0, resolved[-1].time_ms - created.time_ms))
    moved = len(moves(steps, settings))
    yield "transfers", "3+" if moved >= 3 else str(moved)
    if steps[-1].after.done:
        yield "complexity", str(complexity(steps, settings)[0])


def _band(span_ms: int) -> str:
    return next((name for most_ms, name in BANDS if span_ms <= most_ms), "> 3d")


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
