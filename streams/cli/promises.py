"""What a configuration promises, and to one ticket: the text of `deskpulse check-config`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final

from streams.config import Config
from streams.config.problems import listed
from streams.config.promises import calendars_of, holidays_of
from streams.config.sla import Hours, PolicyEntry, Target
from streams.config.sla_values import Opening
from streams.config.values import time_text
from streams.core.calendars import FOREVER, Calendar
from streams.core.instants import format_rfc3339
from streams.core.policies import ALWAYS_PAUSED, CLOCKS, Condition, Policy, Terms

_NEXT: Final = 3
"""So many holidays are shown: enough to see whether they are the right ones."""


# -- the folder ---------------------------------------------------------------------------


def overview(config: Config, now: int) -> Iterator[str]:
    """Every calendar with its next holidays, every policy with its clocks."""
    built = calendars_of(config.calendars, config.timezone)
    for name, entry in config.calendars.items():
        calendar = built[name]
        yield (
            f"  calendar   {name}: {calendar.zone}, {time_text(calendar.weekly)} a week, "
            f"1bd is {time_text(calendar.average_day)}"
        )
        if entry.holidays:
            coming = ", ".join(_next_holidays(entry, calendar, now)) or "none within a year"
            yield f"             next holidays: {coming}"
    for place, policy in enumerate(config.policies):
        yield from _policy(place, policy)


def _next_holidays(entry: Hours, calendar: Calendar, now: int) -> list[str]:
    today = datetime.fromtimestamp(now / 1000, calendar.zone).date()
    found = {**holidays_of(entry, today.year), **holidays_of(entry, today.year + 1)}
    return [_holiday(day, found[day]) for day in islice(_from(today, found), _NEXT)]


def _from(today: date, days: Mapping[date, Any]) -> Iterator[date]:
    return (day for day in sorted(days) if day >= today)


def _holiday(day: date, openings: tuple[Opening, ...]) -> str:
    return f"{day:%a} {day} {' '.join(map(str, openings)) or 'closed'}"


def _policy(place: int, policy: PolicyEntry) -> Iterator[str]:
    asked = [f"{name} {listed(map(_shown, values))}" for name, values in policy.when.conditions]
    since = f", from {policy.effective_from}" if policy.effective_from else ""
    objective = f", objective {policy.objective * 100:.6g}%" if policy.objective else ""
    yield (
        f"  policy     {place + 1}. {policy.name}: {', '.join(asked) or 'every ticket'}; "
        f"{policy.calendar}{objective}{since}"
    )
    for clock in CLOCKS:
        if clock in policy.targets:
            yield f"             {clock:15} {_target(clock, policy.targets[clock])}"


def _target(clock: str, target: Target) -> str:
    parts = [", ".join(f"{priority or ''} {amount}".strip() for priority, amount in target.amounts)]
    if target.warn:
        parts.append(f"warns at {', '.join(map(str, target.warn))}")
    if target.pause is not None:
        none = "no further status" if ALWAYS_PAUSED[clock] else "no status"
        parts.append(f"pauses in {', '.join(target.pause) or none}")
    if target.on_reopen is not None:
        parts.append(f"on_reopen {target.on_reopen}")
    if target.retarget == "keep":
        parts.append("retarget keep")
    return "; ".join(parts)


# -- one ticket ---------------------------------------------------------------------------


def explanation(config: Config, attributes: Mapping[str, Any], created_at: int) -> Iterator[str]:
    """Which policy governs a ticket that is created then, why, and what it promises."""
    yield f"A ticket created at {format_rfc3339(created_at)}:"
    for place, policy in enumerate(config.engine.policies.policies):
        failed = [each for each in policy.when if not each.holds(attributes.get(each.attribute))]
        head = f"  {place + 1}. {policy.name}"
        if failed:
            yield f"{head} does not match: {'; '.join(_failure(e, attributes) for e in failed)}"
        elif policy.effective_from is not None and created_at < policy.effective_from:
            yield f"{head} is not in effect before {format_rfc3339(policy.effective_from)}"
        else:
            met = "; ".join(_success(each, attributes) for each in policy.when)
            yield f"{head} governs: {met or 'it matches every ticket'}"
            yield from _clocks(policy, attributes.get("priority"), created_at)
            return
    yield "  No policy matches, so it has no clocks."


def _failure(condition: Condition, attributes: Mapping[str, Any]) -> str:
    value = attributes.get(condition.attribute)
    return f"{condition.attribute} is {_value(value)}, not {listed(_wanted(condition))}"


def _success(condition: Condition, attributes: Mapping[str, Any]) -> str:
    value = attributes.get(condition.attribute)
    wanted = listed(_wanted(condition))
    said = f"{condition.attribute} is {_value(value)}"
    return said if wanted == _value(value) else f"{said} ({wanted})"


def _wanted(condition: Condition) -> list[str]:
    return sorted(map(_shown, condition.values))


def _value(value: Any) -> str:
    values = value if isinstance(value, tuple) else (value or "",)
    return ", ".join(map(_shown, values)) or _shown("")


def _shown(text: str) -> str:
    return text or '""'


def _clocks(policy: Policy, priority: str | None, created_at: int) -> Iterator[str]:
    if not policy.targets:
        yield "     It promises nothing: no clocks."
    for clock in CLOCKS:
        if clock not in policy.targets:
            continue
        terms = policy.terms(clock, priority)
        if terms is None:
            yield f"     {clock}: none for priority {_shown(priority or '')}"
        else:
            yield from _promise(terms, created_at)


def _promise(terms: Terms, start: int) -> Iterator[str]:
    calendar = terms.calendar
    due = _instant(calendar, start, terms.target)
    yield f"     {terms.clock}: {time_text(terms.target)} of {calendar.name}, due {due}"
    for used, level in terms.warn:
        left = "" if level.endswith("%") else " left"
        yield f"       warns at {level}{left}, {_instant(calendar, start, used)}"
    if terms.pause:
        yield f"       pauses in {', '.join(sorted(terms.pause))}"


def _instant(calendar: Calendar, start: int, amount: int) -> str:
    """When so much open time has passed, by the calendar's clock."""
    at = calendar.add(start, amount)
    if at >= FOREVER:
        return "never"
    moment = datetime.fromtimestamp(at // 1000, UTC).astimezone(calendar.zone)
    return moment.isoformat().replace("+00:00", "Z")
