"""The settings that change a ticket's facts, with the documented defaults."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import Any

MINUTE_MS = 60_000
DAY_MS = 86_400_000

Scale = tuple[float, float]
"""Lowest and highest score."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the reference model needs to know besides the events; all spans in milliseconds.

    `sources` are (pattern, options) pairs in file order, options being `response_signal`
    (`reply`, `pickup`, `left_new`) and `resolution_at` (`resolved`, `closed`).
    """

    apply_within_ms: int = 7 * DAY_MS
    future_skew_ms: int = 300_000
    forgotten_ms: int = 400 * DAY_MS
    count_bots: bool = False
    count_automatic: bool = False
    sources: Sequence[tuple[str, Mapping[str, str]]] = field(default=())

    # The catalogue.
    zone: tzinfo = UTC
    credit: str = "resolver"
    """Or `last_assignee`, `first_responder`."""
    queues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By queue: `tier` (1 without one) and `department` (the queue itself without one)."""
    transfer_level: str = "queue"
    """Or `department`."""
    count_reopened: bool = True
    mature_after_ms: int = 30 * DAY_MS
    fcr_window_ms: int = 7 * DAY_MS
    fcr_basis: str | None = None
    """`replies` or `contact`; None is `contact` for chat, phone and social, else `replies`."""
    contact_gap_ms: int = 30 * MINUTE_MS
    repeat_window_ms: int = 7 * DAY_MS
    ces_direction: str = "high_easy"
    """Or `low_easy`."""
    satisfied: Mapping[Scale, float] = field(default_factory=dict)
    """The lowest satisfied score of scales on which it is not min + 2/3 of the range."""
    conflict_clock: str = "since"
    """Or `created`."""
    hourly: Mapping[str, Fraction] = field(default_factory=dict)
    """What an hour of an agent costs; `default` is everybody else."""
    currency: str | None = None
    rates: Mapping[str, Fraction] = field(default_factory=dict)
    fixed: Sequence[tuple[Fraction, str]] = ()
    """(amount, period)."""
    contact: str = "ticket"
    """Or `requester_message`, `contact`."""
    periods: Sequence[str] = ("day", "week", "month", "quarter", "year")
    snapshots: Mapping[str, tuple[int | None, int]] = field(
        default_factory=lambda: {"end_of_day": (None, 18 * 60), "end_of_week": (4, 18 * 60)}
    )
    """By name: weekday (0 is Monday, None every day) and minute of the local day."""
    min_sample: int = 5

    @classmethod
    def of(cls, given: "Mapping[str, Any] | Settings | None") -> "Settings":
        """`given` over the defaults; an unknown key is a TypeError."""
        return given if isinstance(given, Settings) else cls(**(given or {}))

    def of_source(self, source: str, option: str, default: str) -> str:
        """`option` of the first pattern that matches `source`, else `default`."""
        for pattern, options in self.sources:
            if re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), source, re.DOTALL):
                return options.get(option, default)
        return default

    def tier(self, queue: str) -> int:
        return int(self.queues.get(queue, {}).get("tier", 1))

    def department(self, queue: str) -> str:
        return str(self.queues.get(queue, {}).get("department") or queue)
