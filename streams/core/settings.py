"""The engine's settings: what KPIS.md marks as a contested choice, and the horizons.

Frozen values, already validated; `streams.config` builds them from YAML. Times are
milliseconds. The values here are the documented defaults.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from functools import cache
from typing import Final

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
    count_bots: bool = False
    count_automatic: bool = False
    exclude_spam_from_windows: bool = False
    sources: tuple[tuple[str, SourceSettings], ...] = field(default=())
    """(pattern, settings) in file order; the first match counts, `*` matches any text."""
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
