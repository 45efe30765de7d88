"""The engine's settings: what KPIS.md marks as a contested choice, and the horizons.

Frozen values, already validated; `streams.config` builds them from YAML. Times are
milliseconds. The values here are the documented defaults.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Final, NamedTuple

from streams.core.goals import Annotation, Scorecard
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.policies import NO_POLICIES, Policies


class ResponseSignal(StrEnum):
    """What counts as the first response of a source's tickets."""

    REPLY = "reply"
    """The first public, human agent reply."""
    PICKUP = "pickup"
    """The first assignee, for sources that publish no replies."""
    LEFT_NEW = "left_new"
    """The first event after which the status is set and not `new`."""


class ResolutionAt(StrEnum):
    """Which status ends a ticket in the resolution times."""

    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Choices made per source system; a ticket's source is that of its earliest `created`."""

    response_signal: ResponseSignal = ResponseSignal.REPLY
    resolution_at: ResolutionAt = ResolutionAt.RESOLVED


DEFAULT_SOURCE: Final = SourceSettings()


class Credit(StrEnum):
    """Whose a ticket's KPIs are."""

    RESOLVER = "resolver"
    """The agent who resolved it, or else who had it then."""
    LAST_ASSIGNEE = "last_assignee"
    FIRST_RESPONDER = "first_responder"
    """Who gave the first agent reply, or else as for `resolver`."""


CONTACT: Final = "contact"
"""First contact judged by runs of messages, not by replies."""
CATALOGUE: Final = ("conflicts", "journey", "elapsed", "voice", "effort")
"""The parts of the catalogue (streams.core.catalogue), in the order in which they follow."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What a queue is in the organisation."""

    tier: int = 1
    """A transfer to a queue of a higher tier is an escalation."""
    department: str | None = None
    """What `transfer_level: department` compares."""


DEFAULT_QUEUE: Final = QueueSettings()


class FixedCost(NamedTuple):
    """What has to be paid however many tickets there are."""

    amount: Fraction
    """In the report's currency, each `period`."""
    period: str
    """`day`, `week`, `month`, `quarter` or `year`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the fold of a ticket and the aggregates depend on besides the events."""

    apply_within: int = 7 * DAY
    """An event older than the newest of its ticket by more than this is late (equal is not)."""
    future_skew: int = 5 * MINUTE
    behind: int = 5 * MINUTE
    """How far effective now may stand behind the newest event of a partition, at most."""
    closed_ticket: int = 35 * DAY
    """A closed ticket silent for longer shrinks to its checkpoint."""
    forgotten: int = 400 * DAY
    """A ticket silent for longer is dropped; two events further apart are two tickets."""
    zone: tzinfo = UTC
    """For hours of the week and local days."""
    windows: tuple[int, ...] = (5 * MINUTE, HOUR, DAY, 7 * DAY)
    kpi_windows: tuple[int, ...] = (7 * DAY,)
    """Those of the windows that sum what only KPIs are made of."""
    same_weeks: int = 4
    """With how many weeks before the same hour is compared; 0 keeps none."""
    count_bots: bool = False
    count_automatic: bool = False
    exclude_spam_from_windows: bool = False
    sources: tuple[tuple[str, SourceSettings], ...] = field(default=())
    """(pattern, settings) in file order; the first match counts, `*` matches any text."""
    catalogue: tuple[str, ...] = CATALOGUE
    """The parts of the catalogue that are kept."""
    queues: Mapping[str, QueueSettings] = field(default_factory=dict)
    by_department: bool = False
    """A transfer is a change of the department; a queue without one is its own."""
    credit: Credit = Credit.RESOLVER
    fcr_window: int = 7 * DAY
    fcr_basis: str | None = None
    """`replies` or `contact` for every channel; without it `contact` where people talk."""
    contact_gap: int = 30 * MINUTE
    repeat_window: int = 7 * DAY
    count_reopened: bool = True
    mature_after: int = 30 * DAY
    low_is_easy: bool = False
    """A low effort score means easy."""
    satisfied: tuple[tuple[float, float, float], ...] = ()
    """(min, max, lowest satisfied score) of scales that differ from min + 2/3 of the range."""
    conflict_since_creation: bool = False
    """The times of a conflict start with the creation, not when it became one."""
    hourly_rates: Mapping[str, int] = field(default_factory=dict)
    """What an agent's hour costs, millionths of the report's currency; "" is everybody else."""
    currency: str | None = None
    """What costs are reported in; without it, in the only currency there is."""
    rates: Mapping[str, Fraction] = field(default_factory=dict)
    """What one unit of another currency is worth in the report's."""
    fixed_costs: tuple[FixedCost, ...] = ()
    cost_per: str = "ticket"
    """What the cost per contact is divided by: `ticket`, `requester_message`, `contact`."""
    periods: tuple[str, ...] = ("day", "week", "month", "quarter", "year")
    snapshots: tuple[tuple[str, int | None, int], ...] = (
        ("end_of_day", None, 18 * 60),
        ("end_of_week", 4, 18 * 60),
    )
    """Local instants at which queue depth is looked at: name, weekday (0 is Monday; `None` is every
    day), and minute of the day."""
    min_sample: int = 5
    scorecards: tuple[Scorecard, ...] = ()
    """What KPIs are held against."""
    annotations: tuple[Annotation, ...] = ()
    """What happened: releases, campaigns."""
    policies: Policies = NO_POLICIES
    """What is promised to whom; without any there are no clocks."""
    history_events: int = 2_000
    """A longer history is squashed early, and flagged."""
    history_bytes: int = 512 * 1024
    reported_at: int | None = None
    """Events later than this are kept as they came: a replay is to report as of then."""
    horizon: int = field(init=False)
    """How long events stay in the history: as long as another one may be sorted among them, or a
    window may count them."""

    def __post_init__(self) -> None:
        horizon = max((self.apply_within, *self.windows)) + HOUR
        object.__setattr__(self, "horizon", horizon)

    @property
    def happenings(self) -> tuple[Annotation, ...]:
        """Annotations, and the actions of goals that have begun, in the order of time."""
        begun = {
            Annotation(action.since, action.text)
            for card in self.scorecards
            for goal in card.goals
            for action in goal.actions
            if action.since is not None
        }
        return tuple(sorted({*self.annotations, *begun}))

    def tier(self, queue: str) -> int:
        """The level of a queue; 1 is the first line."""
        return self.queues.get(queue, DEFAULT_QUEUE).tier

    def moves(self, before: str, after: str) -> bool:
        """Whether a change from one queue to another is a transfer at the configured level."""
        return not self.by_department or self._department(before) != self._department(after)

    def _department(self, queue: str) -> str:
        return self.queues.get(queue, DEFAULT_QUEUE).department or queue

    def hourly_rate(self, agent: str) -> int:
        """What an hour of an agent costs, in millionths of the report's currency."""
        return self.hourly_rates.get(agent, self.hourly_rates.get("", 0))

    def source(self, name: str) -> SourceSettings:
        """The settings of a source: those of the first pattern that matches its name."""
        for pattern, settings in self.sources:
            if _compiled(pattern).fullmatch(name):
                return settings
        return DEFAULT_SOURCE


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A source pattern: `*` matches any text, `/` included; everything else is literal."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
