"""What does it cost? Recorded costs, handling at the agents' rates, and a share of what is fixed.

Money is exact: fractions of the report's currency, written as decimals with six places at most.
Costs in a currency without a rate are named and left out of every sum.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Final

from streams.core import facts as fact
from streams.core.effort import MICRO
from streams.core.instants import local_day
from streams.core.recount import Recount
from streams.core.settings import Settings
from streams.core.sums import Sums, next_period, period_of

_PREFIX: Final = f"{fact.COST}:"
_CONTACTS: Final = {
    "ticket": fact.CREATED,
    "requester_message": fact.REQUESTER_MESSAGE,
    "contact": fact.CONTACT,
}
_NO_CONTACT: Final = {
    "ticket": "no ticket was created",
    "requester_message": "no requester wrote",
    "contact": "no contact began",
}
"""Why there is no cost per contact; what was spent all the same is in the total."""


def costs(count: Recount, settings: Settings) -> dict[str, Any]:
    """The costs of everything, of each queue, and of all tickets that became conflicts."""
    whole = count.slices.whole()
    currency = currency_of(whole, settings)
    fixed = _fixed(*_days(count), settings)

    def of(sums: Sums) -> dict[str, Any]:
        return _costs(sums, currency, _spread(fixed, sums, whole), settings)

    return {
        "currency": currency,
        **of(whole),
        "unconverted": {
            name: _written(Fraction(amount, MICRO))
            for name, amount in _recorded(whole)
            if _rate(name, currency, settings) is None
        },
        "conflicts": of(_of_conflicts(whole)),
        "by_queue": {queue: of(sums) for queue, sums in count.slices.values("queue")},
    }


def currency_of(whole: Sums, settings: Settings) -> str | None:
    """What costs are reported in; `None` where several were recorded and none is chosen."""
    return settings.currency or _only(whole)


def total_cost(
    part: Sums, whole: Sums, first: int, last: int, currency: str | None, settings: Settings
) -> Fraction:
    """The costs of a part of all that happened on the days from `first` to `last` (ordinals)."""
    fixed = _spread(_fixed(first, last, settings), part, whole)
    return sum(_parts(part, currency, settings), fixed)


def contacts(sums: Sums, settings: Settings) -> int:
    """What the cost per contact is divided by."""
    return sums.counts[_CONTACTS[settings.cost_per]]


def _of_conflicts(whole: Sums) -> Sums:
    """What conflicts came to; their tickets are those that became one, orphans included."""
    found = Sums()
    found.counts[fact.CREATED] = whole.counts[fact.CONFLICT]
    for kind, number in whole.amounts.items():
        if kind.startswith(fact.OF_CONFLICT):
            name = kind.removeprefix(fact.OF_CONFLICT)
            (found.counts if name in _COUNTED else found.amounts)[name] = number
    return found


_COUNTED: Final = frozenset({fact.RESOLVED, *_CONTACTS.values()})


def _spread(fixed: Fraction, part: Sums, whole: Sums) -> Fraction:
    """The share of fixed costs that falls on a part, by the time spent on it."""
    handled = whole.amounts[fact.HANDLED]
    if part is whole:
        return fixed
    return fixed * Fraction(part.amounts[fact.HANDLED], handled) if handled else Fraction(0)


def _parts(sums: Sums, currency: str | None, settings: Settings) -> tuple[Fraction, Fraction]:
    """What was recorded, and what handling costs."""
    recorded = Fraction(0)
    for name, amount in _recorded(sums):
        rate = _rate(name, currency, settings)
        if rate is not None:
            recorded += rate * Fraction(amount, MICRO)
    return recorded, Fraction(sums.amounts[fact.LABOUR], MICRO)


def _costs(sums: Sums, currency: str | None, fixed: Fraction, settings: Settings) -> dict[str, Any]:
    recorded, labour = _parts(sums, currency, settings)
    total = recorded + labour + fixed
    divisor = contacts(sums, settings)
    resolutions = sums.counts[fact.RESOLVED]
    divisors = {"per_contact": divisor, "per_resolution": resolutions}
    reasons = {"per_contact": _NO_CONTACT[settings.cost_per], "per_resolution": "no resolution"}
    return {
        "recorded": _written(recorded),
        "labour": _written(labour),
        "fixed": _written(fixed),
        "total": _written(total),
        "contacts": divisor,
        "resolutions": resolutions,
        **{name: _written(total / of) if of else None for name, of in divisors.items()},
        "low_sample": {name: of < settings.min_sample for name, of in divisors.items()},
        "unavailable": {name: reasons[name] for name, of in divisors.items() if not of},
    }


def _recorded(sums: Sums) -> Iterable[tuple[str, int]]:
    for kind, amount in sorted(sums.amounts.items()):
        if kind.startswith(_PREFIX) and amount:
            yield kind.removeprefix(_PREFIX), amount


def _only(sums: Sums) -> str | None:
    """The one currency in which costs were recorded; `None` if there are none or several."""
    names = [name for name, _ in _recorded(sums)]
    return names[0] if len(names) == 1 else None


def _rate(name: str, currency: str | None, settings: Settings) -> Fraction | None:
    return Fraction(1) if name == currency else settings.rates.get(name)


def _days(count: Recount) -> tuple[int, int]:
    """The days fixed costs are paid for: from the first on which anything happened."""
    last = local_day(count.as_of, count.settings.zone)
    return count.slices.since or last + 1, last


def _fixed(first: int, last: int, settings: Settings) -> Fraction:
    """Fixed costs of all days from `first` to `last`."""
    total = Fraction(0)
    for day in range(first, last + 1) if settings.fixed_costs else ():
        for cost in settings.fixed_costs:
            total += cost.amount / _length(day, cost.period)
    return total


def _length(day: int, period: str) -> int:
    """How many days the period has that a day lies in."""
    end = next_period(period_of(day, period), period)
    last = date.fromordinal(end - 1)
    if period == "day":
        return 1
    if period == "week":
        return 7
    if period == "year":
        return end - date(last.year, 1, 1).toordinal()
    first = last.month if period == "month" else last.month - 2
    return end - date(last.year, first, 1).toordinal()


def _written(amount: Fraction) -> str:
    """As a decimal, rounded to the nearest millionth (half to even), at least two places."""
    micros = round(amount * MICRO)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    places = f"{micros % MICRO:06}".rstrip("0").ljust(2, "0")
    return f"{sign}{micros // MICRO}.{places}"
