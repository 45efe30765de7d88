"""What customers do apart from writing in: buying, looking things up, reviewing, leaving.

A customer who was helped well comes back; one who was not does so less often, says so in
public, or leaves for good.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.core.instants import DAY, HOUR
from streams.simulate.chance import pick, spread
from streams.simulate.company import OWNERS, Customer, population, visitor
from streams.simulate.desk import Desk
from streams.simulate.satisfaction import LOW, on_scale
from streams.simulate.surveys import STARS, ask_customer

ACTIVE: Final = "customer.active"
CHURNED: Final = "customer.churned"
UPDATED: Final = "customer.updated"
FEEDBACK: Final = "feedback.received"
SESSION: Final = "selfservice.session"

LIFE: Final[Mapping[str, float]] = {
    "login": 0.36, "visit": 0.2, "purchase": 0.16, "renewal": 0.03, "session": 0.2, "survey": 0.05,
}  # fmt: skip
"""What happens as often as tickets do."""
SPENT: Final[Mapping[str, float]] = {"enterprise": 900.0, "business": 180.0, "consumer": 45.0}
"""Median value of a purchase."""
HELPED: Final = 0.72
"""Share of help pages that were enough for whoever read them."""
MOVES: Final = 0.01
"""Share of purchases with a new address or a larger contract."""
TRIES: Final = 3
REVIEW_SITES: Final[Mapping[str, float]] = {"review-site": 0.5, "app-store": 0.3, "social": 0.2}


def start(desk: Desk, arrivals: Iterator[int]) -> None:
    """Customers live their lives from now on, at the instants given."""
    desk.agenda.at(next(arrivals), _live, desk, arrivals)


def _live(desk: Desk, arrivals: Iterator[int]) -> None:
    desk.agenda.at(next(arrivals), _live, desk, arrivals)
    rng = desk.rng
    customer = desk.customer(int(population(desk.scale) * rng.random()))
    # The discontented come less often.
    if customer.churned or rng.random() > customer.mood**2:
        return
    meet(desk, customer)
    match pick(rng, LIFE):
        case "session":
            search(desk, customer, rng.choice(tuple(OWNERS)), resolved=rng.random() < HELPED)
        case "survey":
            ask_customer(desk, customer)
        case "purchase" | "renewal" as activity:
            value = round(SPENT[customer.segment] * rng.lognormvariate(0, 0.6), 2)
            desk.note(customer, ACTIVE, {"activity": activity, "value": value})
            if rng.random() < MOVES:
                _change(desk, customer)
        case activity:
            desk.note(customer, ACTIVE, {"activity": activity})


def next_visitor(desk: Desk) -> Customer:
    """Who writes in next: hardly ever somebody who had left, and who is back then."""
    customer = desk.customer(visitor(desk.rng, desk.scale))
    for _ in range(TRIES):
        if not customer.churned:
            break
        customer = desk.customer(visitor(desk.rng, desk.scale))
    customer.churned = False
    meet(desk, customer)
    return customer


def meet(desk: Desk, customer: Customer) -> None:
    """Publish who a customer is, when they first turn up."""
    if not customer.known:
        customer.known = True
        data = {"segment": customer.segment, "region": customer.region}
        desk.note(customer, UPDATED, data)


def _change(desk: Desk, customer: Customer) -> None:
    changed: dict[str, Any]
    if customer.segment == "consumer" and desk.rng.random() < 0.5:
        customer.segment = customer.attributes["segment"] = "business"
        changed = {"segment": "business"}
    else:
        customer.region = "abroad"
        changed = {"region": "abroad"}
    desk.note(customer, UPDATED, changed)


def search(desk: Desk, customer: Customer, category: str, *, resolved: bool) -> None:
    """The customer reads the help page of a category."""
    desk.note(customer, SESSION, {"resolved": resolved, "article": category})


def remember(desk: Desk, customer: Customer, value: float) -> None:
    """A ticket was resolved, and the customer feels like this about it, in [0, 1]."""
    rng, agenda = desk.rng, desk.agenda
    customer.mood = (customer.mood + value) / 2
    if rng.random() < (0.06 if value < LOW else 0.015 if value > 0.95 else 0.003):
        at = desk.rhythm.awake(rng, agenda.now_ms + spread(rng, 12 * HOUR, 1.0))
        agenda.at(at, _review, desk, customer, value)
    if rng.random() < (0.12 if value < LOW else 0.03 if value < 0.7 else 0.003):
        agenda.after(spread(rng, 4 * DAY, 0.8), _churn, desk, customer)


def _review(desk: Desk, customer: Customer, value: float) -> None:
    """In public: stars, or only what somebody else's program made of the words."""
    rng = desk.rng
    channel = pick(rng, REVIEW_SITES)
    data: dict[str, Any] = {"channel": channel}
    if channel != "social":
        data |= on_scale(value, STARS)
    if channel != "app-store":
        data["sentiment"] = round(max(-1.0, min(1.0, 2 * value - 1 + rng.gauss(0, 0.15))), 2)
    desk.note(customer, FEEDBACK, data)


def _churn(desk: Desk, customer: Customer) -> None:
    if not customer.churned:
        customer.churned = True
        desk.note(customer, CHURNED, {})
