"""The company behind the simulated desk, as data: teams, channels and customers.

Nothing here is random but who turns up next; what becomes of them is told elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, Final, NamedTuple

from streams.simulate.scenario import CUSTOMERS, Topic

SECOND_LINE: Final = "second-line"
LIVE: Final = frozenset({"chat", "phone"})
"""Channels on which the customer is there while the agent works."""


class Team(NamedTuple):
    """One queue and how it is worked."""

    share: float
    """Of the tickets that belong here in the end (escalations aside)."""
    load: float
    """Part of the paid time its staff is planned to be busy."""
    handle_min: float
    """Median minutes of one handling."""
    escalates: float
    """Share of its tickets that second line has to finish."""
    channels: Mapping[str, float]
    categories: tuple[str, ...]


TEAMS: Final[Mapping[str, Team]] = {
    "billing": Team(
        0.24, 0.80, 9.0, 0.03,
        {"email": 0.5, "web": 0.25, "chat": 0.12, "phone": 0.13},
        ("invoice", "refund", "plan-change", "tax-form"),
    ),
    "payments": Team(
        0.18, 0.93, 10.0, 0.06,
        {"email": 0.35, "web": 0.2, "chat": 0.25, "phone": 0.2},
        ("declined-card", "double-charge", "payout", "chargeback"),
    ),
    "technical": Team(
        0.28, 0.90, 14.0, 0.10,
        {"email": 0.3, "web": 0.35, "chat": 0.25, "phone": 0.05, "social": 0.05},
        ("login", "outage", "bug", "integration", "performance"),
    ),
    "logistics": Team(
        0.20, 0.78, 7.0, 0.02,
        {"email": 0.3, "web": 0.2, "chat": 0.2, "phone": 0.2, "social": 0.1},
        ("where-is-it", "damaged", "return", "address-change"),
    ),
    "onboarding": Team(
        0.10, 0.65, 16.0, 0.01,
        {"email": 0.55, "web": 0.2, "chat": 0.2, "phone": 0.05},
        ("setup", "training", "data-import"),
    ),
    SECOND_LINE: Team(0.0, 0.85, 30.0, 0.0, {"email": 1.0}, ("bug",)),
}  # fmt: skip

FIRST_LINE: Final[Mapping[str, float]] = {
    name: team.share for name, team in TEAMS.items() if team.share
}
OWNERS: Final[Mapping[str, str]] = {
    category: name for name in FIRST_LINE for category in TEAMS[name].categories
}
"""The team each category belongs to."""
MISROUTED: Final[Mapping[str, float]] = {
    "email": 0.20, "web": 0.13, "social": 0.22, "phone": 0.08, "chat": 0.10,
}  # fmt: skip
"""Share of a channel's tickets that land in a queue they do not belong to."""
SPAM: Final[Mapping[str, float]] = {"email": 0.05, "web": 0.03, "social": 0.04}

PRIORITIES: Final[Mapping[str, Mapping[str, float]]] = {
    "enterprise": {"urgent": 0.12, "high": 0.28, "normal": 0.52, "low": 0.08},
    "business": {"urgent": 0.04, "high": 0.16, "normal": 0.62, "low": 0.18},
    "consumer": {"urgent": 0.02, "high": 0.09, "normal": 0.64, "low": 0.25},
}
KINDS: Final[Mapping[str, float]] = {
    "question": 0.52, "incident": 0.24, "problem": 0.1, "task": 0.09, "complaint": 0.04,
    "conflict": 0.01,
}  # fmt: skip
GRIEVANCES: Final = frozenset({"complaint", "conflict"})
COMPLEXITIES: Final[Mapping[str, float]] = {"1": 0.5, "2": 0.35, "3": 0.15}
EFFORT: Final[Mapping[str, float]] = {"1": 0.8, "2": 1.05, "3": 1.55}
"""Handling time by complexity, as a part of the usual."""
REGIONS: Final = ("north", "south", "west", "east")
PRODUCTS: Final = ("shop", "app", "terminal")
LANGUAGES: Final = ("de", "de", "de", "de", "en", "en", "en", "fr", "it", "es")


@dataclass(slots=True, eq=False)
class Customer:
    """Somebody who buys and now and then writes in."""

    id: str
    segment: str
    region: str
    attributes: dict[str, Any]
    """The attributes that each of their tickets carries."""
    mood: float = 0.9
    """How content they are with the company, in [0, 1]."""
    churned: bool = False
    known: bool = False
    """Whether the customer base has published who they are."""
    in_line: bool = False
    """Waiting on the phone or in the chat, which nobody does twice at once."""
    sequence: int = 0
    """The version their last published event carried."""
    topic: ClassVar[Topic] = CUSTOMERS


def customer(number: int) -> Customer:
    """The customer with this number as they are before the run; the same one in every run."""
    if number % 12 == 0:
        segment, organization = "enterprise", f"org-{number % 97:02}"
    elif number % 3 == 0:
        segment, organization = "business", f"org-{number}"
    else:
        segment, organization = "consumer", ""
    attributes: dict[str, Any] = {
        "requester": f"cust-{number}",
        "segment": segment,
        "language": LANGUAGES[number % 10],
        "product": PRODUCTS[number % 7 % 3],
    }
    if organization:
        attributes["organization"] = organization
    return Customer(attributes["requester"], segment, REGIONS[number % 11 % 4], attributes)


def population(scale: float) -> int:
    """How many customers the company has."""
    return max(1, int(scale * 20))


def visitor(rng: Random, scale: float) -> int:
    """The number of who writes in next: a few come often, most of them seldom."""
    return int(population(scale) * rng.random() ** 2)
