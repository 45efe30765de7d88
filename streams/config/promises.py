"""From what sla.yml says to what the engine computes with: `streams.core` values.

Amounts become milliseconds of a calendar's open time here, names become calendars, and
everything that has a bearing on a clock becomes one fingerprint.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, tzinfo
from functools import cache
from typing import Any, Final

from streams.config.holiday_sources import country_dates, library
from streams.config.sla import Holiday, Hours, PolicyEntry, Target
from streams.config.sla_values import Amount, Level, Opening, hours_of, weekdays
from streams.core import calendars as core
from streams.core.calendars import ALWAYS, Calendar, Interval
from streams.core.policies import (
    ALWAYS_PAUSED,
    DEFAULT_PAUSE,
    NO_POLICIES,
    Condition,
    OnReopen,
    Policies,
    Policy,
    Terms,
)

_DIGITS: Final = 16
"""Of the fingerprint; two configurations do not share so many by chance."""


def policies_of(
    calendars: Mapping[str, Hours],
    policies: Sequence[PolicyEntry],
    zone: tzinfo,
    *,
    announce_all: bool,
) -> Policies:
    """What the engine needs; the entries are valid and name calendars that exist.

    `zone` is that of calendars without one. Without policies there is nothing: no clocks.
    """
    if not policies:
        return NO_POLICIES
    built = calendars_of(calendars, zone)
    return Policies(
        tuple(_policy(entry, built[entry.calendar]) for entry in policies),
        _fingerprint(calendars, policies, zone),
        announce_all,
    )


# -- calendars ----------------------------------------------------------------------------


def calendars_of(calendars: Mapping[str, Hours], zone: tzinfo) -> dict[str, Calendar]:
    """Every calendar that a policy can name, the built-in one included."""
    return {
        ALWAYS.name: ALWAYS,
        **{
            name: _calendar(name, entry, entry.timezone or zone)
            for name, entry in calendars.items()
        },
    }


def _calendar(name: str, entry: Hours, zone: tzinfo) -> Calendar:
    week: list[core.Hours] = [()] * 7
    for days, openings in entry.hours.items():
        for day in weekdays(days):
            week[day] = hours_of(openings)

    @cache
    def holidays(year: int) -> Mapping[date, core.Hours]:
        return {day: hours_of(openings) for day, openings in holidays_of(entry, year).items()}

    def closures(year: int) -> list[Interval]:
        files = (holiday.ical for holiday in entry.holidays if holiday.ical is not None)
        return [closed for file in files for closed in file.closures(year, zone)]

    return Calendar(name, zone, week, holidays, closures)


def holidays_of(entry: Hours, year: int) -> dict[date, tuple[Opening, ...]]:
    """The dates of a year that have hours of their own; the first that names a date counts."""
    found: dict[date, tuple[Opening, ...]] = {}
    for holiday in entry.holidays:
        for day in _dates(holiday, year):
            found.setdefault(day, holiday.hours or ())
    return found


def _dates(holiday: Holiday, year: int) -> Sequence[date]:
    if holiday.country is not None:
        return country_dates(holiday.country, holiday.subdivision, year)
    if holiday.ical is not None:
        return list(holiday.ical.dates(year))
    return [holiday.date] if holiday.date is not None and holiday.date.year == year else []


# -- policies -----------------------------------------------------------------------------


def open_time_of(amount: Amount, calendar: Calendar) -> int:
    """Milliseconds of the calendar's open time; a bare day is one of 24 hours."""
    return calendar.days(amount.number) if amount.days else amount.number


def _policy(entry: PolicyEntry, calendar: Calendar) -> Policy:
    since = entry.effective_from
    return Policy(
        name=entry.name,
        targets={
            clock: {
                priority: _terms(
                    entry.name, clock, target, open_time_of(amount, calendar), calendar
                )
                for priority, amount in target.amounts
            }
            for clock, target in entry.targets.items()
        },
        when=tuple(
            Condition(attribute, frozenset(values)) for attribute, values in entry.when.conditions
        ),
        calendar=calendar,
        objective=entry.objective,
        effective_from=None if since is None else since.instant(calendar.zone),
    )


def _terms(policy: str, clock: str, entry: Target, target: int, calendar: Calendar) -> Terms:
    pause = DEFAULT_PAUSE[clock] if entry.pause is None else frozenset(entry.pause)
    levels = {(_used(level, target, calendar), level.text) for level in entry.warn}
    return Terms(
        policy=policy,
        clock=clock,
        target=target,
        calendar=calendar,
        pause=pause | ALWAYS_PAUSED[clock],
        warn=tuple(sorted(levels)),
        on_reopen=entry.on_reopen or OnReopen.RESUME,
        keep=entry.retarget == "keep",
    )


def _used(level: Level, target: int, calendar: Calendar) -> int:
    """How much of the target is used up when the level is reached, milliseconds."""
    if level.left is None:
        return int(target * (level.used or 1))
    return max(0, target - open_time_of(level.left, calendar))


# -- the fingerprint ----------------------------------------------------------------------


def _fingerprint(
    calendars: Mapping[str, Hours], policies: Sequence[PolicyEntry], zone: tzinfo
) -> str:
    """A hash of all that a deadline depends on; order matters only where it has a meaning."""
    of_country = any(h.country for entry in calendars.values() for h in entry.holidays)
    content = (calendars, policies, str(zone), library() if of_country else None)
    dump = json.dumps(content, default=_plain, sort_keys=True)
    return hashlib.sha256(dump.encode()).hexdigest()[:_DIGITS]


def _plain(value: Any) -> Any:
    """A value with a text of its own as that, another dataclass by its fields."""
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and type(value).__str__ is object.__str__:
        return {each.name: getattr(value, each.name) for each in fields(value)}
    return str(value)
