"""What goes with satisfaction? CSAT, reopenings and conflicts by bands of what may cause them.

Each ticket is put into one band of each driver, as it is now; over all channels, and by channel: a
channel that is rated low may be one that waits. Only tickets that are still kept are in here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.core.instants import DAY, HOUR
from streams.core.ticket import DIMENSIONS, Ticket

_TIMES: Final = ((HOUR, "<= 1h"), (4 * HOUR, "<= 4h"), (DAY, "<= 1d"), (3 * DAY, "<= 3d"))
_CHANNEL: Final = DIMENSIONS.index("channel")
_COUNTS: Final = ("0", "1", "2", "3+")


class Drivers:
    """Tickets, resolved ones, reopened ones, conflicts and CSAT answers by driver and band."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Counter[str]] = {}
        self._by_channel: dict[str, dict[tuple[str, str], Counter[str]]] = {}

    def add(self, ticket: Ticket) -> None:
        """Count a ticket in its band of each driver."""
        case = ticket.case
        if case is None:
            return
        answers = [one for one in (case.surveys or {}).values() if one.kind == "csat"]
        answers = [one for one in answers if one.answered_at >= 0]
        own = self._by_channel.setdefault(ticket.cell[_CHANNEL], {})
        for key in _bands(ticket):
            for bands in (self._counts, own):
                counts = bands.setdefault(key, Counter())
                counts["tickets"] += 1
                counts["resolved"] += ticket.resolutions > 0
                counts["reopened"] += ticket.reopens > 0
                counts["conflicts"] += case.conflict_at >= 0
                counts["responses"] += len(answers)
                counts["satisfied"] += sum(one.satisfied for one in answers)

    def report(self, min_sample: int) -> dict[str, Any]:
        """By driver and band, in ascending order: the counts, and the rates made of them.

        Those of fewer than `min_sample` carry a mark.
        """
        found = _rates(self._counts, min_sample)
        found["by_channel"] = {
            channel: _rates(counts, min_sample)
            for channel, counts in sorted(self._by_channel.items())
            if counts
        }
        return found


def _rates(bands: Mapping[tuple[str, str], Counter[str]], min_sample: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for (driver, band), counts in sorted(bands.items(), key=lambda item: _order(item[0])):
        found.setdefault(driver, {})[band] = {
            **{name: counts[name] for name in _NAMES},
            **{name: _rate(counts[part], counts[of]) for name, (part, of) in _RATES.items()},
            "low_sample": {name: counts[of] < min_sample for name, (_, of) in _RATES.items()},
        }
    return found


_RATES: Final = {
    "csat": ("satisfied", "responses"),
    "reopen_rate": ("reopened", "resolved"),
    "conflict_rate": ("conflicts", "tickets"),
}
"""Each as a part of what."""
_NAMES: Final = ("tickets", "resolved", "reopened", "conflicts", "responses", "satisfied")


def _bands(ticket: Ticket) -> Iterator[tuple[str, str]]:
    case, created = ticket.case, ticket.created_at
    start, responded = ticket.response_start, ticket.first_response_at
    if start is not None and responded is not None:
        yield "first_response", _band(max(0, responded - start))
    if created is not None and ticket.last_resolved is not None:
        yield "resolution", _band(max(0, ticket.last_resolved[0] - created))
    if case is not None:
        yield "transfers", _COUNTS[min(case.transfers, 3)]
        if case.outcome is not None:
            yield "complexity", str(round(case.outcome.complexity / 1_000))


def _band(span: int) -> str:
    return next((name for most, name in _TIMES if span <= most), "> 3d")


_ORDER: Final = [name for _, name in _TIMES] + ["> 3d"]


def _order(key: tuple[str, str]) -> tuple[str, int, str]:
    driver, band = key
    return driver, _ORDER.index(band) if band in _ORDER else 0, band


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
