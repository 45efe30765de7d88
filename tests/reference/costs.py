"""What a desk cost: exact sums of money, in one currency."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.days import days_of, local_day, period_of
from tests.reference.facts import Fact
from tests.reference.settings import Settings

NO_CONTACT = {
    "ticket": "no ticket was created",
    "requester_message": "no requester wrote",
    "contact": "no contact began",
}
OF_CONFLICT = "of_conflict "
"""Before the name of a fact: the same once more, of a ticket that became a conflict."""
CONTACTS = {
    "ticket": "created",
    "requester_message": "requester_messages",
    "contact": "contacts",
}


def cost(facts: Sequence[Fact], settings: Settings, as_of: int) -> dict[str, Any]:
    """The costs of all tickets, and of each queue."""
    currencies = {fact.part[0] for fact in facts if fact.name == "recorded"}
    currency = settings.currency
    if currency is None and len(currencies) == 1:
        (currency,) = currencies
    fixed = _fixed(facts, settings, as_of)
    conflicts = _of_conflicts(facts)
    by_queue: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_queue[fact.key("queue")].append(fact)
    unconverted: dict[str, Fraction] = defaultdict(Fraction)
    for fact in facts:
        if fact.name == "recorded" and _rate(fact, currency, settings) is None:
            unconverted[fact.part[0]] += fact.value
    return {
        "currency": currency,
        **_costs(facts, currency, fixed, settings),
        "unconverted": {name: _text(amount) for name, amount in unconverted.items()},
        "by_queue": {
            queue: _costs(own, currency, fixed * _share(own, facts), settings)
            for queue, own in by_queue.items()
        },
        "conflicts": _costs(conflicts, currency, fixed * _share(conflicts, facts), settings),
    }


def _costs(
    facts: Sequence[Fact], currency: str | None, fixed: Fraction, settings: Settings
) -> dict[str, Any]:
    recorded = sum(
        (
            fact.value * (_rate(fact, currency, settings) or 0)
            for fact in facts
            if fact.name == "recorded"
        ),
        Fraction(0),
    )
    labour = sum((fact.value for fact in facts if fact.name == "labour"), Fraction(0))
    total = recorded + labour + fixed
    contacts = sum(fact.name == CONTACTS[settings.contact] for fact in facts)
    resolutions = sum(fact.name == "resolutions" for fact in facts)
    return {
        "recorded": _text(recorded),
        "labour": _text(labour),
        "fixed": _text(fixed),
        "total": _text(total),
        "contacts": contacts,
        "resolutions": resolutions,
        "per_contact": _text(total / contacts) if contacts else None,
        "per_resolution": _text(total / resolutions) if resolutions else None,
        "low_sample": {
            "per_contact": contacts < settings.min_sample,
            "per_resolution": resolutions < settings.min_sample,
        },
        "unavailable": {
            **({} if contacts else {"per_contact": NO_CONTACT[settings.contact]}),
            **({} if resolutions else {"per_resolution": "no resolution"}),
        },
    }


def _rate(fact: Fact, currency: str | None, settings: Settings) -> Fraction | None:
    """What one unit of the fact's currency is worth; None if nobody says."""
    (given,) = fact.part
    return Fraction(1) if given == currency else settings.rates.get(given)


def _of_conflicts(facts: Iterable[Fact]) -> list[Fact]:
    """All that ever happened to conflicts; such a ticket is one also if nobody saw it created."""
    found = [
        fact._replace(name=fact.name.removeprefix(OF_CONFLICT))
        for fact in facts
        if fact.name.startswith(OF_CONFLICT)
    ]
    return [
        fact._replace(name="created") if fact.name == "conflicts" else fact
        for fact in found
        if fact.name != "created"
    ]


def _share(own: Iterable[Fact], facts: Iterable[Fact]) -> Fraction:
    """The part of the seconds handled."""
    part, whole = (
        sum((fact.value for fact in some if fact.name == "handled"), Fraction(0))
        for some in (own, facts)
    )
    return part / whole if whole else Fraction(0)


def _fixed(facts: Iterable[Fact], settings: Settings, as_of: int) -> Fraction:
    """Fixed costs of each day from that of the first fact on, a day's part of its period."""
    total, last = Fraction(0), local_day(as_of, settings.zone)
    day = min((local_day(fact.time_ms, settings.zone) for fact in facts), default=date.max)
    while day <= last:
        for amount, period in settings.fixed:
            total += amount / len(days_of(period_of(day, period), period, day))
        day += timedelta(days=1)
    return total


def _text(amount: Fraction) -> str:
    """Exact to a millionth, half to even; at least two decimal places."""
    text = f"{Decimal(round(amount * 1_000_000)) / 1_000_000:.6f}"
    return text[:-4] + text[-4:].rstrip("0")
