"""The report's key `people`: hours that were planned, worked and lost, cover, and the staff.

What tickets know of agents - how long they were handled, who touched and resolved them, when
they came - is handed in (`streams.core.workdays`): this module knows no tickets.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from streams.core import cover as covers
from streams.core import people, progress, surveys
from streams.core.calendars import Interval
from streams.core.entities import EntityBooks
from streams.core.entity import Entity, Sums, answer, coarse
from streams.core.people import Agents
from streams.core.policies import governing
from streams.core.record import Packing
from streams.core.settings import Settings
from streams.core.spans import Span, local_day, month_of, overlaps
from streams.core.workdays import LOOKS_BACK, Tickets, Work

NO_TICKETS: Final = Tickets()
NOTHING_CREDITED: Final[Mapping[str, Iterable[dict[str, Any]]]] = {}


def people_report(
    books: EntityBooks,
    kind: Agents,
    settings: Settings,
    packing: Packing,
    as_of: int,
    *,
    tickets: Tickets = NO_TICKETS,
    min_staff: int = 1,
    since: str = "",
    credited: Mapping[str, Iterable[dict[str, Any]]] = NOTHING_CREDITED,
) -> dict[str, Any]:
    """Everything known of agents as of an instant, as JSON values; times in seconds.

    With a local day (2026-03-01) hours and work are those from it on; cover, trend and surveys
    never are. `credited` has the figures of each agent's tickets, of `progress.SIDES`.

    Raises `SettledError` when `as_of` lies too far back.
    """
    hours: dict[str, Sums] = {}
    whole = coarse(books.settled, settings, as_of)
    for name, record in books.records.items():
        found = answer(record, kind, settings, packing, as_of)
        hours[name] = found.live
        whole.update(found.live)
        whole.update(found.settled)
    by_agent = {name: _from(own, since) for name, own in hours.items()}
    ever: dict[str, dict[str, Work]] = {}
    worked: dict[str, dict[str, Work]] = {}
    for (agent, day), done in tickets.work.items():
        ever.setdefault(agent, {})[day] = done
        if day >= since:
            worked.setdefault(agent, {})[day] = done
    days = progress.days_of(local_day(as_of, settings.zone))
    spent = hours_between(hours, ever, days, settings.min_sample)
    return {
        **_figures(_from(whole, since)),
        "agents": {
            name: _figures(by_agent.get(name, Counter()))
            | _worked(by_agent.get(name, Counter()), worked.get(name, {}), settings.min_sample)
            for name in sorted({*worked, *(name for name, sums in by_agent.items() if +sums)})
        },
        "queues": _split(_from(whole, since), 2),
        "days": _split(_from(whole, since), 1),
        "cover": cover_report(books, kind, settings, packing, as_of, tickets, min_staff),
        "trend": progress.report(days, credited, spent),
        "surveys": surveys.report(whole, settings.min_sample),
    }


def _from(sums: Sums, since: str) -> Sums:
    """What there is from a day on; all of it without one."""
    return Counter({key: n for key, n in sums.items() if key[1] >= since}) if since else sums


def hours_between(
    by_agent: Mapping[str, Sums],
    worked: Mapping[str, Mapping[str, Work]],
    between: Iterable[tuple[str, str]],
    min_sample: int,
) -> dict[str, list[dict[str, Any]]]:
    """By agent their hours and work in each run of local days, both ends included.

    Of the last weeks only: days of long ago are not told apart.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for name in {*by_agent, *worked}:
        sides = found[name] = []
        for first, last in between:
            hours, work = by_agent.get(name, Counter()), worked.get(name, {})
            own = Counter({key: n for key, n in hours.items() if first <= key[1] <= last})
            done = {day: one for day, one in work.items() if first <= day <= last}
            sides.append(_figures(own) | _worked(own, done, min_sample) if own or done else {})
    return {name: sides for name, sides in found.items() if any(sides)}


_TIMES: Final = frozenset(
    {
        people.SCHEDULED_TIME,
        people.WITHIN,
        people.OVERTIME,
        people.ESTIMATED,
        *people.LOST.values(),
    }
)


def _figures(sums: Sums) -> dict[str, Any]:
    """Hours planned, present and lost, of all days and queues together."""
    total: Counter[str] = Counter()
    for key, number in sums.items():
        total[key[0]] += number
    planned, within = total[people.SCHEDULED_TIME], total[people.WITHIN]
    return {
        "scheduled_s": planned / 1000,
        "present_s": (within + total[people.OVERTIME]) / 1000,
        "present_within_s": within / 1000,
        "overtime_s": total[people.OVERTIME] / 1000,
        "estimated_s": total[people.ESTIMATED] / 1000,
        "lost_s": (planned - within) / 1000,
        "lost_by_reason_s": {
            reason: total[measure] / 1000
            for reason, measure in people.LOST.items()
            if total[measure]
        },
        "adherence": within / planned if planned else None,
    }


def _split(sums: Sums, place: int) -> dict[str, Any]:
    """The figures by one label: 1 is the day (or month), 2 the queue."""
    parts: dict[str, Sums] = {}
    for key, number in sums.items():
        if key[0] in _TIMES:
            parts.setdefault(key[place], Counter())[key] = number
    return {label: _figures(part) for label, part in sorted(parts.items())}


def _worked(sums: Sums, own: Mapping[str, Work], min_sample: int) -> dict[str, Any]:
    """What an agent did with tickets, by the time and the days of being there.

    Without any presence: by the days with work on tickets, as far back as days are told apart.
    Work on a day without presence is no part of the occupancy. A mean of few days carries a mark;
    shares of time are of all the time there was, and no sample.
    """
    present: Counter[str] = Counter()
    days = 0
    for key, number in sums.items():
        if key[0] in {people.WITHIN, people.OVERTIME}:
            present[key[1]] += number
        days += number if key[0] == people.PRESENT_DAYS else 0
    months = {month_of(day) for day in present}
    handled = sum(
        done.handled_ms
        for day, done in own.items()
        if day in present or month_of(day) in present or day in months
    )
    daily = own if days else {day: done for day, done in own.items() if day != month_of(day)}
    days = days or len(daily)
    return {
        "occupancy": handled / present.total() if present.total() else None,
        "handled_s": sum(done.handled_ms for done in own.values()) / 1000,
        "touched": sum(done.touched for done in own.values()),
        "resolved": sum(done.resolved for done in own.values()),
        "days": days,
        "touched_per_day": sum(one.touched for one in daily.values()) / days if days else None,
        "resolved_per_day": sum(one.resolved for one in daily.values()) / days if days else None,
        "low_sample": days < min_sample,
    }


# Cover


def cover_report(
    books: EntityBooks,
    kind: Agents,
    settings: Settings,
    packing: Packing,
    as_of: int,
    tickets: Tickets,
    min_staff: int,
) -> dict[str, Any]:
    """Cover by queue, of the queues that agents are scheduled for or present in.

    Promised is the open time of the policy that governs a ticket of which nothing but the queue
    is known; where there is none, the time of all shifts together. It begins with the first
    shift or presence that is known of the queue.
    """
    return {
        queue: covers.figures(found) | {"promised_by": by}
        for queue, (found, by) in cover_by_queue(
            books, kind, settings, packing, as_of, tickets, min_staff
        ).items()
    }


def cover_by_queue(
    books: EntityBooks,
    kind: Agents,
    settings: Settings,
    packing: Packing,
    as_of: int,
    tickets: Tickets,
    min_staff: int,
) -> dict[str, tuple[covers.Cover, str]]:
    """The cover of each queue over the last `LOOKS_BACK`, and by what it was promised."""
    back = max(0, as_of - LOOKS_BACK)
    present: dict[str, list[Span[str]]] = {}
    planned: dict[str, list[Interval]] = {}
    for record in books.records.values():
        _staff(record, packing, (max(back, record.since), as_of), present, planned)
    found = {}
    for queue in sorted({*present, *planned}):
        staffed = [(span.start, span.end) for span in present.get(queue, ())]
        shifts = covers.union(planned.get(queue, ()))
        begun = min(start for start, _ in (*staffed, *shifts))
        hours = _promised(queue, begun, as_of, settings)
        arrivals = [at for at in tickets.arrivals.get(queue, ()) if begun <= at < as_of]
        cover = covers.cover(
            shifts if hours is None else hours,
            present.get(queue, ()),
            min_staff,
            arrivals,
            kind.zone,
        )
        found[queue] = cover, "shifts" if hours is None else "policy"
    return found


def _staff(
    record: Entity,
    packing: Packing,
    between: tuple[int, int],
    present: dict[str, list[Span[str]]],
    planned: dict[str, list[Interval]],
) -> None:
    """Add when an agent was there, and was to be, by queue."""
    since, as_of = between
    events = sorted(e for e in packing.unpack(record.history) if e.at <= as_of)
    plan = people.planned(events)
    for shift in overlaps(plan, since, as_of):
        planned.setdefault(shift.value, []).append((shift.start, shift.end))
    for span in overlaps(people.states(events, plan, as_of), since, as_of):
        if span.value.state in people.WORKING:
            queue = span.value.queue
            present.setdefault(queue, []).append(Span(span.start, span.end, queue))


def _promised(queue: str, start: int, end: int, settings: Settings) -> Iterable[Interval] | None:
    matching = settings.policies.matching(lambda name: queue if name == "queue" else None)
    policy = governing(matching, end)
    return None if policy is None else list(policy.calendar.open_in(start, end))
