"""What is promised to whom: the policies of sla.yml and the terms they put on a clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from tests.reference.calendars import ALWAYS, Calendar
from tests.reference.events import parse_time

SECONDS = {"s": 1, "m": 60, "h": 3600, "bh": 3600, "d": 86_400}
SETTINGS = {"within", "pause", "warn", "on_reopen", "retarget"}


class Terms(NamedTuple):
    """What a clock runs under while a policy names it."""

    policy: str
    calendar: Calendar
    target_ms: int
    pause: frozenset[str] | None
    """Statuses; None means the clock's own default."""
    warn: tuple[tuple[str, int], ...]
    """Levels as written, each with the part of the target that is used up at it (ms)."""
    on_reopen: str
    keep: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: whom it is for, and the terms of each clock it names."""

    name: str
    calendar: Calendar
    when: Mapping[str, Sequence[str]]
    effective_from_ms: int | None
    objective: str | None
    targets: Mapping[str, Terms | Mapping[str, Terms]]
    """By clock: the terms of every ticket, or by priority."""

    @classmethod
    def of(cls, data: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> "Policy":
        """A policy in its YAML form; an unknown calendar is a KeyError."""
        name, calendar = data["name"], calendars[data["calendar"]]
        return cls(
            name,
            calendar,
            {attribute: _texts(values) for attribute, values in (data.get("when") or {}).items()},
            _instant(data.get("effective_from")),
            data.get("objective"),
            {clock: _target(name, calendar, given) for clock, given in data["targets"].items()},
        )

    def matches(self, attributes: Mapping[str, Any], source: str) -> bool:
        """Whether every attribute of `when` has one of its values."""
        return all(
            any(_equal(name, text, value) for text in listed for value in values)
            for name, listed in self.when.items()
            for values in [_values(name, attributes, source)]
        )

    def terms(self, clock: str, priority: str) -> Terms | None:
        """What the clock runs under at that priority; None if it is not named for it."""
        found = self.targets.get(clock)
        return found if found is None or isinstance(found, Terms) else found.get(priority)


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies in their order; the first that matches governs."""

    ordered: tuple[Policy, ...]

    @classmethod
    def of(cls, given: "Mapping[str, Any] | Policies | None") -> "Policies":
        """The policies in the data of sla.yml; None or an empty file has none."""
        if isinstance(given, Policies):
            return given
        data = given or {}
        calendars = {n: Calendar.of(d, n) for n, d in (data.get("calendars") or {}).items()}
        calendars[ALWAYS.name] = ALWAYS
        return cls(tuple(Policy.of(policy, calendars) for policy in data.get("policies") or ()))

    def match(self, attributes: Mapping[str, Any], source: str, start_ms: int) -> Policy | None:
        """The first policy for such a ticket that is in effect at `start_ms`."""
        for policy in self.ordered:
            in_effect = policy.effective_from_ms is None or policy.effective_from_ms <= start_ms
            if in_effect and policy.matches(attributes, source):
                return policy
        return None

    def terms(
        self, clock: str, attributes: Mapping[str, Any], source: str, start_ms: int
    ) -> Terms | None:
        """The terms of an instance that started at `start_ms`; None if no policy names it."""
        policy = self.match(attributes, source, start_ms)
        return policy.terms(clock, str(attributes.get("priority") or "")) if policy else None

    def named(self) -> list[tuple[str, str]]:
        """(policy, clock) of all that is promised, without repetition."""
        return list(dict.fromkeys((p.name, clock) for p in self.ordered for clock in p.targets))


def duration_ms(text: str, calendar: Calendar) -> int:
    """`90s 15m 4h 8bh` of open time, `2bd` average open days, `1d` of wall time only."""
    found = re.fullmatch(r"(\d+)(s|m|h|bh|d|bd)", text)
    if found is None or (found[2] == "d" and not calendar.always):
        raise ValueError(f"not a duration of calendar {calendar.name}: {text!r}")
    number, unit = int(found[1]), found[2]
    return calendar.days_ms(number) if unit == "bd" else number * SECONDS[unit] * 1000


# when


def _texts(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list | tuple) else [values]
    return tuple("" if value is None else str(value) for value in listed)


def _values(name: str, attributes: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """What a ticket has: one value, `""` for none; all of its tags."""
    if name == "source":
        return (source,)
    default = "new" if name == "status" else ""
    value = attributes.get(name)
    return _texts(default if value is None or value == [] else value)


def _equal(name: str, listed: str, value: str) -> bool:
    if name != "source":
        return listed == value
    return bool(re.fullmatch(re.escape(listed).replace(r"\*", ".*"), value, re.DOTALL))


# effective_from and targets


def _instant(given: Any) -> int | None:
    """A time without a zone is UTC, a date its midnight there."""
    if given is None:
        return None
    if isinstance(given, str):
        return parse_time(given if "T" in given else f"{given}T00:00:00Z")
    whole = given if isinstance(given, datetime) else _midnight(given)
    return round((whole if whole.tzinfo else whole.replace(tzinfo=UTC)).timestamp() * 1000)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _target(policy: str, calendar: Calendar, given: Any) -> Terms | Mapping[str, Terms]:
    data = given if isinstance(given, Mapping) else {"within": given}

    def terms(duration: str) -> Terms:
        target_ms = duration_ms(duration, calendar)
        return Terms(
            policy,
            calendar,
            target_ms,
            frozenset(_texts(data["pause"])) if "pause" in data else None,
            tuple(
                (level, _level_ms(level, target_ms, calendar))
                for level in _texts(data.get("warn", []))
            ),
            data.get("on_reopen", "resume"),
            data.get("retarget") == "keep",
        )

    if "within" in data:
        return terms(data["within"])
    return {priority: terms(data[priority]) for priority in data.keys() - SETTINGS}


def _level_ms(level: str, target_ms: int, calendar: Calendar) -> int:
    """`75%` of the target, or the target less the time that is left."""
    if level.endswith("%"):
        return int(target_ms * float(level[:-1]) / 100)
    return max(0, target_ms - duration_ms(level, calendar))
