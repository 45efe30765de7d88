"""What no single key of sla.yml can tell: names without an owner, days without a length."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Final

from streams.clock import wall_ms
from streams.config.problems import Contradiction, Path, likely
from streams.config.promises import calendars_of, holidays_of, open_time_of
from streams.config.sla import Hours, PolicyEntry
from streams.config.sla_values import Amount, hours_of
from streams.config.values import time_text
from streams.core.calendars import Calendar, Interval
from streams.core.calendars import Hours as DayHours
from streams.core.instants import DAY
from streams.core.policies import RESOLUTION

_FEW: Final = 100
"""So many dates leave open time in two years of any week."""
_AHEAD: Final = 2 * 366 * DAY


def broken_promises(
    calendars: Mapping[str, Hours], policies: Sequence[PolicyEntry], zone: tzinfo
) -> Iterator[Contradiction]:
    """Every rule that the policies break among themselves, or with the calendars."""
    for name, entry in calendars.items():
        if not entry.ever_open:
            message = "never open, expected hours of at least one day"
            yield Contradiction((("calendars", name, "hours"),), message)
    built = calendars_of({name: e for name, e in calendars.items() if e.ever_open}, zone)
    yield from _closed_for_good(calendars, built)
    for place, policy in enumerate(policies):
        path: Path = ("policies", place)
        yield from _reopening(path, policy)
        if policy.calendar in built:
            yield from _bare_days(path, policy, built[policy.calendar])
        elif policy.calendar not in calendars:
            message = f'found "{policy.calendar}", {likely(policy.calendar, built)}'
            reads = ((*path, "calendar"), ("calendars", policy.calendar))
            yield Contradiction(reads, message)
    yield from _same_names(policies, built)
    yield from _out_of_reach(policies)


def _closed_for_good(
    calendars: Mapping[str, Hours], built: Mapping[str, Calendar]
) -> Iterator[Contradiction]:
    now = wall_ms()
    for name, entry in calendars.items():
        dates = sum(1 for holiday in entry.holidays if holiday.date is not None)
        files = any(holiday.ical is not None for holiday in entry.holidays)
        if name in built and (files or dates > _FEW):
            year = datetime.fromtimestamp(now // 1000, UTC).year
            if not _from(year, entry, built[name]).between(now, now + _AHEAD):
                message = "its holidays leave no open time, expected some in the next two years"
                yield Contradiction((("calendars", name),), message)


def _from(first: int, entry: Hours, calendar: Calendar) -> Calendar:
    """The calendar with its holidays of this year and later only: earlier ones take long."""

    def holidays(year: int) -> Mapping[date, DayHours]:
        found = holidays_of(entry, year) if year >= first - 1 else {}
        return {day: hours_of(openings) for day, openings in found.items()}

    def closures(year: int) -> list[Interval]:
        files = [h.ical for h in entry.holidays if h.ical is not None and year >= first]
        return [closed for file in files for closed in file.closures(year, calendar.zone)]

    return Calendar(calendar.name, calendar.zone, calendar.week, cache(holidays), closures)


def _reopening(path: Path, policy: PolicyEntry) -> Iterator[Contradiction]:
    for clock, target in policy.targets.items():
        if target.on_reopen is not None and clock != RESOLUTION:
            place = (*path, "targets", clock, "on_reopen")
            yield Contradiction((place,), f"stands beside {RESOLUTION} only")


def _bare_days(path: Path, policy: PolicyEntry, calendar: Calendar) -> Iterator[Contradiction]:
    if calendar.always:
        return
    for clock, target in policy.targets.items():
        at = (*path, "targets", clock)
        amounts = [((*at, priority) if priority else at, each) for priority, each in target.amounts]
        left = [((*at, "warn", level.place), level.left) for level in target.warn]
        for place, amount in (*amounts, *left):
            if amount is not None and amount.bare:
                reads = (place, (*path, "calendar"), ("calendars", policy.calendar))
                yield Contradiction(reads, _two_readings(amount, calendar))


def _two_readings(amount: Amount, calendar: Calendar) -> str:
    days = amount.number
    average = "one average open day" if days == 1 else f"{days} average open days"
    length = time_text(open_time_of(Amount("", days, days=True), calendar))
    return (
        f'found "{amount}", write {24 * days}bh for {24 * days} hours of open time '
        f"or {days}bd for {average} ({length})"
    )


def _same_names(
    policies: Sequence[PolicyEntry], calendars: Mapping[str, Calendar]
) -> Iterator[Contradiction]:
    seen: dict[tuple[str, int | None], int] = {}
    for place, policy in enumerate(policies):
        calendar, since = calendars.get(policy.calendar), policy.effective_from
        if calendar is None:
            continue
        key = policy.name, None if since is None else since.instant(calendar.zone)
        first = seen.setdefault(key, place)
        if first != place:
            message = (
                f"found the name of policies[{first}], expected another effective_from or name"
            )
            yield Contradiction((("policies", place, "name"),), message)


def _out_of_reach(policies: Sequence[PolicyEntry]) -> Iterator[Contradiction]:
    for place, policy in enumerate(policies[:-1]):
        if policy.effective_from is None and not any(policy.when.conditions):
            message = f'never reached: policies[{place}], "{policy.name}", matches every ticket'
            for later in range(place + 1, len(policies)):
                yield Contradiction((("policies", later),), message)
            return
