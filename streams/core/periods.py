"""Days, weeks, months, quarters and years of the configured zone, and its named instants."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from streams.core import facts as fact
from streams.core.recount import Recount
from streams.core.settings import Settings
from streams.core.sums import Sums, next_period, period_of

Figures = Callable[..., dict[str, Any]]
"""Makes the figures of some sums and settings."""

KEPT_BY_MONTH: Final = frozenset({"month", "quarter", "year"})
"""Periods that dropped tickets still count in; their days are not kept."""


PERIODS: Final = ("month", "quarter", "year")
"""Those over which customers are retained; see `first_of`."""


def first_of(day: int, period: str) -> int:
    """The first day of the calendar month, quarter or year that a day lies in; ordinals."""
    local = date.fromordinal(day)
    month = {"month": local.month, "quarter": (local.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return date(local.year, month, 1).toordinal()


def whole_period(first: int, last: int) -> str:
    """The period that begins and ends with these days: `month`, `quarter`, `year`; "" is none."""
    for period in PERIODS:
        begins = first_of(first, period) == first
        if begins and first_of(last, period) == first and first_of(last + 1, period) == last + 1:
            return period
    return ""


def sums_by_period(days: dict[int, Sums], period: str) -> dict[str, Sums]:
    """Sums of days, put together by the name of a period."""
    found: dict[str, Sums] = {}
    for day in sorted(days):
        found.setdefault(period_of(day, period), Sums()).merge(days[day])
    return found


def figures_by_period(count: Recount, figures: Figures) -> dict[str, dict[str, Any]]:
    """The figures of each period in which anything happened, with the change of the inflow."""
    return {name: _figures(count, name, figures) for name in count.settings.periods}


def _figures(count: Recount, period: str, figures: Figures) -> dict[str, Any]:
    settings = count.settings
    found = sums_by_period(count.days, period)
    if period in KEPT_BY_MONTH:
        for month, slices in count.settled.months.items():
            if not slices.by:
                # Nothing but deadlines of tickets of earlier months.
                continue
            name = period_of(date.fromisoformat(f"{month}-01").toordinal(), period)
            found.setdefault(name, Sums()).merge(slices.whole())
    names = sorted(found)
    ends = [midnight(next_period(name, period), settings.zone) - 1 for name in names]
    depths = count.depth_at([min(end, count.as_of) for end in ends])
    rows: dict[str, Any] = {}
    for name, end, depth in zip(names, ends, depths, strict=True):
        sums = found[name]
        sums.counts[fact.DEPTH] = depth
        rows[name] = {
            **figures(sums, settings, every=False),
            "active_at_end": depth,
            "over": end <= count.as_of,
            "change": None,
        }
    for name in names:
        after, was = rows.get(period_of(next_period(name, period), period)), rows[name]["tickets"]
        if after is not None and was["created"]:
            gained = after["tickets"]["created"] - was["created"]
            after["change"] = gained / was["created"]
    return rows


def snapshots(count: Recount) -> dict[str, dict[str, int]]:
    """Queue depth at the named instants of each day or week, by the local day."""
    return {
        name: dict(zip(instants, count.depth_at(list(instants.values())), strict=True))
        for name, instants in _named(count).items()
    }


def snapshots_by_queue(count: Recount) -> dict[str, dict[str, dict[str, int]]]:
    """The same of each queue; days on which nothing was active in it are left out."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, instants in _named(count).items():
        found[name] = {}
        for queue in sorted(count.flips_of):
            depths = count.depth_at(list(instants.values()), queue)
            days = {day: depth for day, depth in zip(instants, depths, strict=True) if depth}
            if days:
                found[name][queue] = days
    return found


def _named(count: Recount) -> dict[str, dict[str, int]]:
    """The named instants by local day, from the first on at which a ticket was active."""
    settings, since = count.settings, min(count.flips, default=None)
    return {
        name: {} if since is None else _instants(count, since, weekday, minute, settings)
        for name, weekday, minute in settings.snapshots
    }


def _instants(
    count: Recount, since: int, weekday: int | None, minute: int, settings: Settings
) -> dict[str, int]:
    day = datetime.fromtimestamp(since / 1000, UTC).astimezone(settings.zone).date()
    instants: dict[str, int] = {}
    while (at := _instant(day, minute, settings.zone)) <= count.as_of:
        if weekday is None or day.weekday() == weekday:
            instants[day.isoformat()] = at
        day += timedelta(days=1)
    return instants


def midnight(day: int, zone: tzinfo) -> int:
    """The instant at which a local day (an ordinal) begins."""
    return _instant(date.fromordinal(day), 0, zone)


def _instant(day: date, minute: int, zone: tzinfo) -> int:
    local = datetime.combine(day, time(), zone) + timedelta(minutes=minute)
    return round(local.timestamp() * 1000)
