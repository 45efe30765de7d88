"""The report's key `customers`: who comes back, who comes again, who waits, what they say.

Public events and tickets of one customer live in different partitions, even of different topics;
here both are at hand. So whoever was helped and then came back, or helped themselves and then
asked all the same, is found out here, over the last `LOOKS_BACK`. All else are sums.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

from streams.core import customers as cu
from streams.core import requesters as rq
from streams.core import surveys
from streams.core.customers import Customers
from streams.core.entities import EntityBooks
from streams.core.entity import Kind, Sums, answer, coarse
from streams.core.events import CONTACT_QUEUED, CUSTOMER_ACTIVE, SELF_SERVICE, Event
from streams.core.instants import DAY, format_rfc3339
from streams.core.record import Packing
from streams.core.requesters import Requesters, TicketFacts
from streams.core.settings import Settings
from streams.core.spans import local_day

ASKED_OFTEN: Final = 10
"""A category with as many tickets within seven days is a repeated question."""


@dataclass(frozen=True, slots=True)
class CustomerBooks:
    """Both halves of what is known of customers."""

    customers: EntityBooks = field(default_factory=EntityBooks)
    requesters: EntityBooks = field(default_factory=EntityBooks)


def customers_report(
    books: CustomerBooks,
    customers: Customers,
    requesters: Requesters,
    settings: Settings,
    packing: Packing,
    as_of: int,
    *,
    return_within: int = 30 * DAY,
    asked_often: int = ASKED_OFTEN,
) -> dict[str, Any]:
    """Everything known of customers as of an instant, as JSON values; times in seconds.

    `low_sample` marks a value that is made of fewer than `min_sample`, or names those that are.
    Raises `SettledError` when `as_of` lies too far back.
    """
    sums = _whole(books.customers, customers, settings, packing, as_of)
    asked = _whole(books.requesters, requesters, settings, packing, as_of)
    met = together(books, packing, as_of)
    few = settings.min_sample
    return {
        "retention": _retention(sums, few),
        "retention_after_support": _after_support(met, as_of, return_within, few),
        "activity": _split(sums, (cu.ACTIVITY,), 2, lambda part: part[cu.ACTIVITY]),
        **_purchases(_totals(sums), few),
        "contacts": _contacts(sums, few),
        "tickets": _tickets(asked, few),
        "repeated_questions": _questions(asked, as_of, asked_often, settings),
        "self_service": _self_service(met, _totals(sums), as_of, requesters.repeat_window, few),
        "reviews": _split(
            sums,
            (cu.REVIEWS, cu.SCORED, cu.SCORE, cu.FELT, cu.FEELING),
            2,
            lambda part: _review(part, few),
        ),
        "surveys": surveys.report(sums, few),
        "by": {name: _by_attribute(sums, name, few) for name in customers.attributes},
    }


_BY: Final = frozenset({cu.PURCHASERS, cu.REPURCHASERS, cu.CHURNED})


def _by_attribute(sums: Sums, name: str, few: int) -> dict[str, Any]:
    """By what was known of customers right then; "" is not, or was not declared then."""
    head, parts = f"{name}=", dict[str, Totals]()
    for key, number in sums.items():
        if key[0] in _BY:
            values = (label.removeprefix(head) for label in key[2:] if label.startswith(head))
            parts.setdefault(next(values, ""), Counter())[key[0]] += number
    return {value: _purchases(part, few) for value, part in sorted(parts.items())}


def _whole(
    books: EntityBooks, kind: Kind, settings: Settings, packing: Packing, as_of: int
) -> Sums:
    sums = coarse(books.settled, settings, as_of)
    for record in books.records.values():
        for part in answer(record, kind, settings, packing, as_of):
            sums.update(part)
    return sums


Totals = Counter[str]


def _totals(sums: Sums) -> Totals:
    found: Totals = Counter()
    for key, number in sums.items():
        found[key[0]] += number
    return found


def _split(
    sums: Sums, measures: Iterable[str], place: int, figures: Callable[[Totals], Any]
) -> dict[str, Any]:
    """Figures by the values of one label of these measures."""
    wanted, parts = frozenset(measures), dict[str, Totals]()
    for key, number in sums.items():
        if key[0] in wanted:
            parts.setdefault(key[place], Counter())[key[0]] += number
    return {label: figures(part) for label, part in sorted(parts.items())}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _retention(sums: Sums, few: int) -> dict[str, Any]:
    """By calendar period: its customers, those of the period before among them, those of any."""
    found = _split(sums, (cu.OF_PERIOD, cu.RETAINED, cu.RETURNING), 2, dict)
    before = {_next(period): part[cu.OF_PERIOD] for period, part in found.items()}
    return {
        period: {
            "customers": part[cu.OF_PERIOD],
            "returning": part.get(cu.RETURNING, 0),
            "of_previous": before.get(period, 0),
            "retained": part.get(cu.RETAINED, 0),
            "value": _share(part.get(cu.RETAINED, 0), before.get(period, 0)),
            "low_sample": before.get(period, 0) < few,
        }
        for period, part in found.items()
    }


def _next(period: str) -> str:
    """The period after `2026-12`, `2026-Q4` or `2026`."""
    year, _, part = period.partition("-")
    if not part:
        return str(int(year) + 1)
    quarter = part.startswith("Q")
    number, last = int(part.removeprefix("Q")), 4 if quarter else 12
    year, number = (str(int(year) + 1), 1) if number == last else (year, number + 1)
    return f"{year}-Q{number}" if quarter else f"{year}-{number:02}"


def _purchases(total: Totals, few: int) -> dict[str, Any]:
    return {
        "purchasers": total[cu.PURCHASERS],
        "repurchasers": total[cu.REPURCHASERS],
        "repurchase": _share(total[cu.REPURCHASERS], total[cu.PURCHASERS]),
        "low_sample": total[cu.PURCHASERS] < few,
        "churned": total[cu.CHURNED],
    }


# Contacts that wait


_ENDS: Final = (cu.ANSWERED, cu.ABANDONED, cu.WAITING, cu.UNKNOWN)


def _contacts(sums: Sums, few: int) -> dict[str, Any]:
    """Speed of answer and abandonment, over all and by channel and queue."""
    measures = (cu.QUEUED, *_ENDS, cu.WAITED, cu.GAVE_UP)
    waits: dict[tuple[int, str], Counter[int]] = {}
    for key, number in sums.items():
        if key[0] == cu.WAITS:
            for part in ((0, ""), (2, key[2]), (3, key[3])):
                waits.setdefault(part, Counter())[int(key[4])] += number

    def by(place: int) -> dict[str, Any]:
        parts = _split(sums, measures, place, Counter)
        return {
            label: _waiting(part, waits.get((place, label), Counter()), few)
            for label, part in parts.items()
        }

    return {
        **_waiting(_totals(sums), waits.get((0, ""), Counter()), few),
        "by_channel": by(2),
        "by_queue": by(3),
        "by_hour": _hours(sums, few),
    }


def _hours(sums: Sums, few: int) -> list[dict[str, Any]]:
    """By channel, queue and local hour of the day: where most gave up, or else waited, first."""
    named, parts = {name: key for key, name in cu.HOURLY.items()}, dict[tuple[str, ...], Totals]()
    for key, number in sums.items():
        if key[0] in named:
            parts.setdefault(key[2:5], Counter())[named[key[0]]] += number
    ranked = sorted(
        parts.items(), key=lambda item: (-item[1][cu.ABANDONED], -item[1][cu.WAITED], item[0])
    )
    return [
        {
            "channel": channel,
            "queue": queue,
            "hour": hour,
            **{name: total[name] for name in (cu.QUEUED, cu.ANSWERED, cu.ABANDONED)},
            "abandonment": _share(total[cu.ABANDONED], total[cu.QUEUED]),
            "answered_after_mean_s": total[cu.WAITED] / total[cu.ANSWERED] / 1000
            if total[cu.ANSWERED]
            else None,
            "low_sample": {
                "abandonment": total[cu.QUEUED] < few,
                "answered_after_mean_s": total[cu.ANSWERED] < few,
            },
        }
        for (channel, queue, hour), total in ranked
    ]


def _waiting(total: Totals, waits: Counter[int], few: int) -> dict[str, Any]:
    answered, abandoned = total[cu.ANSWERED], total[cu.ABANDONED]
    p50, p90 = _percentiles(waits, (0.5, 0.9))
    return {
        "queued": total[cu.QUEUED],
        **{end: total[end] for end in _ENDS},
        "abandonment": _share(abandoned, total[cu.QUEUED]),
        "speed_of_answer": {
            "count": answered,
            "mean_s": total[cu.WAITED] / answered / 1000 if answered else None,
            "p50_s": p50,
            "p90_s": p90,
            "low_sample": answered < few,
        },
        "gave_up_after_mean_s": total[cu.GAVE_UP] / abandoned / 1000 if abandoned else None,
        "low_sample": {
            "abandonment": total[cu.QUEUED] < few,
            "gave_up_after_mean_s": abandoned < few,
        },
    }


def _percentiles(values: Counter[int], ranks: Sequence[float]) -> list[float | None]:
    """Nearest rank, in seconds."""
    number, ordered = values.total(), sorted(values)
    found: list[float | None] = []
    for rank in ranks:
        wanted, seen = ceil(rank * number), 0
        for value in ordered:
            seen += values[value]
            if seen >= wanted:
                found.append(value / 1000)
                break
        else:
            found.append(None)
    return found


def _review(total: Totals, few: int) -> dict[str, Any]:
    scored, felt = total[cu.SCORED], total[cu.FELT]
    return {
        "count": total[cu.REVIEWS],
        "index": total[cu.SCORE] / 1000 / scored if scored else None,
        "sentiment": total[cu.FEELING] / felt / 1000 - 1 if felt else None,
        "low_sample": {"index": scored < few, "sentiment": felt < few},
    }


# Requesters


def _tickets(asked: Sums, few: int) -> dict[str, Any]:
    """Who asked, who asked again, by month and over all."""
    monthly = _split(asked, (rq.REQUESTERS, rq.REPEAT_REQUESTERS), 1, dict)
    tickets: Totals = Counter()
    for key, number in asked.items():
        if key[0] == rq.TICKETS:
            tickets[key[1][:7]] += number
    total = _totals(asked)
    return {
        "tickets": total[rq.TICKETS],
        "repeat_contacts": total[rq.REPEATS],
        "repeat_share": _share(total[rq.REPEATS], total[rq.TICKETS]),
        "low_sample": total[rq.TICKETS] < few,
        "months": {
            month: {
                "requesters": part[rq.REQUESTERS],
                "repeat_requesters": part.get(rq.REPEAT_REQUESTERS, 0),
                "tickets": tickets[month],
                "contacts_per_customer": _share(tickets[month], part[rq.REQUESTERS]),
                "low_sample": part[rq.REQUESTERS] < few,
            }
            for month, part in monthly.items()
        },
    }


def _questions(
    asked: Sums, as_of: int, asked_often: int, settings: Settings
) -> list[dict[str, Any]]:
    """Categories with many tickets in the last seven local days, most asked first.

    With their share, the share of all down to them, and the seven days before beside it.
    """
    days = [local_day(max(0, as_of - back * DAY), settings.zone) for back in range(14)]
    now: Totals = Counter()
    before: Totals = Counter()
    for key, number in asked.items():
        if key[0] == rq.TICKETS and key[1] in days[:7]:
            now[key[4]] += number
        elif key[0] == rq.TICKETS and key[1] in days[7:]:
            before[key[4]] += number
    whole, running, found = now.total(), 0, []
    for category, number in sorted(now.items(), key=lambda item: (-item[1], item[0])):
        running += number
        if number >= asked_often and category:
            found.append(
                {
                    "category": category,
                    "tickets": number,
                    "before": before[category],
                    "change": number - before[category],
                    "share": number / whole,
                    "cumulative_share": running / whole,
                }
            )
    return found


# Both together


@dataclass(slots=True)
class Customer:
    """What one customer did, and what became of his tickets."""

    active: list[int] = field(default_factory=list)
    sessions: list[tuple[int, bool]] = field(default_factory=list)
    """When, and whether the visit helped."""
    contacted: list[int] = field(default_factory=list)
    """Contacts queued, and tickets created."""
    tickets: list[TicketFacts] = field(default_factory=list)


def together(books: CustomerBooks, packing: Packing, as_of: int) -> dict[str, Customer]:
    """Every customer with both halves of what is known of the last `LOOKS_BACK`, by name."""
    found: dict[str, Customer] = {}
    for name, record in books.customers.records.items():
        customer = found.setdefault(name, Customer())
        for event in sorted(packing.unpack(record.history)):
            if as_of - cu.LOOKS_BACK <= event.at < as_of:
                _note(customer, event)
    for name, record in books.requesters.records.items():
        customer = found.setdefault(name, Customer())
        for event in rq.newest(packing.unpack(record.history)):
            ticket = rq.facts_in(event.data)
            customer.tickets.append(ticket)
            if ticket.created_at is not None and ticket.created_at < as_of:
                customer.contacted.append(ticket.created_at)
    return found


def _note(customer: Customer, event: Event) -> None:
    if event.type == CUSTOMER_ACTIVE:
        customer.active.append(event.at)
    elif event.type == SELF_SERVICE:
        customer.sessions.append((event.at, event.data["resolved"]))
    elif event.type == CONTACT_QUEUED:
        customer.contacted.append(event.at)


def _after_support(
    met: Mapping[str, Customer], as_of: int, return_within: int, few: int
) -> dict[str, Any]:
    """Customers with a ticket resolved, by its CSAT band and conflict; and those without one."""
    start = as_of - cu.LOOKS_BACK
    groups: dict[str, Counter[str]] = {"all": Counter(), "conflict": Counter(), "none": Counter()}
    for customer in met.values():
        helped: dict[str, list[int]] = {}
        for ticket in customer.tickets:
            ends = [at for at in ticket.resolved if start <= at < as_of]
            names = ["all", f"csat:{ticket.band}", *(["conflict"] if ticket.conflict else [])]
            for name in names if ends else ():
                helped.setdefault(name, []).extend(ends)
        if not helped and customer.active:
            helped["none"] = customer.active
        for name, ends in helped.items():
            verdict = returned(ends, customer.active, return_within, as_of)
            groups.setdefault(name, Counter())[verdict] += 1
    bands = {n.removeprefix("csat:"): g for n, g in groups.items() if n.startswith("csat:")}
    return {
        "from": format_rfc3339(max(0, start)),
        **_rate(groups["all"], few),
        "by_csat": {name: _rate(group, few) for name, group in sorted(bands.items())},
        "conflict": _rate(groups["conflict"], few),
        "without_ticket": _rate(groups["none"], few),
    }


def returned(ends: Iterable[int], active: Sequence[int], within: int, as_of: int) -> str:
    """Whether there was a sign of life within that time after one of them."""
    pending = False
    for end in ends:
        if any(end < at <= end + within for at in active):
            return "retained"
        pending = pending or end + within >= as_of
    return "pending" if pending else "lost"


def _rate(group: Mapping[str, int], few: int) -> dict[str, Any]:
    """The rate is of those that are no longer pending."""
    retained, lost = group.get("retained", 0), group.get("lost", 0)
    return {
        "customers": retained + lost + group.get("pending", 0),
        "retained": retained,
        "pending": group.get("pending", 0),
        "value": _share(retained, retained + lost),
        "low_sample": retained + lost < few,
    }


def _self_service(
    met: Mapping[str, Customer], total: Totals, as_of: int, within: int, few: int
) -> dict[str, Any]:
    """Visits that helped, after which the customer did not ask all the same."""
    found = Counter(
        verdict for customer in met.values() for _, verdict in visits(customer, within, as_of)
    )
    deflected, not_deflected = found[DEFLECTED], found[NOT_DEFLECTED]
    return {
        "sessions": total[cu.SESSIONS],
        "solved": total[cu.SOLVED],
        "from": format_rfc3339(max(0, as_of - cu.LOOKS_BACK)),
        "deflected": deflected,
        "pending": found[PENDING],
        "deflection": _share(deflected, deflected + not_deflected),
        "low_sample": deflected + not_deflected < few,
    }


DEFLECTED: Final = "deflected"
NOT_DEFLECTED: Final = "not_deflected"
PENDING: Final = "pending"


def visits(customer: Customer, within: int, as_of: int) -> Iterator[tuple[int, str]]:
    """When a customer helped themselves, and whether that was the end of it.

    It was not where they asked within that time; until it is over nobody knows.
    """
    for at, helped in customer.sessions:
        asked = any(at < when <= at + within for when in customer.contacted)
        if asked or not helped:
            yield at, NOT_DEFLECTED
        else:
            yield at, PENDING if at + within >= as_of else DEFLECTED
