"""Policies: what is promised to whom, and in which hours.

Policies are ordered. The first whose conditions match a ticket's attributes governs it; a
clock that it does not name, or not for the ticket's priority, the ticket does not have. What
a policy promises for one clock at one priority are its `Terms`: everything a running clock
has to know (CONTRACTS section 3; docs/decisions/0005 where that leaves room).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from streams.core.calendars import ALWAYS, Calendar
from streams.core.events import DONE, OTHER, STATUSES
from streams.core.instants import DAY

FIRST_RESPONSE: Final = "first_response"
PICKUP: Final = "pickup"
NEXT_REPLY: Final = "next_reply"
PERIODIC_UPDATE: Final = "periodic_update"
PAUSABLE_UPDATE: Final = "pausable_update"
REQUESTER_WAIT: Final = "requester_wait"
AGENT_WORK: Final = "agent_work"
RESOLUTION: Final = "resolution"
OWNERSHIP: Final = "ownership"

CLOCKS: Final = (
    FIRST_RESPONSE,
    PICKUP,
    NEXT_REPLY,
    PERIODIC_UPDATE,
    PAUSABLE_UPDATE,
    REQUESTER_WAIT,
    AGENT_WORK,
    RESOLUTION,
    OWNERSHIP,
)
"""Every clock, in the order of KPIS.md."""

WORKABLE: Final = (STATUSES | {OTHER}) - DONE
"""Statuses in which a clock can run or pause; in the others it has stopped."""

DEFAULT_PAUSE: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(CLOCKS, frozenset()),
    PAUSABLE_UPDATE: frozenset({"pending"}),
}
"""The statuses in which a clock pauses when its target does not say."""

ALWAYS_PAUSED: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(CLOCKS, frozenset()),
    REQUESTER_WAIT: WORKABLE - {"new", "open", "on_hold"},
    AGENT_WORK: WORKABLE - {"new", "open"},
}
"""The statuses in which a clock never runs, whatever its target says."""

SOURCE: Final = "source"
"""In conditions: the source of the ticket's creation, where `*` is any text."""


class OnReopen(StrEnum):
    """What a reopening does to a `resolution` clock that has stopped."""

    RESUME = "resume"
    """It runs on; the time spent resolved does not count."""
    RESTART = "restart"
    """A new instance starts."""
    KEEP_FIRST = "keep_first"
    """Nothing: the first verdict stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What is promised for one clock at one priority."""

    policy: str
    clock: str
    target: int
    """Open time of the calendar, milliseconds."""
    calendar: Calendar = ALWAYS
    pause: frozenset[str] = frozenset()
    """Statuses in which the clock does not run; `ALWAYS_PAUSED` included."""
    warn: tuple[tuple[int, str], ...] = ()
    """(budget used in milliseconds, the level as it is written), ascending."""
    on_reopen: OnReopen = OnReopen.RESUME
    keep: bool = False
    """These terms stay when the attributes change (`retarget: keep`)."""
    marks: tuple[tuple[int, str], ...] = field(init=False)
    """Everything that is announced when so much of the budget is used up; the target last."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "marks", (*self.warn, (self.target, "")))


@dataclass(frozen=True, slots=True)
class Condition:
    """What one attribute must be."""

    attribute: str
    values: frozenset[str]
    """Any of them; "" is a ticket without the attribute."""

    def holds(self, value: Any) -> bool:
        """Whether the ticket's value is one of them; of a list, whether one of it is."""
        if self.attribute == SOURCE:
            return any(_matches(pattern, value or "") for pattern in self.values)
        if isinstance(value, tuple):
            return not self.values.isdisjoint(value or ("",))
        return (value or "") in self.values


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """One entry of the ordered list."""

    name: str
    targets: Mapping[str, Mapping[str | None, Terms]]
    """Terms by clock and priority; `None` stands for every priority."""
    when: tuple[Condition, ...] = ()
    calendar: Calendar = ALWAYS
    objective: float | None = None
    """The share of instances that are to be met, 0 to 1."""
    effective_from: int | None = None
    """Governs only instances that start at or after it."""

    def terms(self, clock: str, priority: str | None) -> Terms | None:
        """What it promises; `None` for nothing."""
        by_priority = self.targets.get(clock)
        if by_priority is None:
            return None
        return by_priority.get(None) or by_priority.get(priority)


@dataclass(frozen=True, eq=False)
class Policies:
    """All policies, in order."""

    policies: tuple[Policy, ...] = ()
    fingerprint: str = ""
    """Changes with every change of a policy or a calendar: then old records are folded again."""
    announce_all: bool = False
    """Announce activations, pauses and resumptions too, not only verdicts."""
    clocks: tuple[str, ...] = field(init=False)
    """The clocks that a policy names."""
    terms: tuple[Terms, ...] = field(init=False)
    """Every promise there is, by its number."""
    _numbers: dict[Terms, int] = field(init=False, repr=False)
    _attributes: tuple[str, ...] = field(init=False, repr=False)
    _matching: dict[tuple[Any, ...], tuple[Policy, ...]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        named = {clock for policy in self.policies for clock in policy.targets}
        terms = tuple(
            dict.fromkeys(
                one
                for policy in self.policies
                for targets in policy.targets.values()
                for one in targets.values()
            )
        )
        used = {condition.attribute for policy in self.policies for condition in policy.when}
        set_ = object.__setattr__
        set_(self, "clocks", tuple(clock for clock in CLOCKS if clock in named))
        set_(self, "terms", terms)
        set_(self, "_numbers", {one: number for number, one in enumerate(terms)})
        set_(self, "_attributes", tuple(sorted(used)))

    def __bool__(self) -> bool:
        return bool(self.policies)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(policy, clock) of every promise, once each, in order."""
        return tuple(
            dict.fromkeys(
                (policy.name, clock)
                for policy in self.policies
                for clock in CLOCKS
                if clock in policy.targets
            )
        )

    def reach(self, span: int) -> int:
        """How much wall time a working window of this length can look back, at most about."""
        weekly = min(policy.calendar.weekly for policy in self.policies)
        return span * 7 * DAY // weekly + _HOLIDAYS

    def number(self, terms: Terms) -> int:
        """The place of these terms in `terms`."""
        return self._numbers[terms]

    def compared(self, attribute: Callable[[str], Any]) -> tuple[Any, ...]:
        """The values of a ticket that conditions ask for: with equal ones the same policies match.

        `attribute` gives the ticket's value by name (`Ticket.attribute`).
        """
        return tuple([attribute(name) for name in self._attributes])

    def matching(self, attribute: Callable[[str], Any]) -> tuple[Policy, ...]:
        """The policies whose conditions a ticket meets, in order.

        `attribute` gives the ticket's value by name (`Ticket.attribute`). Of these policies the
        first that is in effect when an instance starts governs it (`governing`).
        """
        key = self.compared(attribute)
        found = self._matching.get(key)
        if found is None:
            if len(self._matching) >= _MAX_CACHED:
                self._matching.clear()
            values = dict(zip(self._attributes, key, strict=True))
            found = self._matching[key] = tuple(self._met(values))
        return found

    def _met(self, values: Mapping[str, Any]) -> list[Policy]:
        found = []
        for policy in self.policies:
            if all(condition.holds(values[condition.attribute]) for condition in policy.when):
                found.append(policy)
                if policy.effective_from is None:
                    break
        return found


def governing(matching: tuple[Policy, ...], start: int) -> Policy | None:
    """The first of the matching policies that is in effect at `start`."""
    for policy in matching:
        if policy.effective_from is None or start >= policy.effective_from:
            return policy
    return None


_HOLIDAYS: Final = 14 * DAY
"""More days off in a row than any calendar of a team that answers tickets has."""
_MAX_CACHED: Final = 10_000
"""Combinations of attributes remembered: more than a policy file distinguishes in practice."""

NO_POLICIES: Final = Policies()
