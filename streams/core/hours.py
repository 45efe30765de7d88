"""When do tickets come? Volume by hour of the week and month, and what the peaks cost.

Hours are those of the configured zone's clock. Only tickets that are still kept are in here.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from streams.core.settings import Settings
from streams.core.tally import Distribution
from streams.core.ticket import Ticket

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PEAK: Final = 10
"""Percent of the hours of the week, the busiest, that are its peak."""


class Hours:
    """Creations by local hour of the week, with the first responses to them."""

    def __init__(self, settings: Settings) -> None:
        self._zone = settings.zone
        self.created: Counter[int] = Counter()
        """By hour of the week; 0 is the one after midnight on Monday."""
        self.months: Counter[int] = Counter()
        """By month of the year, 1 to 12."""
        self.responses: dict[int, Distribution] = {}

    def add(self, ticket: Ticket) -> None:
        """Count a ticket; an orphan came nobody knows when."""
        if ticket.created_at is None:
            return
        local = datetime.fromtimestamp(ticket.created_at / 1000, UTC).astimezone(self._zone)
        hour = local.weekday() * 24 + local.hour
        self.created[hour] += 1
        self.months[local.month] += 1
        start, responded = ticket.response_start, ticket.first_response_at
        if start is not None and responded is not None:
            self.responses.setdefault(hour, Distribution()).add(max(0, responded - start))

    def volume(self) -> dict[str, Any]:
        """Creations by hour of the week (`mon 09`) and month of the year."""
        return {
            "by_hour_of_week": {
                f"{WEEKDAYS[hour // 24]} {hour % 24:02}": number
                for hour, number in sorted(self.created.items())
            },
            "by_month_of_year": {f"{month:02}": n for month, n in sorted(self.months.items())},
        }

    def slow_down(self) -> dict[str, Any]:
        """First responses to tickets of the busiest hours of the week, over those to the rest."""
        ranked = sorted(self.created, key=lambda hour: (-self.created[hour], hour))
        busiest = set(ranked[: max(1, len(ranked) * PEAK // 100)])
        peak, rest = Distribution(), Distribution()
        for hour, times in self.responses.items():
            (peak if hour in busiest else rest).merge(times)
        found: dict[str, Any] = {
            "hours": [f"{WEEKDAYS[hour // 24]} {hour % 24:02}" for hour in sorted(busiest)],
            "peak_responses": peak.count,
            "other_responses": rest.count,
        }
        for name, rank in (("p50", 0.5), ("p90", 0.9)):
            above = peak.percentiles(rank) if peak.count else []
            below = rest.percentiles(rank) if rest.count else []
            ratio = above[0] / below[0] if above and below and below[0] else None
            found[f"{name}_ratio"] = ratio
        return found
