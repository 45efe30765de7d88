"""Working time: of every minute it is asked whether its local reading lies in an interval.

All intervals lie on whole minutes, and so have all zones' offsets since 2000. Therefore each
minute of UTC is wholly open or wholly closed, and a calendar is nothing but those minutes.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

DAY_MS = 86_400_000
MINUTE_MS = 60_000
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Interval = tuple[int, int]
"""Minutes after the local midnight, half open; the end of a night shift is beyond 24:00."""
Intervals = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open hours of a week in a time zone, with holidays; times are epoch milliseconds."""

    name: str
    zone: ZoneInfo
    week: tuple[Intervals, ...]
    """What starts on Monday, Tuesday, …"""
    holidays: tuple[tuple[Any, Intervals], ...] = ()
    """(A container of dates, what starts on them), in the order listed."""
    _hours: dict[date, tuple[Intervals, bool]] = field(default_factory=dict, compare=False)
    _sums: dict[int, list[int]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, definition: Mapping[str, Any], name: str) -> "Calendar":
        """The calendar in its YAML form; files with holidays (`ical`) are a ValueError."""
        week: list[Intervals] = [()] * 7
        for days, texts in definition["hours"].items():
            for day in _weekdays(days):
                week[day] += _intervals(texts)
        zone = ZoneInfo(definition.get("timezone", "Europe/Berlin"))
        listed = tuple(_holiday(entry) for entry in definition.get("holidays") or ())
        return cls(name, zone, tuple(week), listed)

    def open_at(self, ms: int) -> bool:
        """The definition: the local reading lies in an interval of its local date.

        A shift of the day before goes on after midnight, but not into a holiday.
        """
        local = datetime.fromtimestamp(ms // 1000, self.zone)
        today, minute = local.date(), local.hour * 60 + local.minute
        hours, is_holiday = self._hours_of(today)
        if _in(hours, minute):
            return True
        before, _ = self._hours_of(today - timedelta(days=1))
        return not is_holiday and _in(before, minute + DAY_MINUTES)

    def working(self, a_ms: int, b_ms: int) -> int:
        """Open time in [a, b); 0 if b is not after a."""
        if self.always:
            return max(0, b_ms - a_ms)
        return sum(
            self._of_day(day, min(b_ms, (day + 1) * DAY_MS))
            - self._of_day(day, max(a_ms, day * DAY_MS))
            for day in range(a_ms // DAY_MS, -(-b_ms // DAY_MS))
            if a_ms < b_ms
        )

    def used_up(self, start_ms: int, amount_ms: int) -> int:
        """The first instant at which that much open time has passed since `start_ms`.

        A calendar that never opens again is an OverflowError.
        """
        if self.always or amount_ms <= 0:
            return start_ms + max(0, amount_ms)
        day, left_ms = start_ms // DAY_MS, amount_ms + self._of_day(start_ms // DAY_MS, start_ms)
        while (today_ms := self._of_day(day, (day + 1) * DAY_MS)) < left_ms:
            day, left_ms = day + 1, left_ms - today_ms
        instants = range(day * DAY_MS, (day + 1) * DAY_MS + 1)
        return instants[bisect_left(instants, left_ms, key=lambda ms: self._of_day(day, ms))]

    @property
    def always(self) -> bool:
        """Open at every instant: working time is wall time."""
        return not self.holidays and all(hours == ((0, DAY_MINUTES),) for hours in self.week)

    def days_ms(self, number: int) -> int:
        """`number` average open days: weekly open time / open weekdays, without holidays."""
        minutes = {
            (day * DAY_MINUTES + minute) % WEEK_MINUTES
            for day, hours in enumerate(self.week)
            for begin, end in hours
            for minute in range(begin, end)
        }
        return number * len(minutes) * MINUTE_MS // sum(bool(hours) for hours in self.week)

    def _of_day(self, day: int, ms: int) -> int:
        """Open time of a UTC day (counted from the epoch) before the instant `ms` in it."""
        sums = self._sums_of(day)
        minute, rest_ms = divmod(ms - day * DAY_MS, MINUTE_MS)
        is_open = rest_ms and sums[minute + 1] > sums[minute]
        return sums[minute] * MINUTE_MS + (rest_ms if is_open else 0)

    def _sums_of(self, day: int) -> list[int]:
        """For each minute of a UTC day, and its end: how many minutes before it were open."""
        if day not in self._sums:
            sums = [0]
            for minute in range(DAY_MINUTES):
                sums.append(sums[-1] + self.open_at(day * DAY_MS + minute * MINUTE_MS))
            self._sums[day] = sums
        return self._sums[day]

    def _hours_of(self, day: date) -> tuple[Intervals, bool]:
        """What starts on a date, and whether it is a holiday; the first that is listed counts."""
        if day not in self._hours:
            special = next((hours for dates, hours in self.holidays if day in dates), None)
            regular = self.week[day.weekday()]
            self._hours[day] = (regular, False) if special is None else (special, True)
        return self._hours[day]


def working_by_seconds(calendar: Calendar, a_ms: int, b_ms: int) -> int:
    """Open time in [a, b), one second of the clock after the other."""
    return sum(
        min(b_ms, (second + 1) * 1000) - max(a_ms, second * 1000)
        for second in range(a_ms // 1000, -(-b_ms // 1000))
        if calendar.open_at(second * 1000)
    )


def _in(hours: Intervals, minute: int) -> bool:
    return any(begin <= minute < end for begin, end in hours)


def _weekdays(text: str) -> list[int]:
    """`fri`, or `mon-thu`; `sat-mon` goes over the end of the week."""
    first, _, last = text.partition("-")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [(begin + number) % 7 for number in range((end - begin) % 7 + 1)]


def _intervals(texts: str | Sequence[str]) -> Intervals:
    """`22:00-06:00` crosses midnight."""
    return tuple(_interval(text) for text in ([texts] if isinstance(texts, str) else texts))


def _interval(text: str) -> Interval:
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text)
    if found is None:
        raise ValueError(f"not an interval: {text!r}")
    hour, minute, last_hour, last_minute = (int(number) for number in found.groups())
    begin, end = hour * 60 + minute, last_hour * 60 + last_minute
    return (begin, end if begin < end else end + DAY_MINUTES)


def _holiday(entry: Mapping[str, Any]) -> tuple[Any, Intervals]:
    if "country" in entry:
        return (holidays.country_holidays(entry["country"], subdiv=entry.get("subdivision")), ())
    if "date" not in entry:
        raise ValueError(f"not a holiday this model knows: {entry!r}")
    day = entry["date"]
    parsed = day if isinstance(day, date) else date.fromisoformat(day)
    return (frozenset({parsed}), _intervals(entry.get("hours") or ()))


ALWAYS = Calendar.of({"timezone": "UTC", "hours": {"mon-sun": ["00:00-24:00"]}}, "24x7")
